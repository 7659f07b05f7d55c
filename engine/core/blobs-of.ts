import type { ActionResult, OutputRecord } from './store.ts';

/** The outputs of a result whose bytes lie outside of it and are kept. */
export function blobsOf({ outputs }: Pick<ActionResult, 'outputs'>): OutputRecord[] {
  return Object.values(outputs).filter(({ isEphemeral, inline }) => !isEphemeral && inline === undefined);
}
