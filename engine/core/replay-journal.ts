/** What the journal of a run comes to, whoever wrote to it. */
import { readJournal } from './journal-line.ts';
import { type JournalRecord, RunState, recordSchema } from './run-state.ts';

export interface Replayed {
  /** Undefined where no legible line says that a build has begun. */
  readonly state: RunState | undefined;
  /** Lines that were cut off or damaged, or that no build writes. */
  readonly damagedLines: number;
  /** When the last line was written; ISO 8601. */
  readonly lastAt: string;
}

/**
 * Several builds may have written at once. Each has a state of its own; the run's is that of the build which began or
 * ended last: what has ended well is there, whoever else is still at it.
 */
export function replayJournal(text: string): Replayed {
  const { records, damaged } = readJournal(text);
  const states = new Map<string, RunState>();
  let [latest, lastAt, strange]: [RunState | undefined, string, number] = [undefined, '', 0];
  for (const value of records) {
    const record = parse(value);
    if (!record) {
      strange += 1;
      continue;
    }
    const state = record.type === 'run_started' ? new RunState() : states.get(record.build);
    lastAt = record.at;
    if (!state) continue; // The line of its beginning was damaged.
    states.set(record.build, state);
    state.apply(record);
    if (record.type === 'run_started' || record.type === 'run_finished') latest = state;
  }
  return { state: latest, damagedLines: damaged + strange, lastAt };
}

function parse(value: unknown): JournalRecord | undefined {
  return recordSchema.safeParse(value).data;
}
