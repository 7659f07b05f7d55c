/**
 * A workspace in a temporary folder and `flow` run in it as a user would, in a process of its own.
 *
 * Every rig has its own cache; `FLOW_TEST_CLI` may name a built `flow.js` to test instead of the sources.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import type { Summary } from '../engine/cli/summary.ts';
import type { TimedEvent } from '../engine/core/events.ts';
import { type Manifest, manifestSchema } from '../engine/core/manifest.ts';

const cli = process.env.FLOW_TEST_CLI ?? resolve(import.meta.dirname, '../engine/cli/flow.ts');

export interface FlowRun {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface BuildRun extends FlowRun {
  readonly summary: Summary;
  readonly events: readonly TimedEvent[];
  /** Components that executed an action anew, sorted, each once. */
  readonly ran: readonly string[];
  /** Ids of the actions that executed anew, sorted: `run:clip.mp4//decode{…}#3`. */
  readonly ranActions: readonly string[];
  /** Ids of the actions that ran only to make their bytes again, sorted. */
  readonly regenerated: readonly string[];
}

/** What these tests are about does not depend on models: without them films are done in a moment. */
const withoutModels = `schema_version: 1
name: without-models
extends: builtin:default
components:
${[
  ...['core_clip', 'core_face_landmarks', 'core_object_detections', 'core_depth_midas', 'core_optical_flow'],
  ...['clap_extractor', 'scene_classification', 'uniqueness', 'story_structure'],
]
  .map((name) => `  ${name}: { enabled: false }`)
  .join('\n')}
`;

export class Rig implements Disposable {
  readonly root: string;
  readonly cacheDir: string;

  /** @param files path in the workspace → content; a `flow.yaml` is added if there is none */
  constructor(files: Readonly<Record<string, string | Uint8Array>> = {}) {
    const base = realpathSync(mkdtempSync(join(tmpdir(), 'flow-test-')));
    this.root = join(base, 'workspace');
    this.cacheDir = join(base, 'cache');
    mkdirSync(this.root);
    this.write('flow.yaml', 'schema_version: 1\n');
    this.write('profiles/default.yaml', 'schema_version: 1\nname: default\nextends: without-models\n');
    this.write('profiles/without-models.yaml', withoutModels);
    for (const [name, content] of Object.entries(files)) this.write(name, content);
  }

  path(name: string): string {
    return join(this.root, name);
  }

  write(name: string, content: string | Uint8Array): void {
    mkdirSync(dirname(this.path(name)), { recursive: true });
    writeFileSync(this.path(name), content);
  }

  read(name: string): string {
    return readFileSync(this.path(name), 'utf8');
  }

  /** Replaces a text that must be there once. */
  replace(name: string, from: string, to: string): void {
    const before = this.read(name);
    if (before.split(from).length !== 2) throw new Error(`${name} does not hold "${from}" exactly once`);
    this.write(
      name,
      before.replace(from, () => to),
    );
  }

  remove(name: string): void {
    rmSync(this.path(name), { recursive: true, force: true });
  }

  /** Starts `flow`; for tests that signal or kill it. */
  start(args: readonly string[], env: Readonly<Record<string, string>> = {}): ChildProcess {
    return spawn(process.execPath, [cli, ...args], {
      cwd: this.root,
      env: {
        ...process.env,
        FLOW_REMOTE: '',
        FLOW_MODELS_MIRROR: '',
        FLOW_CACHE_DIR: this.cacheDir,
        NO_COLOR: '1',
        ...env,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  }

  /** @param onStart is given the process, for tests that signal or kill it */
  async flow(
    args: readonly string[],
    env: Readonly<Record<string, string>> = {},
    onStart: (child: ChildProcess) => void = () => undefined,
  ): Promise<FlowRun> {
    const child = this.start(args, env);
    onStart(child);
    const [stdout, stderr] = [collect(child.stdout!), collect(child.stderr!)];
    const status = await new Promise<number | null>((done) => child.on('close', done));
    return { status, stdout: stdout(), stderr: stderr() };
  }

  /** `flow build` with its events: never answered from the record of the last build. */
  build(
    args: readonly string[],
    env: Readonly<Record<string, string>> = {},
    onStart?: (child: ChildProcess) => void,
  ): Promise<BuildRun> {
    return this.#withEvents(['build', ...args], env, onStart);
  }

  /** `flow heal` with its events. */
  heal(args: readonly string[]): Promise<BuildRun> {
    return this.#withEvents(['heal', ...args], {});
  }

  async #withEvents(
    args: readonly string[],
    env: Readonly<Record<string, string>>,
    onStart?: (child: ChildProcess) => void,
  ): Promise<BuildRun> {
    const eventsFile = join(dirname(this.root), 'events.ndjson');
    rmSync(eventsFile, { force: true });
    const run = await this.flow([...args, '--json', '--plain', '--events', eventsFile], env, onStart);
    const summary = JSON.parse(run.stdout || '{}') as Summary;
    const events = readLines(eventsFile) as TimedEvent[];
    const finished = events.filter((event) => event.type === 'action_finished');
    const ran = finished.filter((event) => event.reason === 'new');
    return {
      ...run,
      summary,
      events,
      ran: [...new Set(ran.map((event) => event.component))].sort(),
      ranActions: ran.map((event) => event.action).sort(),
      regenerated: finished
        .filter((event) => event.reason === 'regenerate')
        .map((event) => event.action)
        .sort(),
    };
  }

  /** The manifest of a build's only run. */
  manifest({ summary }: BuildRun): Manifest {
    const [path] = summary.runs.flatMap((run) => run.manifest ?? []);
    return manifestSchema.parse(JSON.parse(readFileSync(path!, 'utf8')));
  }

  /** Digest by 'component/output.ext' of everything that a build's only run delivered. */
  digests(run: BuildRun): Record<string, string> {
    const outputs = this.manifest(run).components.flatMap((component) => component.outputs);
    return Object.fromEntries(outputs.map(({ path, digest }) => [path, digest]));
  }

  [Symbol.dispose](): void {
    rmSync(dirname(this.root), { recursive: true, force: true });
  }
}

function collect(stream: NodeJS.ReadableStream): () => string {
  const chunks: Buffer[] = [];
  stream.on('data', (chunk: Buffer) => chunks.push(chunk));
  return () => Buffer.concat(chunks).toString('utf8');
}

function readLines(path: string): unknown[] {
  try {
    return readFileSync(path, 'utf8')
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line) as unknown);
  } catch {
    return []; // The build ended before it had anything to tell.
  }
}
