/** flow.yaml with one trusted key more: nothing of what stands there is written anew, so that comments and layout stay. */
import { isDeepStrictEqual } from 'node:util';
import { isSeq, type Node, parseDocument, stringify, type YAMLSeq } from 'yaml';
import type { TrustedKey } from './trusted-keys.ts';

/** The key as it stands in the list: `{ name: anna, key: ed25519:… }`, or alone. */
export function keyItem({ key, name }: TrustedKey): string {
  const item = name === undefined ? key : { name, key };
  return stringify(item, { collectionStyle: 'flow', lineWidth: 0 }).trim();
}

/** @returns undefined where the text is laid out in a way that cannot be extended by a line */
export function withTrustedKey(text: string, added: TrustedKey): string | undefined {
  const { at, inserted } = insertion(text, keyItem(added));
  const extended = text.slice(0, at) + inserted + text.slice(at);
  return saysMore(text, extended, added) ? extended : undefined;
}

interface Insertion {
  /** Position in the text. */
  readonly at: number;
  readonly inserted: string;
}

function insertion(text: string, item: string): Insertion {
  const document = parseDocument(text);
  const newline = text.includes('\r\n') ? '\r\n' : '\n';
  const list = document.get('trusted_keys', true);
  if (!isSeq<Node>(list))
    return {
      at: endOfLine(text, document.contents),
      inserted: `${newline}trusted_keys:${newline}  - ${item}`,
    };
  if (list.flow) return intoBrackets(list, item);
  const [start] = list.items[0]!.range!; // A block list has an item at least.
  const [indent] = /^ */.exec(text.slice(text.lastIndexOf('\n', start) + 1))!;
  return { at: endOfLine(text, list.items.at(-1)), inserted: `${newline}${indent}- ${item}` };
}

function intoBrackets(list: YAMLSeq<Node>, item: string): Insertion {
  const last = list.items.at(-1);
  return last ? { at: last.range![1], inserted: `, ${item}` } : { at: list.range![0] + 1, inserted: item };
}

/** Behind the comment of a node's last line, in front of the line's end. */
function endOfLine(text: string, node: Node | null | undefined): number {
  const end = text.slice(0, node?.range?.[1]).trimEnd().length;
  return end + text.slice(end).search(/\r?\n|$/);
}

/** The one guard against all that YAML allows and the insertion does not think of. */
function saysMore(before: string, after: string, { key, name }: TrustedKey): boolean {
  const [old, extended] = [parseDocument(before), parseDocument(after)];
  if (extended.errors.length > 0) return false;
  const settings = old.toJS() as { trusted_keys?: readonly unknown[] }; // It has been read as settings.
  const added = name === undefined ? key : { name, key };
  return isDeepStrictEqual(extended.toJS(), {
    ...settings,
    trusted_keys: [...(settings.trusted_keys ?? []), added],
  });
}
