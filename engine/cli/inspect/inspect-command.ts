/** `flow inspect`: shows what a file of results holds. */
import { globSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { inspect } from 'node:util';
import { FlowError } from '../../core/errors.ts';
import { suggestion } from '../../core/nearest.ts';
import { isText, type NumberElements, type NumpyMember } from '../../core/numpy-array.ts';
import { counted, sizeText } from '../duration-text.ts';
import { errorDocument, errorText } from '../error-text.ts';
import { jsonLine } from '../json-line.ts';
import { type Screen, standardScreen, styled } from '../screen.ts';
import { oneLine } from '../short-names.ts';
import { shown } from '../shown-path.ts';
import { textTable } from '../text-table.ts';
import { findWorkspace } from '../workspace.ts';
import { arrayDetail } from './array-detail.ts';
import { type ArrayFacts, detailDocument, factsDocument, factsOf } from './array-facts.ts';
import { arrayTable, shapeText } from './array-table.ts';
import { findOutput } from './find-output.ts';
import { heatMap } from './heat-map.ts';
import { type Meta, metaLines, metaOf } from './meta-text.ts';
import { openFile, readMember } from './open-file.ts';
import { isFrames, picture } from './picture.ts';
import { parseSelection, partOf, type Selection } from './selection.ts';

export interface InspectFlags {
  readonly results?: string;
  readonly json?: boolean;
}

interface Report {
  readonly document: unknown;
  readonly lines: (screen: Screen) => string[];
  /** What could not be shown; the rest was. */
  readonly errors?: readonly FlowError[];
  readonly hint?: string;
}

/** @returns the exit status: 1 if an array of the file could not be read */
export async function inspectCommand(word: string, flags: InspectFlags): Promise<number> {
  const path = await findOutput(word, findWorkspace(flags));
  const { document, lines, errors = [], hint } = reportOn(parseSelection(path));
  process.stdout.write(flags.json ? jsonLine(document) : `${lines(standardScreen()).join('\n')}\n`);
  for (const error of errors) process.stderr.write(`${errorText(error)}\n`);
  if (hint !== undefined && !flags.json) process.stderr.write(`${hint}\n`);
  return errors.length > 0 ? 1 : 0;
}

function reportOn(selection: Selection): Report {
  const { path, array } = selection;
  const opened = openFile(path);
  if (opened.kind === 'arrays')
    return array === undefined ? fileReport(path, opened) : arrayReport(selection, opened.members);
  if (array !== undefined) throw unknownArray(path, array, []);
  return opened.kind === 'folder' ? folderReport(path) : jsonReport(path, opened);
}

function fileReport(
  path: string,
  { members, sizeBytes }: { members: readonly NumpyMember[]; sizeBytes: number },
): Report {
  const errors: FlowError[] = [];
  const facts: ArrayFacts[] = [];
  let meta: Meta | undefined;
  for (const member of members) {
    try {
      const array = readMember(path, member);
      const document = member.name === 'meta' ? metaOf(array) : undefined;
      if (document) meta = document;
      else facts.push(factsOf(member.name, array));
    } catch (error) {
      if (!(error instanceof FlowError)) throw error;
      errors.push(error);
    }
  }
  const arrays = facts.map(factsDocument);
  return {
    document: {
      file: path,
      size_bytes: sizeBytes,
      meta: meta ?? null,
      arrays,
      errors: errors.map((one) => errorDocument(one)),
    },
    lines: (screen) => [
      `${styled(screen, 'bold', shown(path))}  ${counted(facts.length, 'array')}, ${sizeText(sizeBytes)}`,
      ...(meta ? ['', ...metaLines(meta, screen.columns)] : []),
      ...(facts.length > 0 ? ['', ...arrayTable(facts, screen.columns - 2).map((line) => `  ${line}`)] : []),
      ...facts.flatMap((one) => pictureLines(one, screen)),
    ],
    errors,
  };
}

const pictureSize = { widest: 48, lines: 10 };
const mapLines = 6;

/** A small picture of frames, a small map of two axes; nothing of other arrays. */
function pictureLines({ name, array }: ArrayFacts, screen: Screen): string[] {
  if (isText(array) || array.data.length === 0) return [];
  const title = `  ${oneLine(name)} ${shapeText(array.shape)}`;
  const inner = { ...screen, columns: screen.columns - 2 };
  const indented = (lines: readonly string[]): string[] => lines.map((line) => `  ${line}`);
  if (isFrames(array)) return ['', `${title}, first frame`, ...indented(picture(array, inner, pictureSize))];
  if (array.shape.length !== 2 || array.shape[1]! < 2) return [];
  return ['', `${title}, first axis to the right`, ...indented(heatMap(array, inner, mapLines))];
}

function arrayReport({ path, array: name = '', part }: Selection, members: readonly NumpyMember[]): Report {
  const member = members.find((one) => one.name === name);
  if (!member)
    throw unknownArray(
      path,
      name,
      members.map((one) => one.name),
    );
  const whole = readMember(path, member);
  const meta = name === 'meta' ? metaOf(whole) : undefined;
  if (meta) return { document: meta, lines: ({ columns }) => metaLines(meta, columns) };
  const facts = factsOf(`${name}${part}`, partOf(whole, part));
  return {
    document: { file: path, ...detailDocument(facts) },
    lines: (screen) => arrayDetail(facts, timesOf(path, members, whole.shape[0], part), screen),
  };
}

/** The times of the rows, if the file has one for each. */
function timesOf(
  path: string,
  members: readonly NumpyMember[],
  rows: number | undefined,
  part: string,
): NumberElements | undefined {
  const member = members.find(({ name }) => name === 'times_sec');
  if (!member || rows === undefined || !/^$|:/.test(part)) return undefined;
  const times = readMember(path, member);
  if (isText(times) || times.shape.length !== 1 || times.shape[0] !== rows) return undefined;
  const selected = partOf(times, part);
  return isText(selected) ? undefined : selected.data;
}

function unknownArray(path: string, name: string, names: readonly string[]): FlowError {
  return new FlowError({
    code: 'config_invalid',
    blame: 'user',
    where: shown(path),
    message: `Cannot inspect array "${name}": the file has no array of this name.`,
    fix: names.length > 0 ? suggestion(name, names) : 'Name the file alone.',
  });
}

function jsonReport(path: string, { document, sizeBytes }: { document: unknown; sizeBytes: number }): Report {
  return {
    document,
    lines: (screen) => [
      `${styled(screen, 'bold', shown(path))}  ${sizeText(sizeBytes)}`,
      '',
      jsonText(document, screen),
    ],
    ...(basename(path) === 'manifest.json' && {
      hint: `\`flow show ${shown(path)}\` tells what this run did.`,
    }),
  };
}

/** Long lists and texts are cut; `--json` has all. */
function jsonText(document: unknown, { columns, colourBits }: Screen): string {
  return inspect(document, {
    depth: 6,
    maxArrayLength: 12,
    maxStringLength: 200,
    breakLength: columns,
    colors: colourBits > 1,
  });
}

function folderReport(folder: string): Report {
  const names = globSync('**/*.{npz,npy,json}', { cwd: folder }).sort();
  const files = names.map((name) => ({
    path: join(folder, name),
    size_bytes: statSync(join(folder, name)).size,
  }));
  return {
    document: { folder, files },
    lines: (screen) => [
      `${styled(screen, 'bold', shown(folder))}  ${counted(files.length, 'file')} of arrays or JSON`,
      ...(files.length > 0 ? ['', ...fileTable(files)] : []),
    ],
  };
}

function fileTable(files: readonly { readonly path: string; readonly size_bytes: number }[]): string[] {
  const table = textTable([
    { title: 'SIZE', cells: files.map((file) => sizeText(file.size_bytes)), isRight: true },
    { title: 'FILE', cells: files.map((file) => oneLine(shown(file.path))) },
  ]);
  return table.map((line) => `  ${line}`);
}
