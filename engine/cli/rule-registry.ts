/**
 * Finds rules by their names: `visual/cut-detection` is `rules/visual/cut-detection.ts`, of the workspace or else of
 * the package, which brings bundles of its own ones. A bundle is remembered as long as none of its sources has other
 * content.
 */
import { existsSync, globSync, mkdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import type { BundleRef, LoadedRule } from '../core/component.ts';
import { type Digest, digestOf, hexOf } from '../core/digest.ts';
import { FlowError, toFlowError } from '../core/errors.ts';
import type { ComponentNode } from '../core/graph.ts';
import type { Issue } from '../core/issue.ts';
import { suggestion } from '../core/nearest.ts';
import { type Bundle, type BundleParts, bundleRule } from '../io/bundler.ts';
import { sealText, unsealText } from '../io/checked-text.ts';
import { type Disk, writeAtomically } from '../io/disk.ts';
import type { FileIndex } from '../io/file-index.ts';
import { fileState, settlesAtMs } from '../io/file-state.ts';
import { importRule } from '../io/import-rule.ts';
import { unpackBundle } from '../io/packed-bundle.ts';
import { rulesIn } from '../io/rules-in.ts';
import { sourceMapPath } from '../io/source-place.ts';
import { packageRoot } from './package-root.ts';
import type { Workspace } from './workspace.ts';
import { toErrors } from './yaml-document.ts';

interface Remembered {
  readonly digest: Digest;
  readonly codeDigest: Digest;
  readonly sources: readonly (readonly [string, Digest])[];
}

type Memo = Record<string, Remembered>;

export class RuleRegistry {
  readonly #workspace: Workspace;
  readonly #index: FileIndex;
  readonly #disk: Disk;
  readonly #memoPath: string;
  readonly #memo: Memo;
  readonly #sources = new Map<string, readonly string[]>();
  #isChanged = false;

  constructor(workspace: Workspace, index: FileIndex, disk: Disk) {
    this.#workspace = workspace;
    this.#index = index;
    this.#disk = disk;
    this.#memoPath = join(workspace.stateFolder, 'rules.json');
    this.#memo = readMemo(this.#memoPath);
  }

  /** The source files of all rules loaded so far. */
  get sources(): ReadonlySet<string> {
    return new Set([...this.#sources.values()].flat());
  }

  /** The source files of one rule that has been loaded. */
  sourcesOf(rule: string): readonly string[] {
    return this.#sources.get(rule) ?? [];
  }

  get folders(): string[] {
    return ruleFolders(this.#workspace);
  }

  /**
   * Loads the rules that the nodes name; or says which are unknown.
   *
   * @throws {AggregateError} of `FlowError`s, if rules are broken
   */
  async load(
    nodes: readonly ComponentNode[],
  ): Promise<{ rules: Map<string, LoadedRule> } | { issues: Issue[] }> {
    const rules = new Map<string, LoadedRule>();
    const issues: Issue[] = [];
    const broken = new Map<string, FlowError[]>();
    for (const node of nodes) {
      if (rules.has(node.rule) || broken.has(node.rule)) continue;
      const path = this.#find(node.rule);
      if (!path) {
        issues.push(this.#unknown(node));
        continue;
      }
      try {
        rules.set(node.rule, await this.#load(node.rule, path));
      } catch (thrown) {
        broken.set(node.rule, placed(thrown, path));
      }
    }
    if (broken.size > 0)
      throw new AggregateError([...toErrors(issues, 'graph_invalid'), ...[...broken.values()].flat()]);
    if (this.#isChanged)
      await writeAtomically(this.#disk, this.#memoPath, sealText(JSON.stringify(this.#memo)));
    return issues.length > 0 ? { issues } : { rules };
  }

  get #folders(): string[] {
    return [...new Set([join(this.#workspace.root, 'rules'), join(packageRoot, 'rules')])];
  }

  #find(name: string): string | undefined {
    if (!/^[A-Za-z0-9_-]+(\/[A-Za-z0-9_-]+)*$/.test(name)) return undefined;
    return this.#folders.map((folder) => join(folder, `${name}.ts`)).find(isFile);
  }

  #unknown(node: ComponentNode): Issue {
    const known = this.#folders.flatMap((folder) => rulesIn(folder).map((path) => path.replace(/\.ts$/, '')));
    return {
      file: node.file,
      path: ['components', node.name, 'rule'],
      isKey: false,
      message: `Cannot run "${node.name}": there is no rule "${node.rule}" (rules/${node.rule}.ts).`,
      fix: suggestion(node.rule, [...new Set(known)].sort()),
    };
  }

  async #load(name: string, path: string): Promise<LoadedRule> {
    const remembered = (await this.#recall(path)) ?? (await this.#bundle(path));
    this.#sources.set(
      name,
      remembered.sources.map(([source]) => source),
    );
    const bundle: BundleRef = {
      bundlePath: this.#bundlePath(remembered.digest),
      codeDigest: remembered.codeDigest,
      packageFolders: [dirname(path), packageRoot],
    };
    return { rule: await importRule(bundle), digest: remembered.digest, bundle };
  }

  #bundlePath(digest: Digest): string {
    return join(this.#workspace.stateFolder, 'bundles', `${hexOf(digest)}.mjs`);
  }

  #partsPath(digest: Digest): string {
    return join(this.#workspace.stateFolder, 'parts', `${hexOf(digest)}.json`);
  }

  /** What the bundle of that digest was made of, if it was ever made in this workspace. */
  partsOf(digest: Digest): BundleParts | undefined {
    try {
      return JSON.parse(readFileSync(this.#partsPath(digest), 'utf8')) as BundleParts; // What `#bundle` wrote.
    } catch {
      return undefined; // Never made here, or cleaned away: the digest is all that can be told.
    }
  }

  async #recall(path: string): Promise<Remembered | undefined> {
    const remembered = this.#memo[path];
    if (!remembered) return undefined;
    for (const [source, digest] of remembered.sources)
      if (!(await this.#holds(source, digest))) return undefined;
    const bundlePath = this.#bundlePath(remembered.digest);
    const isWhole = existsSync(bundlePath) && digestOf(readFileSync(bundlePath)) === remembered.codeDigest;
    return isWhole ? remembered : undefined;
  }

  async #holds(path: string, digest: Digest): Promise<boolean> {
    return isFile(path) && (await this.#index.digestOf(path)) === digest;
  }

  /** The bundle that came with the package, if it is one of its rules, and unchanged. */
  async #packed(path: string): Promise<Bundle | undefined> {
    const packed = packedBundlePath(path);
    if (packed === undefined || !isFile(packed)) return undefined; // Not built yet: bundles are made here.
    const holds = this.#holds.bind(this);
    return unpackBundle(readFileSync(packed, 'utf8'), { root: packageRoot, rulePath: path, holds });
  }

  async #bundle(path: string): Promise<Remembered> {
    const startedAtMs = Date.now();
    const { code, sourceMap, digest, sources, parts } =
      (await this.#packed(path)) ?? (await bundleRule(path, join(packageRoot, 'engine/core/api.ts')));
    const bundlePath = this.#bundlePath(digest);
    mkdirSync(dirname(bundlePath), { recursive: true });
    await writeAtomically(this.#disk, sourceMapPath(bundlePath), sourceMap);
    await writeAtomically(this.#disk, bundlePath, code);
    await writeAtomically(this.#disk, this.#partsPath(digest), JSON.stringify(parts));
    const digests: [string, Digest][] = [];
    for (const source of sources) digests.push([source, await this.#index.digestOf(source)]);
    const remembered: Remembered = { digest, codeDigest: digestOf(code), sources: digests };
    // Sources that may have changed while they were bundled would be remembered with a bundle that is not theirs.
    if (sources.every((source) => isOlderThan(startedAtMs, source))) {
      this.#memo[path] = remembered;
      this.#isChanged = true;
    }
    return remembered;
  }
}

/** Where `scripts/build.ts` has put the bundle of a rule of the package; undefined for other rules. */
function packedBundlePath(path: string): string | undefined {
  const name = relative(join(packageRoot, 'rules'), path);
  return name.startsWith('..') ? undefined : join(packageRoot, 'dist/bundles', `${name}.json`);
}

/** Folders in which a new file could stand for another rule. */
export function ruleFolders({ root }: Workspace): string[] {
  const rules = join(root, 'rules');
  if (!existsSync(rules)) return [root];
  return [rules, ...globSync('**/', { cwd: rules }).map((name) => join(rules, name))];
}

function isOlderThan(timeMs: number, path: string): boolean {
  const state = fileState(path);
  return state !== undefined && settlesAtMs(state) < timeMs;
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
}

/** The errors of loading a rule, with its file where they do not say a place themselves. */
function placed(thrown: unknown, path: string): FlowError[] {
  if (thrown instanceof AggregateError) return thrown.errors.flatMap((error) => placed(error, path));
  const { code, blame, message, excerpt, fix, cause, where } = toFlowError(thrown);
  const isInput = code === 'input_not_found' || code === 'input_unreadable'; // Of the bundler, not of a build.
  const rest = { blame, message, excerpt, fix, cause, where: where ?? path };
  return [new FlowError({ code: isInput ? 'graph_invalid' : code, ...rest })];
}

function readMemo(path: string): Memo {
  try {
    return JSON.parse(unsealText(readFileSync(path, 'utf8')) ?? '') as Memo; // What `load` wrote.
  } catch {
    return {}; // Not there, or not whole: bundling gives the same bundles.
  }
}
