/** `flow models convert-fp16`: a model that computes with fractions of 16 bits. */
import { readFileSync } from 'node:fs';
import { OpenedUp } from '../../io/models/opened-up.ts';
import { convertHalf, type TooLarge } from '../../io/onnx/convert-half.ts';
import { EditableGraph } from '../../io/onnx/editable-graph.ts';
import { readOnnx, writeOnnx } from '../../io/onnx/onnx-file.ts';
import { type DataType, dataTypes } from '../../io/onnx/tensor-proto.ts';
import { filmsOf } from './film-session.ts';
import { type Made, makeVersion, type VersionFlags } from './make-version.ts';

export interface ConvertHalfFlags extends VersionFlags {
  readonly frames?: readonly string[];
  readonly count: number;
}

const act = 'convert the model to fp16';

/** @throws {FlowError} */
export async function convertHalfCommand(word: string, flags: ConvertHalfFlags): Promise<void> {
  await makeVersion(word, flags, {
    suffix: 'fp16',
    by: 'flow models convert-fp16',
    note: 'Weights and sums of 16 bits; inputs and outputs as they were.',
    precision: 'fp16',
    films: filmsOf(flags.frames ?? [], flags.count),
    make: ({ path }) => convert(path),
  });
}

async function convert(path: string): Promise<Made> {
  using opened = await OpenedUp.create(path, act, (graph) =>
    graph.nodes.flatMap(({ output }) => output.filter((value) => value !== '')),
  );
  const types = [...opened.inputs, ...opened.values].flatMap(
    ({ name, dtype }) => (dtype in dataTypes ? [[name, dtype as DataType] as const] : []), // Texts and lists have no fractions.
  );
  const graph = new EditableGraph(readOnnx(readFileSync(path), path), act);
  const tooLarge = convertHalf(graph, new Map(types));
  return { bytes: writeOnnx(graph.finish()), remarks: tooLarge.map(remark) };
}

function remark({ name, largest }: TooLarge): string {
  return `"${name}" holds ${largest.toPrecision(3)}, more than 16 bits can: what uses it still computes with 32.`;
}
