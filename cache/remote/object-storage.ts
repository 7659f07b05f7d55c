/** A storage that is the objects below a prefix of a bucket. */
import { type Digest, digestOfPieces } from '../../engine/core/digest.ts';
import { FlowError, toFlowError } from '../../engine/core/errors.ts';
import {
  type ByteRange,
  checkedPieces,
  isStorageKey,
  type NewContent,
  type Storage,
  type StorageKey,
  type StoredContent,
  type StoredEntry,
  type StoredFacts,
  wholeOf,
} from '../../engine/core/storage.ts';
import { type FaultCode, meaningOfFault } from './meaning-of-fault.ts';
import { type ObjectStore, RemoteError, type UploadedPart } from './object-store.ts';

/** The note beside an object that holds the digest of what its writer wanted to write. */
const digestNote = 'digest';

/** What is larger goes up in parts of this size, of which one or two are in memory at a time; bytes. */
const leastPartBytes = 8 * 2 ** 20;
/** S3 takes 10,000; the last one may be short. */
const mostParts = 9000;

export class ObjectStorage implements Storage {
  readonly place: string;
  readonly #objects: ObjectStore;

  /** @param place `s3://bucket/prefix`, for people */
  constructor(objects: ObjectStore, place: string) {
    this.#objects = objects;
    this.place = place;
  }

  async read(key: StorageKey, range?: ByteRange): Promise<StoredContent | undefined> {
    const found = await this.#asked('read', key, () => this.#objects.get(key, range ? { range } : {}));
    return found && { sizeBytes: found.sizeBytes, version: found.etag, body: this.#bodyOf(key, found.body) };
  }

  async exists(key: StorageKey): Promise<StoredFacts | undefined> {
    const facts = await this.#asked('read', key, () => this.#objects.head(key));
    return facts && { sizeBytes: facts.sizeBytes, version: facts.etag };
  }

  async digestOf(key: StorageKey): Promise<Digest | undefined> {
    const found = await this.read(key);
    return found && digestOfPieces(found.body);
  }

  write(key: StorageKey, content: NewContent): Promise<string> {
    return this.#asked('write', key, () =>
      content.sizeBytes <= leastPartBytes ? this.#put(key, content) : this.#upload(key, content),
    );
  }

  async *list(folder?: StorageKey): AsyncGenerator<StoredEntry> {
    try {
      for await (const { key, sizeBytes, etag } of this.#objects.list(
        folder === undefined ? '' : `${folder}/`,
      ))
        if (isStorageKey(key)) yield { key, sizeBytes, version: etag };
    } catch (thrown) {
      throw this.#errorOf('list', folder, thrown);
    }
  }

  remove(key: StorageKey): Promise<void> {
    return this.#asked('remove', key, () => this.#objects.delete(key));
  }

  async #put(key: StorageKey, content: NewContent): Promise<string> {
    const whole = await wholeOf({ sizeBytes: content.sizeBytes, body: checkedPieces(content) });
    const outcome = await this.#objects.put(key, whole, { notes: notesOf(content) });
    if (!outcome.isWritten) throw new RemoteError('invalid', 'A write without a condition was refused.');
    return outcome.etag;
  }

  /** Nobody sees anything of it before it is finished. */
  async #upload(key: StorageKey, content: NewContent): Promise<string> {
    const upload = await this.#objects.beginUpload(key, { notes: notesOf(content) });
    const partBytes = Math.max(leastPartBytes, Math.ceil(content.sizeBytes / mostParts));
    try {
      const parts: UploadedPart[] = [];
      for await (const part of inParts(checkedPieces(content), partBytes))
        parts.push(await this.#objects.putPart(key, upload, parts.length + 1, part));
      await this.#objects.finishUpload(key, upload, parts);
    } catch (error) {
      await this.#objects.abortUpload(key, upload).catch(() => undefined); // The first error is the one to tell.
      throw error;
    }
    const there = await this.#objects.head(key);
    return there?.notes[digestNote] === content.digest ? there.etag : ''; // Else somebody has written it anew meanwhile.
  }

  async *#bodyOf(key: StorageKey, body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    try {
      yield* body;
    } catch (thrown) {
      throw this.#errorOf('read', key, thrown);
    }
  }

  async #asked<T>(act: Act, key: StorageKey, ask: () => Promise<T>): Promise<T> {
    try {
      return await ask();
    } catch (thrown) {
      throw this.#errorOf(act, key, thrown);
    }
  }

  #errorOf(act: Act, key: StorageKey | undefined, thrown: unknown): FlowError {
    if (!(thrown instanceof RemoteError)) return toFlowError(thrown); // The content could not be read.
    const where = key === undefined ? this.place : `${this.place}/${key}`;
    return storageError({ act, where, error: thrown });
  }
}

type Act = 'read' | 'write' | 'list' | 'remove';

/** What a server's fault means for results and states, which there is no doing without. */
function storageError({
  act,
  where,
  error,
}: {
  readonly act: Act;
  readonly where: string;
  readonly error: RemoteError;
}): FlowError {
  const { code, blame } = meaningOfFault[error.fault];
  const why = error.message.replace(/\.$/, '');
  return new FlowError({
    code,
    blame,
    where,
    message: `Cannot ${act} this: ${why}.`,
    fix: fixes[code],
    cause: error,
  });
}

const fixes: Readonly<Record<FaultCode, string>> = {
  remote_unavailable:
    'Check the network and S3_ENDPOINT, then give the command again: what was built is kept here.',
  auth_failed:
    'Check S3_ACCESS_KEY and S3_SECRET_KEY, or the profile of AWS: they have to allow reading and writing there.',
  config_invalid:
    'Make the bucket, or correct its name: --results, --state, or "results" and "state" in flow.yaml.',
};

function notesOf({ digest }: NewContent): Readonly<Record<string, string>> {
  return { [digestNote]: digest };
}

/** Pieces of any size, as parts of one size and a rest. */
async function* inParts(pieces: AsyncIterable<Uint8Array>, partBytes: number): AsyncGenerator<Uint8Array> {
  let part = Buffer.allocUnsafe(partBytes);
  let filled = 0;
  for await (const piece of pieces) {
    for (let at = 0; at < piece.length; ) {
      const taken = Math.min(piece.length - at, partBytes - filled);
      part.set(piece.subarray(at, at + taken), filled);
      at += taken;
      filled += taken;
      if (filled < partBytes) continue;
      yield part;
      part = Buffer.allocUnsafe(partBytes); // Whoever was given the last one may still hold it.
      filled = 0;
    }
  }
  if (filled > 0) yield part.subarray(0, filled);
}
