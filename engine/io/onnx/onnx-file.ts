/**
 * ONNX files to messages and back. A model that is read and written again keeps all that it held: the same model
 * gives the same bytes each time.
 */
import protobuf from 'protobufjs/light.js';
import { FlowError } from '../../core/errors.ts';
import { fieldsOf, isMessageName, type MessageName, type ModelProto, messages } from './onnx-messages.ts';

/**
 * @param where the file, for messages
 * @throws {FlowError} input_unreadable if the bytes are not a whole ONNX model
 */
export function readOnnx(bytes: Uint8Array, where?: string): ModelProto {
  const reader = protobuf.Reader.create(bytes);
  reader.discardUnknown = false;
  let decoded: WireMessage;
  try {
    decoded = wireType('ModelProto').decode(reader) as unknown as WireMessage; // Made from our own table.
  } catch (cause) {
    throw notOnnx({ reason: 'it is damaged or no ONNX model', where, cause });
  }
  const model = fromWire(decoded, 'ModelProto') as ModelProto; // `fromWire` follows the table of this type.
  if (!model.graph || model.ir_version === undefined)
    throw notOnnx({ reason: 'it holds no graph', where, cause: undefined });
  return model;
}

export function writeOnnx(model: ModelProto): Uint8Array {
  return wireType('ModelProto').encode(toWire(model, 'ModelProto')).finish();
}

interface NotOnnx {
  readonly reason: string;
  readonly where: string | undefined;
  readonly cause: unknown;
}

function notOnnx({ reason, where, cause }: NotOnnx): FlowError {
  return new FlowError({
    code: 'input_unreadable',
    blame: 'user',
    message: `Cannot read the model: ${reason}.`,
    where,
    fix: 'Give a whole .onnx file.',
    cause,
  });
}

/** As protobufjs gives and takes it: 64-bit numbers in two halves. */
interface WireMessage {
  readonly [field: string]: unknown;
  readonly $unknowns?: readonly Uint8Array[];
}

interface Halves {
  readonly low: number;
  readonly high: number;
  readonly unsigned: boolean;
}

let root: protobuf.Root | undefined;

function wireType(name: MessageName): protobuf.Type {
  root ??= protobuf.Root.fromJSON({
    nested: Object.fromEntries(
      Object.keys(messages)
        .filter(isMessageName)
        // Of the syntax "proto2": a zero that is there is kept, and only lists that say so are packed.
        .map((one) => [one, { edition: 'proto2', fields: wireFields(one) }]),
    ),
  });
  return root.lookupType(name);
}

function wireFields(name: MessageName): Record<string, protobuf.IField> {
  return Object.fromEntries(
    fieldsOf(name).map(([field, [id, type, count]]) => [
      field,
      { id, type, ...(count && { rule: 'repeated', options: { packed: count === 'packed' } }) },
    ]),
  );
}

function fromWire(wire: WireMessage, name: MessageName): Record<string, unknown> {
  const result: Record<string, unknown> = {};
  for (const [field, [, type, count]] of fieldsOf(name)) {
    const value = wire[field];
    if (count) result[field] = (value as unknown[]).map((one) => valueFromWire(one, type));
    else if (Object.hasOwn(wire, field)) result[field] = valueFromWire(value, type);
  }
  if (wire.$unknowns) result.unknownFields = wire.$unknowns;
  return result;
}

function valueFromWire(value: unknown, type: string): unknown {
  if (isMessageName(type)) return fromWire(value as WireMessage, type);
  return is64Bit(type) ? joinHalves(value as Halves) : value;
}

function toWire(source: Readonly<Record<string, unknown>>, name: MessageName): WireMessage {
  const wire: Record<string, unknown> = {};
  for (const [field, [, type, count]] of fieldsOf(name)) {
    const value = source[field];
    if (value === undefined) continue;
    wire[field] = count
      ? (value as unknown[]).map((one) => valueToWire(one, type))
      : valueToWire(value, type);
  }
  if (source.unknownFields) wire.$unknowns = source.unknownFields;
  return wire;
}

function valueToWire(value: unknown, type: string): unknown {
  if (isMessageName(type)) return toWire(value as Record<string, unknown>, type);
  return is64Bit(type) ? splitHalves(value as bigint) : value;
}

function is64Bit(type: string): boolean {
  return type === 'int64' || type === 'uint64';
}

function joinHalves({ low, high, unsigned }: Halves): bigint {
  const bits = (BigInt(high >>> 0) << 32n) | BigInt(low >>> 0);
  return unsigned ? bits : BigInt.asIntN(64, bits);
}

function splitHalves(value: bigint): Halves {
  return {
    low: Number(BigInt.asIntN(32, value)),
    high: Number(BigInt.asIntN(32, value >> 32n)),
    unsigned: false,
  };
}
