import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decode } from 'jpeg-js';
import { concatenateParts } from '../../../engine/core/concatenate-parts.ts';
import { array, type NdArray, vector } from '../../../engine/core/nd-array.ts';
import type { ErasedRunArgs, Values } from '../../../engine/core/rule.ts';
import { thumbnails } from '../../../rules/visual/thumbnails.ts';

const width = 16;
const height = 8;

/** Frames of one colour each. */
async function thumbnailsOf(colours: readonly (readonly number[])[]): Promise<Values> {
  const rgb = Uint8Array.from(
    colours.flatMap((colour) => Array.from({ length: width * height }, () => colour).flat()),
  );
  const count = colours.length;
  const frames = {
    rgb: array('uint8', rgb, [count, height, width, 3]),
    times_sec: vector('float64', [...colours.keys()]),
    frame_indices: vector('int32', [...colours.keys()]),
  };
  const args = {
    inputs: { frames },
    params: { quality: 70, min_difference: 4 },
    signal: new AbortController().signal,
  };
  return thumbnails.run(args as unknown as ErasedRunArgs); // As much of it as the rule looks at.
}

function filesOf(values: Values): Uint8Array[] {
  const { jpeg, jpeg_bytes } = values['thumbnails'] as Record<string, NdArray>;
  let end = 0;
  return [...(jpeg_bytes!.data as Int32Array)].map((length) => {
    end += length;
    return (jpeg!.data as Uint8Array).subarray(end - length, end);
  });
}

const red = [200, 30, 30];
const green = [30, 200, 30];
const blue = [30, 30, 200];

test('every frame becomes a JPEG of its size and colour, also when segments are joined', async () => {
  const parts = [await thumbnailsOf([red, green]), await thumbnailsOf([]), await thumbnailsOf([blue])];
  const origin = { startSec: 0, durationSec: 1, firstFrame: 0, frameCount: 1 };
  const joined = concatenateParts(
    thumbnails.outputs({}),
    parts.map((values) => ({ origin, values })),
  );
  const pictures = filesOf(joined).map((file) => decode(file, { useTArray: true }));
  assert.deepEqual(
    pictures.map((picture) => [picture.width, picture.height]),
    [
      [width, height],
      [width, height],
      [width, height],
    ],
  );
  for (const [index, colour] of [red, green, blue].entries())
    for (const [channel, value] of colour.entries())
      assert.ok(
        Math.abs(pictures[index]!.data[channel]! - value) <= 8,
        `${index}: ${pictures[index]!.data[channel]}`,
      );
});

test('the same frames give the same bytes', async () => {
  assert.deepEqual(await thumbnailsOf([red, blue]), await thumbnailsOf([red, blue]));
});

test('a frame that looks like the one before has no picture of its own, the first of a segment always has', async () => {
  const almostRed = [202, 31, 28];
  const files = filesOf(await thumbnailsOf([red, almostRed, red, blue, red]));
  assert.deepEqual(
    files.map(({ length }) => length > 0),
    [true, false, false, true, true],
  );
});
