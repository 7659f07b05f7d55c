/** Ground truth: shared/data/SOURCES.md, and the sample film's own account. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { cutDetection } from '../../../rules/visual/cut-detection.ts';
import { type Clip, decodeWithFfmpeg } from '../../decode-with-ffmpeg.ts';
import { realData, realFile } from '../../real-data.ts';
import { sampleFilm } from '../../sample-film.ts';
import { runSegmented } from './run-segmented.ts';

interface Transition {
  readonly type: string;
  readonly sec: number;
}

async function transitionsOf(clip: Clip): Promise<Transition[]> {
  const count = clip.rgb.length / (3 * clip.width * clip.height);
  const splits = [Math.floor(count / 3), Math.floor((2 * count) / 3)].filter((split) => split > 0);
  const { outputs } = await runSegmented(cutDetection, clip, { splits });
  const { types, times_sec } = outputs.cuts as {
    types: { data: string[] };
    times_sec: { data: Float64Array };
  };
  return types.data.map((type, index) => ({ type, sec: times_sec.data[index]! }));
}

function decode(file: string, fps: number): Clip {
  return decodeWithFfmpeg(file, { fps, width: 128, height: 72 });
}

/** Every transition that is there, in order, and no other; a hard cut to within a sample, others to 0.3 s. */
function assertTransitions(found: readonly Transition[], wanted: readonly Transition[], fps: number): void {
  const text = JSON.stringify(found);
  assert.deepEqual(
    found.map(({ type }) => type),
    wanted.map(({ type }) => type),
    text,
  );
  for (const [index, { type, sec }] of wanted.entries()) {
    const late = found[index]!.sec - sec;
    if (type === 'hard') assert.ok(late > -0.01 && late <= 1 / fps + 0.01, `${sec} s: ${text}`);
    else assert.ok(Math.abs(late) <= 0.3, `${sec} s: ${text}`);
  }
}

const uncut = [
  'auto-editor-example.mp4',
  'bottle-detection.mp4',
  'car-detection.mp4',
  'one-by-one-person-detection.mp4',
  'flower.mp4',
  'learn.mkv',
  'friday.mp4',
  'video_desks.3gp',
  'no_duration.webm',
];

const hard = (sec: number): Transition => ({ type: 'hard', sec });

const cutClips: Record<string, readonly Transition[]> = {
  'bikes.mp4': [30, 76, 137, 187, 242].map((frame) => hard(frame / 25)),
  'big_buck_bunny_0_30.webm': [{ type: 'fade_in', sec: 1.2 }, hard(11.795), hard(15.67), hard(22.96)],
  // The dissolve of the first stream is not in the list of ground truth; it shows when one looks.
  'nasa_13013.mp4': [{ type: 'dissolve', sec: 5.5 }, hard(8.04)],
};

for (const fps of [12, 24]) {
  for (const name of uncut) {
    test(`${name} at ${fps} samples a second has no transition`, { skip: skipped() }, async () => {
      assert.deepEqual(await transitionsOf(decode(realFile(`videos/${name}`), fps)), []);
    });
  }
  for (const [name, wanted] of Object.entries(cutClips)) {
    test(`the transitions of ${name} are found at ${fps} samples a second`, { skip: skipped() }, async () => {
      assertTransitions(await transitionsOf(decode(realFile(`videos/${name}`), fps)), wanted, fps);
    });
  }
  test(`fades.mp4 at ${fps} samples a second has six fades and no hard cut`, {
    skip: skipped(),
  }, async () => {
    const found = await transitionsOf(decode(realFile('videos/fades.mp4'), fps));
    const types = ['fade_in', 'fade_out', 'fade_in', 'fade_out', 'fade_in', 'fade_out'];
    assert.deepEqual(
      found.map(({ type }) => type),
      types,
    );
  });
  test(`the sample film's transitions are found at ${fps} samples a second`, async (context: TestContext) => {
    const { dir, truth } = await sampleFilm();
    const wanted = truth.cuts.map((cut) => ({
      type: cut.type,
      sec: ((cut.start_sec ?? cut.time_sec) + (cut.end_sec ?? cut.time_sec)) / 2,
    }));
    assertTransitions(await transitionsOf(decode(join(dir, 'sample.mp4'), fps)), wanted, fps);
    context.diagnostic(`${wanted.length} transitions`);
  });
}

function skipped(): string | false {
  return realData === undefined ? 'no shared/data folder' : false;
}
