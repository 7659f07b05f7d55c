/** Brings graph, profile, rules and targets together into what `Build` is to do. */
import { globSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { usedModel } from '../core/assigned-model.ts';
import { type Component, configHash } from '../core/component.ts';
import { type Digest, digestJson } from '../core/digest.ts';
import { FlowError, toFlowError } from '../core/errors.ts';
import type { ComponentNode, Reference } from '../core/graph.ts';
import { runIdOf, videoIdOf } from '../core/identity.ts';
import { suggestion } from '../core/nearest.ts';
import { Plan, type Source } from '../core/plan.ts';
import { isEnabled } from '../core/profile.ts';
import type { RunSpec } from '../run/run-progress.ts';
import { RunRecord } from '../run/run-record.ts';
import { badTarget, noSuch } from './bad-target.ts';
import { chooseStage, faultOfStage } from './choose-stage.ts';
import { blockedBy } from './component-reach.ts';
import { loadComponents } from './load-components.ts';
import type { Session } from './session.ts';
import { type ComponentTarget, foldersOfGlob, type Targets, type VideoTarget } from './targets.ts';
import { flowVersion } from './version.ts';
import { makeFolder, type Workspace } from './workspace.ts';
import { spotIn } from './yaml-document.ts';

export interface AssembleInput {
  readonly session: Session;
  readonly targets: Targets;
  /** Undefined for the one that the workspace has by default. */
  readonly stage: string | undefined;
  readonly identity: {
    readonly platformId: string;
    readonly videoId?: string;
    readonly runId?: string;
    readonly dataprocessorVersion: string;
  };
}

/** An output that a target names. */
export interface AskedOutput {
  readonly component: string;
  readonly output: string;
}

export interface Assembled {
  readonly specs: readonly RunSpec[];
  /** The outputs of each run whose paths are wanted. */
  readonly asked: ReadonlyMap<RunSpec, readonly AskedOutput[]>;
  /** Videos that cannot even be begun. */
  readonly refused: readonly { readonly name: string; readonly error: FlowError }[];
  readonly sourceFiles: ReadonlySet<string>;
  readonly folders: ReadonlySet<string>;
}

/** @throws {FlowError} or an AggregateError of them, where no run can be blamed alone */
export async function assemble(input: AssembleInput): Promise<Assembled> {
  return new Assembly(input).assemble();
}

/** Makes the folders that a build of the targets delivers into. @throws {FlowError} `config_invalid` */
export function makeResultFolders(targets: Targets, { resultsFolder, outFolder }: Workspace): void {
  if (targets.videos.length > 0) makeFolder(resultsFolder, resultsFix);
  if (targets.components.length > 0) makeFolder(outFolder, outFix);
}

/** The components that the workspace's targets name. */
export function workspaceNames(
  { components }: Targets,
  { graph, profile }: Pick<Session, 'graph' | 'profile'>,
): readonly string[] {
  const names = components.map(({ name }) => name);
  if (!names.includes('...')) return names;
  const free = graph.components.filter((node) => !node.isPerRun).map((node) => node.name);
  return free.filter((name) => isEnabled(profile, name));
}

/** What a run is about. @param source digest of the video, or the empty text */
export function subjectOf(
  source: Digest | '',
  components: readonly Component[],
  { profile }: Pick<Session, 'profile'>,
): Digest {
  const names = components.map(({ name }) => name);
  return digestJson([source, configHash(profile, components), names]);
}

const resultsFix = 'Make it writable, or name another folder: --results, or "results" in flow.yaml.';
const outFix = 'Make it writable, or set "out" in flow.yaml.';

class Assembly {
  readonly #input: AssembleInput;
  readonly #resolved = new Map<string, readonly Component[]>();
  readonly #sourceFiles = new Set<string>();
  readonly #folders = new Set<string>();
  readonly #sources = new Map<string, Source>();
  readonly #specs: RunSpec[] = [];
  readonly #asked = new Map<RunSpec, readonly AskedOutput[]>();
  readonly #refused: { name: string; error: FlowError }[];

  constructor(input: AssembleInput) {
    this.#input = input;
    this.#refused = [...input.targets.refused];
  }

  async assemble(): Promise<Assembled> {
    const { targets } = this.#input;
    await this.#check();
    await this.#workspaceSpec();
    for (const video of targets.videos) await this.#videoSpec(video);
    return {
      specs: this.#specs,
      asked: this.#asked,
      refused: this.#refused,
      sourceFiles: this.#sourceFiles,
      folders: this.#folders,
    };
  }

  /** @throws {AggregateError} of all that is wrong with the targets, before a file is read for them */
  async #check(): Promise<void> {
    const { components, videos: all } = this.#input.targets;
    // A glob gives many videos that want the same: what is wrong with that is told once.
    const videos = [
      ...new Map(all.map((video) => [JSON.stringify([video.component, video.outputs]), video])).values(),
    ];
    const faults = [
      ...components.map((target) => this.#faultOfComponent(target)),
      ...videos.map((target) => this.#faultOfVideo(target)),
    ];
    throwAll(faults.filter((fault) => fault !== undefined));
    const names = this.#workspaceNames;
    throwAll(faultsOfOutputs(components, names.length > 0 ? await this.#componentsOf(names) : []));
    for (const video of videos) {
      const resolved = await this.#componentsOf(this.#wantedOf(video));
      const { component: name, outputs } = video;
      if (name !== undefined) throwAll(faultsOfOutputs([{ name, outputs }], resolved, `run:${video.name}`));
    }
  }

  #nodeOf(name: string): ComponentNode | undefined {
    return this.#input.session.graph.components.find((node) => node.name === name);
  }

  #faultOfComponent({ name }: ComponentTarget): FlowError | undefined {
    const { graph } = this.#input.session;
    const where = `//${name}`;
    const free = graph.components.filter((node) => !node.isPerRun).map((node) => node.name);
    if (name === '...') {
      if (free.length > 0) return undefined;
      const fix = 'Add components to graphs/*.yaml.';
      return badTarget(where, 'the workspace has no targets that need no video', fix);
    }
    const node = this.#nodeOf(name);
    if (node?.isPerRun) return badTarget(where, 'it depends on a video', `Write "run:VIDEO//${name}".`);
    return node ? this.#faultIfDisabled(where, name) : noSuch(where, 'component', name, free);
  }

  #faultOfVideo({ name, component }: VideoTarget): FlowError | undefined {
    if (component === undefined) return faultOfStage(this.#input.session, this.#input.stage);
    const where = `run:${name}//${component}`;
    const node = this.#nodeOf(component);
    if (node?.isPerRun) return this.#faultIfDisabled(where, component);
    if (node) return badTarget(where, 'it does not depend on a video', `Write "//${component}".`);
    const perRun = this.#input.session.graph.components.filter((one) => one.isPerRun).map((one) => one.name);
    return noSuch(where, 'component', component, perRun);
  }

  #faultIfDisabled(where: string, name: string): FlowError | undefined {
    const { profile } = this.#input.session;
    if (isEnabled(profile, name)) return undefined;
    const fix = `Enable "${name}" in the profile, or build with another one.`;
    return badTarget(where, `the profile "${profile.name}" disables "${name}"`, fix);
  }

  get #setting(): { stage: string; profile: string } {
    return { stage: this.#stage, profile: this.#input.session.profile.name };
  }

  get #stage(): string {
    return chooseStage(this.#input.session, this.#input.stage);
  }

  #wantedOf({ component }: VideoTarget): readonly string[] {
    return component === undefined ? this.#input.session.graph.stages[this.#stage]! : [component];
  }

  get #workspaceNames(): readonly string[] {
    return workspaceNames(this.#input.targets, this.#input.session);
  }

  /** The wanted components with all that they need; the same for every run that wants the same. */
  async #componentsOf(wanted: readonly string[]): Promise<readonly Component[]> {
    const key = wanted.join(' ');
    const known = this.#resolved.get(key);
    if (known) return known;
    const components = await loadComponents(this.#input.session, wanted);
    this.#resolved.set(key, components);
    return components;
  }

  /** Of the workspace's targets, those whose files are there. */
  async #workspaceSpec(): Promise<void> {
    const names = this.#workspaceNames;
    if (names.length === 0) return;
    const all = await this.#componentsOf(names);
    const lost = await this.#lostSources(all);
    const blocked = blockedBy(lost, all);
    const buildable = names.filter((name) => !blocked.has(name));
    for (const name of names) {
      const error = blocked.get(name);
      if (error) this.#refused.push({ name: `//${name}`, error });
    }
    if (buildable.length === 0) return;
    const components = await this.#componentsOf(buildable);
    const scope = { label: '', origin: '', order: 0 };
    const plan = new Plan({
      scope,
      components,
      sourceOf: (reference) => this.#sources.get(referenceKey(reference))!,
    });
    const folder = this.#input.session.workspace.outFolder;
    const subject = subjectOf('', components, this.#input.session);
    const spec: RunSpec = {
      ...{ ...this.#setting, scope, subject, plan, components, kept: [], folder },
      record: undefined,
    };
    const { targets } = this.#input;
    this.#specs.push(spec);
    this.#asked.set(
      spec,
      targets.components.flatMap(({ name, outputs }) =>
        outputs.map((output) => ({ component: name, output })),
      ),
    );
  }

  async #videoSpec(video: VideoTarget): Promise<void> {
    const name = `run:${video.name}`;
    try {
      const spec = await this.#runSpec(
        video,
        await this.#componentsOf(this.#wantedOf(video)),
        this.#specs.length,
      );
      const asked = video.outputs.map((output) => ({ component: video.component!, output }));
      // The same content under the same name is the same run, wherever it lies.
      const same = this.#specs.find(({ record, folder }) => record && folder === spec.folder);
      if (!same) this.#specs.push(spec);
      this.#asked.set(same ?? spec, [...(this.#asked.get(same ?? spec) ?? []), ...asked]);
    } catch (error) {
      this.#refused.push({ name, error: toFlowError(error) });
    }
  }

  async #runSpec(video: VideoTarget, components: readonly Component[], order: number): Promise<RunSpec> {
    const digest = await this.#digestOf(video.path);
    const [lost] = (await this.#lostSources(components)).values();
    if (lost) throw lost;
    const source: Source = { files: [{ name: basename(video.path), path: video.path, digest }] };
    const scope = {
      label: `run:${video.name}${video.component === undefined ? '' : `//${video.component}`}`,
      origin: video.path,
      order,
    };
    const plan = new Plan({
      scope,
      components,
      sourceOf: (reference) =>
        reference.type === 'video' ? source : this.#sources.get(referenceKey(reference))!,
    });
    const record = await this.#recordOf(video, digest, components);
    const subject = subjectOf(digest, components, this.#input.session);
    return { ...this.#setting, scope, subject, plan, components, kept: [], folder: record.folder, record };
  }

  async #recordOf(video: VideoTarget, digest: Digest, components: readonly Component[]): Promise<RunRecord> {
    const { session, identity } = this.#input;
    const { profile, workspace, disk } = session;
    const stage = this.#stage;
    const configuration = configHash(profile, components);
    const sizeBytes = (await disk.sizeOf(video.path)) ?? 0;
    const facts = {
      video: digest,
      stage,
      configHash: configuration,
      samplingPolicyVersion: profile.samplingPolicyVersion,
    };
    return new RunRecord(
      disk,
      workspace.resultsFolder,
      {
        platformId: identity.platformId,
        videoId: identity.videoId ?? videoIdOf(basename(video.path), digest),
        runId: identity.runId ?? runIdOf(facts),
        configHash: configuration,
        samplingPolicyVersion: profile.samplingPolicyVersion,
        dataprocessorVersion: identity.dataprocessorVersion,
        stage,
        profile: profile.name,
        flowVersion,
        modelMapping: modelMapping(components),
        source: { name: basename(video.path), digest, sizeBytes },
      },
      { createdAt: new Date().toISOString(), order: components.map((component) => component.name) },
    );
  }

  /** Why components cannot be run: by component, what of their sources is missing or is not what it should be. */
  async #lostSources(components: readonly Component[]): Promise<Map<string, FlowError>> {
    const lost = await this.#hashSources(components);
    for (const component of components.filter(({ isRequired }) => isRequired)) {
      const fault = await this.#input.session.models.faultOf(component);
      if (fault) lost.set(component.name, fault);
    }
    return lost;
  }

  /** Finds and hashes the files that the components name in their inputs. @returns by component, what is missing */
  async #hashSources(components: readonly Component[]): Promise<Map<string, FlowError>> {
    const lost = new Map<string, FlowError>();
    for (const component of components) {
      for (const { name, reference } of component.inputs) {
        if (reference?.type !== 'file' && reference?.type !== 'glob') continue;
        const key = referenceKey(reference);
        try {
          if (!this.#sources.has(key)) this.#sources.set(key, await this.#sourceOf(reference, component));
        } catch (thrown) {
          lost.set(component.name, this.#atInput(thrown, component, name));
        }
      }
    }
    return lost;
  }

  /** The error with the place of the input in the graph. */
  #atInput(thrown: unknown, { name }: Component, input: string): FlowError {
    const { code, blame, message, fix, cause } = toFlowError(thrown);
    const spot = spotIn({ file: this.#nodeOf(name)!.file, path: ['components', name, 'inputs', input] });
    return new FlowError({ code, blame, message, fix, cause, ...spot });
  }

  async #sourceOf(reference: Reference & { type: 'file' | 'glob' }, component: Component): Promise<Source> {
    const { root } = this.#input.session.workspace;
    if (reference.type === 'file') {
      const path = join(root, reference.path);
      return { files: [{ name: reference.path, path, digest: await this.#digestOf(path) }] };
    }
    for (const folder of foldersOfGlob(reference.pattern, root)) this.#folders.add(folder);
    const names = globSync(reference.pattern, { cwd: root, withFileTypes: false }).sort();
    const files: Source['files'][number][] = [];
    for (const name of names) {
      const path = join(root, name);
      if (statSync(path, { throwIfNoEntry: false })?.isDirectory()) continue;
      files.push({ name, path, digest: await this.#digestOf(path) });
    }
    if (files.length > 0) return { files };
    throw new FlowError({
      code: 'input_not_found',
      blame: 'user',
      message: `Cannot run "${component.name}": no file matches its input "file:${reference.pattern}".`,
      fix: 'Check the pattern; it is relative to the workspace.',
    });
  }

  #digestOf(path: string): Promise<Digest> {
    this.#sourceFiles.add(path);
    return this.#input.session.index.digestOf(path);
  }
}

/** Which model is in which slot, as `component.slot`, and what runs it: resolved, so that it can be done again. */
function modelMapping(components: readonly Component[]): Record<string, unknown> {
  return Object.fromEntries(
    components.flatMap(({ name, models }) =>
      models
        .map(usedModel)
        .map(({ slot, name: model, ...facts }) => [`${name}.${slot}`, { model, ...facts }]),
    ),
  );
}

function referenceKey(reference: Reference): string {
  return JSON.stringify(reference);
}

function throwAll(errors: readonly FlowError[]): void {
  if (errors.length > 0) throw new AggregateError(errors);
}

function faultsOfOutputs(
  targets: readonly ComponentTarget[],
  components: readonly Component[],
  prefix = '',
): FlowError[] {
  return targets.flatMap(({ name, outputs: asked }) => {
    const component = components.find((candidate) => candidate.name === name);
    const outputs = component?.outputs ?? {};
    if (component && asked.length === 0 && 'request' in component.loaded.rule.params.shape) {
      const why = `"${name}" makes what other components ask it for, and here none does`;
      return [badTarget(`${prefix}//${name}`, why, 'Build a component that reads its output.')];
    }
    return asked.flatMap((output) => {
      const where = `${prefix}//${name}:${output}`;
      if (!Object.hasOwn(outputs, output))
        return [
          badTarget(where, `"${name}" has no output "${output}"`, suggestion(output, Object.keys(outputs))),
        ];
      if (!outputs[output]!.isEphemeral) return [];
      const why = `its output "${output}" is only held while others read it, and is no file`;
      return [badTarget(where, why, `Leave ":${output}" out, or build a component that reads it.`)];
    });
  });
}
