/** ONNX files of a few hundred bytes, for tests of what becomes of files. */
import { GraphBuilder } from '../../engine/io/onnx/graph-builder.ts';
import { writeOnnx } from '../../engine/io/onnx/onnx-file.ts';

/** A model that adds a number to all levels of a picture: each number gives another file. */
export function tinyOnnx(added = 1, { opset }: { readonly opset?: bigint } = {}): Uint8Array {
  const graph = new GraphBuilder('tiny');
  const shape = ['N', 3, 8, 8];
  graph.output('brighter', graph.node('Add', [graph.input('picture', shape), added]), shape);
  const model = graph.model({ producer: 'tests', description: '' });
  if (opset !== undefined) for (const one of model.opset_import) one.version = opset;
  return writeOnnx(model);
}
