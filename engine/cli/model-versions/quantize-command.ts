/** `flow models quantize`: a model whose weights, and what comes to them, are whole numbers of 8 bits. */
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { FlowError } from '../../core/errors.ts';
import { EditableGraph } from '../../io/onnx/editable-graph.ts';
import { readOnnx, writeOnnx } from '../../io/onnx/onnx-file.ts';
import { quantizeDynamic } from '../../io/onnx/quantize-dynamic.ts';
import { quantizeStatic } from '../../io/onnx/quantize-static.ts';
import { counted } from '../duration-text.ts';
import { filmsOf } from './film-session.ts';
import { type Made, type Making, makeVersion, type VersionFlags } from './make-version.ts';
import { observeRanges } from './observe-ranges.ts';

export interface QuantizeFlags extends VersionFlags {
  readonly dynamic?: boolean;
  readonly static?: boolean;
  readonly calibrate?: readonly string[];
  readonly frames: number;
  readonly perChannel?: boolean;
  readonly minMax?: boolean;
  readonly fullRange?: boolean;
}

/** @throws {FlowError} */
export async function quantizeCommand(word: string, flags: QuantizeFlags): Promise<void> {
  const { calibrate = [], frames } = flags;
  if (flags.dynamic === flags.static) throw undecided();
  if (flags.static && calibrate.length === 0) throw unseen();
  const ways = (['dynamic', 'static', 'perChannel', 'minMax', 'fullRange'] as const).filter(
    (way) => flags[way],
  );
  const words = ways.map((way) => `--${way.replace(/[A-Z]/, (letter) => `-${letter.toLowerCase()}`)}`);
  const seen = flags.static
    ? [`--calibrate ${calibrate.map((path) => basename(path)).join(' ')} --frames ${frames}`]
    : [];
  await makeVersion(word, flags, {
    suffix: flags.static ? 'int8' : 'int8-dynamic',
    by: ['flow models quantize', ...words, ...seen].join(' '),
    note: flags.static ? staticNote : dynamicNote,
    precision: 'int8',
    films: filmsOf(calibrate, frames),
    make: (making) => (flags.static ? makeStatic(making, flags) : makeDynamic(making, flags)),
  });
}

const staticNote = 'Weights and sums of 8 bits, for what looks like the films it was calibrated with.';
const dynamicNote = 'Weights of 8 bits. Where items share a batch, each result depends on the others.';

async function makeStatic({ entry, path, films }: Making, flags: QuantizeFlags): Promise<Made> {
  const { user, all } = films!; // Refused without.
  const { ranges, items } = await observeRanges(
    { entry, path },
    { user, films: all, isMinMax: flags.minMax === true },
  );
  const graph = openGraph(path);
  const { perChannel = false, fullRange = false } = flags;
  quantizeStatic(graph, { ranges, isPerChannel: perChannel, isFullRange: fullRange });
  const remarks = [
    `Calibrated through ${user.component} on ${counted(items, 'item')}, ${counted(ranges.size, 'tensor')}.`,
  ];
  return { bytes: writeOnnx(graph.finish()), remarks };
}

async function makeDynamic({ path }: Making, { perChannel = false }: QuantizeFlags): Promise<Made> {
  const graph = openGraph(path);
  quantizeDynamic(graph, { isPerChannel: perChannel });
  return { bytes: writeOnnx(graph.finish()) };
}

function openGraph(path: string): EditableGraph {
  return new EditableGraph(readOnnx(readFileSync(path), path), 'quantize the model');
}

function undecided(): FlowError {
  return new FlowError({
    code: 'config_invalid',
    blame: 'user',
    message: 'Cannot quantize without knowing how: give --dynamic or --static, and not both.',
    fix: 'Write --static --calibrate VIDEO for models of pictures, --dynamic where no films are at hand.',
  });
}

function unseen(): FlowError {
  return new FlowError({
    code: 'config_invalid',
    blame: 'user',
    where: '--calibrate',
    message: 'Cannot quantize with --static: no frames are given from which the ranges could be seen.',
    fix: 'Name films that show what the model is for: --calibrate VIDEO…',
  });
}
