/** The main job on real files, good and bad: each ends in success, or in what is right for it. */
import assert from 'node:assert/strict';
import { copyFileSync, mkdirSync, truncateSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { realData, realFile } from './real-data.ts';
import { Rig } from './rig.ts';

function clip(name: string): string {
  return realFile(`${name.endsWith('.wav') ? 'audio' : 'videos'}/${name}`);
}

interface Expectation {
  /** Components that end in something else than success. */
  readonly others?: Readonly<Record<string, string>>;
  readonly isWarned?: boolean;
}

const mute = { audio_decode: 'empty', loudness_extractor: 'empty', tempo_extractor: 'empty' };
const soundless = { tempo_extractor: 'empty' }; // A track of silence has a loudness report, but no beat.
const pictureless = {
  cut_detection: 'empty',
  shot_quality: 'empty',
  thumbnails: 'empty',
  video_pacing: 'empty',
};

const clips: Readonly<Record<string, Expectation>> = {
  'friday.mp4': {},
  'learn.mkv': { others: mute },
  'bottle-detection.mp4': { others: mute },
  'car-detection.mp4': { others: soundless },
  'big_buck_bunny_0_30.webm': {},
  'nasa_13013.mp4': {},
  'bikes.mp4': { others: mute },
  'auto-editor-example.mp4': {},
  'flower.mp4': { others: soundless },
  'fades.mp4': { others: mute },
  'video_desks.3gp': {},
  'cursed-vfr.mp4': { others: mute },
  'roadtrip-vp92-10bit.webm': { others: mute },
  'video_90.mov': { others: mute },
  'no_duration.webm': { others: soundless },
  'webm.webm': { others: mute },
  'corrupted.mp4': { others: mute, isWarned: true },
  'jfk.wav': { others: pictureless },
  'sine_1000.wav': { others: { ...pictureless, tempo_extractor: 'empty' } },
};

for (const [name, { others = {}, isWarned = false }] of Object.entries(clips)) {
  test(`${name} ends in success`, { skip: realData === undefined && 'no shared/data folder' }, async () => {
    using rig = new Rig();
    const run = await rig.build([`run:${clip(name)}`, '--stage', 'baseline']);
    assert.equal(run.status, 0, run.stderr);
    const { run: facts, components } = rig.manifest(run);
    assert.equal(facts.status, 'success');
    const found = components
      .filter(({ status }) => status !== 'success')
      .map(({ name: component, status }) => [component, status]);
    // Without pictures nobody asks for any: decode has nothing to do.
    assert.deepEqual(Object.fromEntries(found.filter(([component]) => component !== 'decode')), others);
    assert.equal(
      components.some(({ warnings }) => warnings.some((text) => /damaged/.test(text))),
      isWarned,
    );
  });
}

interface BadFile {
  readonly code: string;
  make(rig: Rig): string;
}

const bad: Readonly<Record<string, BadFile>> = {
  'a container without streams': { code: 'unsupported_media', make: () => clip('Mpeg4.mp4') },
  'a stream that cannot be decoded': {
    code: 'decode_failed',
    make: () => clip('invalid-bitstream.webm'),
  },
  'a film whose index was cut off': {
    code: 'unsupported_media',
    make(rig) {
      copyFileSync(clip('friday.mp4'), rig.path('cut.mp4'));
      truncateSync(rig.path('cut.mp4'), 2000);
      return rig.path('cut.mp4');
    },
  },
};

const badAnywhere: Readonly<Record<string, BadFile>> = {
  'a file that is no video': {
    code: 'unsupported_media',
    make: (rig) => written(rig, 'text.mp4', 'This is a text.\n'.repeat(100)),
  },
  'an empty file': { code: 'input_unreadable', make: (rig) => written(rig, 'empty.mp4', '') },
  'a file that is missing': { code: 'input_not_found', make: (rig) => rig.path('missing.mp4') },
  'a folder without videos': {
    code: 'input_not_found',
    make(rig) {
      mkdirSync(rig.path('no-videos'));
      return rig.path('no-videos');
    },
  },
};

for (const [what, { code, make }] of Object.entries({ ...bad, ...badAnywhere })) {
  const skip = what in bad && realData === undefined && 'no shared/data folder';
  test(`${what} is ${code}, with exit status 1 and no stack`, { skip }, async () => {
    using rig = new Rig();
    const run = await rig.build([`run:${make(rig)}`, '--stage', 'baseline']);
    assert.equal(run.status, 1, run.stderr);
    assert.match(run.stderr, new RegExp(`${code}\\n {2}Cannot `));
    assert.match(run.stderr, /\n {2}Fix: /);
    assert.doesNotMatch(run.stderr, /\n\s+at /);
    const failed = run.summary.runs.flatMap(({ components }) =>
      components.filter(({ status }) => status === 'error'),
    );
    const behind = run.summary.runs.flatMap(({ components }) =>
      components.filter(({ name }) => name === 'video_pacing'),
    );
    assert.ok(failed.length <= 1 && failed.every((component) => component.error_code === code));
    assert.ok(behind.every(({ status }) => status === 'skipped'));
  });
}

function written(rig: Rig, name: string, content: string): string {
  writeFileSync(rig.path(name), content);
  return rig.path(name);
}
