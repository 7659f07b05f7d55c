/** What a word of the command line selects: a file, an array of it, a part of that. */
import { existsSync } from 'node:fs';
import { FlowError } from '../../core/errors.ts';
import { elementCount } from '../../core/nd-array.ts';
import { isText, type StoredArray } from '../../core/numpy-array.ts';

export interface Selection {
  readonly path: string;
  readonly array: string | undefined;
  /** As it was written: '[10:20]'; the empty text for the whole array. */
  readonly part: string;
}

/** Takes `file`, `file:array`, `file:array[3]` and `file:array[10:20]` apart; of a file that is there, a colon is a part of the name. */
export function parseSelection(word: string): Selection {
  const [, path, array, part = ''] = /^(.+):([^:[\]]+)(\[[^\]]*\])?$/s.exec(word) ?? [];
  if (path === undefined || existsSync(word)) return { path: word, array: undefined, part: '' };
  return { path, array, part };
}

/**
 * A part of an array along its first axis, as Python selects it: `[3]` is one row, `[10:20]` those before 20, `[-5:]` the
 * last five.
 *
 * @throws {FlowError} `config_invalid` if that is no part, or lies outside
 */
export function partOf(array: StoredArray, part: string): StoredArray {
  if (part === '') return array;
  const [, first = '', colon, last = ''] = /^\[(-?\d*)(:?)(-?\d*)\]$/.exec(part) ?? [];
  const length = array.shape[0];
  if (length === undefined) throw badPart(part, 'the array is a single value');
  if (colon === ':') return rows(array, bound(first, 0, length), bound(last, length, length));
  const row = Number(first) < 0 ? Number(first) + length : Number(first);
  if (colon === undefined || !/\d/.test(first)) throw badPart(part, 'that is no part of an array');
  if (row < 0 || row >= length) throw badPart(part, `the first axis has a length of ${length}`);
  const one = rows(array, row, row + 1);
  return { ...one, shape: one.shape.slice(1) };
}

function bound(text: string, otherwise: number, length: number): number {
  if (!/\d/.test(text)) return otherwise;
  const position = Number(text) < 0 ? Number(text) + length : Number(text);
  return Math.min(length, Math.max(0, position));
}

function rows(array: StoredArray, from: number, to: number): StoredArray {
  const count = Math.max(0, to - from);
  const rowLength = elementCount(array.shape.slice(1));
  const [first, end] = [from * rowLength, (from + count) * rowLength];
  const shape = [count, ...array.shape.slice(1)];
  const sizeBytes = array.data.length === 0 ? 0 : (array.sizeBytes / array.data.length) * (end - first);
  const { dtype } = array;
  return isText(array)
    ? { dtype, shape, sizeBytes, data: array.data.slice(first, end) }
    : { dtype, shape, sizeBytes, data: array.data.subarray(first, end) };
}

function badPart(part: string, why: string): FlowError {
  return new FlowError({
    code: 'config_invalid',
    blame: 'user',
    message: `Cannot take the part "${part}": ${why}.`,
    fix: 'Write a place as [3], or a range of the first axis as [10:20].',
  });
}
