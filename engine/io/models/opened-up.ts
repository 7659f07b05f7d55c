import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TensorFacts } from '../inference/fault-of-tensors.ts';
import { EditableGraph } from '../onnx/editable-graph.ts';
import { readOnnx, writeOnnx } from '../onnx/onnx-file.ts';
import { inspectOnnx } from './inspect-onnx.ts';

/** A copy of a model that gives out values of its inside; what they are, ONNX Runtime finds out. */
export class OpenedUp implements Disposable {
  readonly path: string;
  /** Its inputs, and the values in the order that they were asked for. */
  readonly inputs: readonly TensorFacts[];
  readonly values: readonly TensorFacts[];
  readonly #folder: string;

  private constructor(folder: string, path: string, facts: Awaited<ReturnType<typeof inspectOnnx>>) {
    this.#folder = folder;
    this.path = path;
    this.inputs = facts.inputs;
    this.values = facts.outputs;
  }

  /**
   * @param choose which values of the graph are wanted; what is given to the graph cannot be
   * @throws {FlowError} `model_io_mismatch`, `input_unreadable`
   */
  static async create(
    graphPath: string,
    act: string,
    choose: (graph: EditableGraph) => readonly string[],
  ): Promise<OpenedUp> {
    const graph = new EditableGraph(readOnnx(readFileSync(graphPath), graphPath), act);
    const wanted = choose(graph);
    graph.giveOut(wanted);
    const folder = mkdtempSync(join(tmpdir(), 'flow-model-'));
    const path = join(folder, 'opened.onnx');
    try {
      writeFileSync(path, writeOnnx(graph.finish()));
      return new OpenedUp(folder, path, await inspectOnnx(path));
    } catch (error) {
      rmSync(folder, { recursive: true, force: true });
      throw error;
    }
  }

  [Symbol.dispose](): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
