/**
 * Makes a model compute with fractions of 16 bits (IEEE 754 binary16): half the weights' size, and faster on GPUs. Its
 * inputs and outputs stay what they are. A CPU has few operators for 16 bits: ONNX Runtime computes most of them with 32
 * there, and rounds what they give.
 */
import { type EditableGraph, type NodeProto, notEditable } from './editable-graph.ts';
import type { TensorProto } from './onnx-messages.ts';
import { type DataType, dataTypes, elementsOf, shapeOf, tensorProto } from './tensor-proto.ts';

/** Operators that take no 16 bits in all of their float32 inputs and outputs, or lose what they are for. */
const keptOperators = new Set(
  (
    'Resize Upsample TopK Range CumSum NonMaxSuppression RoiAlign Constant EyeLike Bernoulli Multinomial ' +
    'RandomNormal RandomNormalLike RandomUniform RandomUniformLike QuantizeLinear DequantizeLinear ' +
    'DynamicQuantizeLinear QLinearConv QLinearMatMul DFT STFT MelWeightMatrix HannWindow HammingWindow BlackmanWindow'
  ).split(' '),
);

/** Those that make, take or give whole numbers for fractions. */
const quantizedOperators = /QuantizeLinear$|^DequantizeLinear$|^QLinear|Integer$/;

const largestHalf = 65_504;

/** A constant that 16 bits cannot hold; the nodes that use it keep to 32. */
export interface TooLarge {
  readonly name: string;
  readonly largest: number;
}

/**
 * @param types of all values that nodes take and give, constants aside
 * @returns what did not fit
 * @throws {FlowError} `model_io_mismatch` for a quantized model, which would stay one under another name
 */
export function convertHalf(graph: EditableGraph, types: ReadonlyMap<string, DataType>): TooLarge[] {
  const whole = graph.nodes.find(({ op_type }) => quantizedOperators.test(op_type!));
  if (whole) throw notEditable('convert the model to fp16', `it is quantized (${whole.op_type})`);
  const tooLarge = new Map<string, TooLarge>();
  const kept = new Set(graph.nodes.filter((node) => isKept(graph, node, tooLarge)));
  const nodes = [...graph.nodes];
  const fractions = new Fractions(graph, { types, nodes, kept });
  for (const node of nodes) {
    const isHalf = !kept.has(node);
    if (isHalf) convertAttributes(node);
    node.input = node.input.map((value) => fractions.taken(value, { isHalf }));
    node.output = node.output.map((value) => fractions.made(value));
  }
  fractions.addCasts();
  graph.forgetTypes();
  return [...tooLarge.values()];
}

function isKept(graph: EditableGraph, node: NodeProto, tooLarge: Map<string, TooLarge>): boolean {
  if (keptOperators.has(node.op_type!) || (node.domain ?? '') !== '') return true;
  return node.input.some((value) => !fitsHalf(graph, value, tooLarge));
}

function fitsHalf(graph: EditableGraph, value: string, tooLarge: Map<string, TooLarge>): boolean {
  const { elements } = graph.constant(value, 'float32') ?? {};
  if (!elements) return true;
  const finite = elements.filter(Number.isFinite); // Infinity is infinity in 16 bits, too.
  const largest = finite.reduce((most, one) => Math.max(most, Math.abs(one)), 0);
  if (largest > largestHalf) tooLarge.set(value, { name: value, largest });
  // A lone number that becomes zero is one that keeps from dividing by zero.
  const isLost = elements.length === 1 && elements[0] !== 0 && half(elements)[0] === 0;
  return largest <= largestHalf && !isLost;
}

/** Where a node says of what type its output is to be. */
function convertAttributes(node: NodeProto): void {
  for (const one of node.attribute) {
    if (node.op_type === 'Cast' && one.name === 'to' && Number(one.i) === dataTypes.float32.id)
      one.i = BigInt(dataTypes.float16.id);
    if (node.op_type === 'ConstantOfShape' && one.name === 'value' && one.t) one.t = halfTensor(one.t);
  }
}

/** Each float32 value of a graph as a value of 32 bits and one of 16, of which one is cast from the other where it is needed. */
class Fractions {
  readonly #graph: EditableGraph;
  readonly #types: ReadonlyMap<string, DataType>;
  /** Values that are there with 32 bits first: inputs, and what kept nodes make. */
  readonly #wide: ReadonlySet<string>;
  readonly #wanted = new Map<string, { readonly from: string; readonly to: DataType }>();
  readonly #constants = new Map<string, string>();

  constructor(
    graph: EditableGraph,
    about: {
      readonly types: ReadonlyMap<string, DataType>;
      readonly nodes: readonly NodeProto[];
      readonly kept: ReadonlySet<NodeProto>;
    },
  ) {
    const { types, nodes, kept } = about;
    this.#graph = graph;
    this.#types = types;
    const made = nodes.filter((node) => kept.has(node)).flatMap(({ output }) => output);
    this.#wide = new Set([...graph.inputs, ...made]);
  }

  /** The name under which a node gets a value. */
  taken(value: string, { isHalf }: { readonly isHalf: boolean }): string {
    if (this.#graph.isConstant(value)) return isHalf ? this.#halfConstant(value) : value;
    if (this.#types.get(value) !== 'float32') return value;
    const [wide, narrow] = this.#namesOf(value);
    if (isHalf === !this.#wide.has(value)) return isHalf ? narrow : wide;
    if (isHalf) this.#wanted.set(narrow, { from: wide, to: 'float16' });
    else this.#wanted.set(wide, { from: narrow, to: 'float32' });
    return isHalf ? narrow : wide;
  }

  /** The name under which a node makes a value. */
  made(value: string): string {
    if (this.#types.get(value) !== 'float32') return value;
    const [wide, narrow] = this.#namesOf(value);
    if (this.#wide.has(value)) return wide;
    if (this.#graph.isOutput(value)) this.#wanted.set(wide, { from: narrow, to: 'float32' });
    return narrow;
  }

  addCasts(): void {
    for (const [made, { from, to }] of this.#wanted)
      this.#graph.addNode({
        op: 'Cast',
        inputs: [from],
        outputs: [made],
        attributes: { to: dataTypes[to].id },
      });
  }

  /** Inputs and outputs of the graph keep their names for 32 bits. */
  #namesOf(value: string): readonly [wide: string, narrow: string] {
    const isOuter = this.#graph.inputs.includes(value) || this.#graph.isOutput(value);
    return isOuter ? [value, `${value}_half`] : [`${value}_float`, value];
  }

  #halfConstant(value: string): string {
    const constant = this.#graph.constant(value, 'float32');
    if (!constant) return value;
    const known = this.#constants.get(value);
    if (known !== undefined) return known;
    const elements = half(constant.elements);
    const name = this.#graph.addConstant(`${value}_half`, 'float16', { ...constant, elements });
    this.#constants.set(value, name);
    return name;
  }
}

function halfTensor(tensor: TensorProto): TensorProto {
  if (tensor.data_type !== dataTypes.float32.id) return tensor;
  const elements = half(elementsOf(tensor, 'float32'));
  return tensorProto({ name: tensor.name ?? '', dataType: 'float16', shape: shapeOf(tensor), elements });
}

/** As bits, rounded to the nearest. */
function half(elements: ArrayLike<number>): Uint16Array<ArrayBuffer> {
  return new Uint16Array(Float16Array.from(elements).buffer);
}
