/** Attributes of nodes. */
import assert from 'node:assert/strict';
import { type AttributeProto, attributeTypes, message, type TensorProto } from './onnx-messages.ts';

/** Plain numbers are integers; whole ones would else be taken for either. */
export type AttributeValue =
  | number
  | string
  | readonly number[]
  | readonly string[]
  | { readonly float: number }
  | { readonly floats: readonly number[] }
  | { readonly tensor: TensorProto };

export function attribute(name: string, value: AttributeValue): AttributeProto {
  return message('AttributeProto', { name, ...fieldsOfValue(value) });
}

function fieldsOfValue(value: AttributeValue): Partial<AttributeProto> {
  if (typeof value === 'number') return { type: attributeTypes.int, i: integer(value) };
  if (typeof value === 'string') return { type: attributeTypes.string, s: utf8.encode(value) };
  if ('float' in value) return { type: attributeTypes.float, f: value.float };
  if ('floats' in value) return { type: attributeTypes.floats, floats: [...value.floats] };
  if ('tensor' in value) return { type: attributeTypes.tensor, t: value.tensor };
  const strings = value.filter((one) => typeof one === 'string');
  if (strings.length > 0)
    return { type: attributeTypes.strings, strings: strings.map((one) => utf8.encode(one)) };
  return { type: attributeTypes.ints, ints: value.map((one) => integer(Number(one))) };
}

const utf8 = new TextEncoder();

function integer(value: number): bigint {
  assert.ok(Number.isSafeInteger(value), `${value} is no integer: write { float: ${value} }`);
  return BigInt(value);
}
