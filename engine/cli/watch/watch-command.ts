/** `flow watch`: builds, and builds again whenever something that the build reads has changed. */
import { join } from 'node:path';
import type { Digest } from '../../core/digest.ts';
import { EventStream } from '../../core/events.ts';
import { RealDisk } from '../../io/disk.ts';
import type { FileIndex } from '../../io/file-index.ts';
import { type FileState, fileState } from '../../io/file-state.ts';
import type { Build } from '../../run/build.ts';
import { forecast } from '../../run/forecast.ts';
import { makeResultFolders } from '../assemble.ts';
import { markBuilding } from '../build-command.ts';
import { type BuildFlags, checkFlags } from '../build-flags.ts';
import { errorsIn, errorText } from '../error-text.ts';
import { refuseHopelessRuns } from '../models/refuse-hopeless-runs.ts';
import { type PreparedBuild, prepareBuild, sourcesOf } from '../prepare-build.ts';
import { tellRefused } from '../refusals.ts';
import { drainUploads } from '../remote/drain-uploads.ts';
import { openRemote } from '../remote/open-remote.ts';
import { ruleFolders } from '../rule-registry.ts';
import { type BuildOutput, runBuild } from '../run-build.ts';
import { standardScreen } from '../screen.ts';
import { openIndex, openSession, type Session } from '../session.ts';
import { parseTargets } from '../targets.ts';
import { Workbench } from '../workbench.ts';
import { openWorkspace, type Workspace } from '../workspace.ts';
import { ResultChanges } from './result-changes.ts';
import { SourceWatcher } from './source-watcher.ts';
import { changedText, changesText, doneText } from './watch-text.ts';

interface Prepared {
  readonly session: Session;
  readonly build: PreparedBuild;
}

interface Running {
  /** Settles once the build can be stopped. */
  readonly started: Promise<Build>;
  readonly done: Promise<unknown>;
}

/** @returns the exit status: that of an interrupt, which is how a watch ends */
export async function watchCommand(words: readonly string[], flags: BuildFlags): Promise<number> {
  checkFlags(flags, parseTargets(words));
  const workspace = openWorkspace(flags);
  using _mark = markBuilding(workspace);
  using index = openIndex(workspace);
  await using workbench = new Workbench(workspace, {
    disk: new RealDisk(),
    jobs: flags.jobs,
    isKeptWarm: true,
    isOffline: flags.offline,
  });
  workbench.shared = await openRemote({ workspace, workbench, flags });
  using results = new ResultChanges(workbench);
  const { resultsFolder, runStatesFolder, outFolder, stateFolder, cacheFolder } = workspace;
  const watcher = new SourceWatcher([resultsFolder, runStatesFolder, outFolder, stateFolder, cacheFolder]);
  try {
    await new Watch({
      workspace,
      index,
      workbench,
      results,
      watcher,
      words,
      flags,
    }).run();
    if (workbench.shared && flags.wait !== false) await drainUploads(workbench.shared);
  } finally {
    await watcher.close();
    index.flush();
  }
  return 130;
}

interface WatchSetting {
  readonly workspace: Workspace;
  readonly index: FileIndex;
  readonly workbench: Workbench;
  readonly results: ResultChanges;
  readonly watcher: SourceWatcher;
  readonly words: readonly string[];
  readonly flags: BuildFlags;
}

class Watch {
  readonly #setting: WatchSetting;
  readonly #interrupted = Promise.withResolvers<'interrupted'>();
  /** Files that changed unwatched, with the states that they were then seen in. */
  readonly #missed = new Map<string, FileState>();
  #running: Running | undefined;
  #isInterrupted = false;

  constructor(setting: WatchSetting) {
    this.#setting = setting;
  }

  /** Ends when it is interrupted. */
  async run(): Promise<void> {
    const onSignal = (): void => {
      this.#isInterrupted = true;
      this.#interrupted.resolve('interrupted');
    };
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, onSignal);
    try {
      this.#watchBase();
      while (!this.#isInterrupted) {
        const startedMs = performance.now();
        const prepared = await this.#prepare();
        if (prepared) await this.#takeOver(prepared, startedMs);
        await this.#untilChange();
      }
      await this.#running?.done;
    } finally {
      for (const signal of ['SIGINT', 'SIGTERM'] as const) process.off(signal, onSignal);
    }
  }

  /** Also what cannot be read yet may be mended. */
  #watchBase(): void {
    const { workspace, watcher } = this.#setting;
    const folders = ['graphs', 'profiles'].map((name) => join(workspace.root, name));
    const files = [join(workspace.root, 'flow.yaml')];
    watcher.watch({ files, folders: [...folders, ...ruleFolders(workspace)] });
  }

  /** Undefined if something is wrong, which is told; the watch goes on. */
  async #prepare(): Promise<Prepared | undefined> {
    const { workspace, index, workbench, words, flags, watcher } = this.#setting;
    try {
      const targets = parseTargets(words);
      const { modelFiles } = workbench;
      const session = await openSession(workspace, index, flags.profile, { modelFiles });
      const whole = await prepareBuild(session, targets, flags);
      const build = await refuseHopelessRuns(whole, { session, workbench, flags });
      makeResultFolders(targets, workspace);
      const sources = sourcesOf(session, build);
      watcher.watch(sources);
      this.#noteMissed(sources.files);
      tellRefused(build.assembled);
      return { session, build };
    } catch (thrown) {
      tellErrors(thrown);
      return undefined;
    }
  }

  /** What changed after it was read was perhaps not watched yet: a video takes long to hash. Told once each. */
  #noteMissed(files: readonly string[]): void {
    const { index, watcher } = this.#setting;
    for (const path of files) {
      const [whenRead, now] = [index.stateWhenRead(path), fileState(path)];
      if (!whenRead || !now || whenRead === now || this.#missed.get(path) === now) continue;
      this.#missed.set(path, now);
      watcher.note(path);
    }
  }

  /** Starts a build in place of the one that runs, whose work is kept as far as it is still wanted. */
  async #takeOver(prepared: Prepared, startedMs: number): Promise<void> {
    if (this.#running) {
      const wanted = await this.#wantedKeys(prepared);
      const { started, done } = this.#running;
      (await Promise.race([started, done.then(() => undefined)]))?.retire((key) => wanted.has(key));
      await done;
    }
    if (!this.#isInterrupted) this.#start(prepared, startedMs);
  }

  async #wantedKeys({ build }: Prepared): Promise<ReadonlySet<Digest>> {
    const { actions, blobs } = this.#setting.workbench;
    const keys = new Set<Digest>();
    for (const spec of build.assembled.specs) {
      const foreseen = await forecast(spec, { actions, blobs, programs: build.programs.identities });
      for (const { key } of foreseen.actions) if (key) keys.add(key.key);
    }
    return keys;
  }

  #start({ session, build }: Prepared, startedMs: number): void {
    const { workbench, words, flags } = this.#setting;
    const started = Promise.withResolvers<Build>();
    const events = new EventStream(Date.now);
    const input = {
      session,
      workbench,
      prepared: build,
      words,
      flags: { ...flags, wait: false }, // What a build has made is sent while the watch goes on.
      startedMs,
      events,
      hidesCached: true,
      onStart: started.resolve,
    };
    const done = runBuild(input)
      .then((output) => this.#tell(output, build.assembled.refused.length, performance.now() - startedMs))
      .catch((thrown) => tellErrors(thrown))
      .finally(() => {
        this.#running = undefined;
      });
    this.#running = { started: started.promise, done };
  }

  async #tell(
    { outcomes, counter, published }: BuildOutput,
    refused: number,
    durationMs: number,
  ): Promise<void> {
    if (outcomes.some(({ status }) => status === 'cancelled')) return;
    for (const outcome of outcomes)
      process.stdout.write(changesText(await this.#setting.results.since(outcome), standardScreen()));
    if (published) tellRefused({ refused: published.unpublished });
    const { executed, cached } = counter;
    process.stdout.write(doneText(outcomes, { executed, cached, refused, durationMs }));
  }

  async #untilChange(): Promise<void> {
    const { watcher } = this.#setting;
    const found = await Promise.race([watcher.changes(), this.#interrupted.promise]);
    if (found === 'interrupted') return;
    process.stderr.write(`${changedText(found, new Date())}\n`);
  }
}

function tellErrors(thrown: unknown): void {
  for (const error of errorsIn(thrown)) process.stderr.write(`${errorText(error)}\n`);
  process.stderr.write('Waiting for a change.\n');
}
