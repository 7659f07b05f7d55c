/** What is wrong in a document that a person wrote: returned as a list, so that all of it shows at once. */
import type { z } from 'zod';
import { suggestion } from './nearest.ts';

export type IssuePath = readonly (string | number)[];

export interface Issue {
  /** The document, as its reader named it. */
  readonly file: string;
  /** Where in it: keys and positions from the top. */
  readonly path: IssuePath;
  /** True if the key at the end of `path` is at fault rather than its value. */
  readonly isKey: boolean;
  readonly message: string;
  readonly fix: string;
}

/** Holds a document against a schema; unknown keys come with the nearest known one. */
export function checkDocument<S extends z.ZodType>(
  file: string,
  schema: S,
  value: unknown,
  at: IssuePath = [],
): { value: z.output<S> } | { issues: Issue[] } {
  const result = schema.safeParse(value);
  if (result.success) return { value: result.data };
  return { issues: result.error.issues.flatMap((issue) => toIssues(file, schema, issue, at)) };
}

function toIssues(file: string, schema: z.ZodType, issue: z.core.$ZodIssue, at: IssuePath): Issue[] {
  const path = issue.path.filter((step) => typeof step !== 'symbol');
  if (issue.code === 'unrecognized_keys') {
    const known = keysAt(schema, path);
    return issue.keys.map((key) => ({
      file,
      path: [...at, ...path, key],
      isKey: true,
      message: `Cannot read ${placeName([...at, ...path])}: "${key}" is not a key that it has.`,
      fix: suggestion(key, known),
    }));
  }
  const message = `Cannot read ${placeName([...at, ...path])}: ${lowerFirst(issue.message)}.`;
  return [{ file, path: [...at, ...path], isKey: false, message, fix: fixOf(issue) }];
}

function placeName(path: IssuePath): string {
  return path.length === 0 ? 'the document' : `"${path.join('.')}"`;
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}

function fixOf(issue: z.core.$ZodIssue): string {
  if (issue.code === 'invalid_value') return suggestion(String(issue.input ?? ''), issue.values.map(String));
  if (issue.code === 'invalid_type') return `Write a value of type ${issue.expected}.`;
  return 'Correct the value.';
}

/** The keys that an object schema knows at a place inside a larger one. */
function keysAt(schema: z.ZodType, path: IssuePath): string[] {
  let here: z.core.$ZodType = unwrap(schema);
  for (const step of path) {
    const def = here._zod.def as {
      shape?: Record<string, z.ZodType>;
      valueType?: z.ZodType;
      element?: z.ZodType;
    };
    const next = def.shape?.[step] ?? def.valueType ?? def.element;
    if (!next) return [];
    here = unwrap(next);
  }
  return Object.keys((here._zod.def as { shape?: object }).shape ?? {});
}

function unwrap(schema: z.core.$ZodType): z.core.$ZodType {
  const inner = (schema._zod.def as { innerType?: z.core.$ZodType; in?: z.core.$ZodType }).innerType;
  return inner ? unwrap(inner) : schema;
}
