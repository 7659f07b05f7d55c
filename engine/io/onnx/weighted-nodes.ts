/** The nodes of a graph that multiply what they are given by constant weights: where nearly all the time goes. */
import { type EditableGraph, fractionOf, integerOf, type NodeProto, notEditable } from './editable-graph.ts';

export interface WeightedNode {
  readonly node: NodeProto;
  readonly op: 'Conv' | 'Gemm' | 'MatMul';
  /** Name of what comes in. */
  readonly input: string;
  readonly weightName: string;
  readonly weight: { readonly elements: Float32Array; readonly shape: readonly number[] };
  /** Axis of the weights along which the output's channels lie. */
  readonly axis: number;
  /** Name and elements of what is added to each channel. */
  readonly bias: { readonly name: string; readonly elements: Float32Array } | undefined;
}

/**
 * Those whose weights, and bias if there is one, are float32 constants.
 *
 * @param act what for, for messages
 * @throws {FlowError} `model_io_mismatch` if there are none
 */
export function weightedNodes(graph: EditableGraph, act: string): WeightedNode[] {
  const found = graph.nodes.flatMap((node) => weightedNode(graph, node) ?? []);
  if (found.length > 0) return found;
  throw notEditable(act, 'it has no Conv, Gemm or MatMul whose weights are constants of float32');
}

function weightedNode(graph: EditableGraph, node: NodeProto): WeightedNode | undefined {
  const op = node.op_type;
  if (op !== 'Conv' && op !== 'Gemm' && op !== 'MatMul') return undefined;
  const [input, weightName, biasName = ''] = node.input;
  const weight = graph.constant(weightName, 'float32');
  if (!weight || graph.isConstant(input!)) return undefined;
  if (op === 'MatMul' && weight.shape.length !== 2) return undefined;
  if (op === 'Gemm' && !isPlainGemm(node)) return undefined;
  const axis = op === 'Conv' || (op === 'Gemm' && integerOf(node, 'transB', 0) === 1) ? 0 : 1;
  const added = graph.constant(biasName, 'float32');
  if (biasName !== '' && added?.elements.length !== weight.shape[axis]) return undefined;
  const bias = added && { name: biasName, elements: added.elements };
  return { node, op, input: input!, weightName: weightName!, weight, axis, bias };
}

function isPlainGemm(node: NodeProto): boolean {
  const isUnscaled = fractionOf(node, 'alpha', 1) === 1 && fractionOf(node, 'beta', 1) === 1;
  return isUnscaled && integerOf(node, 'transA', 0) === 0;
}
