/** YAML files and the places in them: turns what the core found wrong into errors that point at lines. */
import { readFileSync } from 'node:fs';
import { relative } from 'node:path';
import { type Document, isMap, isScalar, LineCounter, type Node, parseDocument } from 'yaml';
import { FlowError } from '../core/errors.ts';
import type { Issue, IssuePath } from '../core/issue.ts';

interface Parsed {
  readonly text: string;
  readonly document: Document;
  readonly lines: LineCounter;
}

/** @throws {FlowError} `code` with the place, if the file is missing or no YAML */
export function readYaml(path: string, code: 'config_invalid' | 'graph_invalid'): unknown {
  const { text, document, lines } = parse(path, code);
  const [error] = document.errors;
  if (!error) return document.toJS() as unknown;
  const [start, end] = error.pos;
  throw new FlowError({
    code,
    blame: 'user',
    ...placeOf(path, text, lines, start, end),
    message: `Cannot read this YAML: ${error.message.split('\n')[0]!.replace(/ at line .*$/, '')}.`,
    fix: 'Correct the syntax: check indentation, quotes and colons.',
  });
}

function parse(path: string, code: 'config_invalid' | 'graph_invalid'): Parsed {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    throw new FlowError({
      code,
      blame: 'user',
      where: shown(path),
      message: `Cannot read the file: ${(cause as NodeJS.ErrnoException).code}.`,
      fix: 'Check its name and permissions.',
      cause,
    });
  }
  const lines = new LineCounter();
  return { text, document: parseDocument(text, { lineCounter: lines }), lines };
}

/** The errors that a person sees for what the core found, in the order of the files' lines. */
export function toErrors(issues: readonly Issue[], code: 'config_invalid' | 'graph_invalid'): FlowError[] {
  const parsed = new Map<string, Parsed>();
  return issues.map((issue) => {
    const { text, document, lines } = parsed.get(issue.file) ?? parse(issue.file, code);
    parsed.set(issue.file, { text, document, lines });
    const [start, end] = rangeOf(document, issue.path, issue.isKey);
    const place = placeOf(issue.file, text, lines, start, end);
    return new FlowError({ code, blame: 'user', ...place, message: issue.message, fix: issue.fix });
  });
}

/** Offsets of a value or key; of the nearest thing above where it is not written down. */
function rangeOf(document: Document, path: IssuePath, isKey: boolean): [number, number] {
  for (let length = path.length; length > 0; length -= 1) {
    const here = path.slice(0, length);
    const node =
      isKey || length < path.length
        ? keyNode(document, here)
        : (document.getIn(here, true) as Node | undefined);
    if (node?.range) return [node.range[0], node.range[1]];
  }
  return [0, 0];
}

function keyNode(document: Document, path: IssuePath): Node | undefined {
  const parent = path.length === 1 ? document.contents : document.getIn(path.slice(0, -1), true);
  if (!isMap(parent)) return document.getIn(path, true) as Node | undefined;
  const key = parent.items.find((pair) => isScalar(pair.key) && pair.key.value === path.at(-1))?.key;
  return isScalar(key) ? key : undefined;
}

function placeOf(
  path: string,
  text: string,
  lines: LineCounter,
  start: number,
  end: number,
): { where: string; excerpt: string } {
  const { line, col } = lines.linePos(start);
  const source = text.split('\n')[line - 1] ?? '';
  const width = Math.max(1, Math.min(end - start, source.length - col + 1));
  const gutter = `${line} | `;
  const marks = `${' '.repeat(gutter.length + col - 1)}${'~'.repeat(width)}`;
  return { where: `${shown(path)}:${line}:${col}`, excerpt: `${gutter}${source}\n${marks}` };
}

/** A path as a person here would write it. */
export function shown(path: string): string {
  const near = relative(process.cwd(), path);
  return near === '' || near.startsWith('../..') ? path : near;
}
