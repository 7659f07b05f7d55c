/** Lines of a journal: JSON objects that say by their last field whether they are whole. */
import { crc32 } from 'node:zlib';

const sealed = /^(\{.*),"crc32":"([0-9a-f]{8})"\}$/;

/** One object as a line, without the line's end. @param record must have at least one field */
export function journalLine(record: Readonly<Record<string, unknown>>): string {
  const body = JSON.stringify(record).slice(0, -1);
  return `${body},"crc32":"${checksum(body)}"}`;
}

/** The objects of a journal, in order; lines that are torn or damaged are left out. */
export function readJournal(text: string): {
  readonly records: readonly unknown[];
  readonly damaged: number;
} {
  const records: unknown[] = [];
  let damaged = 0;
  for (const line of text.split('\n')) {
    if (line === '') continue;
    const [, body, sum] = sealed.exec(line) ?? [];
    if (body !== undefined && checksum(body) === sum) records.push(JSON.parse(`${body}}`));
    else damaged += 1;
  }
  return { records, damaged };
}

function checksum(text: string): string {
  return crc32(text).toString(16).padStart(8, '0');
}
