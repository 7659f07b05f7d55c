/**
 * The state of one run on disk: a journal that is only added to, and checkpoints of what it comes to.
 *
 * Every line outlives the process at once; at the end of each component the journal is synced and the checkpoints are
 * written anew. Who reads them needs neither to be whole: see `read-run-state.ts`.
 */
import { join } from 'node:path';
import type { FlowEvent, Listener, RunName, TimedEvent } from '../core/events.ts';
import { journalLine } from '../core/journal-line.ts';
import { replayJournal } from '../core/replay-journal.ts';
import { type JournalRecord, RunState } from '../core/run-state.ts';
import { type Disk, writeAtomically } from '../io/disk.ts';

export interface JournalSetting {
  readonly disk: Disk;
  readonly statesFolder: string;
  readonly name: RunName;
  /** Label of the run in events. */
  readonly run: string;
  readonly build: string;
  readonly process: string;
  readonly host: string;
  readonly flowVersion: string;
  /** Told once, if the state cannot be written: the build goes on without. */
  readonly onTrouble: (error: Error) => void;
}

function stateFolderOfRun(statesFolder: string, { platformId, videoId, runId }: RunName): string {
  return join(statesFolder, platformId, videoId, runId);
}

export const journalName = 'state_events.jsonl';
export const runStateName = 'run_state.json';

export function processorStateName(processor: string): string {
  return `state_${processor}.json`;
}

const checkpointed = new Set<TimedEvent['type']>(['run_started', 'component_finished', 'run_finished']);

export class RunJournal {
  readonly #setting: JournalSetting;
  readonly #folder: string;
  readonly #state = new RunState();
  #journalBytes = 0;
  /** Another build of the run writes to the same journal. */
  #isShared = false;
  #isSwept = false;
  #isBroken = false;
  /** The run's checkpoint lags behind. */
  #isBehind = false;
  /** Processors whose checkpoint lags behind. */
  readonly #stale = new Set<string>();
  #writing: Promise<void> | undefined;

  constructor(setting: JournalSetting) {
    this.#setting = setting;
    this.#folder = stateFolderOfRun(setting.statesFolder, setting.name);
  }

  readonly listen: Listener = (event) => {
    if ('run' in event && event.run !== this.#setting.run) return;
    const at = new Date(event.atMs).toISOString();
    for (const fact of this.#factsOf(event)) this.#note({ at, build: this.#setting.build, ...fact });
    if (checkpointed.has(event.type)) this.#checkpoint();
  };

  /** False once something could not be written. */
  get isWhole(): boolean {
    return !this.#isBroken;
  }

  /** The journal and its checkpoints. */
  get files(): string[] {
    const names = [journalName, runStateName, ...this.#state.processors.map(processorStateName)];
    return names.map((name) => join(this.#folder, name));
  }

  /** Settles when all is on disk. */
  async close(): Promise<void> {
    while (this.#writing) await this.#writing;
  }

  #factsOf(event: TimedEvent): Fact[] {
    switch (event.type) {
      case 'run_started':
        return this.#started(event);
      case 'action_started':
        return [
          ...this.#begun(event.component),
          { ...actionOf(event), status: 'started', attempt: event.attempt },
        ];
      case 'action_finished':
        return [{ ...actionOf(event), status: 'finished', key: event.key, duration_ms: event.durationMs }];
      case 'action_retried':
        return [
          { ...actionOf(event), status: 'retried', attempt: event.attempt, error_code: event.error.code },
        ];
      case 'action_failed':
        return [{ ...actionOf(event), status: 'failed', error_code: event.error.code }];
      case 'component_finished':
        return [ended(event)];
      case 'run_finished':
        return [{ type: 'run_finished', status: event.status }];
      default:
        return [];
    }
  }

  #started({ stage, profile, components }: FlowEvent & { type: 'run_started' }): Fact[] {
    const { name, process, host, flowVersion } = this.#setting;
    return [
      {
        type: 'run_started',
        platform_id: name.platformId,
        video_id: name.videoId,
        run_id: name.runId,
        stage,
        profile,
        flow_version: flowVersion,
        process,
        host,
        components: components.map((component) => ({
          name: component.name,
          processor: component.processor,
          required: component.isRequired,
        })),
      },
    ];
  }

  /** A component runs from its first action on. */
  #begun(component: string): Fact[] {
    const isWaiting = this.#state.components.get(component)?.status === 'waiting';
    return isWaiting ? [{ type: 'component', component, status: 'running' }] : [];
  }

  #note(record: JournalRecord): void {
    this.#state.apply(record);
    for (const processor of this.#processorsOf(record)) this.#stale.add(processor);
    if (this.#isBroken) return;
    try {
      const line = `${journalLine(record)}\n`;
      const before = this.#journalBytes;
      this.#journalBytes = this.#setting.disk.append(join(this.#folder, journalName), line);
      if (before > 0 && this.#journalBytes !== before + Buffer.byteLength(line)) this.#isShared = true;
    } catch (error) {
      this.#giveUp(error as Error);
    }
  }

  #processorsOf(record: JournalRecord): readonly string[] {
    if (record.type === 'run_started') return this.#state.processors;
    if (record.type !== 'component') return [];
    return [this.#state.components.get(record.component)!.processor];
  }

  /** Writes what is stale; while that is under way, what becomes stale waits for the next round. */
  #checkpoint(): void {
    this.#isBehind = true;
    this.#writing ??= this.#write()
      .catch((error: Error) => this.#giveUp(error))
      .finally(() => {
        this.#writing = undefined;
        if (this.#isBehind && !this.#isBroken) this.#checkpoint();
      });
  }

  async #write(): Promise<void> {
    if (this.#isBroken) return;
    const { disk } = this.#setting;
    const stale = [...this.#stale];
    this.#stale.clear();
    this.#isBehind = false;
    const { state, bytes } = await this.#known();
    const at = { journal_bytes: bytes, written_at: new Date().toISOString() };
    const documents: [string, unknown][] = stale.map((name) => [
      processorStateName(name),
      state.processorDocument(name, at),
    ]);
    documents.push([runStateName, state.document(at)]);
    await disk.sync(join(this.#folder, journalName)); // A checkpoint never says more than the journal.
    for (const [name, document] of documents)
      await writeAtomically(disk, join(this.#folder, name), `${JSON.stringify(document, null, 2)}\n`);
    if (!this.#isSwept) await this.#sweep();
  }

  /** Removes the checkpoints of processors that the run once had. */
  async #sweep(): Promise<void> {
    this.#isSwept = true;
    const own = new Set(this.#state.processors.map(processorStateName));
    for (const name of await this.#setting.disk.list(this.#folder))
      if (/^state_.*\.json$/.test(name) && !own.has(name))
        await this.#setting.disk.remove(join(this.#folder, name));
  }

  /** What the journal comes to so far, and its length: where others write to it, as it lies there. */
  async #known(): Promise<{ state: RunState; bytes: number }> {
    const journal = this.#isShared
      ? await this.#setting.disk.read(join(this.#folder, journalName))
      : undefined;
    const state = journal && replayJournal(Buffer.from(journal).toString('utf8')).state;
    return state ? { state, bytes: journal.length } : { state: this.#state, bytes: this.#journalBytes };
  }

  #giveUp(error: Error): void {
    if (this.#isBroken) return;
    this.#isBroken = true;
    this.#setting.onTrouble(error);
  }
}

type Fact = JournalRecord extends infer R
  ? R extends JournalRecord
    ? Omit<R, 'at' | 'build'>
    : never
  : never;

type ActionEvent = Extract<TimedEvent, { action: string }>;

function actionOf({ action, component, segment }: ActionEvent) {
  return { type: 'action', action, component, ...(segment !== undefined && { segment }) } as const;
}

function ended(event: FlowEvent & { type: 'component_finished' }): Fact {
  const { component, status, reason, errorCode, cache, durationMs, outputs, bytes } = event;
  return {
    type: 'component',
    component,
    status,
    ...(reason !== undefined && { reason }),
    ...(errorCode && { error_code: errorCode }),
    cache,
    duration_ms: durationMs,
    outputs,
    bytes,
  };
}
