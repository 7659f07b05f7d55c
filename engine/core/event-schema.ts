/** The form of `TimedEvent` as data: what other programs read from `flow build --events`. */
import { z } from 'zod';
import type { Digest } from './digest.ts';
import { type ErrorRecord, errorCodes } from './errors.ts';

const text = z.string();
const count = z.number().int().min(0);
const bytes = count.describe('bytes');
const ms = z.number().min(0).describe('milliseconds');
const atMs = z.number().describe('milliseconds since 1970');

// Its pattern is what makes a text a digest; zod cannot say so to the compiler.
const digest = z.string().regex(/^b3:[0-9a-f]{64}$/) as unknown as z.ZodType<Digest, Digest>;

// What is undefined is left out of JSON: there, optional means absent.
const error: z.ZodType<ErrorRecord> = z
  .strictObject({
    code: z.enum(errorCodes),
    blame: z.enum(['user', 'rule', 'machine']),
    message: text,
    where: text.optional().describe('file:line:column, a file, a flag, or a component'),
    excerpt: text.optional().describe('lines of the source with the place marked'),
    fix: text.describe('what to do'),
    causes: z.array(text),
    stack: text.optional(),
  })
  .meta({ id: 'error' });

const run = text.describe('as in `run:clip.mp4`; the empty text for targets of the workspace');

const ref = {
  action: text.describe('unique in the build'),
  component: text,
  run,
  segment: count.exactOptional(),
  frames: count.exactOptional().describe('frames of the source in its segment'),
};

const performed = {
  worker: count.describe('thread that performed it; 0 is the own one of the engine'),
  startedAtMs: atMs,
  durationMs: ms,
};

const perhapsPerformed = {
  worker: performed.worker.exactOptional(),
  startedAtMs: performed.startedAtMs.exactOptional(),
  durationMs: performed.durationMs.exactOptional(),
};

const reason = z.enum(['new', 'regenerate']).describe('regenerate: its bytes are gone and are wanted again');
const cache = z.enum(['local', 'remote', 'none']);
const attempt = z.number().int().min(1);

const name = z.strictObject({ platformId: text, videoId: text, runId: text });

const startedComponent = z.strictObject({ name: text, processor: text, isRequired: z.boolean() });

function event<const Type extends string, Shape extends z.core.$ZodShape>(
  type: Type,
  when: string,
  shape: Shape,
): z.ZodObject<{ type: z.ZodLiteral<Type> } & Shape & { atMs: typeof atMs }, z.core.$strict> {
  return z.strictObject({ type: z.literal(type), ...shape, atMs }).describe(when);
}

/** Every event, with its time. Its output type and `TimedEvent` are the same, which a test holds. */
export const eventSchema = z.discriminatedUnion('type', [
  event('build_started', 'a build begins', {
    targets: z.array(text),
    jobs: z.number().int().min(1),
  }),
  event('run_started', 'a run begins, with all components that it will have: they wait', {
    run,
    name: name.exactOptional(),
    stage: text,
    profile: text,
    components: z.array(startedComponent),
  }),
  event(
    'actions_planned',
    'it is known how many actions a run has; more may follow when its segments are known',
    { run, count, components: z.record(text, count) },
  ),
  event('action_cached', 'an action is not performed: its result is there', {
    ...ref,
    key: digest,
    source: cache,
    bytes,
  }),
  event('action_queued', 'an action is to be performed, and waits', {
    ...ref,
    key: digest,
    reason,
    needs: z.array(text),
  }),
  event('action_started', 'an action is given to a thread', { ...ref, reason, attempt }),
  event('action_finished', 'an action has given its outputs, and they are stored', {
    ...ref,
    key: digest,
    reason,
    status: z.enum(['success', 'empty']),
    bytes,
    warnings: z.array(text),
    ...performed,
  }),
  event('action_retried', 'an attempt at an action failed in a way that may pass; it will be tried again', {
    ...ref,
    attempt,
    delayMs: ms,
    error,
    ...perhapsPerformed,
  }),
  event('action_failed', 'an action failed for good, or its outputs could not be put in place', {
    ...ref,
    error,
    ...perhapsPerformed,
  }),
  event('component_finished', 'a component of a run is over, with all of its actions', {
    run,
    component: text,
    status: z.enum(['success', 'empty', 'error', 'skipped']),
    isRequired: z.boolean(),
    cache,
    durationMs: ms,
    outputs: count,
    bytes,
    reason: text.exactOptional(),
    errorCode: z.enum(errorCodes).exactOptional(),
  }),
  event('progress', 'something that is no action takes its time', {
    activity: z.enum(['hash', 'download', 'upload', 'collect']),
    name: text,
    doneBytes: bytes,
    totalBytes: bytes,
  }),
  event('batch_finished', 'a model has run on a batch of items, whichever actions they are of', {
    model: text.describe('name and version: `yunet:2023mar`'),
    device: text,
    lane: count.describe('which of those that work on the device at once; from 0'),
    items: z.number().int().min(1),
    waitedMs: ms.describe('how long the oldest of them had waited; milliseconds'),
    startedAtMs: atMs,
    durationMs: ms,
  }),
  event('warning', 'something is not as it should be, and the build goes on', { message: text }),
  event('run_finished', 'a run is over', {
    run,
    status: z.enum(['running', 'success', 'partial', 'error', 'cancelled']),
    manifest: text.exactOptional(),
  }),
  event('build_finished', 'the build is over', {
    status: z.enum(['success', 'error', 'cancelled']),
    durationMs: ms,
  }),
]);

/** The schema as a document of JSON Schema, draft 2020-12. */
export function eventJsonSchema(): Record<string, unknown> {
  const { $schema, ...schema } = z.toJSONSchema(eventSchema, {
    override: ({ jsonSchema }) => {
      if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum; // Of any integer: says nothing.
    },
  });
  const title = 'An event of a build: a line of `flow build --events`';
  return { $schema, title, ...schema };
}
