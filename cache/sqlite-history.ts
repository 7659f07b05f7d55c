/** The keys that actions have had in a workspace, in an SQLite file: for explanations and estimates, never for results. */
import type { Digest } from '../engine/core/digest.ts';
import type { ActionPlace, History, HistoryWriter, PastKey } from '../engine/core/history.ts';
import { SqliteFile } from '../engine/io/sqlite-file.ts';

const schema = `
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = OFF;
  CREATE TABLE IF NOT EXISTS keys (
    origin TEXT, component TEXT, phase TEXT, segment INTEGER, request TEXT, key TEXT, at INTEGER, outcome TEXT,
    duration_ms REAL, PRIMARY KEY (origin, component, phase, segment, request, key)
  ) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS builds (origin TEXT PRIMARY KEY, at INTEGER) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS durations (component TEXT, phase TEXT, mean_ms REAL, PRIMARY KEY (component, phase)) WITHOUT ROWID;
`;

const place = 'origin = ? AND component = ? AND phase = ? AND segment = ?';
const same = `${place} AND request = ?`;

const statements = {
  of: `SELECT request, key, at, outcome, duration_ms FROM keys WHERE ${place} ORDER BY at DESC`,
  // Of the rows of a group SQLite takes the other columns from the one that has the maximum.
  newest: `SELECT component, phase, segment, request, key, MAX(at) FROM keys
    WHERE origin = ? GROUP BY component, phase, segment, request`,
  put: 'INSERT OR REPLACE INTO keys VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)',
  forget: `DELETE FROM keys WHERE ${same} AND key NOT IN (SELECT key FROM keys WHERE ${same} ORDER BY at DESC LIMIT ?)`,
  built: 'INSERT OR REPLACE INTO builds VALUES (?, ?)',
  ofComponent: 'SELECT DISTINCT key FROM keys WHERE origin = ? AND component = ?',
  lastBuild: 'SELECT at FROM builds WHERE origin = ?',
  duration: 'SELECT mean_ms FROM durations WHERE component = ? AND phase = ?',
  learn: `INSERT INTO durations VALUES (?, ?, ?)
    ON CONFLICT DO UPDATE SET mean_ms = mean_ms + (excluded.mean_ms - mean_ms) * ?`,
} as const;

/** How many keys of an action are remembered. */
const mostKeys = 8;
/** Weight of the newest execution in the mean. */
const newness = 0.1;
const mostWaiting = 500;
/** SQL's null is equal to nothing, itself included. */
const whole = -1;

interface Noted {
  readonly action: ActionPlace;
  readonly past: Omit<PastKey, 'request'>;
  /** It has had no key before. */
  readonly isFirst: boolean;
}

export class SqliteHistory implements History, HistoryWriter {
  readonly #file: SqliteFile<keyof typeof statements>;
  /** Origin → action → its newest key. */
  readonly #newest = new Map<string, Map<string, string>>();
  #waiting: Noted[] = [];
  /** Origin → when the build began that has to do with it. */
  readonly #built = new Map<string, number>();

  /** @param path the file; a broken one is moved aside and begun anew */
  constructor(path: string, onTrouble: (message: string) => void) {
    this.#file = new SqliteFile({ path, schema, statements, contents: 'history of actions', onTrouble });
  }

  of(action: ActionPlace): readonly PastKey[] {
    this.flush();
    const rows = this.#file.attempt((prepared) => prepared.of.all(...placeColumns(action))) ?? [];
    return rows.map((row) => {
      const { request, key, at, outcome, duration_ms } = row as unknown as Row; // The columns of the statement.
      return { request, key, atMs: at, outcome, durationMs: duration_ms };
    });
  }

  /** All keys that actions of a component have had. */
  keysOf({ origin, component }: Pick<ActionPlace, 'origin' | 'component'>): readonly Digest[] {
    this.flush();
    const rows = this.#file.attempt(({ ofComponent }) => ofComponent.all(origin, component)) ?? [];
    return rows.map((row) => (row as { key: Digest }).key); // The column of the statement.
  }

  lastBuildMs(origin: string): number | undefined {
    this.flush();
    const row = this.#file.attempt(({ lastBuild }) => lastBuild.get(origin));
    return (row as { at: number } | undefined)?.at;
  }

  expectedMs(component: string, phase: 'run' | 'merge'): number | undefined {
    this.flush();
    const row = this.#file.attempt(({ duration }) => duration.get(component, phase));
    return (row as { mean_ms: number } | undefined)?.mean_ms;
  }

  /** What is known already is not written again: a build in which all is cached writes nothing. */
  note(action: ActionPlace, past: Noted['past']): void {
    this.#built.set(action.origin, past.atMs);
    const newest = this.#newestOf(action.origin);
    const name = nameOf(columnsOf(action));
    const before = newest.get(name);
    if (past.outcome === 'cached' && before === past.key) return;
    newest.set(name, past.key);
    this.#waiting.push({ action, past, isFirst: before === undefined });
    if (this.#waiting.length >= mostWaiting) this.flush();
  }

  flush(): void {
    if (this.#waiting.length + this.#built.size === 0) return;
    const [waiting, built] = [this.#waiting, [...this.#built]];
    this.#waiting = [];
    this.#built.clear();
    this.#file.attemptTogether((prepared) => {
      for (const [origin, atMs] of built) prepared.built.run(origin, atMs);
      for (const { action, past, isFirst } of waiting) {
        const columns = columnsOf(action);
        const { key, atMs, outcome, durationMs } = past;
        prepared.put.run(...columns, key, atMs, outcome, durationMs);
        if (!isFirst) prepared.forget.run(...columns, ...columns, mostKeys);
        if (outcome === 'ran') prepared.learn.run(action.component, action.phase, durationMs, newness);
      }
    });
  }

  close(): void {
    this.flush();
    this.#file.close();
  }

  #newestOf(origin: string): Map<string, string> {
    const known = this.#newest.get(origin);
    if (known) return known;
    const rows = this.#file.attempt((prepared) => prepared.newest.all(origin)) ?? [];
    const newest = new Map(
      rows.map((row) => {
        const { component, phase, segment, request, key } = row as unknown as NewestRow; // The columns of the statement.
        return [nameOf([origin, component, phase, segment, request]), key];
      }),
    );
    this.#newest.set(origin, newest);
    return newest;
  }
}

interface Row {
  readonly request: string;
  readonly key: PastKey['key'];
  readonly at: number;
  readonly outcome: PastKey['outcome'];
  readonly duration_ms: number;
}

interface NewestRow {
  readonly component: string;
  readonly phase: string;
  readonly segment: number;
  readonly request: string;
  readonly key: string;
}

type PlaceColumns = [origin: string, component: string, phase: string, segment: number];

function placeColumns({ origin, component, phase, segment }: ActionPlace): PlaceColumns {
  return [origin, component, phase, segment ?? whole];
}

function columnsOf(action: ActionPlace): [...PlaceColumns, request: string] {
  return [...placeColumns(action), action.request];
}

function nameOf(columns: readonly (string | number)[]): string {
  return JSON.stringify(columns);
}
