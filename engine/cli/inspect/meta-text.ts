/** The `meta` of an NPZ, and how it is told. */
import { z } from 'zod';
import { isDigest } from '../../core/digest.ts';
import { isText, type NumpyArray } from '../../core/numpy-array.ts';
import { digestText } from '../digest-text.ts';
import { oneLine } from '../short-names.ts';
import { wrapped } from '../wrapped.ts';

const metaSchema = z.record(z.string(), z.unknown());

export type Meta = z.output<typeof metaSchema>;

/** The document in a single text; undefined for an array that is none. */
export function metaOf(array: NumpyArray): Meta | undefined {
  const [text] = array.data;
  if (!isText(array) || array.shape.length > 0 || typeof text !== 'string') return undefined;
  try {
    return metaSchema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined; // Another program's array of that name: it is shown like any other one.
  }
}

/** What a reader asks first. */
const order = ['component', 'output', 'status', 'empty_reason', 'producer_version', 'rule_digest', 'params'];

/** One line a key; what is null or an empty list is left out. */
export function metaLines(meta: Meta, columns: number): string[] {
  const keys = [...new Set([...order, ...Object.keys(meta)])].filter((key) => isSaid(meta[key]));
  const width = Math.max(0, ...keys.map(({ length }) => length));
  return keys.map((key) => {
    const text = oneLine(valueText(meta[key]));
    return `  ${oneLine(key).padEnd(width)}  ${wrapped(text, { indent: width + 4, width: columns })}`;
  });
}

function isSaid(value: unknown): boolean {
  return value !== null && value !== undefined && !(Array.isArray(value) && value.length === 0);
}

/** 'threshold=0.4, window=5' for an object; a list in brackets. */
function valueText(value: unknown): string {
  if (typeof value === 'string') return isDigest(value) ? digestText(value) : value;
  if (Array.isArray(value)) return `[${value.map(valueText).join(', ')}]`;
  if (typeof value !== 'object' || value === null) return String(value);
  const entries = Object.entries(value);
  return entries.length === 0 ? 'none' : entries.map(([key, one]) => `${key}=${valueText(one)}`).join(', ');
}
