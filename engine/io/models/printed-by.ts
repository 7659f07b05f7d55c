import { type ExecFileException, execFile } from 'node:child_process';
import { promisify } from 'node:util';

/**
 * Runs a program of flow's that loads a model: whatever model or driver bring it down, flow lives on.
 *
 * @param program its path @returns what it has printed as JSON
 * @throws {Error} a clause, where it came to no end of its own: 'it ended the process (SIGSEGV)'
 */
export async function printedBy<T>(
  program: string,
  words: readonly string[],
  { mostMs = 120_000 }: { readonly mostMs?: number } = {},
): Promise<T> {
  const { stdout } = await promisify(execFile)(process.execPath, [program, ...words], {
    timeout: mostMs,
    killSignal: 'SIGKILL', // A driver that hangs may hear nothing else.
    maxBuffer: 16 * 2 ** 20,
  }).catch(({ signal, killed, code }: ExecFileException) => {
    if (killed) throw new Error(`it was still loading after ${mostMs / 1000} s`);
    throw new Error(`it ended the process (${signal ?? `exit status ${code}`})`);
  });
  return JSON.parse(stdout) as T; // What our own program has written.
}
