/** What is wrong in a document that a person wrote: returned as a list, so that all of it shows at once. */
import type { z } from 'zod';
import type { ErrorCode } from './errors.ts';
import { nearest, suggestion } from './nearest.ts';

export type IssuePath = readonly (string | number)[];

/** A place in a document: keys and positions from the top. */
export interface IssuePlace {
  /** The document, as its reader named it. */
  readonly file: string;
  readonly path: IssuePath;
}

export interface Issue extends IssuePlace {
  /** Where it is another one than what is wrong with such documents has. */
  readonly code?: ErrorCode;
  /** True if the key at the end of `path` is at fault rather than its value. */
  readonly isKey: boolean;
  readonly message: string;
  readonly fix: string;
  /** A second place that the reader should see. */
  readonly other?: IssuePlace;
}

/** Holds a document against a schema; unknown keys come with the nearest known one. */
export function checkDocument<S extends z.ZodType>(
  file: string,
  schema: S,
  value: unknown,
  at: IssuePath = [],
): { value: z.output<S> } | { issues: Issue[] } {
  const result = schema.safeParse(value, { reportInput: true });
  if (result.success) return { value: result.data };
  const all = result.error.issues;
  const told = all.filter((issue) => !isMisspelt(issue, all));
  return { issues: told.flatMap((issue) => toIssues(file, schema, issue, at)) };
}

/** One slip of the pen is one error: a key that an unknown one was meant to be is not missing, too. */
function isMisspelt({ input, path }: z.core.$ZodIssue, all: readonly z.core.$ZodIssue[]): boolean {
  if (input !== undefined || path.length === 0) return false;
  const [parent, key] = [path.slice(0, -1).join('.'), String(path.at(-1))];
  return all.some(
    (other) =>
      other.code === 'unrecognized_keys' &&
      other.path.join('.') === parent &&
      other.keys.some((unknown) => nearest(unknown, [key]) !== undefined),
  );
}

function toIssues(file: string, schema: z.ZodType, issue: z.core.$ZodIssue, at: IssuePath): Issue[] {
  const steps = issue.path.filter((step) => typeof step !== 'symbol');
  const path = [...at, ...steps];
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({
      file,
      path: [...path, key],
      isKey: true,
      message: `Cannot read ${placeName(path)}: "${key}" is not a key that it has.`,
      fix: suggestion(key, keysAt(schema, steps)),
    }));
  }
  if (issue.input === undefined && path.length > 0 && wantedOf(issue) !== undefined)
    return [missing(file, path, issue)];
  const isKey = issue.code === 'invalid_key';
  const message = `Cannot read ${placeName(path)}: ${reasonOf(issue)}.`;
  return [{ file, path, isKey, message, fix: fixOf(issue) }];
}

function missing(file: string, path: IssuePath, issue: z.core.$ZodIssue): Issue {
  const key = path.at(-1)!;
  const value =
    issue.code === 'invalid_value' && issue.values.length === 1 ? JSON.stringify(issue.values[0]) : '…';
  return {
    file,
    path: path.slice(0, -1),
    isKey: true,
    message: `Cannot read ${placeName(path.slice(0, -1))}: "${key}" is missing.`,
    fix: `Add "${key}: ${value}".`,
  };
}

function placeName(path: IssuePath): string {
  return path.length === 0 ? 'the document' : `"${path.join('.')}"`;
}

function reasonOf(issue: z.core.$ZodIssue): string {
  if (issue.code === 'invalid_key') return issue.issues[0]?.message ?? issue.message;
  if (isEmpty(issue)) return 'it is empty';
  const wanted = wantedOf(issue);
  if (wanted !== undefined) return `it has to be ${wanted}, and is ${describe(issue.input)}`;
  if (issue.code === 'invalid_format') return `${describe(issue.input)} is not ${issue.message}`;
  return issue.message.charAt(0).toLowerCase() + issue.message.slice(1);
}

/** True where something should be, and nothing is. */
function isEmpty({ code, input, path }: z.core.$ZodIssue): boolean {
  if (code === 'too_small') return input === '' || (Array.isArray(input) && input.length === 0);
  return input === null && path.length === 0;
}

const typeNames: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  object: 'a mapping',
  record: 'a mapping',
  array: 'a list',
  null: 'nothing',
};

/** What would have been right, as a noun: 'a number above 0'. */
function wantedOf(issue: z.core.$ZodIssue): string | undefined {
  switch (issue.code) {
    case 'invalid_type':
      if (issue.expected === 'number' && typeof issue.input === 'number') return 'a finite number';
      return typeNames[issue.expected] ?? `of type ${issue.expected}`;
    case 'invalid_value':
      return issue.values.map((value) => JSON.stringify(value)).join(' or ');
    case 'too_small':
      return bounded(issue, issue.inclusive ? 'of at least' : 'above', issue.minimum);
    case 'too_big':
      return bounded(issue, issue.inclusive ? 'of at most' : 'below', issue.maximum);
    case 'invalid_union': {
      const wanted = issue.errors.map(([first]) => first && wantedOf(first));
      return wanted.length > 0 && wanted.every(Boolean) ? [...new Set(wanted)].join(' or ') : undefined;
    }
    default:
      return undefined;
  }
}

function bounded({ origin }: { origin: string }, relation: string, limit: number | bigint): string {
  if (origin === 'string') return `text ${relation} ${limit} letters`;
  if (origin === 'array') return `a list ${relation} ${limit} entries`;
  return `a number ${relation} ${limit}`;
}

function describe(value: unknown): string {
  if (value === null) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  switch (typeof value) {
    case 'string':
      return `the text ${JSON.stringify(value)}`;
    case 'number':
      return `the number ${value}`;
    case 'object':
      return 'a mapping';
    default:
      return String(value);
  }
}

function fixOf(issue: z.core.$ZodIssue): string {
  const { input } = issue;
  if (isEmpty(issue)) return input === null ? 'Write something into it, or remove the file.' : 'Fill it in.';
  switch (issue.code) {
    case 'invalid_type':
      return fixOfType(issue.expected, input);
    case 'invalid_value':
      return typeof issue.values[0] === 'string'
        ? fixOfWord(String(input), issue.values.map(String))
        : `Write ${issue.values.map(String).join(' or ')}.`;
    case 'invalid_union': {
      const literals = issue.errors.flat().flatMap((one) => (one.code === 'invalid_value' ? one.values : []));
      if (typeof input === 'string' && literals.length > 0) return suggestion(input, literals.map(String));
      return `Write ${wantedOf(issue) ?? 'another value'}.`;
    }
    case 'too_small':
    case 'too_big':
      return `Write ${wantedOf(issue)}.`;
    case 'custom':
      return typeof issue.params?.['fix'] === 'string' ? issue.params['fix'] : 'Correct the value.';
    case 'invalid_key':
      return 'Rename it.';
    default:
      return 'Correct the value.';
  }
}

/** Words that stand for several of the values, though the letters of another one are nearer. */
const wordsForSeveral: Readonly<Record<string, readonly string[]>> = { gpu: ['cuda', 'webgpu'] };

function fixOfWord(input: string, values: readonly string[]): string {
  const meant = (wordsForSeveral[input.toLowerCase()] ?? []).filter((word) => values.includes(word));
  if (meant.length === 0) return suggestion(input, values);
  return `Write ${meant.map((word) => `"${word}"`).join(' or ')}.`;
}

const spokenBooleans: Readonly<Record<string, string>> = {
  yes: 'true',
  on: 'true',
  no: 'false',
  off: 'false',
};

function fixOfType(expected: string, input: unknown): string {
  if (input === null) return 'Write what belongs there, or remove the key.';
  if (expected === 'string' && typeof input !== 'object') return `Put it in quotes: "${input}".`;
  if (typeof input === 'string') {
    const plain = spokenBooleans[input.toLowerCase()] ?? input;
    if (expected === 'boolean' && /^(true|false)$/.test(plain)) return `Write ${plain}, without quotes.`;
    if (/^(number|int)$/.test(expected) && input.trim() !== '' && Number.isFinite(Number(input)))
      return `Write ${input}, without quotes.`;
    if (expected === 'array') return `Write [${input}].`;
  }
  return `Write ${typeNames[expected] ?? `a value of type ${expected}`}.`;
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
  const def = schema._zod.def as { innerType?: z.core.$ZodType; in?: z.core.$ZodType };
  const inner = def.innerType ?? def.in; // What is transformed is known by what it is made from.
  return inner ? unwrap(inner) : schema;
}
