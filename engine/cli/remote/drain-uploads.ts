import type { RemoteCache } from '../../../cache/remote/remote-cache.ts';
import { counted } from '../duration-text.ts';

/** A wait that is shorter than this needs no explanation. */
const silentMs = 1000;

/**
 * Waits until what a build has made was sent, which is told where it takes a while. An interrupt ends the wait: the rest
 * is left to the next build.
 *
 * @returns which of the two it was
 */
export async function drainUploads(
  remote: RemoteCache,
  { isQuiet = false }: { isQuiet?: boolean | undefined } = {},
): Promise<'drained' | 'interrupted'> {
  const interrupted = Promise.withResolvers<'interrupted'>();
  const onSignal = (): void => interrupted.resolve('interrupted');
  for (const signal of signals) process.on(signal, onSignal);
  const timer = setTimeout(() => {
    const left = counted(remote.counts.waiting, 'result');
    if (!isQuiet)
      process.stderr.write(`sending ${left} to ${remote.url}; Ctrl-C leaves the rest to the next build\n`);
  }, silentMs);
  try {
    return await Promise.race([remote.drain().then(() => 'drained' as const), interrupted.promise]);
  } finally {
    clearTimeout(timer);
    for (const signal of signals) process.off(signal, onSignal);
  }
}

const signals = ['SIGINT', 'SIGTERM'] as const;
