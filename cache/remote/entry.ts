/**
 * The result of an action as it lies in a bucket: with everything that its key is the digest of, and the signature of
 * whoever has made it. Nothing of it is believed that has not been checked; what a check does not pass is a miss with a
 * reason, and never an exception.
 */
import { z } from 'zod';
import { canonicalJson } from '../../engine/core/canonical-json.ts';
import { type Digest, digestJson } from '../../engine/core/digest.ts';
import { printable } from '../../engine/core/errors.ts';
import type { ActionResult } from '../../engine/core/store.ts';
import { faultOfJson } from './fault-of-json.ts';
import { digestSchema, resultSchema } from './result-schema.ts';
import type { Signer } from './signer.ts';
import type { Trust } from './trust.ts';
import { hasSigned, isWriterKey } from './writer-key.ts';

/** What is sealed: a result, its key, and what that is the digest of. */
export interface EntryContent {
  readonly key: Digest;
  readonly result: ActionResult;
  readonly ingredients: Readonly<Record<string, unknown>>;
}

/** `writer` and `signature` are both there, or neither is. */
export interface OpenedEntry extends EntryContent {
  /** The writer's public key: `ed25519:…`. */
  readonly writer?: string;
  /** In base64. */
  readonly signature?: string;
}

export interface SealedEntry extends OpenedEntry {
  readonly v: 1;
}

export interface OpenOptions {
  /** The key that was asked for; any, if it is left out. */
  readonly wanted?: Digest;
  readonly trust: Trust;
}

/** The refusal says why, as 'it …', in at most 300 letters that cannot steer a terminal. */
export type Opened = { readonly entry: OpenedEntry } | { readonly refusal: string };

/** Readers refuse an object that is larger. */
export const mostEntryBytes = 4 * 2 ** 20;

const version = 1;

/** Far more than results have, and few enough that a list of all that is wrong stays short. */
const resultLimits = { mostLevels: 8, mostValues: 20_000 };
const ingredientLimits = { mostLevels: 100, mostValues: Number.POSITIVE_INFINITY };

const schema = z
  .strictObject({
    v: z.literal(version),
    key: digestSchema,
    result: checkedFirst(resultLimits).pipe(resultSchema),
    ingredients: checkedFirst(ingredientLimits).pipe(z.custom<EntryContent['ingredients']>(isRecord)),
    writer: z.string().refine(isWriterKey, 'it is no key of a writer').exactOptional(),
    signature: z
      .string()
      .regex(/^[A-Za-z0-9+/]{85}[AQgw]==$/, 'it is no signature')
      .exactOptional(),
  })
  .refine(
    ({ writer, signature }) => (writer === undefined) === (signature === undefined),
    'a writer and a signature belong together',
  );

function checkedFirst(limits: typeof resultLimits): z.ZodType {
  return z.unknown().superRefine((value, context) => {
    const fault = faultOfJson(value, limits);
    if (fault !== undefined) context.addIssue({ code: 'custom', message: fault });
  });
}

function isRecord(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Signed if there is a signer. The content has to be of this machine: nothing of it is checked. */
export function sealEntry(content: EntryContent, signer: Signer | undefined): SealedEntry {
  const { key, result, ingredients } = content;
  const seal = signer && { writer: signer.writer, signature: signer.sign(statementOf(content)) };
  return { v: version, key, result, ingredients, ...seal };
}

/** What a writer signs. Its purpose is a part of it, so that nothing else that this key signs can pass for it. */
function statementOf({ key, result, ingredients }: EntryContent): string {
  return canonicalJson({ purpose: 'flow action result', v: version, key, result, ingredients });
}

/** Opens the bytes of an object. */
export function decodeEntry(bytes: Uint8Array, options: OpenOptions): Opened {
  if (bytes.length > mostEntryBytes)
    return { refusal: `it has ${bytes.length} bytes, more than ${mostEntryBytes}` };
  let value: unknown;
  try {
    // TextDecoder refuses shared memory, hence the copy.
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes.slice()));
  } catch {
    return { refusal: 'it is no JSON' };
  }
  return openEntry(value, options);
}

/** Opens a value that has been read as JSON. */
export function openEntry(value: unknown, options: OpenOptions): Opened {
  const parsed = schema.safeParse(value);
  if (!parsed.success) return { refusal: schemaFault(parsed.error) };
  const { v: _, ...entry } = parsed.data;
  const refusal = faultOf(entry, options);
  return refusal === undefined ? { entry } : { refusal };
}

/** Names in it are the server's choice: a long one may be a token of the request. */
function schemaFault({ issues: [issue] }: z.ZodError): string {
  const { path, message } = issue!;
  const place = path.map((name) => (String(name).length > 40 ? '…' : name)).join('.');
  const text = `it is not as it should be at "${place}": ${message.replaceAll(/"[^"]{41,}"/g, '"…"')}`;
  return printable(text).replaceAll(/\s+/g, ' ').slice(0, 300);
}

/** The cheapest question first: a signature takes most of the time. */
function faultOf(entry: OpenedEntry, { wanted, trust }: OpenOptions): string | undefined {
  if (wanted !== undefined && entry.key !== wanted) return `it is that of another action, ${entry.key}`;
  const fault = trust.faultOf(entry.writer);
  if (fault !== undefined) return fault;
  if (entry.key !== digestJson(entry.ingredients)) return 'its key is not the digest of its ingredients';
  return isSealed(entry) ? undefined : 'its signature is not one of its writer over this result';
}

function isSealed({ writer, signature, ...content }: OpenedEntry): boolean {
  if (writer === undefined || signature === undefined) return true; // The schema wants both or none.
  return isWriterKey(writer) && hasSigned(writer, statementOf(content), Buffer.from(signature, 'base64'));
}
