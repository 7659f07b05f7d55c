/** How a blob's bytes are written in an object: as they are, or as zstd where that pays. */
import {
  constants,
  createZstdCompress,
  createZstdDecompress,
  zstdCompress,
  zstdCompressSync,
  zstdDecompress,
} from 'node:zlib';
import { BadBlob } from './bad-blob.ts';
import { pieceBytes } from './buffer-pool.ts';
import type { ObjectFacts } from './object-store.ts';
import { through } from './through.ts';

export type Encoding = 'zstd' | 'identity';

/** Below this a request costs more than the bytes that zstd could save. */
const leastBytes = 4 * 1024;
/** Video, sound, images and archives come out at 0.97 and more; arrays and text at 0.8 and less. */
const worthwhileRatio = 0.9;
/** Enough for zstd to find what repeats, and a millisecond's work. */
const sampleBytes = 256 * 1024;
/** A frame may ask its reader for a window of up to 2 GiB; what is written here has 2 MiB. */
const mostWindowLog = 23;
const chunkBytes = 2 ** 20;

const compression = { params: { [constants.ZSTD_c_compressionLevel]: 3 } };
const decompression = { params: { [constants.ZSTD_d_windowLogMax]: mostWindowLog } };

/** What stands beside the object. */
export function notesOf(encoding: Encoding, sizeBytes: number): Readonly<Record<string, string>> {
  return { encoding, size: String(sizeBytes) };
}

/**
 * Believes nothing: only sizes that a blob of `sizeBytes` can have are let through.
 *
 * @throws {BadBlob}
 */
export function encodingOf(facts: ObjectFacts, sizeBytes: number): Encoding {
  const { encoding, size } = facts.notes;
  if (encoding !== 'zstd' && encoding !== 'identity')
    throw new BadBlob(`its encoding is noted as ${quoted(encoding)}`);
  if (size !== String(sizeBytes)) throw new BadBlob(`its size is noted as ${quoted(size)}, not ${sizeBytes}`);
  const isPossible =
    encoding === 'identity' ? facts.sizeBytes === sizeBytes : facts.sizeBytes <= mostEncodedBytes(sizeBytes);
  if (!isPossible) throw new BadBlob(`it has ${facts.sizeBytes} bytes (${encoding}) for ${sizeBytes}`);
  return encoding;
}

/** What is encoded at one go is kept only if it gets smaller. Above that zstd adds three bytes to 128 KiB at worst. */
function mostEncodedBytes(sizeBytes: number): number {
  return sizeBytes <= pieceBytes ? sizeBytes : sizeBytes + sizeBytes / 2 ** 14 + 1024;
}

/** The server chooses it: what is long may be a token of the request. */
function quoted(text: string | undefined): string {
  if (text === undefined) return 'nothing';
  return text.length > 40 ? 'something long' : JSON.stringify(text);
}

/** The places of a file that stand for all of it: its beginning and its middle. */
export function samplePlaces(sizeBytes: number): { readonly from: number; readonly to: number }[] {
  if (sizeBytes <= 2 * sampleBytes) return [{ from: 0, to: sizeBytes }];
  const middle = Math.floor(sizeBytes / 2);
  return [
    { from: 0, to: sampleBytes },
    { from: middle, to: Math.min(middle + sampleBytes, sizeBytes) },
  ];
}

/** True if content of which this is a sample gets smaller by enough. */
export function pays(sample: Uint8Array): boolean {
  return sample.length >= leastBytes && isWorthwhile(zstdCompressSync(sample, compression), sample);
}

function isWorthwhile(encoded: Uint8Array, content: Uint8Array): boolean {
  return encoded.length < worthwhileRatio * content.length;
}

export interface Encoded {
  readonly encoding: Encoding;
  readonly bytes: Uint8Array;
}

/** Encodes content that is in memory as it is smallest. */
export async function encoded(content: Uint8Array): Promise<Encoded> {
  const sample = samplePlaces(content.length).map(({ from, to }) => content.subarray(from, to));
  if (!pays(sample.length === 1 ? sample[0]! : Buffer.concat(sample)))
    return { encoding: 'identity', bytes: content };
  const bytes = await new Promise<Buffer>((resolve, reject) =>
    zstdCompress(content, compression, (error, result) => (error ? reject(error) : resolve(result))),
  );
  return isWorthwhile(bytes, content)
    ? { encoding: 'zstd', bytes }
    : { encoding: 'identity', bytes: content };
}

/** @throws {BadBlob} if it is no zstd, or more than `sizeBytes` */
export async function decoded({ encoding, bytes }: Encoded, sizeBytes: number): Promise<Uint8Array> {
  if (encoding === 'identity') return bytes;
  const options = { ...decompression, maxOutputLength: sizeBytes };
  return new Promise((resolve, reject) =>
    zstdDecompress(bytes, options, (error, content) => (error ? reject(badZstd(error)) : resolve(content))),
  );
}

function badZstd({ code }: NodeJS.ErrnoException): BadBlob {
  return new BadBlob(`it is no zstd of its size (${code})`);
}

/** Encodes content that comes in pieces. The same pieces give the same bytes: another process can go on with an upload. */
export function zstdPieces(pieces: AsyncIterable<Uint8Array>, sizeBytes: number): AsyncGenerator<Uint8Array> {
  const options = { ...compression, chunkSize: chunkBytes, pledgedSrcSize: sizeBytes };
  return through(pieces, createZstdCompress(options));
}

/**
 * Decodes content that comes in pieces.
 *
 * @throws {BadBlob} if it is no zstd, or more than `sizeBytes`
 * @throws what `pieces` throws
 */
export async function* decodedPieces(
  pieces: AsyncIterable<Uint8Array>,
  sizeBytes: number,
): AsyncGenerator<Uint8Array> {
  let bytes = 0;
  try {
    for await (const chunk of through(
      pieces,
      createZstdDecompress({ ...decompression, chunkSize: chunkBytes }),
    )) {
      bytes += chunk.length;
      if (bytes > sizeBytes) throw new BadBlob(`it decodes to more than ${sizeBytes} bytes`);
      yield chunk;
    }
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw code && /^Z(STD)?_/.test(code) ? badZstd(error as NodeJS.ErrnoException) : error;
  }
}
