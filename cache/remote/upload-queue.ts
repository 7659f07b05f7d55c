/**
 * What is still to be sent to a remote cache, in an SQLite file: a build that ends before it has sent everything, or is
 * killed, leaves the rest to the next one. Every row belongs to the process that sends it; those of dead processes are
 * anybody's.
 */
import { createHash } from 'node:crypto';
import { dirname, join } from 'node:path';
import type { Digest } from '../../engine/core/digest.ts';
import { FileMark } from '../../engine/io/file-mark.ts';
import { isAlive, processIdentity } from '../../engine/io/process-identity.ts';
import { SqliteFile } from '../../engine/io/sqlite-file.ts';

const schema = `
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = OFF;
  CREATE TABLE IF NOT EXISTS pending (
    remote TEXT, kind TEXT, name TEXT, keys TEXT, owner TEXT, PRIMARY KEY (remote, kind, name)
  ) WITHOUT ROWID;
`;

const statements = {
  add: 'INSERT OR REPLACE INTO pending VALUES (?, ?, ?, ?, ?)',
  all: 'SELECT kind, name, keys, owner FROM pending WHERE remote = ?',
  take: 'UPDATE pending SET owner = ? WHERE remote = ? AND kind = ? AND name = ? AND owner IS ?',
  done: 'DELETE FROM pending WHERE remote = ? AND kind = ? AND name = ?',
  leave: 'UPDATE pending SET owner = NULL WHERE remote = ? AND owner = ?',
  count: "SELECT COUNT(*) AS count FROM pending WHERE remote = ? AND kind = 'entry'",
  any: 'SELECT 1 FROM pending WHERE remote = ? LIMIT 1',
} as const;

/** One thing to send: the result of an action, or all results of a run in one piece. */
export type Upload =
  | { readonly kind: 'entry'; readonly key: Digest }
  | { readonly kind: 'run'; readonly run: Digest; readonly keys: readonly Digest[] };

export class UploadQueue {
  /** Set while something of this queue waits. */
  readonly mark: FileMark;
  readonly #file: SqliteFile<keyof typeof statements>;
  readonly #remote: string;
  readonly #owner = processIdentity();

  /**
   * @param path the file; a broken one is moved aside and begun anew
   * @param remote names the remote cache: each has a queue of its own
   */
  constructor(path: string, remote: string, onTrouble: (message: string) => void) {
    this.#remote = remote;
    const name = createHash('sha256').update(remote).digest('hex').slice(0, 16);
    this.mark = new FileMark(join(dirname(path), 'uploads', name));
    this.#file = new SqliteFile({ path, schema, statements, contents: 'list of uploads', onTrouble });
  }

  add(upload: Upload): void {
    const keys = upload.kind === 'run' ? upload.keys.join(' ') : '';
    this.#file.attempt(({ add }) => add.run(this.#remote, upload.kind, nameOf(upload), keys, this.#owner));
    this.mark.set();
  }

  /** Takes the mark away if nothing is left. Others may add something meanwhile: they do that before they set it. */
  clearMark(): void {
    if (!this.mark.isSet) return;
    this.mark.clear();
    if (this.#file.attempt(({ any }) => any.get(this.#remote))) this.mark.set();
  }

  done(upload: Upload): void {
    this.#file.attempt((prepared) => prepared.done.run(this.#remote, upload.kind, nameOf(upload)));
  }

  /** Takes over what ended processes have left, results before runs. */
  takeOver(): Upload[] {
    const rows = (this.#file.attempt(({ all }) => all.all(this.#remote)) ?? []) as unknown as Row[]; // As the schema has it.
    const left = rows.filter(({ owner }) => owner === null || (owner !== this.#owner && !isAlive(owner)));
    return left.filter((row) => this.#take(row)).map(uploadOf);
  }

  #take({ kind, name, owner }: Row): boolean {
    const taken = this.#file.attempt(({ take }) => take.run(this.#owner, this.#remote, kind, name, owner));
    return taken?.changes === 1;
  }

  /** Leaves the rest to the next process. */
  leave(): void {
    this.#file.attempt((prepared) => prepared.leave.run(this.#remote, this.#owner));
  }

  /** Number of results that wait to be sent, by whichever process. */
  get count(): number {
    const row = this.#file.attempt((prepared) => prepared.count.get(this.#remote));
    return (row as { count: number } | undefined)?.count ?? 0;
  }

  close(): void {
    this.leave();
    this.clearMark();
    this.#file.close();
  }
}

interface Row {
  readonly kind: Upload['kind'];
  readonly name: Digest;
  readonly keys: string;
  readonly owner: string | null;
}

/** The key of a result, the name of a run. */
export function nameOf(upload: Upload): Digest {
  return upload.kind === 'run' ? upload.run : upload.key;
}

function uploadOf({ kind, name, keys }: Row): Upload {
  if (kind === 'entry') return { kind, key: name };
  return { kind, run: name, keys: keys.split(' ') as Digest[] }; // What `add` joined.
}
