/** The parts of flow that are made for one system: they are missing where it was installed for another. */
import type { Check, Finding } from './finding.ts';

const reinstall = 'Install flow again on this machine: npm ci, without --omit=optional and --ignore-scripts.';

export const packageChecks: readonly Check[] = [
  { area: 'packages', name: 'BLAKE3', examine: () => working('BLAKE3', hashNothing) },
  { area: 'packages', name: 'esbuild', examine: () => working('esbuild', bundleNothing) },
];

/** A package that cannot be loaded is no bug in flow: it was not installed for this machine. */
async function working(name: string, attempt: () => Promise<string>): Promise<Finding[]> {
  try {
    return [{ name, level: 'pass', found: await attempt() }];
  } catch (error) {
    const [found = 'it does not load'] = (error as Error).message.split('\n');
    return [{ name, level: 'fail', found, fix: reinstall }];
  }
}

const digestOfNothing = 'b3:af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262';

async function hashNothing(): Promise<string> {
  const { digestOf } = await import('../../core/digest.ts');
  if (digestOf('') !== digestOfNothing) throw new Error(`it gives ${digestOf('')} for an empty text`);
  return 'digests are right';
}

async function bundleNothing(): Promise<string> {
  const { transform, version } = await import('esbuild');
  const { code } = await transform('const a: number = 1', { loader: 'ts' });
  if (!code.startsWith('const a = 1'))
    throw new Error(`it makes ${JSON.stringify(code)} of "const a: number = 1"`);
  return version;
}
