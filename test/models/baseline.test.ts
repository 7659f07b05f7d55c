/** The whole baseline with its models, on real clips. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { readMeta } from '../../engine/core/artifact-meta.ts';
import type { Manifest, ManifestComponent } from '../../engine/core/manifest.ts';
import { manifestSchema } from '../../engine/core/manifest.ts';
import { readNpz } from '../../engine/core/npz.ts';
import { realData, realFile } from '../real-data.ts';
import { type BuildRun, Rig } from '../rig.ts';
import { modelsMirror, withoutModels } from './plain-model.ts';

const clips = ['videos/friday.mp4', 'videos/bikes.mp4'].map(realFile);
const target = (path: string): string => `run:${path}`;
const offline = ['--profile', 'builtin:offline'];

function manifests({ summary }: BuildRun): Manifest[] {
  return summary.runs.map(({ manifest }) =>
    manifestSchema.parse(JSON.parse(readFileSync(manifest!, 'utf8'))),
  );
}

/** By the video's name: digest of every output. */
function digestsOf(run: BuildRun): Record<string, Record<string, string>> {
  return Object.fromEntries(
    manifests(run).map(({ run: { source }, components }) => [
      source.name,
      Object.fromEntries(
        components.flatMap(({ outputs }) => outputs.map(({ path, digest }) => [path, digest])),
      ),
    ]),
  );
}

describe('the baseline with bundled models', {
  skip: realData ? false : 'no folder of real clips',
  concurrency: false,
}, () => {
  test('gives the same digests on one worker and on three, one film at a time and all at once', async () => {
    using alone = new Rig();
    using together = new Rig();
    const one: Record<string, Record<string, string>> = {};
    for (const clip of clips)
      Object.assign(one, digestsOf(await alone.build([target(clip), ...offline, '--jobs', '1'])));
    const run = await together.build([...clips.toReversed().map(target), ...offline, '--jobs', '3']);
    assert.equal(run.summary.status, 'success');
    const models = run.events.flatMap((event) => (event.type === 'batch_finished' ? [event.model] : []));
    assert.deepEqual([...new Set(models)].sort(), [
      'mel-stats:1',
      'motion-objects:1',
      'pyramid-lk:1',
      'scatter-embed:1',
    ]);
    assert.deepEqual(digestsOf(run), one);
    assert.equal(Object.keys(one).length, clips.length);
  });
});

/** Everything that is known of a model here, and depth by one that may be used in tests. */
const learned = `schema_version: 1
name: learned
extends: builtin:production
components:
  core_depth_midas: { sampling: { fps: 0.5 } }
models:
  core_depth_midas: { model: tcmonodepth-small, version: "1" }
`;

describe('the baseline with learned models', { skip: withoutModels || !realData, concurrency: false }, () => {
  test('has everything of every component, and each number says which weights made it', async () => {
    using rig = new Rig({
      'profiles/learned.yaml': learned,
      'models/tcmonodepth.yaml': readFileSync(new URL('./tcmonodepth.yaml', import.meta.url)),
    });
    const env = { FLOW_MODELS_MIRROR: modelsMirror };
    const run = await rig.build([target(realFile('videos/friday.mp4')), '--profile', 'learned'], env);
    const [manifest] = manifests(run) as [Manifest];
    const statuses = Object.fromEntries(manifest.components.map(({ name, status }) => [name, status]));
    assert.deepEqual(
      Object.entries(statuses).filter(([, status]) => status !== 'success'),
      [],
    );
    const slots = Object.keys(manifest.run.resolved_model_mapping).sort();
    assert.deepEqual(slots, [
      'clap_extractor.embedding',
      'core_clip.embedding',
      'core_depth_midas.depth',
      'core_face_landmarks.detector',
      'core_face_landmarks.mesh',
      'core_object_detections.detector',
      'core_optical_flow.flow',
      'scene_classification.classifier',
    ]);
    const folder = run.summary.runs[0]!.manifest!.replace('manifest.json', '');
    const withModels = manifest.components.filter((component) => component.model_signature !== undefined);
    assert.equal(withModels.length, 7);
    for (const component of withModels) assertSigned(component, folder);
    const faces = readNpz(readFileSync(`${folder}core_face_landmarks/faces.npz`));
    assert.ok(faces['boxes']!.shape[0]! > 0);
    assert.deepEqual(faces['landmarks']!.shape.slice(1), [468, 2]);
    const { class_names: names } = readNpz(readFileSync(`${folder}core_object_detections/detections.npz`));
    assert.ok((names!.data as readonly string[]).includes('person'));
    assert.deepEqual(
      (await rig.build([target(realFile('videos/friday.mp4')), '--profile', 'learned'])).ran,
      [],
    );
  });
});

/** What the manifest says of a component's models is what its files say. */
function assertSigned(
  { name, outputs, model_signature: signature, models_used: used }: ManifestComponent,
  folder: string,
): void {
  assert.match(signature!, /^ms1-[0-9a-f]{64}$/, name);
  for (const { path, kind } of outputs) {
    if (kind !== 'npz') continue;
    const meta = readMeta(readFileSync(folder + path));
    if (meta.sampling) assert.ok(meta.sampling.count > 0, path);
    assert.deepEqual([meta.model_signature, meta.models_used], [signature, used], path);
  }
}
