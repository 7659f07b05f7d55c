/** `flow query`: answers a query over the component graph. */
import { existsSync, globSync, realpathSync } from 'node:fs';
import { join, resolve, sep } from 'node:path';
import { FlowError } from '../../core/errors.ts';
import type { ComponentNode, Reference } from '../../core/graph.ts';
import { isEnabled } from '../../core/profile.ts';
import { answerQuery } from '../../core/query.ts';
import { loadComponents } from '../load-components.ts';
import { openIndex, openSession, type Session } from '../session.ts';
import { findWorkspace, makeFolder } from '../workspace.ts';
import { dotOf } from './graph-dot.ts';
import type { QueryFormat } from './graph-format.ts';
import { mermaidOf } from './graph-mermaid.ts';
import { graphView, inducedView } from './graph-view.ts';

export interface QueryFlags {
  readonly profile?: string;
  readonly format: QueryFormat;
  readonly json?: boolean;
}

/** What `--json` prints. */
interface QueryDocument {
  readonly schema_version: 1;
  readonly query: string;
  /** Producers first. */
  readonly components: readonly string[];
}

export async function queryCommand(query: string, flags: QueryFlags): Promise<void> {
  const workspace = findWorkspace({});
  makeFolder(workspace.stateFolder, 'Make this place writable: rules are bundled there.');
  using index = openIndex(workspace);
  const session = await openSession(workspace, index, flags.profile);
  const { graph } = session;
  const components = await answerQuery(query, { graph, affectedBy: (file) => affectedBy(file, session) });
  const format = flags.json ? 'json' : flags.format;
  process.stdout.write(answerText(format, { schema_version: 1, query, components }, session));
  if (components.length === 0 && format === 'text') process.stderr.write('No component is in the answer.\n');
  index.flush();
}

function answerText(format: QueryFormat, answer: QueryDocument, { graph }: Session): string {
  const { query, components } = answer;
  if (format === 'json') return `${JSON.stringify(answer)}\n`;
  if (format === 'text') return components.map((name) => `${name}\n`).join('');
  const view = inducedView(graphView(query, graph, components), new Set(components));
  return format === 'dot' ? dotOf(view) : mermaidOf(view);
}

/** @param place a file, or a folder for all files in it; as seen from here @throws {FlowError} `config_invalid` */
async function affectedBy(place: string, session: Session): Promise<string[]> {
  const { graph, profile, registry } = session;
  const enabled = graph.components.filter(({ name }) => isEnabled(profile, name));
  await loadComponents(
    session,
    enabled.map(({ name }) => name),
  );
  const path = existsSync(place) ? realpathSync(place) : resolve(place);
  const isMeant = (file: string): boolean => {
    const real = existsSync(file) ? realpathSync(file) : file;
    return real === path || real.startsWith(path + sep);
  };
  // What a profile settles for one component and what for all is not told apart: more may be named than reruns.
  const isProfile = profile.documents.some(({ file }) => isMeant(file));
  const isAffected = (node: ComponentNode): boolean =>
    isProfile || [node.file, ...registry.sourcesOf(node.rule), ...inputFiles(node, session)].some(isMeant);
  const affected = enabled.filter(isAffected).map(({ name }) => name);
  if (affected.length === 0 && !existsSync(place)) throw noSuchFile(place);
  return affected;
}

function inputFiles({ inputs }: ComponentNode, { workspace: { root } }: Session): string[] {
  const files = (reference: Reference): string[] => {
    if (reference.type === 'file') return [reference.path];
    return reference.type === 'glob' ? globSync(reference.pattern, { cwd: root }) : [];
  };
  return Object.values(inputs)
    .flatMap(files)
    .map((name) => join(root, name));
}

function noSuchFile(place: string): FlowError {
  return new FlowError({
    code: 'config_invalid',
    blame: 'user',
    where: place,
    message: `Cannot tell what "${place}" affects: there is no such file, and no component reads one of this name.`,
    fix: 'Check its path; it is seen from the current folder.',
  });
}
