import assert from 'node:assert/strict';
import test from 'node:test';
import type { ValueOf } from '../../../engine/core/kind.ts';
import type { faces as facesKind } from '../../../rules/kinds.ts';
import { coreFaceLandmarks } from '../../../rules/visual/core-face-landmarks.ts';
import { plainModel, withoutModels } from '../../models/plain-model.ts';
import { realData, realFile } from '../../real-data.ts';
import { frameOfClip } from './frame-of-clip.ts';
import { overlap, plainUltraface, plainYunet } from './plain-detectors.ts';
import { runSegmented, type SegmentedOptions } from './run-segmented.ts';

const skip = withoutModels || (realData ? false : 'no folder of real clips');
const yunet = 'rules/models/yunet/yunet.yaml';
const ultraface = 'rules/models/ultraface/ultraface-rfb-320.yaml';
const faceMesh = 'rules/models/face-mesh/face-mesh.yaml';

/** Frames with faces, and where the clearest one is. */
const portrait = { clip: 'learn.mkv', atSec: 0.2, width: 640, height: 480, face: [0.431, 0.2, 0.528, 0.339] };
const office = { clip: 'friday.mp4', atSec: 5, width: 640, height: 480, face: [0.64, 0.121, 0.737, 0.274] };
const carPark = { clip: 'car-detection.mp4', atSec: 5.4, width: 768, height: 432 };

function frameOf({ clip, ...place }: { clip: string; atSec: number; width: number; height: number }) {
  return frameOfClip(realFile(`videos/${clip}`), place);
}

async function facesIn(clip: ReturnType<typeof frameOf>, options: SegmentedOptions) {
  const { outputs, emptyReason } = await runSegmented(coreFaceLandmarks, clip, options);
  const faces = outputs.faces as ValueOf<typeof facesKind>; // The rule's own output.
  const boxes = Array.from(faces.scores.data, (_, at) => faces.boxes.data.subarray(4 * at, 4 * at + 4));
  return { faces, boxes, emptyReason };
}

for (const [path, plain] of [
  [yunet, plainYunet],
  [ultraface, plainUltraface],
] as const) {
  const name = path.split('/')[2]!;

  test(`${name} finds the faces of real frames where a plain run of it does`, { skip }, async () => {
    await using detector = await plainModel(path);
    for (const place of [portrait, office]) {
      const clip = frameOf(place);
      const { boxes } = await facesIn(clip, { models: { detector } });
      const expected = await plain(clip);
      assert.equal(boxes.length, expected.length);
      for (const [at, { box }] of expected.entries()) assert.ok(overlap(boxes[at]!, box) >= 0.9, place.clip);
      assert.ok(overlap(boxes[0]!, place.face) > 0.7, place.clip);
    }
  });

  test(`${name} finds no face in a car park, and the frame counts as looked at`, { skip }, async () => {
    await using detector = await plainModel(path);
    const { faces, emptyReason } = await facesIn(frameOf(carPark), { models: { detector } });
    assert.equal(emptyReason, 'no faces');
    assert.deepEqual(faces.boxes.shape, [0, 4]);
    assert.deepEqual([...faces.sampled_frame_indices.data], [0]);
  });
}

test('the landmarks of YuNet are eyes, nose and mouth, from top to bottom', { skip }, async () => {
  await using detector = await plainModel(yunet);
  const { faces, boxes } = await facesIn(frameOf(portrait), { models: { detector } });
  assert.deepEqual(faces.landmarks.shape, [1, 5, 2]);
  const [x1, y1, x2, y2] = boxes[0]!;
  const points = pointsOf(faces.landmarks.data);
  assert.ok(points.every(([x, y]) => x > x1! && x < x2! && y > y1! && y < y2!));
  const [eye, otherEye, nose, mouth, otherMouth] = points.map(([, y]) => y);
  assert.ok(Math.max(eye!, otherEye!) < nose! && nose! < Math.min(mouth!, otherMouth!));
});

test('a detector without landmarks, and no mesh, give faces of no points', { skip }, async () => {
  await using detector = await plainModel(ultraface);
  const { faces } = await facesIn(frameOf(portrait), { models: { detector } });
  assert.deepEqual(faces.landmarks.shape, [1, 0, 2]);
});

test('the mesh lies on the face: eyes above nose above mouth, all near the box', { skip }, async () => {
  await using detector = await plainModel(yunet);
  await using mesh = await plainModel(faceMesh);
  for (const place of [portrait, office]) {
    const { faces, boxes } = await facesIn(frameOf(place), { models: { detector, mesh } });
    assert.deepEqual(faces.landmarks.shape, [boxes.length, 468, 2]);
    const points = pointsOf(faces.landmarks.data.subarray(0, 2 * 468));
    const [x1, y1, x2, y2] = boxes[0]!;
    const rim = 0.15 * (x2! - x1!);
    assert.ok(points.every(([x, y]) => x > x1! - rim && x < x2! + rim && y > y1! - rim && y < y2! + rim));
    // Numbers of the canonical face: outer corners of the eyes, tip of the nose, middle of the lips.
    const [eye, otherEye, nose, lips] = [33, 263, 1, 13].map((index) => points[index]!);
    assert.ok(eye![0] < nose![0] && nose![0] < otherEye![0]);
    assert.ok(Math.max(eye![1], otherEye![1]) < nose![1] && nose![1] < lips![1]);
  }
});

test('where the mesh model sees no face its landmarks are missing', { skip }, async () => {
  await using detector = await plainModel(yunet);
  await using mesh = await plainModel(faceMesh);
  // Of the two faces one is seen from the side.
  const { faces } = await facesIn(frameOf(office), { models: { detector, mesh } });
  const [front, side] = [0, 1].map((at) => faces.landmarks.data.subarray(936 * at, 936 * (at + 1)));
  assert.ok(front!.every(Number.isFinite));
  assert.ok(side!.every(Number.isNaN));
});

test('faces of the second segment have frames and times of the whole film', { skip }, async () => {
  await using detector = await plainModel(ultraface);
  const { rgb, ...size } = frameOf(portrait);
  const { faces } = await facesIn(
    { ...size, rgb: Buffer.concat([rgb, new Uint8Array(rgb.length), rgb]), fps: 2 },
    { models: { detector }, splits: [1] },
  );
  assert.deepEqual([...faces.frame_indices.data], [0, 2]);
  assert.deepEqual([...faces.times_sec.data], [0, 1]);
  assert.deepEqual([...faces.sampled_times_sec.data], [0, 0.5, 1]);
});

function pointsOf(landmarks: Float32Array): [number, number][] {
  return Array.from({ length: landmarks.length / 2 }, (_, at) => [
    landmarks[2 * at]!,
    landmarks[2 * at + 1]!,
  ]);
}
