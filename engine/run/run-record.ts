/** The manifest of one run, kept up to date on disk while the run goes on. */
import { join } from 'node:path';
import type { Digest } from '../core/digest.ts';
import type { RunName, RunStatus } from '../core/events.ts';
import { faultOfName } from '../core/fault-of-name.ts';
import {
  type Manifest,
  type ManifestComponent,
  manifestSchema,
  manifestSchemaVersion,
} from '../core/manifest.ts';
import { type Disk, writeAtomically } from '../io/disk.ts';
import { sweepRun } from './sweep-run.ts';

export interface RunIdentity {
  readonly platformId: string;
  readonly videoId: string;
  readonly runId: string;
  readonly configHash: Digest;
  readonly samplingPolicyVersion: string;
  readonly dataprocessorVersion: string;
  readonly stage: string;
  readonly profile: string;
  readonly flowVersion: string;
  readonly modelMapping: Readonly<Record<string, unknown>>;
  readonly source: { readonly name: string; readonly digest: Digest; readonly sizeBytes: number };
}

export type SourceFacts = Omit<Manifest['run']['source'], 'name' | 'digest' | 'size'>;

const unknownFacts: SourceFacts = {
  duration_sec: null,
  width: null,
  height: null,
  fps: null,
  has_audio: null,
};

export class RunRecord {
  readonly folder: string;
  readonly #disk: Disk;
  readonly #identity: RunIdentity;
  #createdAt: string;
  readonly #components = new Map<string, ManifestComponent>();
  readonly #order: readonly string[];
  #facts = unknownFacts;
  #writing: Promise<void> = Promise.resolve();
  #isDirty = false;
  #earlier: readonly string[] | undefined;

  /** @param order names of all components of the run, in the order in which the manifest lists them */
  constructor(
    disk: Disk,
    resultsFolder: string,
    identity: RunIdentity,
    setting: { createdAt: string; order: readonly string[] },
  ) {
    this.#disk = disk;
    this.#identity = identity;
    this.#createdAt = setting.createdAt;
    this.#order = setting.order;
    this.folder = join(resultsFolder, identity.platformId, identity.videoId, identity.runId);
  }

  get name(): RunName {
    const { platformId, videoId, runId } = this.#identity;
    return { platformId, videoId, runId };
  }

  get manifestPath(): string {
    return join(this.folder, 'manifest.json');
  }

  /** Begins with what an earlier build has written of these components. */
  keep(components: readonly ManifestComponent[], { createdAt }: { createdAt: string }): void {
    this.#createdAt = createdAt;
    for (const component of components) this.#components.set(component.name, component);
  }

  setFacts(facts: SourceFacts): void {
    this.#facts = facts;
  }

  setComponent(component: ManifestComponent): void {
    this.#components.set(component.name, component);
    this.#write('running', null);
  }

  /** The last word; settles when the manifest is on disk. @throws what writing it threw */
  async finish(status: RunStatus, finishedAt: string): Promise<void> {
    await this.#writing;
    await this.#noteEarlier();
    await writeAtomically(this.#disk, this.manifestPath, this.#text(status, finishedAt));
  }

  /**
   * Removes what earlier builds have left in the folder and the manifest no longer lists. A run that did not come to its
   * end takes away nothing that an earlier build has given.
   */
  async sweep(status: RunStatus): Promise<void> {
    const isOver = status === 'success' || status === 'partial';
    const components = [...this.#components.values()].filter(
      (component) => isOver || component.status === 'success' || component.status === 'empty',
    );
    const gone = (this.#earlier ?? []).filter((name) => isOver && !this.#components.has(name));
    await sweepRun(this.#disk, this.folder, [...components, ...gone.map((name) => ({ name, outputs: [] }))]);
  }

  /** The components of an earlier build of the run, whose manifest is about to be replaced. */
  async #noteEarlier(): Promise<void> {
    this.#earlier ??= namesIn(await this.#disk.read(this.manifestPath).catch(() => undefined));
  }

  /** Writes one after the other; what changes meanwhile goes into the next one. */
  #write(status: RunStatus, finishedAt: string | null): void {
    if (this.#isDirty) return;
    this.#isDirty = true;
    this.#writing = this.#writing
      .then(() => this.#noteEarlier())
      .then(() => {
        this.#isDirty = false;
        return writeAtomically(this.#disk, this.manifestPath, this.#text(status, finishedAt));
      })
      .catch(() => undefined); // The next one says all of it again, and `finish` tells if it cannot.
  }

  #text(status: RunStatus, finishedAt: string | null): string {
    const { source, ...identity } = this.#identity;
    const manifest: Manifest = {
      schema_version: manifestSchemaVersion,
      run: {
        platform_id: identity.platformId,
        video_id: identity.videoId,
        run_id: identity.runId,
        config_hash: identity.configHash,
        sampling_policy_version: identity.samplingPolicyVersion,
        dataprocessor_version: identity.dataprocessorVersion,
        stage: identity.stage,
        profile: identity.profile,
        status,
        created_at: this.#createdAt,
        finished_at: finishedAt,
        flow_version: identity.flowVersion,
        resolved_model_mapping: { ...identity.modelMapping },
        source: { name: source.name, digest: source.digest, size: source.sizeBytes, ...this.#facts },
      },
      components: this.#order.flatMap((name) => this.#components.get(name) ?? []),
    };
    return `${JSON.stringify(manifest, null, 2)}\n`;
  }
}

/** Names of the components of a manifest; none where it cannot be read, or they are no names. */
function namesIn(manifest: Uint8Array | undefined): string[] {
  try {
    const parsed = manifestSchema.safeParse(JSON.parse(Buffer.from(manifest ?? []).toString('utf8')));
    return (parsed.data?.components ?? []).map(({ name }) => name).filter((name) => !faultOfName(name));
  } catch {
    return []; // Not there, or not whole.
  }
}
