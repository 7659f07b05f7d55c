/**
 * Rules as bundles: esbuild joins a rule and the project code that it uses into one file, whose digest is the
 * rule's digest. The code that is hashed is the code that runs.
 *
 * npm packages stay outside; the digest holds their names, versions and lockfile integrity instead.
 */
import { readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import type { BuildFailure, Message, Metafile, PartialMessage, Plugin } from 'esbuild';
import { type Digest, digestJson, digestOf } from '../core/digest.ts';
import { FlowError } from '../core/errors.ts';
import { excerpt } from '../core/excerpt.ts';
import { identityOf, type PackageIdentity } from './package-identity.ts';
import { moveSources } from './source-place.ts';

export interface Bundle {
  readonly code: string;
  /** Leads from places in `code` to places in the sources; its paths are absolute. */
  readonly sourceMap: string;
  readonly digest: Digest;
  /** The source files that it was made from: if none has changed, neither has the bundle. */
  readonly sources: readonly string[];
  readonly parts: BundleParts;
}

/** What a bundle consists of, to tell two of them apart part by part. */
export interface BundleParts {
  /** Path of a source file → digest of its code, without comments and layout. */
  readonly modules: Readonly<Record<string, Digest>>;
  /** Name of a package → version and integrity. */
  readonly packages: Readonly<Record<string, string>>;
}

/**
 * Bundles the module at `path`.
 *
 * @param apiPath the module that `import … from 'flow'` stands for
 * @throws {AggregateError} of `FlowError`s, `graph_invalid` with their places, if sources have errors
 */
export async function bundleRule(path: string, apiPath: string): Promise<Bundle> {
  const { build, transform } = await import('esbuild'); // 40 ms that an up-to-date build does not pay.
  const packages = new Map<string, PackageIdentity>();
  const result = await build({
    entryPoints: [path],
    absWorkingDir: dirname(path),
    bundle: true,
    write: false,
    outfile: join(dirname(path), 'bundle.mjs'), // What the paths of the source map are relative to.
    sourcemap: 'external',
    sourcesContent: false,
    metafile: true,
    format: 'esm',
    platform: 'node',
    target: 'node24',
    minifyWhitespace: true, // Comments and layout are no part of what a rule does.
    minifySyntax: true,
    legalComments: 'none',
    logLevel: 'silent',
    tsconfigRaw: '{}', // Else a tsconfig.json above the rule would be a source that nobody knows of.
    plugins: [outsidePackages(apiPath, packages)],
  }).catch((error: Partial<BuildFailure>) => {
    throw error.errors ? brokenSources(path, error.errors) : error;
  });
  const slips = result.warnings.filter(({ id }) => id === 'duplicate-object-key'); // Two outputs of one name, say.
  if (slips.length > 0) throw brokenSources(path, slips);
  const textOf = (ending: string): string =>
    result.outputFiles.find((file) => file.path.endsWith(ending))!.text;
  const code = textOf('bundle.mjs');
  const identities = Object.fromEntries([...packages].map(([name, { identity }]) => [name, identity]));
  const files = sourcesOf(result.metafile, dirname(path));
  const minify: Minify = async (text, loader) => {
    const how = { loader, minifyWhitespace: true, minifySyntax: true, legalComments: 'none' } as const;
    return (await transform(text, how)).code;
  };
  return {
    code,
    sourceMap: moveSources(textOf('bundle.mjs.map'), (source) => resolve(dirname(path), source)),
    digest: digestJson({ code: digestOf(code), packages: identities }),
    parts: { modules: await digestsOf(files, minify), packages: identities },
    sources: [...files, ...new Set([...packages.values()].flatMap(({ files }) => files))],
  };
}

/** The endings of code are the names that esbuild has for its languages. */
type Loader = 'js' | 'jsx' | 'ts' | 'tsx';
type Minify = (text: string, loader: Loader) => Promise<string>;

async function digestsOf(files: readonly string[], minify: Minify): Promise<Record<string, Digest>> {
  const digests = files.map(async (file) => [file, await digestOfSource(file, minify)] as const);
  return Object.fromEntries(await Promise.all(digests));
}

/** By loader and content: rules have most of their sources in common. */
const digestsOfCode = new Map<string, Promise<Digest>>();

/** Of code without comments and layout; of all else that a rule imports, as JSON and texts, of every byte. */
function digestOfSource(file: string, minify: Minify): Promise<Digest> | Digest {
  const content = readFileSync(file);
  const [, loader] = /\.[cm]?([jt]sx?)$/.exec(file) ?? [];
  const digest = digestOf(content);
  if (loader === undefined) return digest;
  const name = `${loader} ${digest}`;
  const known = digestsOfCode.get(name) ?? minify(content.toString('utf8'), loader as Loader).then(digestOf);
  digestsOfCode.set(name, known);
  known.catch(() => digestsOfCode.delete(name)); // Whoever waits for it is told; the next one tries again.
  return known;
}

function sourcesOf(metafile: Metafile, folder: string): string[] {
  return Object.keys(metafile.inputs)
    .map((input) => resolve(folder, input))
    .sort();
}

function outsidePackages(apiPath: string, packages: Map<string, PackageIdentity>): Plugin {
  return {
    name: 'outside-packages',
    setup(build) {
      build.onResolve({ filter: /^[^./]/ }, ({ path, resolveDir, kind }) => {
        if (kind === 'entry-point') return undefined;
        if (path === 'flow') return { path: apiPath };
        if (path.startsWith('node:')) return { path, external: true };
        const identity = identityOf(packageName(path), [resolveDir, dirname(apiPath)]);
        if (!identity) return { errors: [notInstalled(packageName(path))] };
        packages.set(packageName(path), identity);
        return { path, external: true };
      });
    },
  };
}

function packageName(specifier: string): string {
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
}

function notInstalled(name: string): PartialMessage {
  const detail: Hint = { fix: `Run \`npm install ${name}\` in the workspace.` };
  return { text: `The package "${name}" is not installed`, detail };
}

/** What our own messages carry through esbuild. */
interface Hint {
  readonly fix: string;
}

function brokenSources(path: string, messages: readonly Message[]): AggregateError {
  return new AggregateError(messages.map((message) => brokenSource(path, message)));
}

function brokenSource(path: string, { text, location, detail }: Message): FlowError {
  const { fix = 'Correct the source.' } = (detail ?? {}) as Partial<Hint>;
  const named = text.replace(/"[^"]*engine\/core\/api\.ts"/, '"flow"');
  const rest = {
    code: 'graph_invalid',
    blame: 'user',
    message: `Cannot bundle the rule: ${named}.`,
  } as const;
  if (!location) return new FlowError({ ...rest, where: path, fix });
  const { file, line, column, length, lineText } = location;
  const at = Buffer.from(lineText).subarray(0, column).toString().length; // Columns are counted in bytes of UTF-8.
  return new FlowError({
    ...rest,
    where: `${resolve(dirname(path), file)}:${line}:${at + 1}`,
    excerpt: excerpt(line, lineText, { at, length }),
    fix,
  });
}
