/** In what two files of one output differ. */
import { join } from 'node:path';
import {
  type ArrayComparison,
  compareArrays,
  type RowPairs,
  rowsOfOneTime,
} from '../../core/compare-arrays.ts';
import { type JsonChange, jsonChanges } from '../../core/json-changes.ts';
import type { ManifestOutput } from '../../core/manifest.ts';
import { isText, type NumberElements, type StoredArray } from '../../core/numpy-array.ts';
import { type Meta, metaOf } from '../inspect/meta-text.ts';
import { type OpenedFile, openFile, readMember } from '../inspect/open-file.ts';

export interface ArrayDiff {
  readonly name: string;
  /** Absent where only one file has the array. */
  readonly a?: { readonly dtype: string; readonly shape: readonly number[] };
  readonly b?: { readonly dtype: string; readonly shape: readonly number[] };
  /** Which rows were held against each other: all, those that both have, those of equal time; none where the shapes do not fit. */
  readonly compared?: 'all' | 'prefix' | 'times' | 'none';
  readonly compared_count?: number;
  readonly differing_count?: number;
  readonly nan_in_one_count?: number;
  readonly max_abs?: number | null;
  readonly mean_abs?: number | null;
  readonly cosine?: number | null;
  /** Index of the largest difference in `a`, and its time. */
  readonly at?: readonly number[];
  readonly at_sec?: number;
  /** The elements there; of text the first pair that differs. */
  readonly values?: NonNullable<ArrayComparison['values']>;
}

export interface OutputDiff {
  readonly path: string;
  readonly what: 'only_a' | 'only_b' | 'arrays' | 'meta' | 'json' | 'bytes';
  readonly arrays?: readonly ArrayDiff[];
  readonly equal_arrays?: readonly string[];
  /** Keys of the meta that differ. */
  readonly meta?: readonly JsonChange[];
  readonly changes?: readonly JsonChange[];
  readonly bytes?: { readonly a: number; readonly b: number };
}

/** A run's folder, and the output in it. */
export interface OutputPlace {
  readonly folder: string;
  readonly output: ManifestOutput;
}

/** @throws {FlowError} if a file is missing or damaged */
export function compareOutputs(a: OutputPlace, b: OutputPlace): OutputDiff {
  const { path } = a.output;
  if (!/\.(npz|json)$/.test(path) || !/\.(npz|json)$/.test(b.output.path))
    return { path, what: 'bytes', bytes: { a: a.output.bytes, b: b.output.bytes } };
  const [fileA, fileB] = [openFile(join(a.folder, path)), openFile(join(b.folder, b.output.path))];
  if (fileA.kind === 'json' && fileB.kind === 'json')
    return { path, what: 'json', changes: jsonChanges(fileA.document, fileB.document) };
  return compareFiles(path, arraysOf(a, fileA), arraysOf(b, fileB));
}

interface Arrays {
  readonly meta: Meta;
  readonly arrays: ReadonlyMap<string, StoredArray>;
}

function arraysOf({ folder, output }: OutputPlace, file: OpenedFile): Arrays {
  const arrays = new Map<string, StoredArray>();
  if (file.kind !== 'arrays') return { meta: {}, arrays };
  for (const member of file.members) arrays.set(member.name, readMember(join(folder, output.path), member));
  const text = arrays.get('meta');
  const meta = text && metaOf(text);
  if (meta) arrays.delete('meta');
  return { meta: meta ?? {}, arrays };
}

function compareFiles(path: string, a: Arrays, b: Arrays): OutputDiff {
  const meta = jsonChanges(a.meta, b.meta);
  const diffs = [...new Set([...a.arrays.keys(), ...b.arrays.keys()])].map((name) =>
    compareNamed(name, a, b),
  );
  const arrays = diffs.flatMap((diff) => (typeof diff === 'string' ? [] : [diff]));
  if (arrays.length === 0) return { path, what: 'meta', meta };
  return {
    path,
    what: 'arrays',
    arrays,
    meta,
    equal_arrays: diffs.filter((diff) => typeof diff === 'string'),
  };
}

/** @returns the array's name if it is equal */
function compareNamed(name: string, inA: Arrays, inB: Arrays): ArrayDiff | string {
  const [a, b] = [inA.arrays.get(name), inB.arrays.get(name)];
  if (!a || !b) return { name, ...(a && { a: formOf(a) }), ...(b && { b: formOf(b) }) };
  const [timesA, timesB] = [timesOf(inA, a), timesOf(inB, b)];
  const isLonger = a.shape[0] !== b.shape[0];
  const rows = isLonger && timesA && timesB ? rowsOfOneTime(numbers(timesA), numbers(timesB)) : undefined;
  const comparison = compareArrays(a, b, rows);
  if (comparison.isEqual) return name;
  const time = comparison.where && timesA?.[comparison.where.a[0]!];
  return {
    name,
    a: formOf(a),
    b: formOf(b),
    compared: comparedOf(comparison, a, b, rows),
    ...figuresOf(comparison),
    ...(time !== undefined && { at_sec: Number(time) }),
  };
}

function formOf({ dtype, shape }: StoredArray): { dtype: string; shape: readonly number[] } {
  return { dtype, shape };
}

/** The times of an array's rows, if its file has one for each; of the times themselves there are none. */
function timesOf({ arrays }: Arrays, array: StoredArray): NumberElements | undefined {
  const times = arrays.get('times_sec');
  if (!times || times === array || isText(times) || times.shape.length !== 1) return undefined;
  return times.shape[0] === array.shape[0] ? times.data : undefined;
}

function numbers(elements: NumberElements): Float64Array {
  return Float64Array.from<number | bigint>(elements, Number);
}

function comparedOf(
  { comparedCount }: ArrayComparison,
  a: StoredArray,
  b: StoredArray,
  rows: RowPairs | undefined,
): NonNullable<ArrayDiff['compared']> {
  if (a.shape.join() === b.shape.join() && isText(a) === isText(b)) return 'all';
  if (comparedCount === 0) return 'none';
  return rows ? 'times' : 'prefix';
}

function figuresOf({
  comparedCount,
  differingCount,
  where,
  numbers,
  values,
}: ArrayComparison): Partial<ArrayDiff> {
  return {
    compared_count: comparedCount,
    differing_count: differingCount,
    ...(numbers && {
      nan_in_one_count: numbers.nanInOneCount,
      max_abs: numbers.maxAbs,
      mean_abs: numbers.meanAbs,
      cosine: numbers.cosine,
    }),
    ...(where && { at: where.a }),
    ...(values && { values }),
  };
}
