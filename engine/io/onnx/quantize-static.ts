/**
 * Quantizes weights and activations to 8 bits, with ranges that were observed before.
 *
 * A tensor goes through QuantizeLinear and DequantizeLinear on its way to a Conv, Gemm or MatMul, and on its way from
 * one; the weights are kept as whole numbers, and dequantized. Runtimes that know the pattern compute with whole
 * numbers between; others compute the same with fractions.
 */
import type { EditableGraph } from './editable-graph.ts';
import {
  activationScale,
  fullWeight,
  portableWeight,
  type Range,
  wholeWeights,
} from './quantized-numbers.ts';
import { raiseOpset } from './raise-opset.ts';
import type { DataType, ElementsOf } from './tensor-proto.ts';
import { type WeightedNode, weightedNodes } from './weighted-nodes.ts';

export interface StaticOptions {
  /** Of each tensor of `quantizedTensors`. */
  readonly ranges: ReadonlyMap<string, Range>;
  /** Each channel of the weights has a scale of its own. */
  readonly isPerChannel: boolean;
  /** Weights have 8 bits; else 7, with which all processors give the same. */
  readonly isFullRange: boolean;
}

const act = 'quantize the model';

/** The version of the operators in which QuantizeLinear came, and that in which it knows channels. */
const leastOpset = 10;
const channelOpset = 13;

/** Runtimes compute these with whole numbers, too, where they stand between quantized tensors. */
const elementwise = ['Add', 'Mul', 'Sigmoid'];

/** Names of the tensors whose ranges have to be known. @throws {FlowError} `model_io_mismatch` if nothing can be quantized */
export function quantizedTensors(graph: EditableGraph): string[] {
  const { before, after } = placesOf(graph, weightedNodes(graph, act));
  return [...new Set([...before, ...after])];
}

/** @throws {FlowError} `model_io_mismatch` if nothing in it can be quantized, or its operators are too old */
export function quantizeStatic(graph: EditableGraph, options: StaticOptions): void {
  const { ranges, isPerChannel } = options;
  const weighted = weightedNodes(graph, act);
  raiseOpset(graph, isPerChannel ? channelOpset : leastOpset, act);
  const { before, after } = placesOf(graph, weighted);
  const nodes = new Set(weighted.map(({ node }) => node));
  for (const value of new Set([...after, ...before])) {
    const users = graph.usersOf(value).filter((node) => after.has(value) || nodes.has(node));
    const back = addRoundTrip(graph, value, ranges.get(value)!);
    for (const user of users) user.input = user.input.map((one) => (one === value ? back : one));
  }
  for (const [index, one] of weighted.entries()) {
    const { scale } = activationScale(ranges.get(one.input)!);
    quantizeWeights(graph, one, { ...options, inputScale: scale, index });
  }
}

interface Places {
  /** On their way to weighted nodes. */
  readonly before: ReadonlySet<string>;
  /** On their way from nodes that compute with whole numbers, to whomever. */
  readonly after: ReadonlySet<string>;
}

function placesOf(graph: EditableGraph, weighted: readonly WeightedNode[]): Places {
  const before = new Set(weighted.map(({ input }) => input));
  const results = weighted.map(({ node }) => resultOf(graph, node.output[0]!));
  const after = new Set(results.filter((value) => isInner(graph, value)));
  for (const { op_type, input, output } of graph.nodes) {
    const isBetween = input.every((value) => after.has(value) || before.has(value));
    const isSquare = input[0] === input[1]; // Squares lie too far apart for 8 bits.
    if (!elementwise.includes(op_type!) || !isBetween || isSquare || !isInner(graph, output[0]!)) continue;
    for (const value of [...input, output[0]!]) after.add(value);
  }
  return { before, after };
}

/** What the model gives is left as exact as it is. */
function isInner(graph: EditableGraph, value: string): boolean {
  return !graph.isOutput(value) && graph.usersOf(value).length > 0;
}

/** What a runtime computes together with the node: its output, or that of the Relu behind it. */
function resultOf(graph: EditableGraph, value: string): string {
  const [user, ...others] = graph.usersOf(value);
  if (!user || others.length > 0 || graph.isOutput(value)) return value;
  const low = user.op_type === 'Clip' ? graph.constant(user.input[1], 'float32')?.elements[0] : undefined;
  return user.op_type === 'Relu' || low === 0 ? user.output[0]! : value;
}

/** @returns the name of the value as it comes back */
function addRoundTrip(graph: EditableGraph, value: string, range: Range): string {
  const { scale, zero } = activationScale(range);
  const scaling = [
    graph.addConstant(`${value}_scale`, 'float32', { elements: Float32Array.of(scale), shape: [] }),
    graph.addConstant(`${value}_zero`, 'uint8', { elements: Uint8Array.of(zero), shape: [] }),
  ];
  const [whole, back] = [`${value}_whole`, `${value}_back`];
  graph.addNode({ op: 'QuantizeLinear', inputs: [value, ...scaling], outputs: [whole] });
  graph.addNode({ op: 'DequantizeLinear', inputs: [whole, ...scaling], outputs: [back] });
  return back;
}

/** Largest whole number that a bias may become: half of what 32 bits hold, for the sum has to fit, too. */
const mostBias = 2 ** 30;

/** A weight that several nodes have gets a copy for each: their scales depend on their inputs and biases. */
function quantizeWeights(
  graph: EditableGraph,
  { node, weightName, weight, axis, bias }: WeightedNode,
  about: StaticOptions & { readonly inputScale: number; readonly index: number },
): void {
  const { inputScale, isPerChannel, isFullRange, index } = about;
  const { shape } = weight;
  const biases = bias?.elements ?? new Float32Array();
  const largest = biases.reduce((most, one) => Math.max(most, Math.abs(one)), 0);
  const { values, scales } = wholeWeights(weight.elements, {
    shape,
    axis: isPerChannel ? axis : undefined,
    most: isFullRange ? fullWeight : portableWeight,
    leastScale: (channel) =>
      (isPerChannel ? Math.abs(biases[channel] ?? 0) : largest) / (inputScale * mostBias),
  });
  const zeros = new Int8Array(scales.length);
  const dequantized = { dataType: 'int8', values, shape, scales, zeros, axis } as const;
  node.input[1] = addDequantized(graph, `${weightName}_${index}`, dequantized);
  if (!bias) return;
  const biasScales = scales.map((one) => one * inputScale);
  node.input[2] = addDequantized(graph, `${bias.name}_${index}`, {
    dataType: 'int32',
    values: Int32Array.from(biases, (one, channel) =>
      Math.round(one / biasScales[isPerChannel ? channel : 0]!),
    ),
    shape: [biases.length],
    scales: biasScales,
    zeros: new Int32Array(scales.length),
    axis: 0,
  });
}

interface Dequantized<D extends DataType> {
  readonly dataType: D;
  readonly values: ElementsOf<D>;
  readonly shape: readonly number[];
  /** One for all, or one for each place of the axis. */
  readonly scales: Float32Array<ArrayBuffer>;
  readonly zeros: ElementsOf<D>;
  readonly axis: number;
}

/** @returns the name of the numbers as fractions */
function addDequantized<D extends DataType>(graph: EditableGraph, name: string, all: Dequantized<D>): string {
  const { dataType, values, shape, scales, zeros, axis } = all;
  const isOne = scales.length === 1;
  const scaleShape = isOne ? [] : [scales.length];
  graph.addNode({
    op: 'DequantizeLinear',
    inputs: [
      graph.addConstant(`${name}_whole`, dataType, { elements: values, shape }),
      graph.addConstant(`${name}_scale`, 'float32', { elements: scales, shape: scaleShape }),
      graph.addConstant(`${name}_zero`, dataType, { elements: zeros, shape: scaleShape }),
    ],
    outputs: [name],
    attributes: isOne ? {} : { axis },
  });
  return name;
}
