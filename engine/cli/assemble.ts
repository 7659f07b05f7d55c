/** Brings graph, profile, rules and targets together into what `Build` is to do. */
import { globSync } from 'node:fs';
import { basename, join } from 'node:path';
import {
  type Component,
  configHash,
  type LoadedRule,
  neededRules,
  resolveComponents,
} from '../core/component.ts';
import type { Digest } from '../core/digest.ts';
import { FlowError, toFlowError } from '../core/errors.ts';
import type { Graph, Reference } from '../core/graph.ts';
import { runIdOf, videoIdOf } from '../core/identity.ts';
import { suggestion } from '../core/nearest.ts';
import { Plan, type Source } from '../core/plan.ts';
import type { Profile } from '../core/profile.ts';
import { RealDisk } from '../io/disk.ts';
import type { FileIndex } from '../io/file-index.ts';
import type { RunSpec } from '../run/run-progress.ts';
import { RunRecord } from '../run/run-record.ts';
import type { RuleRegistry } from './rule-registry.ts';
import { foldersOfGlob, type Targets, type VideoTarget } from './targets.ts';
import { flowVersion } from './version.ts';
import type { Workspace } from './workspace.ts';
import { toErrors } from './yaml-document.ts';

export interface AssembleInput {
  readonly workspace: Workspace;
  readonly index: FileIndex;
  readonly graph: Graph;
  readonly profile: Profile;
  readonly registry: RuleRegistry;
  readonly targets: Targets;
  readonly stage: string;
  readonly identity: {
    readonly platformId: string;
    readonly videoId?: string;
    readonly runId?: string;
    readonly dataprocessorVersion: string;
  };
}

export interface Assembled {
  readonly specs: readonly RunSpec[];
  /** Videos that cannot even be begun. */
  readonly refused: readonly { readonly name: string; readonly error: FlowError }[];
  readonly sourceFiles: ReadonlySet<string>;
  readonly folders: ReadonlySet<string>;
}

/** @throws {FlowError} or an AggregateError of them, where no run can be blamed alone */
export async function assemble(input: AssembleInput): Promise<Assembled> {
  return new Assembly(input).assemble();
}

class Assembly {
  readonly #input: AssembleInput;
  readonly #rules = new Map<string, LoadedRule>();
  readonly #resolved = new Map<string, readonly Component[]>();
  readonly #sourceFiles = new Set<string>();
  readonly #folders = new Set<string>();
  readonly #sources = new Map<string, Source>();

  constructor(input: AssembleInput) {
    this.#input = input;
  }

  async assemble(): Promise<Assembled> {
    const { targets } = this.#input;
    const specs: RunSpec[] = [];
    const refused: { name: string; error: FlowError }[] = [];
    if (targets.components.length > 0) specs.push(await this.#workspaceSpec());
    for (const video of targets.videos) {
      const components = await this.#componentsOf(this.#wantedOf(video));
      try {
        specs.push(await this.#runSpec(video, components, specs.length));
      } catch (error) {
        refused.push({ name: video.name, error: toFlowError(error) });
      }
    }
    return { specs, refused, sourceFiles: this.#sourceFiles, folders: this.#folders };
  }

  #wantedOf({ component, name, output }: VideoTarget): readonly string[] {
    const { graph, stage } = this.#input;
    if (component === undefined) return this.#stageMembers(stage);
    const node = graph.components.find((candidate) => candidate.name === component);
    if (node?.isPerRun) return [component];
    const where = `run:${name}//${component}${output ? `:${output}` : ''}`;
    if (node) throw badTarget(where, 'it does not depend on a video', `Write "//${component}".`);
    const perRun = graph.components
      .filter((candidate) => candidate.isPerRun)
      .map((candidate) => candidate.name);
    throw badTarget(where, `no component is called "${component}"`, suggestion(component, perRun));
  }

  #stageMembers(stage: string): readonly string[] {
    const { graph } = this.#input;
    const members = graph.stages[stage];
    if (members) return members;
    throw badTarget('--stage', `no stage is called "${stage}"`, suggestion(stage, Object.keys(graph.stages)));
  }

  #workspaceTargets(): string[] {
    const { graph, targets } = this.#input;
    const free = graph.components.filter((node) => !node.isPerRun).map((node) => node.name);
    if (targets.components.includes('...')) {
      if (free.length === 0)
        throw badTarget(
          '//...',
          'the workspace has no targets that need no video',
          'Add components to graphs/*.yaml.',
        );
      return free;
    }
    for (const name of targets.components) {
      if (free.includes(name)) continue;
      const isPerRun = graph.components.some((node) => node.name === name);
      if (isPerRun) throw badTarget(`//${name}`, 'it depends on a video', `Write "run:VIDEO//${name}".`);
      throw badTarget(`//${name}`, `no component is called "${name}"`, suggestion(name, free));
    }
    return [...targets.components];
  }

  /** The wanted components with all that they need; the same for every run that wants the same. */
  async #componentsOf(wanted: readonly string[]): Promise<readonly Component[]> {
    const key = wanted.join(' ');
    const known = this.#resolved.get(key);
    if (known) return known;
    const { graph, profile, registry } = this.#input;
    const loaded = await registry.load(neededRules({ graph, profile, wanted }));
    if ('issues' in loaded) throw new AggregateError(toErrors(loaded.issues, 'graph_invalid'));
    for (const [name, rule] of loaded.rules) this.#rules.set(name, rule);
    const resolved = resolveComponents({ graph, profile, rules: this.#rules, wanted });
    if ('issues' in resolved) throw new AggregateError(toErrors(resolved.issues, 'graph_invalid'));
    this.#resolved.set(key, resolved.components);
    return resolved.components;
  }

  async #workspaceSpec(): Promise<RunSpec> {
    const components = await this.#componentsOf(this.#workspaceTargets());
    await this.#hashSources(components);
    const scope = { label: '', order: 0 };
    const plan = new Plan({
      scope,
      components,
      sourceOf: (reference) => this.#sources.get(referenceKey(reference))!,
    });
    return { scope, plan, components, folder: this.#input.workspace.outFolder, record: undefined };
  }

  async #runSpec(video: VideoTarget, components: readonly Component[], order: number): Promise<RunSpec> {
    const digest = await this.#digestOf(video.path);
    await this.#hashSources(components);
    const source: Source = { files: [{ name: basename(video.path), path: video.path, digest }] };
    const scope = {
      label: `run:${video.name}${video.component === undefined ? '' : `//${video.component}`}`,
      order,
    };
    const plan = new Plan({
      scope,
      components,
      sourceOf: (reference) =>
        reference.type === 'video' ? source : this.#sources.get(referenceKey(reference))!,
    });
    const record = await this.#recordOf(video, digest, components);
    return { scope, plan, components, folder: record.folder, record };
  }

  async #recordOf(video: VideoTarget, digest: Digest, components: readonly Component[]): Promise<RunRecord> {
    const { profile, workspace, stage, identity } = this.#input;
    const configuration = configHash(profile, components);
    const sizeBytes = (await new RealDisk().sizeOf(video.path)) ?? 0;
    const facts = {
      video: digest,
      stage,
      configHash: configuration,
      samplingPolicyVersion: profile.samplingPolicyVersion,
    };
    return new RunRecord(
      new RealDisk(),
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
        modelMapping: profile.models,
        source: { name: basename(video.path), digest, sizeBytes },
      },
      { createdAt: new Date().toISOString(), order: components.map((component) => component.name) },
    );
  }

  /** Finds and hashes the files that the components name in their inputs. */
  async #hashSources(components: readonly Component[]): Promise<void> {
    for (const component of components) {
      for (const { reference } of component.inputs) {
        if (reference?.type !== 'file' && reference?.type !== 'glob') continue;
        const key = referenceKey(reference);
        if (!this.#sources.has(key)) this.#sources.set(key, await this.#sourceOf(reference, component));
      }
    }
  }

  async #sourceOf(reference: Reference & { type: 'file' | 'glob' }, component: Component): Promise<Source> {
    const { root } = this.#input.workspace;
    if (reference.type === 'file') {
      const path = join(root, reference.path);
      return { files: [{ name: reference.path, path, digest: await this.#digestOf(path) }] };
    }
    for (const folder of foldersOfGlob(reference.pattern, root)) this.#folders.add(folder);
    const names = globSync(reference.pattern, { cwd: root, withFileTypes: false }).sort();
    const files: Source['files'][number][] = [];
    for (const name of names) {
      const path = join(root, name);
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
    return this.#input.index.digestOf(path);
  }
}

function referenceKey(reference: Reference): string {
  return JSON.stringify(reference);
}

function badTarget(where: string, why: string, fix: string): FlowError {
  return new FlowError({
    code: 'config_invalid',
    blame: 'user',
    where,
    message: `Cannot build this target: ${why}.`,
    fix,
  });
}
