/**
 * Quantizes weights to 8 bits once, and what comes in each time anew: no frames are needed, and each run first looks for
 * the range of its input. That is of the whole batch, so that an item's result depends on its batch.
 *
 * ```
 *   x ─ DynamicQuantizeLinear ─ MatMulInteger / ConvInteger ─ Cast ─ Mul (scales) ─ Add (bias)
 * ```
 */
import { type EditableGraph, integerOf } from './editable-graph.ts';
import { fullWeight, wholeWeights } from './quantized-numbers.ts';
import { raiseOpset } from './raise-opset.ts';
import { dataTypes } from './tensor-proto.ts';
import { type WeightedNode, weightedNodes } from './weighted-nodes.ts';

export interface DynamicOptions {
  /** Each channel of the weights has a scale of its own. */
  readonly isPerChannel: boolean;
}

const act = 'quantize the model';

/** That in which DynamicQuantizeLinear came. */
const leastOpset = 11;

/** Weights without a sign, of which 128 is zero: of those ONNX Runtime adds all 8 bits exactly on every processor. */
const unsignedZero = 128;

/** @throws {FlowError} `model_io_mismatch` if nothing in it can be quantized, or its operators are too old */
export function quantizeDynamic(graph: EditableGraph, { isPerChannel }: DynamicOptions): void {
  const weighted = weightedNodes(graph, act);
  raiseOpset(graph, leastOpset, act);
  const inputs = new Set(weighted.map(({ input }) => input));
  for (const input of inputs)
    graph.addNode({ op: 'DynamicQuantizeLinear', inputs: [input], outputs: wholeInput(input) });
  for (const [index, one] of weighted.entries()) replace(graph, one, { isPerChannel, index });
}

/** The input as whole numbers, its scale, its zero. */
function wholeInput(input: string): [whole: string, scale: string, zero: string] {
  return [`${input}_whole`, `${input}_scale`, `${input}_zero`];
}

function replace(
  graph: EditableGraph,
  one: WeightedNode,
  { isPerChannel, index }: { readonly isPerChannel: boolean; readonly index: number },
): void {
  const { node, op, input, bias } = one;
  const name = `${node.output[0]}_${index}`;
  const { weight, shape, axis } = withChannelsLast(one);
  const layout = { shape, axis: isPerChannel ? axis : undefined, most: fullWeight };
  const { values, scales } = wholeWeights(weight, layout);
  const unsigned = Uint8Array.from(values, (value) => value + unsignedZero);
  const [whole, scale, zero] = wholeInput(input);
  // Along the channels of the output: its second axis, with the picture's axes behind it, or its last one.
  const along = (length: number): number[] =>
    op === 'Conv' ? [1, length, ...shape.slice(2).map(() => 1)] : [length];
  graph.remove(node);
  graph.addNode({
    op: op === 'Conv' ? 'ConvInteger' : 'MatMulInteger',
    inputs: [
      whole,
      graph.addConstant(`${name}_weights`, 'uint8', { elements: unsigned, shape }),
      zero,
      graph.addConstant(`${name}_weights_zero`, 'uint8', {
        elements: Uint8Array.of(unsignedZero),
        shape: [],
      }),
    ],
    outputs: [`${name}_sums`],
  });
  const sums = graph.nodes.at(-1)!;
  if (op === 'Conv') sums.attribute = node.attribute;
  graph.addNode({
    op: 'Cast',
    inputs: [`${name}_sums`],
    outputs: [`${name}_fractions`],
    attributes: { to: dataTypes.float32.id },
  });
  graph.addNode({
    op: 'Mul',
    inputs: [
      scale,
      graph.addConstant(`${name}_weights_scale`, 'float32', {
        elements: scales,
        shape: isPerChannel ? along(scales.length) : [],
      }),
    ],
    outputs: [`${name}_scale`],
  });
  const scaled = bias ? `${name}_scaled` : node.output[0]!;
  graph.addNode({ op: 'Mul', inputs: [`${name}_fractions`, `${name}_scale`], outputs: [scaled] });
  if (!bias) return;
  const added = graph.addConstant(`${name}_bias`, 'float32', {
    elements: Float32Array.from(bias.elements),
    shape: along(bias.elements.length),
  });
  graph.addNode({ op: 'Add', inputs: [scaled, added], outputs: [node.output[0]!] });
}

/** The weights as MatMulInteger takes them: those of a Gemm may lie the other way round. Conv keeps its own. */
function withChannelsLast({ node, op, weight: { elements, shape }, axis }: WeightedNode): {
  weight: Float32Array;
  shape: readonly number[];
  axis: number;
} {
  if (op !== 'Gemm' || integerOf(node, 'transB', 0) === 0) return { weight: elements, shape, axis };
  const [rows, columns] = shape as [number, number]; // Gemm multiplies matrices alone.
  const turned = new Float32Array(elements.length);
  for (let row = 0; row < rows; row += 1)
    for (let column = 0; column < columns; column += 1)
      turned[column * rows + row] = elements[row * columns + column]!;
  return { weight: turned, shape: [columns, rows], axis: 1 };
}
