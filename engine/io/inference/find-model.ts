/** A model on an inference server: whether it is there, ready, and what its entry says that it is. */
import { z } from 'zod';
import { type ModelEntry, modelName } from '../../core/model-entry.ts';
import {
  checkServedModel,
  configSchema,
  metadataSchema,
  serverVersion,
  unknownWeights,
  versionToRun,
} from './served-model.ts';
import type { TritonAnswer, TritonClient } from './triton-client.ts';
import { type Asked, notThere, refusal, unavailable, unreadable, wrongAddress } from './triton-error.ts';

export interface FoundModel {
  /** Of the model and its version, after the base URL. */
  readonly path: string;
  /** Undefined where the server has no versions. */
  readonly version: string | undefined;
  /** Why it is not known that its weights are the entry's. */
  readonly note: string | undefined;
}

/** @throws {FlowError} `triton_unavailable` and others, unless the server is live and ready */
export async function checkHealth(client: TritonClient, act: string, signal: AbortSignal): Promise<void> {
  const asked = { act, server: client.server };
  for (const state of ['live', 'ready']) {
    const path = `v2/health/${state}`;
    const answer = await client.ask({ path, asked }, signal);
    if (answer.status === 404) throw wrongAddress(asked, `there is no ${path}`);
    checkState(client, answer, { state, of: 'the server', asked });
  }
}

/**
 * @param version the one that has to be there; undefined for the entry's own where servers can have it, else the newest
 * @throws {FlowError} `triton_…`, `model_io_mismatch`, `model_digest_mismatch`
 */
export async function findModel(
  client: TritonClient,
  { entry, version: known }: { readonly entry: ModelEntry; readonly version?: string | undefined },
  signal: AbortSignal,
): Promise<FoundModel> {
  const asked = { act: `load model "${modelName(entry)}"`, server: client.server };
  const wanted = known ?? serverVersion(entry);
  const about = await client.ask({ path: modelPath(entry.name, wanted), asked }, signal);
  // Nothing else can be wrong with this request: to some servers an unknown name is a bad request.
  if (about.status === 400) throw notThere(asked, `the server answered 400: ${client.words(about)}`);
  const metadata = readJson(client, about, metadataSchema, asked);
  const version = versionToRun(metadata, { name: entry.name, wanted }, asked);
  const path = modelPath(entry.name, version);
  const of = version === undefined ? 'the model' : `version ${version} of the model`;
  const answer = await client.ask({ path: `${path}/ready`, asked }, signal);
  checkState(client, answer, { state: 'ready', of, asked });
  const config = await readConfig(client, path, asked, signal);
  const served = { metadata, config };
  checkServedModel(entry, served, asked);
  return { path, version, note: unknownWeights(entry, served) };
}

function modelPath(name: string, version: string | undefined): string {
  const path = `v2/models/${encodeURIComponent(name)}`;
  return version === undefined ? path : `${path}/versions/${encodeURIComponent(version)}`;
}

/**
 * Triton says no by a status of 400, others in JSON.
 *
 * @param about what should be so, of what
 */
function checkState(
  client: TritonClient,
  answer: TritonAnswer,
  about: { readonly state: string; readonly of: string; readonly asked: Asked },
): void {
  const { state, of, asked } = about;
  const said = stateSchema.safeParse(jsonOf(answer)).data ?? {};
  if (answer.status === 400 || said[state] === false) throw unavailable(asked, `${of} is not ${state}`);
  if (answer.status !== 200) throw refusal(asked, answer.status, client.words(answer));
}

const stateSchema = z.looseObject({});

/** @returns undefined where the server does not have this extension */
async function readConfig(
  client: TritonClient,
  path: string,
  asked: Asked,
  signal: AbortSignal,
): Promise<z.output<typeof configSchema> | undefined> {
  const answer = await client.ask({ path: `${path}/config`, asked }, signal);
  if ([404, 405, 501].includes(answer.status)) return undefined;
  return readJson(client, answer, configSchema, asked);
}

function readJson<S extends z.ZodType>(
  client: TritonClient,
  answer: TritonAnswer,
  schema: S,
  asked: Asked,
): z.output<S> {
  if (answer.status !== 200) throw refusal(asked, answer.status, client.words(answer));
  const parsed = schema.safeParse(jsonOf(answer));
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw unreadable(asked, `"${issue!.path.join('.')}" in its JSON: ${issue!.message}`); // A failure has an issue.
}

/** Undefined where it is none. */
function jsonOf({ chunks }: TritonAnswer): unknown {
  try {
    return JSON.parse(Buffer.concat(chunks).toString());
  } catch {
    return undefined; // Whoever needs it sees that it is not there.
  }
}
