/** Where two JSON documents differ. */

export interface JsonChange {
  /** `segments[3].startSec`; the empty text is the whole document. */
  readonly path: string;
  /** Absent where the place is only in the other document. */
  readonly before?: unknown;
  readonly after?: unknown;
}

/** All changes, in the order of the first document, then of the second. Lists are compared place by place. */
export function jsonChanges(before: unknown, after: unknown, path = ''): JsonChange[] {
  if (Object.is(before, after)) return [];
  if (!isNested(before) || !isNested(after) || Array.isArray(before) !== Array.isArray(after))
    return [{ path, before, after }];
  const isList = Array.isArray(before);
  return [...new Set([...Object.keys(before), ...Object.keys(after)])].flatMap((key) => {
    const at = isList ? `${path}[${key}]` : joined(path, key);
    if (!Object.hasOwn(after, key)) return [{ path: at, before: before[key] }];
    if (!Object.hasOwn(before, key)) return [{ path: at, after: after[key] }];
    return jsonChanges(before[key], after[key], at);
  });
}

function isNested(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

function joined(path: string, key: string): string {
  const step = /^[A-Za-z_][\w-]*$/.test(key) ? key : JSON.stringify(key);
  return path === '' ? step : `${path}.${step}`;
}
