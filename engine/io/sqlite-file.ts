/**
 * An SQLite file whose loss costs time and nothing else: a damaged one is moved aside and begun anew, and where no
 * file can be had (a full disk, a read-only one) what would be in it is kept in memory for as long as the process lives.
 */
import { renameSync } from 'node:fs';
import { DatabaseSync, type StatementSync } from 'node:sqlite';

export interface SqliteFileOptions<N extends string> {
  readonly path: string;
  /** Statements that make an empty file ready, and leave a ready one as it is. */
  readonly schema: string;
  readonly statements: Readonly<Record<N, string>>;
  /** What is in the file, as a message would call it. */
  readonly contents: string;
  /** Told once of each thing that is wrong with the file. */
  readonly onTrouble: (message: string) => void;
}

type Statements<N extends string> = Readonly<Record<N, StatementSync>>;

/** Result codes of SQLite: the low byte of `errcode`. */
const damaged = new Set([11, 26]); // SQLITE_CORRUPT, SQLITE_NOTADB.

/** SQLITE_BUSY, SQLITE_LOCKED: somebody else has it at the moment. */
const busy = new Set([5, 6]);

const busyTimeoutMs = 30_000;
const busyPauseMs = 5;

export class SqliteFile<N extends string> {
  readonly #options: SqliteFileOptions<N>;
  readonly #told = new Set<string>();
  #database: DatabaseSync;
  #statements: Statements<N>;

  constructor(options: SqliteFileOptions<N>) {
    this.#options = options;
    [this.#database, this.#statements] = this.#open();
  }

  /**
   * Does something with the statements.
   *
   * @returns what `work` returns; undefined if the file let it down. Whoever reads takes that as 'not there'; whoever
   * writes keeps for himself what must not be lost.
   */
  attempt<T>(work: (statements: Statements<N>) => T): T | undefined {
    try {
      return work(this.#statements);
    } catch (error) {
      if (isDamage(error)) this.#replace();
      else this.#tell(`Cannot use the ${this.#options.contents}: ${messageOf(error)}.`);
      return undefined;
    }
  }

  /** As `attempt`; all of it is written, or nothing. */
  attemptTogether<T>(work: (statements: Statements<N>) => T): T | undefined {
    return this.attempt((statements) => {
      this.#database.exec('BEGIN IMMEDIATE');
      try {
        const done = work(statements);
        this.#database.exec('COMMIT');
        return done;
      } catch (error) {
        if (this.#database.isTransaction) this.#database.exec('ROLLBACK');
        throw error;
      }
    });
  }

  close(): void {
    this.#database.close();
  }

  #open(): [DatabaseSync, Statements<N>] {
    const { path, contents } = this.#options;
    try {
      return this.#openPatiently(path);
    } catch (error) {
      if (isDamage(error)) return this.#openAnew();
      this.#tell(`Cannot open the ${contents} (${path}): ${messageOf(error)}. This build does without.`);
      return this.#openAt(':memory:');
    }
  }

  /** Two processes that both make a new file ready get in each other's way: SQLite's own patience does not cover that. */
  #openPatiently(path: string): [DatabaseSync, Statements<N>] {
    const deadlineMs = performance.now() + busyTimeoutMs;
    for (;;) {
      try {
        return this.#openAt(path);
      } catch (error) {
        if (!isBusy(error) || performance.now() > deadlineMs) throw error;
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, busyPauseMs);
      }
    }
  }

  #openAnew(): [DatabaseSync, Statements<N>] {
    const { path, contents } = this.#options;
    try {
      moveAside(path);
      const opened = this.#openAt(path);
      this.#tell(`The ${contents} was damaged; it was moved to ${path}.broken and begun anew.`);
      return opened;
    } catch (error) {
      this.#tell(
        `The ${contents} (${path}) is damaged and cannot be begun anew: ${messageOf(error)}. This build does without.`,
      );
      return this.#openAt(':memory:');
    }
  }

  #openAt(path: string): [DatabaseSync, Statements<N>] {
    const { schema, statements } = this.#options;
    const database = new DatabaseSync(path, { timeout: busyTimeoutMs });
    try {
      database.exec(schema);
      const prepared = Object.entries<string>(statements).map(([name, text]) => [
        name,
        database.prepare(text),
      ]);
      return [database, Object.fromEntries(prepared) as Statements<N>]; // The names are those of `statements`.
    } catch (error) {
      database.close();
      throw error;
    }
  }

  #replace(): void {
    this.#database.close();
    [this.#database, this.#statements] = this.#openAnew();
  }

  #tell(message: string): void {
    if (this.#told.has(message)) return;
    this.#told.add(message);
    this.#options.onTrouble(message);
  }
}

/** With its log: SQLite would play an old log into a new file. */
function moveAside(path: string): void {
  for (const ending of ['', '-wal', '-shm']) {
    try {
      renameSync(`${path}${ending}`, `${path}.broken${ending}`);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
  }
}

function isDamage(error: unknown): boolean {
  const { errcode } = error as { errcode?: number };
  return errcode !== undefined && damaged.has(errcode & 0xff);
}

function isBusy(error: unknown): boolean {
  const { errcode } = error as { errcode?: number };
  return errcode !== undefined && busy.has(errcode & 0xff);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
