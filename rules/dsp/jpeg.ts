/**
 * Pictures as JPEG, by MozJPEG as WebAssembly: arithmetic alone, which reads no clock and no settings, so that the same
 * pixels give the same bytes on every machine.
 */
import { readFileSync } from 'node:fs';
import encode, { init } from '@jsquash/jpeg/encode.js';

declare global {
  namespace WebAssembly {
    /** Left out of Node's types. */
    class Module {
      constructor(code: Uint8Array);
    }
  }
}

/** Baseline, as every viewer reads it, with Huffman tables of the picture's own, and chroma at full size. */
const form = {
  baseline: true,
  progressive: false,
  optimize_coding: true,
  auto_subsample: false,
  chroma_subsample: 1,
};

export interface Picture {
  /** Uint8, height×width×3. */
  readonly rgb: Uint8Array;
  /** Pixels, 1 to 65,500, as of `height`. */
  readonly width: number;
  readonly height: number;
}

let starting: Promise<void> | undefined;

/**
 * A picture as a JPEG file (ITU-T T.81, JFIF).
 *
 * @param quality 1 to 100, as libjpeg counts it
 */
export async function jpegOf(picture: Picture, quality: number): Promise<Uint8Array> {
  starting ??= start().catch((error: unknown) => {
    starting = undefined; // The next picture tries again.
    throw error;
  });
  await starting;
  return new Uint8Array(await encode(imageData(picture), { ...form, quality }));
}

/** The package itself would fetch its WebAssembly as a browser does, and Node fetches no files. */
async function start(): Promise<void> {
  const code = readFileSync(new URL(import.meta.resolve('@jsquash/jpeg/codec/enc/mozjpeg_enc.wasm')));
  await init(new WebAssembly.Module(code));
}

/** Four bytes a pixel, of which the encoder does not read the last. */
function imageData({ rgb, width, height }: Picture) {
  const data = new Uint8ClampedArray(4 * width * height);
  for (let from = 0, to = 0; to < data.length; from += 3, to += 4) {
    data[to] = rgb[from]!;
    data[to + 1] = rgb[from + 1]!;
    data[to + 2] = rgb[from + 2]!;
  }
  return { data, width, height };
}
