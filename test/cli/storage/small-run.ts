/** A run of few bytes in a storage. */
import { digestOf } from '../../../engine/core/digest.ts';
import { type Manifest, manifestSchema } from '../../../engine/core/manifest.ts';
import { contentOf, type Storage, storageKey, wholeOf } from '../../../engine/core/storage.ts';

export const runName = 'local/clip/r-1';

export interface SmallRun {
  /** `component/output.ext` → its text. */
  readonly outputs: Readonly<Record<string, string>>;
  readonly status?: Manifest['run']['status'];
  readonly name?: string;
}

export function manifestOf({ outputs, status = 'success', name = runName }: SmallRun): Manifest {
  const [platform_id, video_id, run_id] = name.split('/');
  const digest = digestOf(JSON.stringify(outputs));
  return manifestSchema.parse({
    schema_version: 1,
    run: {
      ...{ platform_id, video_id, run_id, config_hash: digest, status },
      ...{ sampling_policy_version: '1', dataprocessor_version: '1', stage: 's', profile: 'p' },
      ...{ created_at: '2026-01-01T00:00:00.000Z', finished_at: null, flow_version: '1' },
      resolved_model_mapping: {},
      source: {
        ...{ name: 'clip.mp4', digest, size: 1, duration_sec: null, width: null },
        ...{ height: null, fps: null, has_audio: null },
      },
    },
    components: Object.entries(Object.groupBy(Object.entries(outputs), ([path]) => path.split('/')[0]!)).map(
      ([component, own = []]) => ({
        ...{
          name: component,
          processor: 'p',
          status: 'success',
          required: true,
          warnings: [],
          cache: 'none',
        },
        ...{
          action_key: digest,
          rule_digest: digest,
          schema_version: 1,
          producer_version: '1',
          models_used: [],
        },
        ...{ device_used: null, started_at: null, finished_at: null, duration_ms: 0 },
        outputs: own.map(([path, text]) => ({
          ...{ name: 'text', path, kind: 'text', digest: digestOf(text), bytes: Buffer.byteLength(text) },
        })),
      }),
    ),
  });
}

/** Writes it as a build would. */
export async function putRun(storage: Storage, run: SmallRun): Promise<void> {
  const { name = runName, outputs } = run;
  for (const [path, text] of Object.entries(outputs)) await putText(storage, `${name}/${path}`, text);
  await putText(storage, `${name}/manifest.json`, JSON.stringify(manifestOf(run)));
}

export async function putText(storage: Storage, key: string, text: string): Promise<void> {
  await storage.write(storageKey(key), contentOf(Buffer.from(text)));
}

/** Everything in a storage but manifests: key without the run's name → text. */
export async function textsIn(storage: Storage, name = runName): Promise<Record<string, string>> {
  const texts: Record<string, string> = {};
  for await (const { key } of storage.list(storageKey(name)))
    if (!key.endsWith('manifest.json')) texts[key.slice(name.length + 1)] = (await textOf(storage, key))!;
  return texts;
}

export async function textOf(storage: Storage, key: string): Promise<string | undefined> {
  const found = await storage.read(storageKey(key));
  return found && Buffer.from(await wholeOf(found)).toString('utf8');
}
