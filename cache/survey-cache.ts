/** Looks at everything that lies in the local cache: what it is, how large, and when it was last used. */
import { dirname } from 'node:path';
import { type Digest, isDigest } from '../engine/core/digest.ts';
import type { ActionResult } from '../engine/core/store.ts';
import { Breather } from '../engine/io/breather.ts';
import { ownerOfTemporary } from '../engine/io/disk.ts';
import { type FoundFile, listFiles } from '../engine/io/list-files.ts';
import { isAlive } from '../engine/io/process-identity.ts';
import type { Candidate } from './choose-evictions.ts';
import { partBeginning } from './local-blob-store.ts';
import type { LocalStores } from './local-stores.ts';

export interface SurveyedBlob extends Candidate {
  readonly what: 'blob';
  readonly id: Digest;
  /** Keys of the results that name it. */
  readonly namedBy: readonly Digest[];
  /** Of the action that made it; undefined of spilled bytes. */
  readonly component: string | undefined;
}

export interface SurveyedResult extends Candidate {
  readonly what: 'result';
  readonly id: Digest;
  readonly component: string;
  readonly isDamaged: boolean;
  readonly outputs: ActionResult['outputs'];
}

export type Surveyed = SurveyedBlob | SurveyedResult;

/** A file that is of no use to anybody any more. */
export interface Leftover {
  readonly path: string;
  readonly sizeBytes: number;
  /**
   * `temporary`: half-written by a process that has died; `part`: of a download, which may be gone on with;
   * `quarantine`: damaged, and kept for a while to be looked at.
   */
  readonly what: 'temporary' | 'part' | 'quarantine';
  /** Milliseconds since 1970. */
  readonly modifiedAtMs: number;
}

export interface CacheSurvey {
  readonly blobs: readonly SurveyedBlob[];
  readonly results: readonly SurveyedResult[];
  readonly leftovers: readonly Leftover[];
  /** All of these together. */
  readonly usedBytes: number;
}

/** A result from this size on holds bytes worth collecting; a smaller one costs next to nothing, and says what need not run. */
const largeResultBytes = 8 * 1024;

/** Takes a few milliseconds a thousand entries, in slices of two. */
export async function surveyCache(stores: LocalStores): Promise<CacheSurvey> {
  const breather = new Breather();
  const results: SurveyedResult[] = [];
  for (const stored of stores.actions.stored()) {
    const outputs = stored.result?.outputs ?? {};
    results.push({
      what: 'result',
      id: stored.key,
      rank: stored.sizeBytes >= largeResultBytes ? 'bytes' : 'result',
      sizeBytes: stored.sizeBytes,
      freesBytes: 0, // The file keeps its size; the room in it is used again.
      lastUsedAtMs: Math.max(stored.storedAtMs, stores.records.usedAtMs(stored.key) ?? 0),
      component: stored.component,
      isDamaged: stored.result === undefined,
      outputs,
    });
    await breather.breathe();
  }
  const naming = namingOf(results);
  const blobs: SurveyedBlob[] = [];
  const leftovers: Leftover[] = [];
  for await (const file of listFiles(stores.blobFolder, breather)) {
    const digest = digestIn(file);
    if (digest) blobs.push(blobOf(digest, file, naming.get(digest) ?? [], stores));
    else if (file.name.startsWith(partBeginning)) leftovers.push({ ...file, what: 'part' });
    else if (isLeftBehind(file)) leftovers.push({ ...file, what: 'temporary' });
  }
  for await (const file of listFiles(stores.quarantineFolder, breather))
    leftovers.push({ ...file, what: 'quarantine' });
  const usedBytes = [...results, ...blobs, ...leftovers].reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  return { blobs, results, leftovers, usedBytes };
}

/** Digest → the results that have it as a lasting output outside of themselves. */
function namingOf(results: readonly SurveyedResult[]): Map<Digest, SurveyedResult[]> {
  const naming = new Map<Digest, SurveyedResult[]>();
  for (const result of results)
    for (const { digest, isEphemeral, inline } of Object.values(result.outputs)) {
      if (isEphemeral || inline !== undefined) continue;
      const others = naming.get(digest);
      if (others) others.push(result);
      else naming.set(digest, [result]);
    }
  return naming;
}

function digestIn({ path, name }: FoundFile): Digest | undefined {
  const digest = `b3:${name}`;
  return isDigest(digest) && dirname(path).endsWith(name.slice(0, 2)) ? digest : undefined;
}

function blobOf(
  digest: Digest,
  { sizeBytes, isLinked, modifiedAtMs }: FoundFile,
  naming: readonly SurveyedResult[],
  { records }: LocalStores,
): SurveyedBlob {
  const uses = [
    modifiedAtMs,
    records.usedAtMs(digest) ?? 0,
    ...naming.map(({ lastUsedAtMs }) => lastUsedAtMs),
  ];
  return {
    what: 'blob',
    id: digest,
    rank: naming.length > 0 ? 'bytes' : 'spilled',
    sizeBytes,
    freesBytes: isLinked ? 0 : sizeBytes,
    lastUsedAtMs: uses.reduce((latest, use) => Math.max(latest, use)),
    namedBy: naming.map(({ id }) => id),
    component: naming[0]?.component,
  };
}

/** A stranger's file is no business of ours. */
function isLeftBehind({ name }: FoundFile): boolean {
  const owner = ownerOfTemporary(name);
  return owner !== undefined && !isAlive(owner);
}
