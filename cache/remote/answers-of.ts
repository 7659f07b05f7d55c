/** Looks at the answers of a server as they come, whatever they say. */
import type { S3Client } from '@aws-sdk/client-s3';

export interface Answer {
  /** From the sending of the request to the head of the answer, by this machine's clock; milliseconds since 1970. */
  readonly sentAtMs: number;
  readonly answeredAtMs: number;
  /** What the server's clock says, cut to a second; milliseconds since 1970. Undefined where it does not tell. */
  readonly serverAtMs: number | undefined;
}

export type OnAnswer = (answer: Answer) => void;

/** From now on told of every answer, also of those that say no. */
export function tellAnswersOf(client: S3Client, onAnswer: OnAnswer): void {
  client.middlewareStack.add(
    (next) => async (sent) => {
      const sentAtMs = Date.now();
      const result = await next(sent);
      onAnswer({ sentAtMs, answeredAtMs: Date.now(), serverAtMs: dateOf(result.response) });
      return result;
    },
    // The nearest to the wire: what lies above makes errors of answers that say no.
    { name: 'tellAnswers', step: 'deserialize', priority: 'low' },
  );
}

function dateOf(response: unknown): number | undefined {
  const { headers } = response as { headers?: Readonly<Record<string, string>> }; // As every handler gives it.
  const atMs = Date.parse(headers?.date ?? '');
  return Number.isNaN(atMs) ? undefined : atMs;
}
