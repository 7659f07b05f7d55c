/** Repeats, parts and scenes of a film that is put together from real clips, seen by a bundled model. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempDisposableSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { ValueOf } from '../../../engine/core/kind.ts';
import { scalar, vector } from '../../../engine/core/nd-array.ts';
import type { pictureEmbeddings, scenes, story, uniqueness as uniquenessKind } from '../../../rules/kinds.ts';
import { coreClip } from '../../../rules/visual/core-clip.ts';
import { sceneClassification } from '../../../rules/visual/scene-classification.ts';
import { storyStructure } from '../../../rules/visual/story-structure.ts';
import { uniqueness } from '../../../rules/visual/uniqueness.ts';
import { type Clip, decodeWithFfmpeg } from '../../decode-with-ffmpeg.ts';
import { plainModel } from '../../models/plain-model.ts';
import { realData, realFile } from '../../real-data.ts';
import { runSegmented } from './run-segmented.ts';
import { runWhole } from './run-whole.ts';
import { shotsOf } from './synthetic-embeddings.ts';

const skip = realData ? false : 'no folder of real clips';

/** Clips without cuts: from a second, some seconds long. */
const bottles = { file: 'videos/bottle-detection.mp4', from: 10, seconds: 11.3 };
const people = { file: 'videos/friday.mp4', from: 0, seconds: 6.1 };
const cars = { file: 'videos/car-detection.mp4', from: 4, seconds: 8.7 };
const film = [people, bottles, people, cars, bottles];
const joints = [6.1, 17.4, 23.5, 32.2];
const shots = shotsOf(film.map(({ seconds }, scene) => ({ scene, seconds })));
const fps = 2;
const stepSec = 1 / fps;

interface Seen {
  readonly clip: Clip;
  readonly embeddings: ValueOf<typeof pictureEmbeddings>;
}

let seen: Promise<Seen> | undefined;

/** The film and its embeddings, made once for all tests. */
function seeFilm(): Promise<Seen> {
  seen ??= embed(assembled());
  return seen;
}

async function embed(clip: Clip): Promise<Seen> {
  await using model = await plainModel('rules/models/scatter-embed/scatter-embed.yaml');
  const count = clip.rgb.length / (3 * clip.width * clip.height);
  const options = { splits: [Math.floor(count / 2)], models: { embedding: model } };
  const { outputs } = await runSegmented(coreClip, clip, options);
  return { clip, embeddings: outputs.embeddings as Seen['embeddings'] }; // The rule's own output.
}

/** Encoded as one film, so that a repeat does not have the very same pixels. */
function assembled(): Clip {
  const inputs = film.flatMap(({ file, from, seconds }) => [
    ...['-ss', String(from), '-t', String(seconds)],
    ...['-i', realFile(file)],
  ]);
  const scaled = film.map((_, at) => `[${at}:v]fps=24,scale=192:108,setsar=1,format=yuv420p[v${at}]`);
  const graph = `${scaled.join(';')};${film.map((_, at) => `[v${at}]`).join('')}concat=n=${film.length}[out]`;
  const codec = ['-c:v', 'libx264', '-preset', 'veryfast', '-crf', '26', '-threads', '1'];
  using folder = mkdtempDisposableSync(join(tmpdir(), 'flow-assembled-'));
  const path = join(folder.path, 'film.mp4');
  const argv = ['-v', 'error', ...inputs, '-filter_complex', graph, '-map', '[out]', ...codec, path];
  execFileSync('ffmpeg', argv, { stdio: ['ignore', 'ignore', 'inherit'] });
  return decodeWithFfmpeg(path, { fps, width: 160, height: 90 });
}

function assertNear(found: Iterable<number>, wanted: readonly number[]): void {
  const times = [...found];
  assert.equal(times.length, wanted.length, `${times}`);
  for (const [at, sec] of wanted.entries())
    assert.ok(Math.abs(times[at]! - sec) <= stepSec + 0.05, `${times}`);
}

test('clips that come back are found where they were and where they are', { skip }, async () => {
  const { embeddings } = await seeFilm();
  const { outputs } = await runWhole(uniqueness, { embeddings, shots: shotsOf([]) });
  const found = outputs.uniqueness as ValueOf<typeof uniquenessKind>;
  assertNear(found.repeat_a_start_sec.data, [0, 6.1]);
  assertNear(found.repeat_a_end_sec.data, [6.1, 17.4]);
  assertNear(found.repeat_b_start_sec.data, [17.4, 32.2]);
  assertNear(found.repeat_b_end_sec.data, [23.5, 43.5]);
});

test('parts begin where one clip follows another', { skip }, async () => {
  const { embeddings } = await seeFilm();
  const pacing = {
    times_sec: vector('float64', []),
    cuts_per_min: vector('float32', []),
    motion_energy: vector('float32', []),
    pacing: vector('float32', []),
    mean_shot_sec: scalar('float64', Number.NaN),
    median_shot_sec: scalar('float64', Number.NaN),
    shot_sec_cv: scalar('float64', Number.NaN),
  };
  const { outputs } = await runWhole(storyStructure, { embeddings, pacing, shots: shotsOf([]) });
  assertNear((outputs.story as ValueOf<typeof story>).boundary_sec.data, joints);
});

test('takes of one place have one cluster', { skip }, async () => {
  const { clip, embeddings } = await seeFilm();
  const { outputs } = await runSegmented(sceneClassification, clip, { mergeInputs: { embeddings, shots } });
  assert.deepEqual([...(outputs.scenes as ValueOf<typeof scenes>).cluster_ids.data], [0, 1, 0, 2, 1]);
});
