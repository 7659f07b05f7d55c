/** What must hold of the arrays of an NPZ file, and of what its `meta` says. */
import { isDeepStrictEqual } from 'node:util';
import type { NdArray } from '../../../core/nd-array.ts';
import { type Check, type Fault, unless } from './check.ts';
import type { FileSubject } from './file-checks.ts';

export interface ArraysSubject extends FileSubject {
  /** All but `meta`. */
  readonly arrays: Readonly<Record<string, NdArray>>;
  readonly meta: NdArray | undefined;
}

export const arrayChecks: readonly Check<ArraysSubject>[] = [
  {
    id: 'arrays.listed',
    sentence: 'The arrays have the names, types and shapes that the manifest says.',
    faultsOf: faultsOfListing,
  },
  {
    id: 'meta.keys',
    sentence:
      'Every NPZ has `meta`: a JSON object in a 0-d unicode array, with all the keys of the contract.',
    faultsOf: (subject) => {
      const { path } = subject.output;
      const meta = metaOf(subject);
      if (!meta)
        return [
          {
            path: `${path}#meta`,
            expected: 'a JSON object in a 0-d unicode array',
            found: foundMeta(subject),
          },
        ];
      const missing = metaKeys.filter((key) => !(key in meta));
      return unless(missing.length === 0, {
        path: `${path}#meta`,
        expected: metaKeys.join(', '),
        found: `no ${missing.join(', ')}`,
      });
    },
  },
  {
    id: 'meta.agrees',
    sentence: '`meta` and the manifest say the same.',
    faultsOf: faultsOfMeta,
  },
  {
    id: 'times.type',
    sentence: 'Times are float64 and finite.',
    faultsOf: ofArrays(isTime, (array) =>
      array.dtype !== 'float64'
        ? { expected: 'float64', found: array.dtype }
        : at(array, (value) => !Number.isFinite(value), 'finite seconds'),
    ),
  },
  {
    id: 'times.range',
    sentence: 'Times lie within the video, to one frame beyond its end; those of sound nearby.',
    faultsOf: (subject) => {
      const bounds = timeBounds(subject);
      if (!bounds) return undefined;
      const [firstSec, lastSec] = bounds;
      const expected = `${firstSec} to ${lastSec.toFixed(3)} s`;
      const isOutside = (value: number): boolean => value < firstSec || value > lastSec;
      return ofArrays(isTime, (array) => at(array, isOutside, expected))(subject);
    },
  },
  {
    id: 'times.order',
    sentence: 'Sampled times do not go back.',
    faultsOf: ofArrays(
      (name) => name === 'times_sec' || name.endsWith('_times_sec'),
      (array) =>
        at(
          array,
          (value, index, all) => index > 0 && value < all[index - 1]!,
          'no time before the one in front of it',
        ),
    ),
  },
  {
    id: 'frames.type',
    sentence: 'Frame numbers are int32, from 0.',
    faultsOf: ofArrays(isFrameNumber, (array) =>
      array.dtype !== 'int32'
        ? { expected: 'int32', found: array.dtype }
        : at(array, (value) => value < 0, '0 or more'),
    ),
  },
  {
    id: 'frames.times',
    sentence: 'There is a time for each frame number.',
    faultsOf: ({ output: { path }, arrays }) => {
      const pairs = Object.keys(arrays).filter(
        (name) => name.endsWith('frame_indices') && timesBeside(name) in arrays,
      );
      if (pairs.length === 0) return undefined;
      return pairs.flatMap((name) => {
        const [indices, times] = [arrays[name]!, arrays[timesBeside(name)]!];
        return unless(isDeepStrictEqual(indices.shape, times.shape), {
          path: `${path}#${name}`,
          expected: `as ${timesBeside(name)}: [${times.shape}]`,
          found: `[${indices.shape}]`,
        });
      });
    },
  },
  {
    id: 'spans.order',
    sentence: 'Spans end after they start.',
    faultsOf: faultsOfSpans,
  },
  {
    id: 'shots.contiguous',
    sentence: 'Each shot starts where the one before it ends.',
    faultsOf: ({ output: { name, path }, arrays: { start_sec: starts, end_sec: ends } }) => {
      if (name !== 'shots' || !starts || !ends) return undefined;
      const fault = at(
        starts,
        (value, index) => index > 0 && value !== ends.data[index - 1],
        'the end of the shot before',
      );
      return fault ? [{ path: `${path}#start_sec`, ...fault }] : [];
    },
  },
  {
    id: 'missing.nan',
    sentence: 'Missing values are NaN, never -1.',
    faultsOf: ofArrays(
      (name, array) => isFloat(array) && !isTime(name, array),
      (array) =>
        standsForMissing(array)
          ? at(array, (value) => value === -1, 'NaN where a value is missing')
          : undefined,
    ),
  },
  {
    id: 'empty.arrays',
    sentence:
      'Arrays of an empty component have length zero, but for those of the frames that were looked at.',
    faultsOf: ({ component, output: { path }, arrays }) => {
      if (component.status !== 'empty') return undefined;
      return Object.entries(arrays).flatMap(([name, { shape }]) =>
        unless(shape.length === 0 || shape[0] === 0 || name.startsWith('sampled_'), {
          path: `${path}#${name}`,
          expected: '0 along the first axis',
          found: `[${shape}]`,
        }),
      );
    },
  },
];

/** How much longer than the film its sound may be: a codec's last frame, and what its first one was filled up with. */
const longerSoundSec = 0.5;

/** Where times may lie; seconds. Sound can begin before the picture does, whose start is the start of the video. */
function timeBounds({ run, arrays }: ArraysSubject): [number, number] | undefined {
  const { duration_sec: durationSec, fps, has_audio: hasAudio } = run.source;
  if (durationSec === null) return undefined;
  const isOfPicture = hasAudio === false || Object.keys(arrays).some(isFrameNumber);
  return isOfPicture ? [0, durationSec + (fps ? 1 / fps : 0)] : [-durationSec, durationSec + longerSoundSec];
}

const metaKeys = [
  ...['component', 'output', 'schema_version', 'producer_version', 'rule_digest', 'params'],
  ...['model_signature', 'models_used', 'engine', 'precision', 'device'],
  ...['sampling', 'analysis', 'status', 'empty_reason'],
];

type Meta = Readonly<Record<string, unknown>>;

function metaOf({ meta }: ArraysSubject): Meta | undefined {
  if (meta?.dtype !== 'unicode' || meta.shape.length > 0) return undefined;
  try {
    const value: unknown = JSON.parse(String(meta.data[0]));
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Meta) : undefined;
  } catch {
    return undefined;
  }
}

function foundMeta({ meta }: ArraysSubject): string {
  if (!meta) return 'no such array';
  const text = meta.shape.length === 0 ? `: ${JSON.stringify(String(meta.data[0]).slice(0, 60))}` : '';
  return `${meta.dtype} [${meta.shape}]${text}`;
}

function faultsOfMeta(subject: ArraysSubject): Fault[] | undefined {
  const meta = metaOf(subject);
  if (!meta) return undefined;
  const { component, output, run } = subject;
  const sampling = meta.sampling as { policy?: unknown } | null | undefined; // Whatever it is, only its `policy` is looked at.
  const expected: Readonly<Record<string, unknown>> = {
    component: component.name,
    output: output.name,
    schema_version: component.schema_version,
    producer_version: component.producer_version,
    rule_digest: component.rule_digest,
    model_signature: component.model_signature ?? null,
    models_used: component.models_used,
    status: component.status,
    empty_reason: component.empty_reason ?? null,
    ...(sampling && { sampling: { ...sampling, policy: run.sampling_policy_version } }),
  };
  return Object.entries(expected).flatMap(([key, value]) =>
    unless(!(key in meta) || isDeepStrictEqual(meta[key], value), {
      path: `${output.path}#meta.${key}`,
      expected: JSON.stringify(value),
      found: JSON.stringify(meta[key]),
    }),
  );
}

function faultsOfListing({ output: { path, arrays: listed = {} }, arrays }: ArraysSubject): Fault[] {
  const names = [...new Set([...Object.keys(listed), ...Object.keys(arrays)])].sort();
  return names.flatMap((name) => {
    const [expected, found] = [described(listed[name]), described(arrays[name])];
    return unless(expected === found, { path: `${path}#${name}`, expected, found });
  });
}

function described(array: { readonly dtype: string; readonly shape: readonly number[] } | undefined): string {
  return array ? `${array.dtype} [${array.shape.join(', ')}]` : 'no such array';
}

type Evidence = Pick<Fault, 'expected' | 'found'>;

/** A check of some arrays, one after the other. */
function ofArrays(
  isMeant: (name: string, array: NdArray) => boolean,
  faultOf: (array: NdArray) => Evidence | undefined,
): (subject: ArraysSubject) => Fault[] | undefined {
  return ({ output: { path }, arrays }) => {
    const meant = Object.entries(arrays).filter(([name, array]) => isMeant(name, array));
    if (meant.length === 0) return undefined;
    return meant.flatMap(([name, array]) => {
      const fault = faultOf(array);
      return fault ? [{ path: `${path}#${name}`, ...fault }] : [];
    });
  };
}

/** The first element that is wrong, as evidence. */
function at(
  { data }: NdArray,
  isWrong: (value: number, index: number, all: ArrayLike<number>) => boolean,
  expected: string,
): Evidence | undefined {
  const numbers = data as ArrayLike<number>; // Names that stand for numbers are not given to texts; of a text nothing compares.
  for (let index = 0; index < numbers.length; index += 1) {
    if (isWrong(numbers[index]!, index, numbers))
      return { expected, found: `${numbers[index]} at element ${index}` };
  }
  return undefined;
}

function isTime(name: string, { shape }: NdArray): boolean {
  return shape.length > 0 && /(^|_)(times|start|end)_sec$/.test(name);
}

function isFrameNumber(name: string): boolean {
  return /(^|_)(frame_indices|start_frames|end_frames)$/.test(name);
}

function timesBeside(name: string): string {
  return `${name.slice(0, -'frame_indices'.length)}times_sec`;
}

function faultsOfSpans({ output: { path }, arrays }: ArraysSubject): Fault[] | undefined {
  const starts = Object.keys(arrays).filter((name) => /(^|_)start_(sec|frames)$/.test(name));
  const pairs = starts
    .map((name) => [name, name.replace('start', 'end')] as const)
    .filter(([, end]) => end in arrays);
  if (pairs.length === 0) return undefined;
  return pairs.flatMap(([start, end]) => {
    const ends = arrays[end]!;
    const fault = at(
      arrays[start]!,
      (value, index) => !(value < Number(ends.data[index])),
      `less than ${end}`,
    );
    return fault ? [{ path: `${path}#${start}`, ...fault }] : [];
  });
}

function isFloat({ dtype }: NdArray): boolean {
  return dtype === 'float32' || dtype === 'float64';
}

/** True where -1 can be nothing else: all other values are 0 or more, and NaN, which would say the same, is not used. */
function standsForMissing({ data }: NdArray): boolean {
  const values = Array.from(data as ArrayLike<number>);
  const others = values.filter((value) => value !== -1);
  return others.length > 0 && others.length < values.length && others.every((value) => value >= 0);
}
