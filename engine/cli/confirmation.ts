import { createInterface } from 'node:readline/promises';

/** Asks at the terminal; only yes is yes. Ctrl-C ends the process as it does elsewhere. */
export async function isConfirmed(question: string): Promise<boolean> {
  const prompt = createInterface({ input: process.stdin, output: process.stderr });
  prompt.on('SIGINT', () => {
    prompt.close(); // The terminal is as it was.
    process.kill(process.pid, 'SIGINT');
  });
  try {
    const answer = await prompt.question(`${question} [y/N] `).catch(() => ''); // Ctrl-D is no answer.
    return /^y(es)?$/i.test(answer.trim());
  } finally {
    prompt.close();
  }
}
