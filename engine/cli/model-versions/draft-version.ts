/** A new version of a model: tried first, and only then put into the workspace, the graph beside its entry. */
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Document, isScalar, visit } from 'yaml';
import { FlowError } from '../../core/errors.ts';
import { type ModelEntry, modelEntrySchema, modelName } from '../../core/model-entry.ts';
import { RealDisk, writeAtomically } from '../../io/disk.ts';
import { sha256OfFile } from '../../io/models/sha256-of-file.ts';
import type { LoadedCatalog } from '../models/load-catalog.ts';
import { shown } from '../shown-path.ts';
import type { Workspace } from '../workspace.ts';

export interface VersionOf {
  readonly source: ModelEntry;
  /** The graph of the source. */
  readonly sourcePath: string;
  readonly version: string;
  /** The command that makes it. */
  readonly by: string;
  /** What its users should know; a sentence. */
  readonly note: string;
  /** What its weights are now; that of the source where it is not given. */
  readonly precision?: ModelEntry['precision'];
}

/** @returns `config_invalid` if it is no version, or there is one of this name */
export function faultOfVersion(
  { name }: ModelEntry,
  version: string,
  catalog: LoadedCatalog,
): FlowError | undefined {
  const wanted = modelName({ name, version });
  const [issue] = modelEntrySchema.shape.version.safeParse(version).error?.issues ?? [];
  if (issue) return badVersion(`Cannot make ${wanted}: "${version}" is not ${issue.message}.`);
  return catalog.names.includes(wanted)
    ? badVersion(`Cannot make ${wanted}: there is an entry of this name.`)
    : undefined;
}

function badVersion(message: string): FlowError {
  const fix = 'Give it another version with --as, or remove the entry that has this one.';
  return new FlowError({ code: 'config_invalid', blame: 'user', where: '--as', message, fix });
}

export class DraftVersion implements Disposable {
  readonly entry: ModelEntry;
  /** Of its graph. */
  readonly path: string;
  readonly #folder: string;
  readonly #bytes: Uint8Array;

  private constructor(folder: string, entry: ModelEntry, bytes: Uint8Array) {
    this.#folder = folder;
    this.#bytes = bytes;
    this.entry = entry;
    this.path = join(folder, entry.files[0]!.name);
    writeFileSync(this.path, bytes);
  }

  /** Tries it in a temporary folder. */
  static async create(bytes: Uint8Array, about: VersionOf): Promise<DraftVersion> {
    const { source, sourcePath, version, by, note, precision = source.precision } = about;
    const name = `${source.name}-${version}.onnx`;
    const folder = mkdtempSync(join(tmpdir(), 'flow-version-'));
    const made = { model: source.name, version: source.version, sha256: await sha256OfFile(sourcePath), by };
    const description = [source.description?.trim(), note].filter(Boolean).join(' ');
    const file = { name, path: name, bytes: bytes.length };
    const draft = new DraftVersion(
      folder,
      { ...source, version, description, ...(precision && { precision }), files: [file], made_from: made },
      bytes,
    );
    Object.assign(file, { sha256: await sha256OfFile(draft.path) });
    return draft;
  }

  /** @returns path of the entry @throws {FlowError} `config_invalid` if files are in the way */
  async publish({ root }: Workspace): Promise<string> {
    const folder = join(root, 'models');
    const { name, version, files } = this.entry;
    const [graph, entry] = [join(folder, files[0]!.name), join(folder, `${name}-${version}.yaml`)];
    const taken = [graph, entry].find((path) => existsSync(path));
    if (taken !== undefined) throw inTheWay(taken);
    mkdirSync(folder, { recursive: true });
    const disk = new RealDisk();
    await writeAtomically(disk, graph, this.#bytes);
    await writeAtomically(disk, entry, entryText(this.entry)); // Last: an entry never names a file that is not there.
    return entry;
  }

  [Symbol.dispose](): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

/** Lists of numbers stand in one line. */
function entryText(entry: ModelEntry): string {
  const document = new Document(entry);
  visit(document, {
    Seq: (_key, list) => {
      if (list.items.every((item) => isScalar(item))) list.flow = true;
    },
  });
  return document.toString({ lineWidth: 120, flowCollectionPadding: false, singleQuote: true });
}

function inTheWay(path: string): FlowError {
  return new FlowError({
    code: 'config_invalid',
    blame: 'user',
    where: shown(path),
    message: 'Cannot write the new version: a file is in the way.',
    fix: 'Rename it, or give another version with --as.',
  });
}
