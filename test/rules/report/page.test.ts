import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ArtifactMeta } from '../../../engine/core/artifact-meta.ts';
import { scalar, vector } from '../../../engine/core/nd-array.ts';
import { drawPage } from '../../../rules/report/page.ts';
import { choosePictures } from '../../../rules/report/pictures.ts';
import type { ReportInputs } from '../../../rules/report/report-inputs.ts';

const nothing: ReportInputs = {
  metadata: undefined,
  thumbnails: undefined,
  cuts: undefined,
  shots: undefined,
  motion: undefined,
  loudness: undefined,
  tempo: undefined,
  pacing: undefined,
  frame_quality: undefined,
  shot_quality: undefined,
};

function metaOf(rest: Partial<ArtifactMeta>): ArtifactMeta {
  return {
    component: 'some_component',
    output: 'out',
    schema_version: 1,
    producer_version: '7',
    rule_digest: `b3:${'0'.repeat(64)}`,
    params: {},
    model_signature: null,
    models_used: [],
    engine: null,
    precision: null,
    device: 'cpu',
    sampling: null,
    analysis: null,
    status: 'success',
    empty_reason: null,
    ...rest,
  };
}

function shotsOf(startSec: readonly number[], endSec: number): NonNullable<ReportInputs['shots']> {
  return {
    start_sec: vector('float64', startSec),
    end_sec: vector('float64', [...startSec.slice(1), endSec].slice(0, startSec.length)),
    start_frames: vector('int32', startSec),
    end_frames: vector('int32', startSec),
    meta: metaOf({ component: 'cut_detection' }),
  };
}

function thumbnailsAt(timesSec: readonly number[]): NonNullable<ReportInputs['thumbnails']> {
  return {
    times_sec: vector('float64', timesSec),
    frame_indices: vector('int32', timesSec),
    widths: vector('int32', new Int32Array(timesSec.length).fill(192)),
    heights: vector('int32', new Int32Array(timesSec.length).fill(108)),
    jpeg: vector(
      'uint8',
      Uint8Array.from(timesSec, (_, index) => index),
    ),
    jpeg_bytes: vector('int32', new Int32Array(timesSec.length).fill(1)),
    meta: metaOf({ component: 'thumbnails' }),
  };
}

function noSound(reason: string): NonNullable<ReportInputs['loudness']> {
  return {
    integrated_lufs: scalar('float64', Number.NaN),
    lra_lu: scalar('float64', Number.NaN),
    true_peak_dbtp: scalar('float64', Number.NaN),
    times_sec: vector('float64', []),
    momentary_lufs: vector('float32', []),
    short_term_lufs: vector('float32', []),
    silence_start_sec: vector('float64', []),
    silence_end_sec: vector('float64', []),
    meta: metaOf({ component: 'loudness_extractor', status: 'empty', empty_reason: reason }),
  };
}

test('a report of nothing is a page that says of each part that it is not there', () => {
  const page = drawPage(nothing);
  assert.equal(page.match(/class="badge not-there"/g)?.length, 7);
  assert.equal(page.match(/not there: see manifest\.json/g)?.length, 6);
});

test('an empty component says why, in its panel and in its provenance', () => {
  const page = drawPage({ ...nothing, loudness: noSound('no audio') });
  assert.match(page, /Loudness<\/span><\/h3>\n<div class="field hollow"><p>no audio<\/p>/);
  assert.match(page, /class="badge empty"/);
  assert.match(page, /class="reason">no audio</);
});

test('a reason or a parameter with markup in it is shown as text', () => {
  const evil = '<script>alert(1)</script>';
  const loudness = noSound(evil);
  const page = drawPage({
    ...nothing,
    loudness: { ...loudness, meta: metaOf({ ...loudness.meta, params: { [evil]: evil }, component: evil }) },
  });
  assert.equal(page.includes('<script>alert'), false);
  assert.ok(page.includes('&lt;script&gt;alert'));
});

test('the page asks nobody for anything: no address stands in it', () => {
  const inputs = { ...nothing, shots: shotsOf([0, 5], 9), thumbnails: thumbnailsAt([0, 1, 6]) };
  assert.doesNotMatch(drawPage(inputs), /https?:|\bimport\b|\burl\(|@font-face/);
});

test('the same artifacts give the same page', () => {
  const inputs = { ...nothing, shots: shotsOf([0, 5], 9), thumbnails: thumbnailsAt([0, 1, 6]) };
  assert.equal(drawPage(inputs), drawPage(inputs));
});

test('the picture of a shot is the sample nearest to its middle, and never one of another shot', () => {
  const thumbnails = thumbnailsAt([0, 1, 2, 3, 4, 5]);
  const { ofShots, timesSec } = choosePictures({ thumbnails, shots: shotsOf([0, 4.2, 4.6], 6) });
  assert.deepEqual(
    ofShots.map((picture) => timesSec[picture]),
    [2, undefined, 5],
  );
});

test('of an hour with a thousand shots the page keeps at most 1,500 pictures and 2,000 points a curve', () => {
  const seconds = Array.from({ length: 3600 }, (_, second) => second);
  const thumbnails = thumbnailsAt(seconds);
  const shots = shotsOf(
    seconds.filter((second) => second % 3 === 0).map((second) => second + 0.5),
    3600,
  );
  assert.ok(choosePictures({ thumbnails, shots }).jpegs.length <= 1500);
  const times = Float64Array.from({ length: 100_000 }, (_, index) => index * 0.036);
  const motion = {
    times_sec: vector('float64', times),
    motion_energy: vector('float32', Float32Array.from(times)),
  };
  const page = drawPage({ ...nothing, motion, shots });
  const line = /class="line c4" d="([^"]+)"/.exec(page)![1]!;
  assert.ok(line.split('L').length <= 2000);
});
