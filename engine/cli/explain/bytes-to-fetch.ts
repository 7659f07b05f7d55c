/** What a build would bring from the remote cache of results that are known: what it delivers, and what its actions read. */
import type { Digest } from '../../core/digest.ts';
import type { OutputRecord } from '../../core/store.ts';
import type { Forecast } from '../../run/forecast.ts';

/** @param delivered outputs that are not in their place yet */
export function bytesToFetch(
  { actions }: Forecast,
  delivered: readonly OutputRecord[],
  isHere: (digest: Digest) => boolean,
): number {
  const far = [...delivered, ...inputsOfMissing(actions)]
    .filter(({ isEphemeral, inline }) => !isEphemeral && inline === undefined)
    .filter(({ digest }) => !isHere(digest));
  const sizes = new Map(far.map(({ digest, sizeBytes }) => [digest, sizeBytes]));
  return [...sizes.values()].reduce((sum, sizeBytes) => sum + sizeBytes, 0);
}

/** What is not made yet is not among them. */
function inputsOfMissing(actions: Forecast['actions']): OutputRecord[] {
  const outputs = new Map(actions.map(({ node, result }) => [node, result?.outputs ?? {}]));
  const missing = actions.filter(({ result }) => !result);
  return missing.flatMap(({ node }) => [
    ...node.bindings.flatMap((binding) =>
      binding.type === 'artifact' || binding.type === 'halo'
        ? (outputs.get(binding.node)?.[binding.output] ?? [])
        : [],
    ),
    ...node.parts.flatMap((part) => Object.values(outputs.get(part.node) ?? {})),
  ]);
}
