/** Brings a model to a later version of the operators, where that changes no result. */
import { type EditableGraph, type NodeProto, notEditable } from './editable-graph.ts';
import type { Message } from './onnx-messages.ts';

/**
 * Operators that mean something else, or take their settings in another way, from a version on. All others only took
 * more types or settings since version 9.
 *
 * Source: onnx.ai/onnx/operators, the page of each operator with its versions.
 */
const changedIn: Readonly<Record<number, readonly string[]>> = {
  10: ['Slice', 'TopK', 'Upsample'],
  11: ['Clip', 'Pad', 'Resize', 'Scatter'],
  12: ['Dropout'],
  13: ['Softmax', 'LogSoftmax', 'Hardmax', 'Squeeze', 'Unsqueeze', 'ReduceSum', 'Split'],
};

/** From version 13 on these take as an input what was an attribute, and are else the same. */
const movedToInput: Readonly<Record<string, string>> = {
  Squeeze: 'axes',
  Unsqueeze: 'axes',
  ReduceSum: 'axes',
  Split: 'split',
};

const earliest = 9;
/** The format's version in which the operators of version 13 came. */
const irVersion = 7n;

/** Of the operators of ONNX itself. */
function opsetOf({ model }: EditableGraph): number {
  return Number(onnxOpset(model.opset_import)?.version ?? 1n);
}

/**
 * @param wanted 13 at most; a model that has it, or a later one, stays as it is
 * @throws {FlowError} `model_io_mismatch` if a node would mean something else
 */
export function raiseOpset(graph: EditableGraph, wanted: number, act: string): void {
  const found = opsetOf(graph);
  if (found >= wanted) return;
  const why = `it has the operators of version ${found}, and ${wanted} is needed`;
  if (found < earliest) throw notEditable(act, why);
  for (let version = found + 1; version <= wanted; version += 1)
    for (const node of graph.nodes.filter(({ op_type }) => changedIn[version]?.includes(op_type!)))
      if (!moveToInput(graph, node, version))
        throw notEditable(act, `${why}, in which ${node.op_type} means something else`);
  onnxOpset(graph.model.opset_import)!.version = BigInt(wanted);
  if (graph.model.ir_version! < irVersion) graph.model.ir_version = irVersion;
}

/** @returns whether the node means the same now */
function moveToInput(graph: EditableGraph, node: NodeProto, version: number): boolean {
  const moved = version === 13 ? movedToInput[node.op_type!] : undefined;
  if (moved === undefined) return false;
  const setting = node.attribute.find(({ name }) => name === moved);
  if (!setting) return true;
  node.attribute = node.attribute.filter((one) => one !== setting);
  const elements = BigInt64Array.from(setting.ints);
  const name = `${node.output[0]}_${moved}`;
  node.input.push(graph.addConstant(name, 'int64', { elements, shape: [elements.length] }));
  return true;
}

function onnxOpset(all: readonly Message<'OperatorSetIdProto'>[]): Message<'OperatorSetIdProto'> | undefined {
  return all.find(({ domain = '' }) => domain === '' || domain === 'ai.onnx');
}
