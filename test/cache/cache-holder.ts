import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

/** Another process that uses a cache, until it is killed. */
export async function startHolder(cacheFolder: string): Promise<{ pid: number; kill(): Promise<void> }> {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'hold-cache.ts'), cacheFolder], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [said] = (await once(child.stdout, 'data')) as [Buffer];
  assert.equal(String(said), 'using\n');
  return {
    pid: child.pid!,
    kill: async () => {
      const ended = once(child, 'exit');
      child.kill('SIGKILL');
      await ended;
    },
  };
}
