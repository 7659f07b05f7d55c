/** Small films made of scenes: pictures of coloured rectangles, different for each seed. */
import type { Clip } from '../../decode-with-ffmpeg.ts';

/** RGB, 0 to 255, of a point; the picture spans 0 to 1 each way, and goes on beyond. */
export type Scene = (x: number, y: number) => readonly [number, number, number];

/** A picture for each frame. */
export type Film = readonly Scene[];

const width = 64;
const height = 36;

/** A fixed scene of 60 rectangles, some of them outside the picture, over a grey ground. */
export function scene(seed: number): Scene {
  const random = generator(seed);
  const rectangles = Array.from({ length: 60 }, () => ({
    left: random() * 3 - 1,
    top: random() * 1.2 - 0.1,
    width: 0.05 + random() * 0.3,
    height: 0.05 + random() * 0.3,
    colour: [random() * 255, random() * 255, random() * 255] as const,
  }));
  return (x, y) => {
    const hit = rectangles.findLast(
      (one) => x >= one.left && x < one.left + one.width && y >= one.top && y < one.top + one.height,
    );
    return hit?.colour ?? [96, 96, 96];
  };
}

export const black: Scene = () => [0, 0, 0];
export const white: Scene = () => [255, 255, 255];

/** One scene for some frames. */
export function hold(what: Scene, frames: number): Film {
  return Array.from({ length: frames }, () => what);
}

/** From one scene to another, evenly, both ends left out. */
export function mix(from: Scene, to: Scene, frames: number): Film {
  return Array.from({ length: frames }, (_, index) => {
    const share = (index + 1) / (frames + 1);
    return (x, y) => {
      const [a, b] = [from(x, y), to(x, y)];
      return [blend(a[0], b[0], share), blend(a[1], b[1], share), blend(a[2], b[2], share)];
    };
  });
}

/** A scene that passes by: `perFrame` is the way in widths of the picture. */
export function pan(what: Scene, frames: number, perFrame: number): Film {
  return Array.from({ length: frames }, (_, index) => (x, y) => what(x + index * perFrame, y));
}

export function toClip(film: Film, fps = 12): Clip {
  const rgb = new Uint8Array(film.length * width * height * 3);
  let at = 0;
  for (const picture of film) {
    for (let y = 0; y < height; y += 1) {
      for (let x = 0; x < width; x += 1, at += 3) rgb.set(picture((x + 0.5) / width, (y + 0.5) / height), at);
    }
  }
  return { rgb, width, height, fps };
}

function blend(a: number, b: number, share: number): number {
  return a * (1 - share) + b * share;
}

/** Numbers from 0 to 1 that depend on the seed alone: a linear congruential generator (Numerical Recipes). */
export function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}
