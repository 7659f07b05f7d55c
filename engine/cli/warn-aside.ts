/** For what the event stream cannot tell. */
export function warnAside(message: string): void {
  process.stderr.write(`warning: ${message}\n`);
}
