/** `flow graph`: draws the components of a stage, or of a target with what a build of it would do. */
import { writeFileSync } from 'node:fs';
import { FlowError, fileReason } from '../../core/errors.ts';
import { chooseStage, faultOfStage } from '../choose-stage.ts';
import { loadComponents } from '../load-components.ts';
import { openIndex, openSession, type Session } from '../session.ts';
import { shown } from '../shown-path.ts';
import { findWorkspace, makeFolder } from '../workspace.ts';
import { foreseeTarget } from './foresee-target.ts';
import { graphDocument } from './graph-document.ts';
import { dotOf } from './graph-dot.ts';
import type { GraphFormat } from './graph-format.ts';
import { mermaidOf } from './graph-mermaid.ts';
import { graphText } from './graph-text.ts';
import { type GraphView, graphView } from './graph-view.ts';

export interface GraphFlags {
  readonly stage?: string;
  readonly profile?: string;
  readonly cacheDir?: string;
  readonly format: GraphFormat;
  readonly json?: boolean;
  readonly output?: string;
}

export async function graphCommand(target: string | undefined, flags: GraphFlags): Promise<void> {
  const format = flags.json ? 'json' : flags.format;
  if (format === 'tui') checkTerminal(flags);
  const view = await viewOf(target, flags);
  if (format === 'tui') {
    const { walkGraph } = await import('./graph-tui.ts');
    await walkGraph(view);
  } else if (flags.output === undefined) process.stdout.write(await drawn(view, format, screen()));
  else writeOut(flags.output, await drawn(view, format, { width: pageWidth, isColoured: false }));
}

async function viewOf(target: string | undefined, flags: GraphFlags): Promise<GraphView> {
  const workspace = findWorkspace(flags);
  makeFolder(workspace.stateFolder, 'Make this place writable: rules are bundled there.');
  using index = openIndex(workspace);
  const session = await openSession(workspace, index, flags.profile);
  const view =
    target === undefined ? await viewOfStage(session, flags) : await viewOfTarget(session, target, flags);
  index.flush();
  return view;
}

async function viewOfStage(session: Session, flags: GraphFlags): Promise<GraphView> {
  const fault = faultOfStage(session, flags.stage);
  if (fault) throw fault;
  const { graph, profile } = session;
  const stage = chooseStage(session, flags.stage);
  const wanted = graph.stages[stage]!;
  const components = await loadComponents(session, wanted);
  return graphView(`stage ${stage}, profile ${profile.name}`, graph, wanted, { profile, components });
}

async function viewOfTarget(session: Session, target: string, { stage }: GraphFlags): Promise<GraphView> {
  const { graph, profile } = session;
  const { components, forecasts } = await foreseeTarget(session, target, stage);
  const isWholeStage = /^run:(?!.*\/\/[\w-]+$)/s.test(target);
  const stageName = chooseStage(session, stage);
  const title = `${target}${isWholeStage ? `, stage ${stageName}` : ''}, profile ${profile.name}`;
  // What the profile disables is not built, but it is part of the stage.
  const members = isWholeStage ? graph.stages[stageName]! : [];
  const wanted = [...components.map(({ name }) => name), ...members];
  return graphView(title, graph, wanted, { profile, components, forecasts });
}

const pageWidth = 80;

interface Screen {
  readonly width: number;
  readonly isColoured: boolean;
}

function screen(): Screen {
  const { isTTY, columns } = process.stdout;
  return {
    width: isTTY ? Math.max(60, columns) : pageWidth,
    isColoured: Boolean(isTTY) && !process.env.NO_COLOR,
  };
}

async function drawn(view: GraphView, format: Exclude<GraphFormat, 'tui'>, on: Screen): Promise<string> {
  switch (format) {
    case 'text':
      return graphText(view, on);
    case 'json':
      return `${JSON.stringify(graphDocument(view))}\n`;
    case 'mermaid':
      return mermaidOf(view);
    case 'dot':
      return dotOf(view);
    case 'svg':
      return (await import('./graph-svg.ts')).svgOf(view);
    case 'html':
      return (await import('./graph-html.ts')).htmlOf(view);
    default:
      return format satisfies never;
  }
}

function writeOut(file: string, text: string): void {
  try {
    writeFileSync(file, text);
  } catch (cause) {
    throw new FlowError({
      code: 'config_invalid',
      blame: 'user',
      where: '--output',
      message: `Cannot write "${file}": ${fileReason(cause as NodeJS.ErrnoException)}.`,
      fix: 'Name a file in a folder that is there and can be written to.',
      cause,
    });
  }
  process.stderr.write(`Wrote ${shown(file)}.\n`);
}

function checkTerminal({ output }: GraphFlags): void {
  const stream = process.stdin.isTTY ? 'output' : 'input';
  const why =
    output !== undefined
      ? 'what is walked on a terminal is no file'
      : process.stdin.isTTY && process.stdout.isTTY
        ? undefined
        : `standard ${stream} is no terminal`;
  if (why === undefined) return;
  throw new FlowError({
    code: 'config_invalid',
    blame: 'user',
    where: '--format',
    message: `Cannot show the graph as "tui": ${why}.`,
    fix: 'Use another format: --format text, or --format html.',
  });
}
