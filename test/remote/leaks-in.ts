/** Looks for secrets in what is not to hold any: as they are, and in the forms in which they could have got there. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { zstdDecompressSync } from 'node:zlib';
import type { ObjectStore } from '../../cache/remote/object-store.ts';

/** By the names that a failure shows. */
export type Secrets = Readonly<Record<string, Uint8Array | string>>;

/** @returns the names of those that are there, or of what was made of them */
export function leaksIn(content: Uint8Array | string, secrets: Secrets): string[] {
  const bytes = Buffer.from(content as Uint8Array); // Its overloads take no union.
  const text = [bytes, ...unpacked(bytes)].map((one) => one.toString('latin1')).join('\n');
  const found = Object.entries(secrets).filter(([, value]) =>
    formsOf(value).some((form) => text.includes(form)),
  );
  const signed = signatures.filter((pattern) => pattern.test(text));
  return [...found.map(([name]) => name), ...signed.map(String)];
}

/** Of a folder with all that is in it. @returns the paths, each with what it holds or is named for */
export function leaksInFolder(folder: string, secrets: Secrets): string[] {
  const paths = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  const leaks = paths.flatMap((path) => {
    const isFile = statSync(join(folder, path)).isFile();
    const content = isFile ? readFileSync(join(folder, path)) : '';
    return [...leaksIn(content, secrets), ...leaksIn(path, secrets)].map((leak) => `${path}: ${leak}`);
  });
  return leaks;
}

/** As `leaksInFolder`, with the names, the notes and the contents of all objects. */
export async function leaksInBucket(objects: ObjectStore, secrets: Secrets): Promise<string[]> {
  const leaks: string[] = [];
  for await (const { key } of objects.list('')) {
    const { body, notes } = (await objects.get(key))!; // Nobody deletes any.
    const parts = [Buffer.concat(await Array.fromAsync(body)), key, JSON.stringify(notes)];
    leaks.push(...parts.flatMap((part) => leaksIn(part, secrets)).map((leak) => `${key}: ${leak}`));
  }
  return leaks;
}

const signatures = [/AWS4-HMAC/, /X-Amz-(Signature|Credential|Security-Token)/i, /Signature=[0-9a-f]{16}/];

const zstdMagic = Buffer.from([0x28, 0xb5, 0x2f, 0xfd]);

function unpacked(bytes: Buffer): Buffer[] {
  return bytes.subarray(0, 4).equals(zstdMagic) ? [zstdDecompressSync(bytes)] : [];
}

function formsOf(secret: Uint8Array | string): string[] {
  const bytes = Buffer.from(secret as Uint8Array); // As above.
  const text = bytes.toString('latin1');
  const base64 = [0, 1, 2].map((before) => base64Within(bytes, before));
  return [
    text,
    encodeURIComponent(text),
    JSON.stringify(text).slice(1, -1),
    bytes.toString('hex'),
    ...base64,
    ...base64.map((form) => form.replaceAll('+', '-').replaceAll('/', '_')),
  ];
}

/** The letters that stand for these bytes alone, where others come before and after them. */
function base64Within(bytes: Buffer, before: number): string {
  const letters = Buffer.concat([Buffer.alloc(before), bytes]).toString('base64');
  return letters.slice(before === 0 ? 0 : before + 1, -4);
}
