import type { Media } from '../../../engine/core/media.ts';
import { array, type NdArray, scalar } from '../../../engine/core/nd-array.ts';
import type { ErasedRunArgs, Rule } from '../../../engine/core/rule.ts';

export interface Sound {
  readonly samples: Float32Array;
  readonly sampleRate: number;
  readonly channels?: number;
  readonly startSec?: number;
}

export interface AudioRun {
  readonly inputs: Readonly<Record<string, unknown>>;
  readonly params?: Readonly<Record<string, unknown>>;
  /** By the rule's slots. */
  readonly models?: ErasedRunArgs['models'];
  readonly measureLoudness?: Media['measureLoudness'];
}

export interface AudioResult {
  readonly arrays: Readonly<Record<string, NdArray>>;
  readonly emptyReason: string | undefined;
  readonly warnings: readonly string[];
}

/** Runs a rule about the sound of a video that gives one output. */
export async function runAudioRule(rule: Rule, run: AudioRun): Promise<AudioResult> {
  const warnings: string[] = [];
  let emptyReason: string | undefined;
  const values = await rule.run({
    inputs: run.inputs,
    params: rule.params.parse(run.params ?? {}),
    models: run.models ?? {},
    segment: undefined,
    halo: {},
    signal: new AbortController().signal,
    media: mediaOf(run.measureLoudness ?? refuse),
    program: { run: refuse },
    empty: (reason) => {
      emptyReason = reason;
    },
    warn: (message) => warnings.push(message),
  });
  const [arrays] = Object.values(values) as [AudioResult['arrays']]; // The rules at hand have one output, in NPZ.
  return { arrays, emptyReason, warnings };
}

/** The only number of a scalar, or the numbers of a vector. */
export function numbersOf(result: AudioResult, name: string): number[] {
  const found = result.arrays[name];
  if (found === undefined) throw new Error(`no array ${name}`);
  return [...(found.data as Float64Array)]; // No output of these rules is text.
}

export function numberOf(result: AudioResult, name: string): number {
  const numbers = numbersOf(result, name);
  if (numbers.length !== 1) throw new Error(`${name} has ${numbers.length} elements`);
  return numbers[0]!;
}

/** A sound as `pcm`, the kind of artifact. */
export function pcmArrays({
  samples,
  sampleRate,
  channels = 1,
  startSec = 0,
}: Sound): Record<string, NdArray> {
  return {
    samples: array('float32', samples, [samples.length / channels, channels]),
    sample_rate: scalar('int32', sampleRate),
    start_sec: scalar('float64', startSec),
  };
}

function mediaOf(measureLoudness: Media['measureLoudness']): Media {
  return { probe: refuse, scanPackets: refuse, decodeFrames: refuse, decodePcm: refuse, measureLoudness };
}

function refuse(): never {
  throw new Error('the rule under test has no business here');
}
