/** What a source file imports and which globals it touches, by a parser: comments and strings do not confuse it. */
import { readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { parseSync } from 'oxc-parser';

export interface ModuleImport {
  /** As written: `./rule.ts`, `zod`, `node:fs`. */
  readonly specifier: string;
  /** The file of the repository that it leads to, or undefined for packages and Node's own modules. */
  readonly file: string | undefined;
  readonly line: number;
  /** Types alone: nothing is loaded when the program runs. */
  readonly isType: boolean;
}

export interface Source {
  readonly file: string;
  readonly imports: readonly ModuleImport[];
  /** Globals that are read, such as `process` or `Math.random`. */
  readonly globals: readonly { readonly name: string; readonly line: number }[];
  /** It has nothing of its own: all that it exports comes from other modules. */
  readonly isBarrel: boolean;
}

/** @param file path relative to `root` */
export function readSource(root: string, file: string): Source {
  const text = readFileSync(join(root, file), 'utf8');
  const { module, program, errors } = parseSync(file, text);
  if (errors.length > 0) throw new Error(`${file}: ${errors[0]!.message}`);
  const lineAt = (offset: number): number => text.slice(0, offset).split('\n').length;
  const imports: ModuleImport[] = [];
  const add = (specifier: string, start: number, isType: boolean): void => {
    const target = specifier.startsWith('.') ? normalize(join(dirname(file), specifier)) : undefined;
    imports.push({ specifier, file: target, line: lineAt(start), isType });
  };
  for (const { start, moduleRequest, entries } of module.staticImports)
    add(moduleRequest.value, start, entries.length > 0 && entries.every((entry) => entry.isType));
  for (const { entries } of module.staticExports)
    for (const { start, moduleRequest, isType } of entries)
      if (moduleRequest) add(moduleRequest.value, start, isType);
  for (const { moduleRequest } of module.dynamicImports) {
    const written = text.slice(moduleRequest.start, moduleRequest.end);
    if (/^['"]/.test(written)) add(written.slice(1, -1), moduleRequest.start, false);
  }
  const found: Found[] = [];
  collectNames(program, found);
  return {
    file,
    imports,
    globals: found.map(({ name, start }) => ({ name, line: lineAt(start) })),
    isBarrel: program.body.length > 0 && program.body.every(isReExport),
  };
}

interface Found {
  readonly name: string;
  readonly start: number;
}

function isReExport(statement: { type: string; source?: unknown }): boolean {
  return /^Export(All|Named)Declaration$/.test(statement.type) && Boolean(statement.source);
}

/** Names used as values: `process`, and `Math.random` for one of its members. */
function collectNames(node: unknown, found: Found[]): void {
  if (Array.isArray(node)) {
    for (const child of node) collectNames(child, found);
    return;
  }
  if (typeof node !== 'object' || node === null) return;
  const { type, start, ...parts } = node as Record<string, unknown> & { type?: string; start: number };
  if (type === 'Identifier') found.push({ name: String(parts['name']), start });
  if (type === 'MemberExpression' && !parts['computed']) {
    const [object, property] = [parts['object'], parts['property']] as { type: string; name?: string }[];
    if (object!.type === 'Identifier') found.push({ name: `${object!.name}.${property!.name}`, start });
    collectNames(parts['object'], found);
    return;
  }
  for (const [key, child] of Object.entries(parts)) {
    const isLabel = key === 'key' && !parts['computed'];
    if (!isLabel && key !== 'typeAnnotation' && !type?.startsWith('TSInterface')) collectNames(child, found);
  }
}
