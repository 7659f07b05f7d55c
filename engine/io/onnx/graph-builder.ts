/** Writes the graph of a model, node by node: each call names what it makes, and the next ones take those names. */
import { type AttributeValue, attribute } from './attribute.ts';
import { type GraphProto, type ModelProto, message, type ValueInfoProto } from './onnx-messages.ts';
import { type DataType, dataTypes, type ElementsOf, tensorProto } from './tensor-proto.ts';

/** The name of a value in a graph. */
export type Value = string & { readonly value: unique symbol };

/** In the place of an optional input that is left out. */
export const absent = '' as Value;

/** A number fixes an axis; a name stands for any length. */
export type Shape = readonly (number | string)[];

export type Attributes = Readonly<Record<string, AttributeValue>>;

/** Of the versions that all runtimes in use know. */
const irVersion = 8n;
const opsetVersion = 17n;

export class GraphBuilder {
  readonly #graph: GraphProto;
  /** Of numbers that were written before. */
  readonly #numbers = new Map<number, Value>();

  /** @param name of the graph */
  constructor(name: string) {
    this.#graph = message('GraphProto', { name });
  }

  input(name: string, shape: Shape, dataType: DataType = 'float32'): Value {
    this.#graph.input.push(valueInfo({ name, shape, dataType }));
    return name as Value;
  }

  /** Float32, in C order. */
  constant(elements: ArrayLike<number>, shape: readonly number[]): Value {
    return this.tensor('float32', Float32Array.from(elements), shape);
  }

  /** Int64, along one axis: shapes, axes, places. */
  integers(...values: readonly number[]): Value {
    return this.tensor('int64', BigInt64Array.from(values, BigInt), [values.length]);
  }

  tensor<D extends DataType>(dataType: D, elements: ElementsOf<D>, shape: readonly number[]): Value {
    const name = `constant_${this.#graph.initializer.length}` as Value;
    this.#graph.initializer.push(tensorProto({ name, dataType, shape, elements }));
    return name;
  }

  /** @param inputs numbers are float32 scalars */
  node(op: string, inputs: readonly (Value | number)[], attributes: Attributes = {}): Value {
    return this.nodes({ op, inputs, attributes, outputs: 1 })[0]!;
  }

  /** A node of several outputs. */
  nodes({
    op,
    inputs,
    attributes = {},
    outputs,
  }: {
    op: string;
    inputs: readonly (Value | number)[];
    attributes?: Attributes;
    outputs: number;
  }): Value[] {
    const name = `${op}_${this.#graph.node.length}`;
    const made = Array.from({ length: outputs }, (_, at) => (at === 0 ? name : `${name}_${at}`) as Value);
    this.#graph.node.push(
      message('NodeProto', {
        name,
        op_type: op,
        input: inputs.map((one) => (typeof one === 'number' ? this.#number(one) : one)),
        output: made,
        attribute: Object.entries(attributes).map(([key, value]) => attribute(key, value)),
      }),
    );
    return made;
  }

  /**
   * Says of what shape a value is. Runtimes find that out by themselves; but an axis by a name is lost at some nodes, and
   * ONNX Runtime then takes long to load what comes after them.
   */
  describe(value: Value, shape: Shape, dataType: DataType = 'float32'): Value {
    this.#graph.value_info.push(valueInfo({ name: value, shape, dataType }));
    return value;
  }

  output(name: string, value: Value, shape: Shape, dataType: DataType = 'float32'): void {
    this.#graph.node.push(
      message('NodeProto', { name: `output_${name}`, op_type: 'Identity', input: [value], output: [name] }),
    );
    this.#graph.output.push(valueInfo({ name, shape, dataType }));
  }

  /** @param about what the model is and who made it */
  model(about: { producer: string; description: string }): ModelProto {
    return message('ModelProto', {
      ir_version: irVersion,
      producer_name: about.producer,
      doc_string: about.description,
      opset_import: [message('OperatorSetIdProto', { domain: '', version: opsetVersion })],
      graph: this.#graph,
    });
  }

  #number(value: number): Value {
    const known = this.#numbers.get(value) ?? this.constant([value], []);
    this.#numbers.set(value, known);
    return known;
  }
}

function valueInfo({
  name,
  shape,
  dataType,
}: {
  name: string;
  shape: Shape;
  dataType: DataType;
}): ValueInfoProto {
  const dim = shape.map((axis) =>
    message('Dimension', typeof axis === 'number' ? { dim_value: BigInt(axis) } : { dim_param: axis }),
  );
  return message('ValueInfoProto', {
    name,
    type: message('TypeProto', {
      tensor_type: message('TensorType', {
        elem_type: dataTypes[dataType].id,
        shape: message('TensorShapeProto', { dim }),
      }),
    }),
  });
}
