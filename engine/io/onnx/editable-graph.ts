/**
 * The graph of a model, opened to be changed. Constants are found by their names however the file has them; new nodes
 * may be added in any order, and are brought into theirs in the end.
 */
import { FlowError } from '../../core/errors.ts';
import { type AttributeValue, attribute } from './attribute.ts';
import {
  type GraphProto,
  type Message,
  type ModelProto,
  message,
  type TensorProto,
} from './onnx-messages.ts';
import {
  type DataType,
  dataTypes,
  type ElementsOf,
  elementsOf,
  shapeOf,
  tensorProto,
} from './tensor-proto.ts';

export type NodeProto = Message<'NodeProto'>;

export interface NewNode {
  readonly op: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes?: Readonly<Record<string, AttributeValue>>;
}

/** The first version of the format in which a constant need not be an input of the graph. */
const leastIrVersion = 4n;

export class EditableGraph {
  readonly model: ModelProto;
  readonly #graph: GraphProto;
  readonly #constants: Map<string, TensorProto>;

  /**
   * @param model is changed
   * @param act what for, for messages: 'quantize the model'
   * @throws {FlowError} `model_io_mismatch` for graphs within graphs (If, Loop, Scan)
   */
  constructor(model: ModelProto, act: string) {
    const graph = model.graph!; // `readOnnx` has seen to it.
    const nested = graph.node.find((node) => node.attribute.some(({ g, graphs }) => g || graphs.length > 0));
    if (nested)
      throw notEditable(act, `its node "${nested.name}" (${nested.op_type}) holds a graph of its own`);
    this.model = model;
    this.#graph = graph;
    liftConstants(graph);
    this.#constants = new Map(graph.initializer.map((one) => [one.name!, one]));
    // Old files list constants among the inputs, where a caller could give others.
    graph.input = graph.input.filter(({ name }) => !this.#constants.has(name!));
    if ((model.ir_version ?? 0n) < leastIrVersion) model.ir_version = leastIrVersion;
  }

  get nodes(): readonly NodeProto[] {
    return this.#graph.node;
  }

  /** Names of the values that the graph is given. */
  get inputs(): string[] {
    return this.#graph.input.map(({ name }) => name!);
  }

  isOutput(value: string): boolean {
    return this.#graph.output.some(({ name }) => name === value);
  }

  isConstant(value: string): boolean {
    return this.#constants.has(value);
  }

  /** A constant of this type; undefined if the value is none, or of another one. */
  constant<D extends DataType>(
    value: string | undefined,
    dataType: D,
  ): { readonly elements: ElementsOf<D>; readonly shape: number[] } | undefined {
    const tensor = this.#constants.get(value ?? '');
    if (tensor?.data_type !== dataTypes[dataType].id) return undefined;
    return { elements: elementsOf(tensor, dataType), shape: shapeOf(tensor) };
  }

  /** Nodes that take the value as an input. */
  usersOf(value: string): NodeProto[] {
    return this.#graph.node.filter(({ input }) => input.includes(value));
  }

  /** @returns the name */
  addConstant<D extends DataType>(
    name: string,
    dataType: D,
    constant: { readonly elements: ElementsOf<D>; readonly shape: readonly number[] },
  ): string {
    const tensor = tensorProto({ name, dataType, ...constant });
    this.#graph.initializer.push(tensor);
    this.#constants.set(name, tensor);
    return name;
  }

  addNode({ op, inputs, outputs, attributes = {} }: NewNode): void {
    this.#graph.node.push(
      message('NodeProto', {
        name: `${op}_of_${outputs[0]}`,
        op_type: op,
        input: [...inputs],
        output: [...outputs],
        attribute: Object.entries(attributes).map(([key, value]) => attribute(key, value)),
      }),
    );
  }

  remove(node: NodeProto): void {
    this.#graph.node = this.#graph.node.filter((one) => one !== node);
  }

  /** For changes after which values inside the graph have other types than the file says. */
  forgetTypes(): void {
    this.#graph.value_info = [];
  }

  /** Makes values outputs of the graph, in the place of those that it has; runtimes find out their types. */
  giveOut(values: readonly string[]): void {
    this.#graph.output = values.map((name) => message('ValueInfoProto', { name }));
  }

  /** Brings the nodes into an order in which each follows what it needs, and drops constants that nobody needs now. */
  finish(): ModelProto {
    this.#graph.node = sorted(this.#graph.node);
    const used = new Set(this.#graph.node.flatMap(({ input }) => input));
    this.#graph.initializer = this.#graph.initializer.filter(
      ({ name }) => used.has(name!) || this.isOutput(name!),
    );
    return this.model;
  }
}

/** The value of a whole-number attribute. */
export function integerOf({ attribute: all }: NodeProto, name: string, otherwise: number): number {
  return Number(all.find((one) => one.name === name)?.i ?? otherwise);
}

/** The value of an attribute that is a fraction. */
export function fractionOf({ attribute: all }: NodeProto, name: string, otherwise: number): number {
  return all.find((one) => one.name === name)?.f ?? otherwise;
}

/** @param why a clause */
export function notEditable(act: string, why: string): FlowError {
  return new FlowError({
    code: 'model_io_mismatch',
    blame: 'user',
    message: `Cannot ${act}: ${why}.`,
    fix: 'Use the model as it is, or export it anew in the way that is wanted.',
  });
}

/** Nodes that make a constant become constants of the graph. */
function liftConstants(graph: GraphProto): void {
  graph.node = graph.node.filter((node) => {
    const tensor = node.op_type === 'Constant' && node.attribute.find(({ name }) => name === 'value')?.t;
    if (!tensor) return true;
    graph.initializer.push({ ...tensor, name: node.output[0]! });
    return false;
  });
}

function sorted(nodes: readonly NodeProto[]): NodeProto[] {
  const makers = new Map(nodes.flatMap((node) => node.output.map((value) => [value, node] as const)));
  const result: NodeProto[] = [];
  const seen = new Set<NodeProto>();
  const visit = (node: NodeProto): void => {
    if (seen.has(node)) return;
    seen.add(node);
    for (const value of node.input) {
      const maker = makers.get(value);
      if (maker) visit(maker); // New nodes alone stand behind their users, so that this never goes deep.
    }
    result.push(node);
  };
  nodes.forEach(visit);
  return result;
}
