/** For the errors of an output: who listens may stop listening (`flow … | head`), and the work goes on. */
export function ignoreClosedPipe(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error;
}
