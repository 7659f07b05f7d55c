import { type Digest, digestJson } from './digest.ts';
import type { ModelEntry } from './model-entry.ts';

/** Names the contents of a model's files, whatever the files are called; undefined while one has no digest yet. */
export function weightsDigest({ files }: Pick<ModelEntry, 'files'>): Digest | undefined {
  const digests = files.map(({ sha256 }) => sha256);
  return digests.includes(undefined) ? undefined : digestJson(digests as string[]); // None is undefined.
}
