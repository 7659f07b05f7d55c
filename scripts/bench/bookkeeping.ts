/** What a build's own records cost: the events of a real build are told again to those who write them down. */
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { SqliteHistory } from '../../cache/sqlite-history.ts';
import { EventStream, type TimedEvent } from '../../engine/core/events.ts';
import { RealDisk } from '../../engine/io/disk.ts';
import { RunJournal } from '../../engine/run/run-journal.ts';

/** @returns wall time that journal, checkpoints and history take for these events; milliseconds */
export async function bookkeepingMs(eventsFile: string, folder: string): Promise<number> {
  const events = readFileSync(eventsFile, 'utf8')
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as TimedEvent); // What `--events` has written.
  const started = events.find((event) => event.type === 'run_started');
  if (!started?.name) throw new Error(`${eventsFile} tells of no run`);
  const journal = new RunJournal({
    disk: new RealDisk(),
    statesFolder: join(folder, 'state'),
    name: started.name,
    run: started.run,
    ...{ build: 'bench', process: '1 1', host: 'bench', flowVersion: '0' },
    onTrouble: (error) => {
      throw error;
    },
  });
  mkdirSync(folder, { recursive: true });
  const history = new SqliteHistory(join(folder, 'history.db'), (message) => {
    throw new Error(message);
  });
  const stream = new EventStream(Date.now);
  stream.listen(journal.listen);
  stream.listen((event) => noteInHistory(event, history));
  const startedMs = performance.now();
  for (const { atMs, ...event } of events) {
    stream.emit(event);
    if (event.type === 'component_finished') await journal.close(); // In a build they end one by one, too.
  }
  await journal.close();
  history.close();
  return performance.now() - startedMs;
}

function noteInHistory(event: TimedEvent, history: SqliteHistory): void {
  if (event.type !== 'action_finished') return;
  const { component, segment = null, key, durationMs, action } = event;
  const place = { origin: 'film', component, phase: 'run', segment, request: action } as const;
  history.note(place, { key, atMs: 0, outcome: 'ran', durationMs });
}
