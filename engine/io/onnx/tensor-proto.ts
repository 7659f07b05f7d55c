/** Tensors in ONNX files: their elements as typed arrays, whichever of its fields a file keeps them in. */
import assert from 'node:assert/strict';
import { endianness } from 'node:os';
import { FlowError } from '../../core/errors.ts';
import { elementCount } from '../../core/nd-array.ts';
import { message, type TensorProto } from './onnx-messages.ts';

/** Numbers of 16 bits that JavaScript has no array for (`float16`, `bfloat16`) are given as their bits. */
export const dataTypes = {
  float32: { id: 1, array: Float32Array },
  uint8: { id: 2, array: Uint8Array },
  int8: { id: 3, array: Int8Array },
  uint16: { id: 4, array: Uint16Array },
  int16: { id: 5, array: Int16Array },
  int32: { id: 6, array: Int32Array },
  int64: { id: 7, array: BigInt64Array },
  bool: { id: 9, array: Uint8Array },
  float16: { id: 10, array: Uint16Array },
  float64: { id: 11, array: Float64Array },
  uint32: { id: 12, array: Uint32Array },
  uint64: { id: 13, array: BigUint64Array },
  bfloat16: { id: 16, array: Uint16Array },
} as const;

export type DataType = keyof typeof dataTypes;
export type ElementsOf<D extends DataType> = InstanceType<(typeof dataTypes)[D]['array']>;

assert.equal(endianness(), 'LE', 'ONNX files are little-endian, and so must this machine be');

/** The name of an element type by its number in files, or undefined for those that have no typed array. */
export function dataTypeOf(id: number | undefined): DataType | undefined {
  return dataTypeNames.find((name) => dataTypes[name].id === id);
}

// The table's own keys: `Object.keys` forgets their type.
const dataTypeNames = Object.keys(dataTypes) as DataType[];

export function tensorProto<D extends DataType>({
  name,
  dataType,
  shape,
  elements,
}: {
  name: string;
  dataType: D;
  shape: readonly number[];
  elements: ElementsOf<D>;
}): TensorProto {
  assert.equal(elements.length, elementCount(shape), `elements of "${name}"`);
  return message('TensorProto', {
    name,
    data_type: dataTypes[dataType].id,
    dims: shape.map(BigInt),
    raw_data: new Uint8Array(elements.buffer, elements.byteOffset, elements.byteLength),
  });
}

export function shapeOf({ dims }: TensorProto): number[] {
  return dims.map(Number);
}

/**
 * The elements in C order: a copy.
 *
 * @param dataType the tensor's; see `dataTypeOf`
 * @throws {FlowError} input_unreadable if they lie in another file, or are fewer or more than the shape says
 */
export function elementsOf<D extends DataType>(tensor: TensorProto, dataType: D): ElementsOf<D> {
  assert.equal(tensor.data_type, dataTypes[dataType].id, `type of "${tensor.name}"`);
  if (tensor.data_location === 1) throw unreadable(tensor, 'its elements lie in another file');
  const elements = tensor.raw_data
    ? fromRawData(tensor.raw_data, dataType)
    : fromTypedFields(tensor, dataType);
  const count = elementCount(shapeOf(tensor));
  if (elements.length !== count)
    throw unreadable(tensor, `it has ${elements.length} elements where its shape says ${count}`);
  return elements as ElementsOf<D>; // Made by the constructor of this type.
}

function fromRawData(bytes: Uint8Array, dataType: DataType): ElementsOf<DataType> {
  const { array } = dataTypes[dataType];
  const whole = bytes.length - (bytes.length % array.BYTES_PER_ELEMENT);
  // A copy: in the file they may lie at any address. (`slice` of a Buffer would make none.)
  return new array(new Uint8Array(bytes.subarray(0, whole)).buffer);
}

function fromTypedFields(tensor: TensorProto, dataType: DataType): ElementsOf<DataType> {
  switch (dataType) {
    case 'float32':
      return Float32Array.from(tensor.float_data);
    case 'float64':
      return Float64Array.from(tensor.double_data);
    case 'int64':
      return BigInt64Array.from(tensor.int64_data);
    case 'uint64':
      return BigUint64Array.from(tensor.uint64_data);
    case 'uint32':
      return Uint32Array.from(tensor.uint64_data, Number);
    default:
      return dataTypes[dataType].array.from(tensor.int32_data);
  }
}

function unreadable({ name }: TensorProto, reason: string): FlowError {
  return new FlowError({
    code: 'input_unreadable',
    blame: 'user',
    message: `Cannot read the tensor "${name ?? ''}" of the model: ${reason}.`,
    fix: 'Give the model as one whole .onnx file.',
  });
}
