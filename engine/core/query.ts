/** Queries over the component graph: sets of components, named, followed along the arrows, and combined. */
import { DirectedGraph } from 'graphology';
import type { Graph } from './graph.ts';
import { suggestion } from './nearest.ts';
import { parseQuery, type Query, type SetOperator, type Span, wrongQuery } from './query-syntax.ts';

export interface QuerySetting {
  readonly graph: Graph;
  /** The components that a file affects directly; what follows from them is added here. */
  readonly affectedBy: (file: string) => Promise<Iterable<string>>;
}

/**
 * Answers a query.
 *
 * @returns names of components, producers first
 * @throws {FlowError} `config_invalid`, with the place in the query
 */
export async function answerQuery(source: string, { graph, affectedBy }: QuerySetting): Promise<string[]> {
  const query = parseQuery(source);
  const names = await new Answer(source, graph, affectedBy).of(query);
  return graph.components.map(({ name }) => name).filter((name) => names.has(name));
}

type Names = ReadonlySet<string>;

const operations: Readonly<Record<SetOperator, (left: Names, right: Names) => Names>> = {
  union: (left, right) => left.union(right),
  intersect: (left, right) => left.intersection(right),
  except: (left, right) => left.difference(right),
};

/** Functions of the language, with what they take: for messages. */
const queryFunctions: Readonly<Record<string, string>> = {
  deps: 'deps(x) or deps(x, depth)',
  rdeps: 'rdeps(x) or rdeps(x, depth)',
  path: 'path(a, b)',
  allpaths: 'allpaths(a, b)',
  affected: 'affected(file)',
  stage: 'stage(name)',
  processor: 'processor(name)',
};

class Answer {
  readonly #source: string;
  readonly #graph: Graph;
  readonly #affectedBy: QuerySetting['affectedBy'];
  readonly #arrows = new DirectedGraph();

  constructor(source: string, graph: Graph, affectedBy: QuerySetting['affectedBy']) {
    this.#source = source;
    this.#graph = graph;
    this.#affectedBy = affectedBy;
    for (const { name } of graph.components) this.#arrows.addNode(name);
    for (const { name, inputs } of graph.components) {
      for (const input of Object.values(inputs))
        if (input.type === 'output') this.#arrows.mergeEdge(input.component, name);
    }
  }

  async of(query: Query): Promise<Names> {
    switch (query.type) {
      case 'word':
        return this.#named(query);
      case 'operation':
        return operations[query.operator](await this.of(query.left), await this.of(query.right));
      case 'call':
        return this.#call(query);
      default:
        return query satisfies never;
    }
  }

  #named(word: Query & { type: 'word' }): Names {
    const name = word.text.replace(/^\/\//, '');
    if (name === '...') return new Set(this.#arrows.nodes());
    if (this.#arrows.hasNode(name)) return new Set([name]);
    throw this.#unknown(word, 'component', name, this.#arrows.nodes());
  }

  async #call(call: Query & { type: 'call' }): Promise<Names> {
    switch (call.name) {
      case 'deps':
        return this.#reach(call, 'inNeighbors');
      case 'rdeps':
        return this.#reach(call, 'outNeighbors');
      case 'path':
        return this.#eitherWay(call, (from, to) => this.#shortest(from, to));
      case 'allpaths':
        return this.#eitherWay(call, (from, to) => this.#between(from, to));
      case 'affected':
        return this.#follow(new Set(await this.#affectedBy(this.#textOf(call, 'a file'))), 'outNeighbors');
      case 'stage':
        return this.#stage(call);
      case 'processor':
        return this.#processor(call);
      default:
        throw this.#unknown(call.nameSpan, 'function', call.name, Object.keys(queryFunctions));
    }
  }

  async #reach(call: Query & { type: 'call' }, direction: Direction): Promise<Names> {
    const [set, depth] = this.#args(call, 1, 2);
    return this.#follow(await this.of(set!), direction, depth ? this.#depthOf(depth) : undefined);
  }

  /** A set and all that is reached from it in one direction, in at most so many steps. */
  #follow(from: Names, direction: Direction, depth = Number.POSITIVE_INFINITY): Names {
    const reached = new Set(from);
    let border: Names = from;
    for (let step = 0; step < depth && border.size > 0; step += 1) {
      const next = new Set([...border].flatMap((name) => this.#arrows[direction](name)));
      border = next.difference(reached);
      for (const name of border) reached.add(name);
    }
    return reached;
  }

  /** Whichever of the two depends on the other. */
  async #eitherWay(
    call: Query & { type: 'call' },
    find: (producers: Names, consumers: Names) => Names,
  ): Promise<Names> {
    const [first, second] = this.#args(call, 2, 2);
    const [a, b] = [await this.of(first!), await this.of(second!)];
    const upwards = find(b, a);
    return upwards.size > 0 ? upwards : find(a, b);
  }

  /** One way along the arrows with the fewest steps; none if there is no way. */
  #shortest(from: Names, to: Names): Names {
    const cameFrom = new Map<string, string | undefined>([...from].sort().map((name) => [name, undefined]));
    for (const name of cameFrom.keys()) {
      if (to.has(name)) return new Set(wayBack(name, cameFrom));
      // A map is walked in the order in which it grows: the nearest first.
      for (const next of this.#arrows.outNeighbors(name).sort())
        if (!cameFrom.has(next)) cameFrom.set(next, name);
    }
    return new Set();
  }

  /** Everything that lies on any way from one set to the other. */
  #between(from: Names, to: Names): Names {
    return this.#follow(from, 'outNeighbors').intersection(this.#follow(to, 'inNeighbors'));
  }

  #stage(call: Query & { type: 'call' }): Names {
    const { stages } = this.#graph;
    const name = this.#textOf(call, 'a stage');
    if (Object.hasOwn(stages, name)) return new Set(stages[name]);
    throw this.#unknown(call.args[0]!, 'stage', name, Object.keys(stages));
  }

  #processor(call: Query & { type: 'call' }): Names {
    const name = this.#textOf(call, 'a processor');
    const members = this.#graph.components.filter(({ processor }) => processor === name);
    if (members.length > 0) return new Set(members.map((member) => member.name));
    const known = new Set(this.#graph.components.map(({ processor }) => processor));
    throw this.#unknown(call.args[0]!, 'processor', name, [...known]);
  }

  #args(call: Query & { type: 'call' }, least: number, most: number): readonly Query[] {
    const { args, name } = call;
    if (args.length >= least && args.length <= most) return args;
    const count = `${args.length} argument${args.length === 1 ? '' : 's'}`;
    throw wrongQuery(this.#source, call, `"${name}" cannot take ${count}`, `Write ${queryFunctions[name]}.`);
  }

  #textOf(call: Query & { type: 'call' }, what: string): string {
    const [arg] = this.#args(call, 1, 1);
    if (arg!.type === 'word') return arg!.text;
    throw wrongQuery(
      this.#source,
      arg!,
      `"${call.name}" takes the name of ${what}`,
      `Write ${queryFunctions[call.name]}.`,
    );
  }

  #depthOf(arg: Query): number {
    if (arg.type === 'word' && /^\d{1,6}$/.test(arg.text)) return Number(arg.text);
    throw wrongQuery(
      this.#source,
      arg,
      'a depth is a number of steps',
      'Write a whole number, as in deps(x, 2).',
    );
  }

  #unknown(span: Span, what: string, name: string, known: readonly string[]): Error {
    return wrongQuery(this.#source, span, `no ${what} is called "${name}"`, suggestion(name, known));
  }
}

type Direction = 'inNeighbors' | 'outNeighbors';

function wayBack(end: string, cameFrom: ReadonlyMap<string, string | undefined>): string[] {
  const way: string[] = [];
  for (let name: string | undefined = end; name !== undefined; name = cameFrom.get(name)) way.push(name);
  return way;
}
