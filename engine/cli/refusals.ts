/** What cannot even be begun, as it is told. */
import { FlowError } from '../core/errors.ts';
import type { Assembled } from './assemble.ts';
import { errorText } from './error-text.ts';

/** Of what several targets miss, each thing is told once. */
export function tellRefused({ refused }: Pick<Assembled, 'refused'>): void {
  const texts = new Set(refused.map((refusal) => errorText(placed(refusal))));
  for (const text of texts) process.stderr.write(`${text}\n`);
}

/** An error that has no place of its own is told with the target or component that it stops. */
export function placed({ name, error }: Assembled['refused'][number]): FlowError {
  const { code, blame, message, excerpt, fix, cause, where } = error;
  return new FlowError({ code, blame, message, excerpt, fix, cause, where: where ?? name });
}
