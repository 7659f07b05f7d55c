import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decode } from 'jpeg-js';
import { vector } from '../../../engine/core/nd-array.ts';
import { colourOf } from '../../../rules/report/colour-map.ts';
import { drawPage } from '../../../rules/report/page.ts';
import { choosePictures } from '../../../rules/report/pictures.ts';
import {
  depthOf,
  facesOf,
  flowOf,
  framesLooking,
  metaOf,
  noSound,
  nothing,
  objectsOf,
  repeated,
  scenesOf,
  shotsOf,
  storyOf,
  thumbnailsAt,
} from './report-parts.ts';

test('a report of nothing says in one line all that is not there, and has no panel, section or card for it', async () => {
  const page = await drawPage(nothing);
  const line = /<p class="absent" id="missing">([^<]+)<\/p>/.exec(page)![1]!;
  for (const name of ['Video', 'Shots and cuts', 'Loudness', 'Faces', 'Depth', 'Story', 'Quality'])
    assert.ok(line.includes(name), name);
  assert.match(line, /manifest\.json says which/);
  assert.equal(/class="panel|<article|<figure|<h2>(?!Where)/.test(page), false);
});

test('an empty component says why, in its panel and in its provenance, and has no field', async () => {
  const page = await drawPage({ ...nothing, loudness: noSound('no audio') });
  assert.match(page, /Loudness<\/span> <span class="note hollow">no audio</);
  assert.equal(page.includes('class="field"'), false);
  assert.match(page, /class="badge empty"/);
  assert.match(page, /class="reason">no audio</);
});

test('empty components of models leave a line with the reason each', async () => {
  const meta = metaOf({ status: 'empty', empty_reason: 'no segments' });
  const page = await drawPage({
    ...nothing,
    shots: shotsOf([0], 9),
    faces: { ...facesOf([], []), meta },
    depth: { ...depthOf([], 1), meta },
    flow: { ...flowOf([], []), meta },
    frame_embeddings: { ...framesLooking([]), meta },
    scenes: { ...scenesOf([]), meta },
  });
  assert.match(page, /Faces and objects<\/span> <span class="note hollow">faces: no segments</);
  assert.match(page, /Optical flow<\/span> <span class="note hollow">no segments</);
  assert.match(page, /Scenes<\/span> <span class="note hollow">no segments</);
  for (const title of ['Depth', 'Frames alike and unlike'])
    assert.ok(page.includes(`<h2>${title}</h2><p class="absent">no segments</p>`), title);
});

/** All that models give, of a film of 12 s. */
const full = {
  ...nothing,
  shots: shotsOf([0, 6], 12),
  thumbnails: thumbnailsAt([0, 3, 6, 9]),
  faces: facesOf([0, 3, 6], [{ sec: 3, score: 0.91, box: [0.25, 0.5, 0.5, 1], landmarks: [[0.3, 0.6]] }]),
  objects: objectsOf([0, 3], [{ sec: 3, score: 0.5, box: [0, 0, 0.1, 0.1], name: '<b>cup</b>' }]),
  depth: depthOf(
    [
      [0, 1, 0, 1],
      [1, 1, 0, 0],
    ],
    2,
  ),
  flow: flowOf([1, 2, 6.1, 7], [5, 6, 87_654, 7]),
  frame_embeddings: framesLooking([
    [1, 0],
    [1, 0.1],
    [0, 1],
    [0.1, 1],
  ]),
  scenes: scenesOf([0, 1]),
  uniqueness: repeated(0, 6),
  story: storyOf([6], 7),
};

test('boxes and landmarks lie over the picture of their frame, with the name and the score as text', async () => {
  const page = await drawPage(full);
  // Of 192 × 108 pixels.
  assert.match(page, /<g class="face"><path class="under" d="M48 54H96V108H48Z"\/>/);
  assert.match(page, /class="dots" d="M57\.6 64\.8h0"/);
  assert.match(page, />face 0\.91<\/text>/);
  assert.match(page, />&lt;b&gt;cup&lt;\/b&gt; 0\.50<\/text>/);
  assert.equal(page.includes('<b>cup'), false);
});

test('that nothing was found in a frame and that nobody looked at it are told apart', async () => {
  const page = await drawPage(full);
  assert.match(page, /<b>0:00\.0<\/b> no face; no object</);
  assert.match(page, /<b>0:06\.0<\/b> no face; not looked at for objects</);
  assert.match(page, /<b>0:09\.0<\/b> not looked at for faces; not looked at for objects</);
});

test('where nothing was found at all, a line with counts stands in place of the pictures', async () => {
  const page = await drawPage({ ...full, faces: facesOf([0, 3, 6], []), objects: undefined });
  assert.match(page, /class="note hollow">no face in 3 frames</);
  assert.equal(page.includes('class="gallery"'), false);
});

test('flow over a change of shot is left out of its curves', async () => {
  const page = await drawPage(full);
  const medians = /class="line c2" d="(M[^"]+)"/.exec(page.slice(page.indexOf('Optical flow')))![1]!;
  assert.equal(medians.split('M').length - 1, 2, 'two stretches, one a shot');
  assert.equal(page.includes('87654'), false);
});

test('the story has its parts numbered, its climax named and its repeats shaded, also in the matrix', async () => {
  const page = await drawPage(full);
  assert.match(
    page,
    /2 parts, climax at 0:07\.0, first 5 s: intensity 0\.25, 1 cut, 1 repeat, shaded: 50 % of the film/,
  );
  assert.match(
    page,
    /<span class="tag" style="left:50\.00%">2<\/span><span class="tag strong" style="left:58\.33%">climax</,
  );
  assert.equal(page.match(/<rect class="span"/g)?.length, 2);
  assert.match(page, /<path class="part" d="M0 0H500V500H0ZM500 500H1000V1000H500Z"\/>/);
  assert.match(page, /<path class="repeat" d="M0 500H250V750H0ZM500 0H750V250H500Z"\/>/);
});

test('shots that look alike bear one letter; those of a classifier its label', async () => {
  const shots = shotsOf([0, 3, 6], 9);
  const alike = await drawPage({ ...nothing, shots, scenes: scenesOf([0, 27, 0]) });
  assert.deepEqual(
    [...alike.matchAll(/class="label[^>]+>([^<]+)</g)].map(([, label]) => label),
    ['A', 'AB', 'A'],
  );
  const named = await drawPage({
    ...nothing,
    shots,
    scenes: scenesOf([0, 1, 0], ['street', 'sea', 'street']),
  });
  assert.match(named, />street<\/span>/);
  assert.ok(named.includes('"names":["street 0.75","sea 0.75"]'));
});

test('a map says where near and far are, and every picture has a text for those who cannot see it', async () => {
  const page = await drawPage(full);
  assert.match(page, /<span>far<\/span><span class="ramp"[^>]+><\/span><span>near<\/span>/);
  assert.equal(page.match(/alt="Depth at 0:0\d\.0"/g)?.length, 2);
  assert.match(page, /aria-label="Map of 4 frames"/);
  for (const [svg] of page.matchAll(/<svg [^>]+>/g)) assert.match(svg, /aria-label="|aria-hidden="true"/);
});

test('in a picture of depth what is far is dark violet, and what is near bright yellow', async () => {
  const halves = Array.from({ length: 16 * 16 }, (_, at) => (at % 16 < 8 ? 0 : 1));
  const page = await drawPage({ ...nothing, depth: depthOf([halves], 16) });
  const [, base64] = /class="map" src="data:image\/jpeg;base64,([^"]+)"/.exec(page)!;
  const { width, height, data } = decode(Buffer.from(base64!, 'base64'), { useTArray: true });
  assert.deepEqual([width, height], [16, 16]);
  for (const [at, share] of [
    [0, 0],
    [15, 1],
  ] as const)
    for (const [channel, level] of colourOf(share).entries())
      assert.ok(Math.abs(data[4 * at + channel]! - level) <= 8, `pixel ${at}: ${data[4 * at + channel]}`);
});

test('a card names the model, what ran it, and the first digits of its signature', async () => {
  const used = {
    slot: 'detector',
    name: 'tiny',
    version: '3',
    engine: 'onnxruntime@1.30',
    precision: 'fp32',
    device: 'cpu',
  };
  const meta = metaOf({ model_signature: `ms1-${'ab'.repeat(32)}`, models_used: [used] });
  const page = await drawPage({ ...nothing, faces: { ...facesOf([0], []), meta } });
  assert.match(page, /<dt>detector<\/dt><dd><b>tiny<\/b> 3, onnxruntime@1\.30, fp32, cpu<\/dd>/);
  assert.match(page, />ms1-abababababab…</);
});

test('one frame alone has neither map nor matrix, and the page says so', async () => {
  const page = await drawPage({ ...nothing, frame_embeddings: framesLooking([[1, 0]]) });
  assert.match(page, /No map of frames/);
  assert.match(page, /No similarity matrix: one frame alone/);
});

test('a reason or a parameter with markup in it is shown as text', async () => {
  const evil = '<script>alert(1)</script>';
  const loudness = noSound(evil);
  const page = await drawPage({
    ...nothing,
    loudness: { ...loudness, meta: metaOf({ ...loudness.meta, params: { [evil]: evil }, component: evil }) },
  });
  assert.equal(page.includes('<script>alert'), false);
  assert.ok(page.includes('&lt;script&gt;alert'));
});

test('the page asks nobody for anything: no address stands in it', async () => {
  assert.doesNotMatch(await drawPage(full), /https?:|\bimport\b|\burl\(|@font-face/);
});

test('the same artifacts give the same page', async () => {
  assert.equal(await drawPage(full), await drawPage(structuredClone(full)));
});

test('the picture of a shot is the sample nearest to its middle, and never one of another shot', () => {
  const thumbnails = thumbnailsAt([0, 1, 2, 3, 4, 5]);
  const { ofShots, timesSec } = choosePictures({ thumbnails, shots: shotsOf([0, 4.2, 4.6], 6) });
  assert.deepEqual(
    ofShots.map((picture) => timesSec[picture]),
    [2, undefined, 5],
  );
});

test('of an hour with a thousand shots the page keeps at most 1,500 pictures and 1,200 points a curve', async () => {
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
  const page = await drawPage({ ...nothing, motion, shots });
  const line = /class="line c4" d="([^"]+)"/.exec(page)![1]!;
  assert.ok(line.split('L').length <= 1200);
});
