/** A result as an action gives it, for tests of what happens to it on its way. */
import { type EntryContent, sealEntry } from '../../../cache/remote/entry.ts';
import { newSigningKey, readSigner, type Signer } from '../../../cache/remote/signer.ts';
import { digestJson, digestOf } from '../../../engine/core/digest.ts';
import type { OutputRecord } from '../../../engine/core/store.ts';

export function newSigner(): Signer {
  const read = readSigner(newSigningKey().pem);
  if ('fault' in read) throw new Error(read.fault);
  return read.signer;
}

/** @param params make one result another's */
export function sampleContent(params: Readonly<Record<string, unknown>> = { threshold: 0.4 }): EntryContent {
  const ingredients = {
    v: 1,
    component: 'cuts',
    rule: digestOf('rule'),
    params,
    inputs: [['video', digestOf('in')]],
  };
  const text = 'a small output\n';
  return {
    key: digestJson(ingredients),
    ingredients,
    result: {
      status: 'success',
      warnings: ['one frame was dark'],
      outputs: {
        cuts: {
          digest: digestOf('npz'),
          content: digestOf('arrays'),
          sizeBytes: 100_000,
          format: 'npz',
          extension: 'npz',
          isEphemeral: false,
          arrays: { times_sec: { dtype: 'float64', shape: [12] } },
        },
        note: {
          ...textOutput(text),
          inline: Buffer.from(text).toString('base64'),
        },
      },
      durationMs: 12.5,
    },
  };
}

/** What an action's result says of an output that holds this text. */
export function textOutput(text: string): OutputRecord {
  const digest = digestOf(text);
  return {
    digest,
    content: digest,
    sizeBytes: text.length,
    format: 'text',
    extension: 'txt',
    isEphemeral: false,
  };
}

/** As it lies in the bucket, free to be tampered with. */
export function sealedDocument(
  signer: Signer | undefined,
  content: EntryContent = sampleContent(),
): Tampered {
  // The parsed text of an entry has these places; a test may put anything there.
  return JSON.parse(JSON.stringify(sealEntry(content, signer))) as Tampered;
}

type Loose = Record<string, unknown>;
export type Tampered = Loose & {
  result: Loose & { outputs: Record<string, Loose> };
  ingredients: Loose;
};
