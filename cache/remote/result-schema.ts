/** What a result has to look like that comes from elsewhere: its texts may become names of files, its numbers sizes of buffers. */
import { z } from 'zod';
import { type Digest, digestOf, isDigest } from '../../engine/core/digest.ts';
import { faultOfName } from '../../engine/core/fault-of-name.ts';
import { type Dtype, elementCount } from '../../engine/core/nd-array.ts';
import { type ActionResult, inlineLimitBytes, type OutputRecord } from '../../engine/core/store.ts';

const mostOutputs = 256;
const mostArrays = 256;
const mostAxes = 32;
const mostBytes = 2 ** 40;
const mostWarnings = 1000;
const mostLetters = 10_000;
const mostInlineLetters = Math.ceil(inlineLimitBytes / 3) * 4;

export const digestSchema = z.custom<Digest>(
  (value) => typeof value === 'string' && isDigest(value),
  'it has to be a digest',
);

const outputName = z.string().refine((name) => faultOfName(name) === undefined, 'it is no name of an output');

/** Arrays lie in one file: their names are no paths, but are shown to people. */
const arrayName = z
  .string()
  .max(200)
  .regex(/^[^\p{C}/\\]+$/u, 'it is no name of an array');

const extension = z
  .string()
  .max(64)
  .regex(/^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*$/, 'it is no ending of a file');

const dtypes = [
  'float32',
  'float64',
  'int32',
  'uint8',
  'bool',
  'unicode',
] as const satisfies readonly Dtype[];

const arraySchema = z.strictObject({
  dtype: z.enum(dtypes),
  shape: z.array(z.int().min(0).max(mostBytes)).max(mostAxes),
});

const outputSchema = z
  .strictObject({
    digest: digestSchema,
    content: digestSchema,
    sizeBytes: z.int().min(0).max(mostBytes),
    format: z.enum(['npz', 'json', 'text', 'bytes', 'segments']), // Of the kinds, those that an output can have.
    extension,
    isEphemeral: z.boolean(),
    arrays: z
      .record(arrayName, arraySchema)
      .refine((arrays) => Object.keys(arrays).length <= mostArrays, `it has more than ${mostArrays} arrays`)
      .exactOptional(),
    inline: z.string().max(mostInlineLetters).exactOptional(),
  })
  .superRefine((output, context) => {
    const fault = arraysFault(output) ?? inlineFault(output);
    if (fault !== undefined) context.addIssue({ code: 'custom', message: fault });
  });

function arraysFault({ format, arrays, sizeBytes }: OutputRecord): string | undefined {
  if ((arrays !== undefined) !== (format === 'npz')) return 'arrays are what an npz has, and nothing else';
  const tooLarge = Object.entries(arrays ?? {}).find(
    ([, { shape }]) => elementCount(shape) > sizeBytes, // They are stored as they are, and each takes a byte at least.
  );
  return tooLarge && `array "${tooLarge[0]}" has more elements than the file has bytes`;
}

function inlineFault({ digest, sizeBytes, isEphemeral, inline }: OutputRecord): string | undefined {
  if (inline === undefined) return undefined;
  if (isEphemeral) return 'it has bytes, though it is ephemeral';
  const bytes = Buffer.from(inline, 'base64');
  if (bytes.toString('base64') !== inline) return 'its bytes are not base64';
  if (bytes.length !== sizeBytes) return `its bytes are ${bytes.length}, not ${sizeBytes}`;
  return digestOf(bytes) === digest ? undefined : 'its bytes do not have its digest';
}

export const resultSchema: z.ZodType<ActionResult> = z
  .strictObject({
    status: z.enum(['success', 'empty']),
    emptyReason: z.string().max(mostLetters).exactOptional(),
    warnings: z.array(z.string().max(mostLetters)).max(mostWarnings),
    outputs: z
      .record(outputName, outputSchema)
      .refine(
        (outputs) => Object.keys(outputs).length <= mostOutputs,
        `it has more than ${mostOutputs} outputs`,
      ),
    durationMs: z.number().min(0),
  })
  .refine(
    ({ status, emptyReason }) => (status === 'empty') === (emptyReason !== undefined),
    'a reason is what an empty result has, and no other',
  );
