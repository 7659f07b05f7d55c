/** Holds what a rule returned against what it declared, before anything of it enters the cache. */
import { FlowError } from './errors.ts';
import type { ArraySpec, Kind } from './kind.ts';
import { constructors, type Dtype, type NdArray } from './nd-array.ts';
import type { Outputs, Values } from './rule.ts';

/** @throws {FlowError} `output_invalid`, naming the output and array at fault */
export function checkOutputs(rule: string, declared: Outputs, values: Values): void {
  for (const name of Object.keys(values)) {
    if (!(name in declared)) throw invalid(rule, `it returned an output "${name}" that it does not declare`);
  }
  for (const [name, kind] of Object.entries(declared)) {
    const fault = faultOf(kind, values[name]);
    if (fault) throw invalid(rule, `output "${name}" ${fault}`);
  }
}

function invalid(rule: string, reason: string): FlowError {
  return new FlowError({
    code: 'output_invalid',
    blame: 'rule',
    message: `Cannot keep the result of rule "${rule}": ${reason}.`,
    fix: 'Make the rule return what it declares, or declare what it returns. Nothing was stored.',
  });
}

function faultOf(kind: Kind, value: unknown): string | undefined {
  if (value === undefined || value === null) {
    return kind.format === 'json' && value === null ? schemaFault(kind, value) : 'is missing';
  }
  switch (kind.format) {
    case 'npz':
      return npzFault(kind, value);
    case 'json':
      return schemaFault(kind, value);
    case 'segments':
      return Array.isArray(value) ? undefined : 'is not a list of segments';
    case 'text':
      return typeof value === 'string' ? undefined : 'is not a text';
    case 'bytes':
      return value instanceof Uint8Array ? undefined : 'is not a Uint8Array';
    case 'file':
    case 'files':
      return 'is declared as a source file, which only an input can be';
    default:
      return `is of unknown kind ${kind.format satisfies never}`;
  }
}

function schemaFault(kind: Kind, value: unknown): string | undefined {
  const result = kind.schema!.safeParse(value);
  if (result.success) return undefined;
  const { path, message } = result.error.issues[0]!;
  return `does not fit its schema at "${path.join('.')}": ${message}`;
}

function npzFault(kind: Kind, value: unknown): string | undefined {
  if (typeof value !== 'object') return 'is not a set of arrays';
  const arrays = value as Readonly<Record<string, NdArray | undefined>>;
  const extra = Object.keys(arrays).find((name) => !(name in kind.arrays!));
  if (extra !== undefined) return `has an array "${extra}" that is not declared`;
  const lengths = new Map<string, number>();
  for (const [name, spec] of Object.entries(kind.arrays!)) {
    const fault = arrayFault(spec, arrays[name], lengths);
    if (fault) return `has array "${name}", which ${fault}`;
  }
  return undefined;
}

function arrayFault(
  spec: ArraySpec,
  array: NdArray | undefined,
  lengths: Map<string, number>,
): string | undefined {
  if (!array) return 'is missing';
  if (array.dtype !== spec.dtype) return `is ${array.dtype}, not ${spec.dtype}`;
  if (!hasElements(array)) return `holds elements that are not ${spec.dtype}`;
  const count = array.shape.reduce((product, length) => product * length, 1);
  if (count !== array.data.length)
    return `has ${array.data.length} elements in shape [${array.shape.join(', ')}]`;
  return shapeFault(spec, array, lengths) ?? (spec.isFinite ? finiteFault(array) : undefined);
}

function hasElements(array: NdArray): boolean {
  if (array.dtype === 'unicode') {
    return Array.isArray(array.data) && array.data.every((element) => typeof element === 'string');
  }
  return array.data instanceof constructors[array.dtype as Exclude<Dtype, 'unicode'>];
}

function shapeFault(spec: ArraySpec, { shape }: NdArray, lengths: Map<string, number>): string | undefined {
  const found = `[${shape.join(', ')}]`;
  if (shape.length !== spec.shape.length) return `has shape ${found}, not [${spec.shape.join(', ')}]`;
  for (const [axis, wanted] of spec.shape.entries()) {
    const length = shape[axis]!;
    const expected = typeof wanted === 'number' ? wanted : (lengths.get(wanted) ?? length);
    if (length !== expected)
      return `has shape ${found}, where axis ${axis} (${wanted}) should be ${expected}`;
    if (typeof wanted === 'string') lengths.set(wanted, length);
  }
  return undefined;
}

function finiteFault(array: NdArray): string | undefined {
  if (array.dtype !== 'float32' && array.dtype !== 'float64') return undefined;
  const index = (array.data as Float32Array).findIndex((element) => !Number.isFinite(element));
  return index < 0
    ? undefined
    : `holds ${array.data[index]} at element ${index}, though it promises finite values`;
}
