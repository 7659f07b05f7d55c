/** `flow models optimize`: a model as ONNX Runtime makes it for itself. */
import { ortVersion } from '../../io/inference/devices.ts';
import { type OptimizationLevel, optimizeOnnx } from '../../io/models/optimize-onnx.ts';
import { filmsOf } from './film-session.ts';
import { makeVersion, type VersionFlags } from './make-version.ts';

export interface OptimizeFlags extends VersionFlags {
  readonly level: OptimizationLevel;
  readonly frames?: readonly string[];
  readonly count: number;
}

/** What the level binds the version to. */
const bounds: Readonly<Record<OptimizationLevel, string>> = {
  basic: 'It runs wherever the original does.',
  extended: 'It has operators that only ONNX Runtime knows, and is made for CPUs.',
  all: `It is made for processors of the kind that made it (${process.arch}), and runs on no GPU.`,
};

/** @throws {FlowError} */
export async function optimizeCommand(word: string, flags: OptimizeFlags): Promise<void> {
  const { level, frames = [], count } = flags;
  await makeVersion(word, flags, {
    suffix: `opt-${level}`,
    by: `flow models optimize --level ${level}, ONNX Runtime ${ortVersion()}`,
    note: `Optimized by ONNX Runtime ${ortVersion()}, level "${level}". ${bounds[level]}`,
    films: filmsOf(frames, count),
    make: async ({ path }) => ({ bytes: await optimizeOnnx(path, level) }),
  });
}
