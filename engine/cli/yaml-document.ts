/** YAML files and the places in them: turns what the core found wrong into errors that point at lines. */
import { readFileSync } from 'node:fs';
import {
  Alias,
  type Document,
  isMap,
  isScalar,
  LineCounter,
  type Node,
  parseDocument,
  visit,
  type YAMLError,
} from 'yaml';
import { type ErrorCode, FlowError, fileReason } from '../core/errors.ts';
import { excerpt } from '../core/excerpt.ts';
import type { Issue, IssuePath, IssuePlace } from '../core/issue.ts';
import { shown } from './shown-path.ts';

type Code = Extract<ErrorCode, 'config_invalid' | 'graph_invalid'>;

interface Parsed {
  readonly path: string;
  readonly text: string;
  readonly document: Document;
  readonly lines: LineCounter;
}

/** @throws {AggregateError} of `FlowError`s of the given code, if the file is missing or no YAML */
export function readYaml(path: string, code: Code): unknown {
  const parsed = parse(path, code);
  const faults = faultsOf(parsed);
  if (faults.length === 0) return parsed.document.toJS({ maxAliasCount: -1 }) as unknown; // They have been counted.
  throw new AggregateError(
    faults.map(
      ({ start, end, why, fix }) =>
        new FlowError({
          code,
          blame: 'user',
          ...spotOf(parsed, start, end),
          message: `Cannot read this YAML: ${why}.`,
          fix,
        }),
    ),
  );
}

function parse(path: string, code: Code): Parsed {
  const text = decode(path, readBytes(path, code), code);
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, merge: true, prettyErrors: false });
  return { path, text, document, lines };
}

function readBytes(path: string, code: Code): Buffer {
  try {
    return readFileSync(path);
  } catch (cause) {
    throw new FlowError({
      code,
      blame: 'user',
      where: shown(path),
      message: `Cannot read the file: ${fileReason(cause as NodeJS.ErrnoException)}.`,
      fix: 'Check its name and permissions.',
      cause,
    });
  }
}

function decode(path: string, bytes: Buffer, code: Code): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    const line = bytes.toString().split('\uFFFD')[0]!.split('\n').length;
    throw new FlowError({
      code,
      blame: 'user',
      where: `${shown(path)}:${line}:1`,
      message: 'Cannot read the file: this line is not UTF-8 text.',
      fix: 'Save the file as UTF-8.',
    });
  }
}

/** What is wrong with a YAML text, with the place. */
interface Fault {
  readonly start: number;
  readonly end: number;
  readonly why: string;
  readonly fix: string;
}

/** Of broken syntax the first fault alone: the others mostly follow from it. */
function faultsOf({ document, text }: Parsed): Fault[] {
  const { errors, warnings } = document;
  const doubled = errors.filter((error) => error.code === 'DUPLICATE_KEY');
  if (errors.length > doubled.length)
    return [faultOf(errors.find((error) => !doubled.includes(error))!, text)];
  if (errors.length + warnings.length > 0)
    return [...doubled, ...warnings].map((error) => faultOf(error, text));
  return [...keyFaults(document), ...aliasFaults(document)];
}

const syntaxFix = 'Correct the syntax: check indentation, quotes and colons.';

function faultOf({ code, message, pos: [start, end] }: YAMLError, text: string): Fault {
  switch (code) {
    case 'DUPLICATE_KEY': {
      const [key = ''] = /^[^:,}\n]+/.exec(text.slice(start)) ?? [];
      const why = `the key "${key.trim()}" is there twice`;
      return { start, end: start + key.trimEnd().length, why, fix: 'Rename or remove one of the two.' };
    }
    case 'MISSING_CHAR':
      if (message.startsWith('Missing closing')) return atEnd(text, end, 'a closing quote is missing');
      return atEnd(text, end, lowerFirst(message));
    case 'TAB_AS_INDENT':
      return { start, end, why: 'a tab is used for indentation', fix: 'Indent with spaces.' };
    case 'MULTIPLE_DOCS':
      return {
        start,
        end,
        why: 'it holds several documents',
        fix: 'Remove the line "---", or make two files.',
      };
    case 'TAG_RESOLVE_FAILED':
      return { start, end, why: lowerFirst(message), fix: 'Remove the tag.' };
    case 'RESOURCE_EXHAUSTION': // How deep that is depends on the machine.
      return { start: 0, end: 1, why: 'it is nested too deep', fix: 'Make it flatter.' };
    default:
      return start >= text.trimEnd().length
        ? atEnd(text, end, lowerFirst(message))
        : { start, end, why: lowerFirst(message), fix: syntaxFix };
  }
}

/** The parser notices at the end of a text what is missing; the last thing that is there tells more. */
function atEnd(text: string, end: number, why: string): Fault {
  const start = Math.max(0, text.slice(0, Math.max(1, end)).trimEnd().length - 1);
  return { start, end: start + 1, why, fix: syntaxFix };
}

/** A key that JavaScript gives a meaning of its own would vanish silently. */
function keyFaults(document: Document): Fault[] {
  const faults: Fault[] = [];
  visit(document, {
    Pair(_, { key }) {
      if (!isScalar(key) || key.value !== '__proto__') return;
      const [start, end] = key.range!;
      faults.push({ start, end, why: '"__proto__" cannot be a key', fix: 'Rename it.' });
    },
  });
  return faults;
}

/** Far more than people write, and far less than makes a program slow. */
const mostAliases = 10_000;

/** Aliases that lead nowhere, into themselves, or to more than anybody would write out. */
function aliasFaults(document: Document): Fault[] {
  const faults: Fault[] = [];
  visit(document, {
    Alias(_, alias, path) {
      const [start, end] = alias.range!;
      const target = alias.resolve(document);
      const [why, fix] = !target
        ? [`no anchor "&${alias.source}" stands before this`, 'Correct the name, or write it out.']
        : path.includes(target)
          ? [`"*${alias.source}" stands inside of what it stands for`, 'Write it out.']
          : [];
      if (why !== undefined) faults.push({ start, end, why, fix: fix! });
    },
  });
  if (faults.length > 0) return faults;
  const count = aliasCount(document, document.contents, new Map());
  if (count <= mostAliases) return [];
  return [
    {
      start: 0,
      end: 1,
      why: `its aliases multiply to ${count} or more`,
      fix: 'Write less of it with aliases.',
    },
  ];
}

/** How many aliases a node comes to when each is written out. */
function aliasCount(document: Document, root: Node | null, known: Map<Node, number>): number {
  if (!root) return 0;
  const counted = known.get(root);
  if (counted !== undefined) return counted;
  let count = 0;
  visit(root, {
    Alias(_, alias) {
      count += 1 + aliasCount(document, alias.resolve(document) ?? null, known);
    },
  });
  known.set(root, count);
  return count;
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}

/** The errors that a person sees for what the core found: by file, in the order of the lines. */
export function toErrors(issues: readonly Issue[], usual: Code | ((file: string) => Code)): FlowError[] {
  const codeOf = typeof usual === 'string' ? (): Code => usual : usual;
  const parsed = new Map<string, Parsed>();
  const parsedOf = (file: string): Parsed => {
    const known = parsed.get(file) ?? parse(file, codeOf(file));
    parsed.set(file, known);
    return known;
  };
  const files = [...new Set(issues.map((issue) => issue.file))];
  return issues
    .map((issue) => ({ issue, range: rangeOf(parsedOf(issue.file).document, issue.path, issue.isKey) }))
    .sort((a, b) => files.indexOf(a.issue.file) - files.indexOf(b.issue.file) || a.range[0] - b.range[0])
    .map(({ issue: { file, message, fix, other, code = codeOf(file) }, range: [start, end] }) => {
      const spot = spotOf(parsedOf(file), start, end);
      const also = other ? ` See ${otherPlace(parsedOf(other.file), other)}.` : '';
      return new FlowError({ code, blame: 'user', ...spot, message: message + also, fix });
    });
}

function otherPlace(parsed: Parsed, { path }: IssuePlace): string {
  const [start, end] = rangeOf(parsed.document, path, true);
  return spotOf(parsed, start, end).where;
}

/** A place in a YAML file, for an error that is found when the file has long been read. */
export function spotIn({ file, path }: IssuePlace): { where: string; excerpt: string } {
  const parsed = parse(file, 'graph_invalid');
  const [start, end] = rangeOf(parsed.document, path, false);
  return spotOf(parsed, start, end);
}

/** Offsets of a value or key; of the nearest thing above where it is not written down. */
function rangeOf(document: Document, path: IssuePath, isKey: boolean): [number, number] {
  for (let length = path.length; length > 0; length -= 1) {
    const here = path.slice(0, length);
    const node = isKey || length < path.length ? keyNode(document, here) : nodeAt(document, here);
    if (node?.range) return [node.range[0], node.range[1]];
  }
  return [0, 0];
}

function keyNode(document: Document, path: IssuePath): Node | undefined {
  const parent = nodeAt(document, path.slice(0, -1));
  if (!isMap(parent)) return nodeAt(document, path);
  const key = parent.items.find(
    (pair) => isScalar(pair.key) && String(pair.key.value) === String(path.at(-1)),
  )?.key;
  return isScalar(key) ? key : undefined;
}

function nodeAt(document: Document, path: IssuePath): Node | undefined {
  const node = path.length === 0 ? document.contents : document.getIn(path, true);
  return node instanceof Alias ? node.resolve(document) : ((node as Node | null | undefined) ?? undefined);
}

function spotOf(
  { path, text, lines }: Parsed,
  start: number,
  end: number,
): { where: string; excerpt: string } {
  const { line, col } = lines.linePos(start);
  const source = (text.split('\n')[line - 1] ?? '').replace(/\r$/, '');
  return {
    where: `${shown(path)}:${line}:${col}`,
    excerpt: excerpt(line, source, { at: col - 1, length: end - start }),
  };
}
