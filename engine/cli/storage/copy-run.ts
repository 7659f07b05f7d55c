/**
 * Brings one run from one storage to another: to publish it, to fetch it, to pull it.
 *
 * Whatever a manifest lists is there, at every moment: outputs are written first and the manifest last; a manifest whose
 * outputs are about to be replaced is withdrawn as far as they go. So who reads a manifest finds what it lists, or a newer
 * manifest.
 */
import assert from 'node:assert';
import { isDigest } from '../../core/digest.ts';
import { eachOf } from '../../core/each-of.ts';
import { FlowError } from '../../core/errors.ts';
import { type Manifest, type ManifestOutput, manifestSchema } from '../../core/manifest.ts';
import {
  contentOf,
  type Storage,
  type StorageKey,
  type StoredEntry,
  storageKey,
  wholeOf,
} from '../../core/storage.ts';

export interface RunCopy {
  readonly from: Storage;
  readonly to: Storage;
  /** `platform/video/run`. */
  readonly name: string;
}

export interface Copied {
  /** Of the manifest in each of the two storages. */
  readonly fromVersion: string;
  readonly toVersion: string;
  /** Outputs that were not there yet. */
  readonly files: number;
  readonly sizeBytes: number;
}

const mostAtOnce = 6;
const mostAttempts = 4;

/**
 * @returns undefined if there is no such run
 * @throws {FlowError} what the storages throw; `output_invalid` if an output is not what the manifest says
 */
export async function copyRun(copy: RunCopy): Promise<Copied | undefined> {
  for (let attempt = 1, last: string | undefined; ; attempt += 1) {
    const manifest = await readRunManifest(copy.from, copy.name);
    if (!manifest) return undefined;
    try {
      return await copyAsListed(copy, manifest);
    } catch (thrown) {
      // It may be changing: then there is another manifest now, or soon. The same one twice is damage.
      const isOdd = thrown instanceof FlowError && thrown.code === 'output_invalid';
      if (!isOdd || attempt === mostAttempts || last === manifest.version) throw thrown;
      last = manifest.version;
    }
  }
}

interface ReadManifest {
  readonly version: string;
  readonly bytes: Uint8Array;
  readonly parsed: Manifest;
}

/** @throws {FlowError} `config_invalid` if it is not a manifest */
export async function readRunManifest(storage: Storage, name: string): Promise<ReadManifest | undefined> {
  const key = manifestKey(name);
  const found = await storage.read(key);
  if (!found) return undefined;
  const bytes = await wholeOf(found);
  return { version: found.version, bytes, parsed: parse(bytes, `${storage.place}/${key}`) };
}

function parse(bytes: Uint8Array, where: string): Manifest {
  try {
    return manifestSchema.parse(JSON.parse(Buffer.from(bytes).toString('utf8')));
  } catch (cause) {
    throw new FlowError({
      code: 'config_invalid',
      blame: 'user',
      where,
      message: 'Cannot read this manifest: it is damaged, or not one of flow.',
      fix: 'Build the run again: `flow build` writes its manifest anew.',
      cause,
    });
  }
}

export function manifestKey(name: string): StorageKey {
  return storageKey(`${name}/manifest.json`);
}

export function outputKey(name: string, { path }: Pick<ManifestOutput, 'path'>): StorageKey {
  return storageKey(`${name}/${path}`);
}

async function copyAsListed({ from, to, name }: RunCopy, manifest: ReadManifest): Promise<Copied> {
  const { components, run } = manifest.parsed;
  const present = new Map<string, StoredEntry>();
  for await (const entry of to.list(storageKey(name))) present.set(entry.key, entry);
  const outputs = new Map(
    components.flatMap(({ outputs: own }) => own.map((one) => [outputKey(name, one), one])),
  );
  const missing: [StorageKey, ManifestOutput][] = [];
  await eachOf(outputs, mostAtOnce, async ([key, output]) => {
    const isThere =
      present.get(key)?.sizeBytes === output.bytes && (await to.digestOf(key)) === output.digest;
    if (!isThere) missing.push([key, output]);
  });
  const replaced = new Set(missing.flatMap(([key]) => (present.has(key) ? [key] : [])));
  const earlier = present.has(manifestKey(name))
    ? await readRunManifest(to, name).catch(noneLegible)
    : undefined;
  if (replaced.size > 0 && earlier) await withdraw(to, name, earlier.parsed, replaced);
  await eachOf(missing, mostAtOnce, ([key, output]) => copyOutput({ from, to, key, output }));
  const isSame = missing.length === 0 && earlier && Buffer.compare(manifest.bytes, earlier.bytes) === 0;
  const toVersion = isSame ? earlier.version : await to.write(manifestKey(name), contentOf(manifest.bytes));
  const isOver = run.status === 'success' || run.status === 'partial';
  if (isOver) await sweep(to, name, { manifest: manifest.parsed, earlier: earlier?.parsed, present });
  const sizeBytes = missing.reduce((sum, [, { bytes }]) => sum + bytes, 0);
  return { fromVersion: manifest.version, toVersion, files: missing.length, sizeBytes };
}

/** What is damaged is written over. */
function noneLegible(thrown: unknown): undefined {
  if (thrown instanceof FlowError && thrown.code === 'config_invalid') return undefined;
  throw thrown;
}

/** Takes the components whose outputs are about to be replaced out of a manifest: readers must not find half of them. */
async function withdraw(
  to: Storage,
  name: string,
  { run, components, ...rest }: Manifest,
  replaced: ReadonlySet<StorageKey>,
): Promise<void> {
  const left = components.filter(({ outputs }) => !outputs.some((one) => replaced.has(outputKey(name, one))));
  if (left.length === components.length) return; // Nobody was told of those.
  const manifest: Manifest = {
    ...rest,
    run: { ...run, status: 'running', finished_at: null },
    components: left,
  };
  await to.write(manifestKey(name), contentOf(Buffer.from(`${JSON.stringify(manifest, null, 2)}\n`)));
}

interface OutputCopy {
  readonly from: Storage;
  readonly to: Storage;
  readonly key: StorageKey;
  readonly output: ManifestOutput;
}

/** @throws {FlowError} `output_invalid` if it is not there, or not what it should be */
export async function copyOutput({ from, to, key, output }: OutputCopy): Promise<void> {
  const found = await from.read(key);
  if (!found) throw lost(from, key);
  const { digest, bytes: sizeBytes } = output;
  assert(isDigest(digest)); // The schema has checked it.
  try {
    await to.write(key, { digest, sizeBytes, open: () => found.body });
  } catch (thrown) {
    const isDamaged = thrown instanceof FlowError && thrown.code === 'output_invalid';
    throw isDamaged ? damaged(from, key, thrown) : thrown;
  }
}

function damaged(from: Storage, key: StorageKey, cause: FlowError): FlowError {
  return new FlowError({
    code: 'output_invalid',
    blame: 'machine',
    where: `${from.place}/${key}`,
    message: 'Cannot copy this output: its bytes are not those that the manifest lists.',
    fix: 'Build the run again: `flow build` replaces what is damaged.',
    cause,
  });
}

function lost(from: Storage, key: StorageKey): FlowError {
  return new FlowError({
    code: 'output_invalid',
    blame: 'machine',
    where: `${from.place}/${key}`,
    message: 'Cannot copy this output: the manifest lists it, and it is not there.',
    fix: 'Build the run again: what is missing is put back.',
  });
}

interface Sweep {
  readonly manifest: Manifest;
  readonly earlier: Manifest | undefined;
  readonly present: ReadonlyMap<string, StoredEntry>;
}

/** Removes what earlier builds have left in the folders of components, as `sweepRun` does. */
async function sweep(to: Storage, name: string, { manifest, earlier, present }: Sweep): Promise<void> {
  const listed = new Set<string>(
    manifest.components.flatMap(({ outputs }) => outputs.map((one) => outputKey(name, one))),
  );
  const components = new Set([...manifest.components, ...(earlier?.components ?? [])].map((one) => one.name));
  const stale = [...present.values()].filter(({ key }) => {
    const [component = '', ...file] = key.slice(name.length + 1).split('/');
    return file.length === 1 && components.has(component) && !listed.has(key);
  });
  await eachOf(stale, mostAtOnce, ({ key }) => to.remove(key));
}
