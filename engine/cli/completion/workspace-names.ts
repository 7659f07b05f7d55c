/**
 * The names of a workspace, for whoever presses a key and waits: no rule is loaded, and a graph that was read before is
 * not parsed again. What is broken has no names here; a build tells what is wrong with it.
 */
import { globSync, readFileSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { packageRoot } from '../package-root.ts';
import { stateFolderOf, workspaceRoot } from '../workspace-root.ts';

export interface NamedComponent {
  readonly name: string;
  /** Whether it needs a video. */
  readonly isPerRun: boolean;
}

interface GraphNames {
  readonly components: readonly NamedComponent[];
  readonly stages: readonly string[];
}

export async function componentsOf(): Promise<readonly NamedComponent[]> {
  return (await graphNames()).components;
}

export async function stageNames(): Promise<readonly string[]> {
  return (await graphNames()).stages;
}

export function profileNames(): string[] {
  const names = filesIn('profiles').map((file) => basename(file).replace(/\.ya?ml$/, ''));
  return [...new Set(names)].sort();
}

async function graphNames(): Promise<GraphNames> {
  const files = filesIn('graphs');
  return rememberedNames(files) ?? (await parsedNames(files));
}

function filesIn(folder: string): string[] {
  const roots = new Set([packageRoot, workspaceRoot()]);
  return [...roots].flatMap((root) => globSync(join(root, folder, '*.{yaml,yml}')));
}

/** From what the last build remembers, if no file of the graph is younger. */
function rememberedNames(files: readonly string[]): GraphNames | undefined {
  const path = join(stateFolderOf(workspaceRoot()), 'graph.json');
  try {
    const { mtimeMs } = statSync(path);
    if (files.some((file) => statSync(file).mtimeMs >= mtimeMs)) return undefined;
    const text = readFileSync(path, 'utf8');
    // As load-graph.ts wrote it; anything else ends in the catch, or in no names.
    const { graph } = JSON.parse(text.slice(text.indexOf('\n'))) as {
      graph: { components: NamedComponent[]; stages: object };
    };
    return { components: graph.components, stages: Object.keys(graph.stages) };
  } catch {
    return undefined;
  }
}

async function parsedNames(files: readonly string[]): Promise<GraphNames> {
  const { parse } = await import('yaml');
  const graphs = files.map((file): Fields => {
    try {
      return fieldsOf(parse(readFileSync(file, 'utf8')));
    } catch {
      return {};
    }
  });
  const components = Object.assign({}, ...graphs.map((graph) => graph.components)) as Fields;
  const perRun = needingVideo(components);
  return {
    components: Object.keys(components).map((name) => ({ name, isPerRun: perRun.has(name) })),
    stages: graphs.flatMap((graph) => Object.keys(fieldsOf(graph.stages))),
  };
}

/** Those with an input from the video, or from one that has such an input. */
function needingVideo(components: Fields): Set<string> {
  const found = new Set(['video']);
  for (let before = 0; before < found.size; ) {
    before = found.size;
    for (const [name, component] of Object.entries(components))
      if (sourcesOf(component).some((source) => found.has(source))) found.add(name);
  }
  return found;
}

function sourcesOf(component: unknown): string[] {
  return Object.values(fieldsOf(fieldsOf(component).inputs)).map((from) => String(from).split('.')[0]!);
}

type Fields = Readonly<Record<string, unknown>>;

function fieldsOf(value: unknown): Fields {
  return Object(value) as Fields; // Of what is no object there are none.
}
