/**
 * Bundles of the rules that come with the package, made when it is built: a new workspace takes them as they are, and
 * needs no bundler. Each holds as long as its sources and packages are those that it was made from.
 */
import { readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { type Digest, digestOf } from '../core/digest.ts';
import type { Bundle } from './bundler.ts';
import { identityOf } from './package-identity.ts';
import { moveSources } from './source-place.ts';

/** As a file; its paths, and those of its source map, begin at the package's root. */
interface PackedBundle extends Pick<Bundle, 'code' | 'sourceMap' | 'digest'> {
  readonly modules: readonly PackedModule[];
  readonly packages: Bundle['parts']['packages'];
}

interface PackedModule {
  readonly path: string;
  /** Of every byte: comments and layout change nothing but the places that the source map tells. */
  readonly content: Digest;
  /** As in the bundle's parts. */
  readonly code: Digest;
}

/** The text of the file, for a bundle whose modules all lie below `root`. */
export function packBundle({ code, sourceMap, digest, parts }: Bundle, root: string): string {
  const modules = Object.entries(parts.modules).map(([path, moduleCode]): PackedModule => {
    return { path: relative(root, path), content: digestOf(readFileSync(path)), code: moduleCode };
  });
  const packed: PackedBundle = {
    code,
    sourceMap: moveSources(sourceMap, (path) => relative(root, path)),
    digest,
    modules,
    packages: parts.packages,
  };
  return JSON.stringify(packed);
}

export interface Unpacking {
  /** Where the package lies now. */
  readonly root: string;
  readonly rulePath: string;
  /** Whether a file is there and has that content. */
  readonly holds: (path: string, content: Digest) => Promise<boolean>;
}

/** The bundle that `bundleRule` would make; undefined where a module or a package is another one now. */
export async function unpackBundle(
  text: string,
  { root, rulePath, holds }: Unpacking,
): Promise<Bundle | undefined> {
  const packed = JSON.parse(text) as PackedBundle; // What `packBundle` wrote.
  const modules = packed.modules.map((module) => ({ ...module, path: join(root, module.path) }));
  for (const { path, content } of modules) if (!(await holds(path, content))) return undefined;
  const packageFiles = new Set<string>();
  for (const [name, identity] of Object.entries(packed.packages)) {
    const found = identityOf(name, [dirname(rulePath)]);
    if (found?.identity !== identity) return undefined;
    for (const file of found.files) packageFiles.add(file);
  }
  return {
    code: packed.code,
    sourceMap: moveSources(packed.sourceMap, (path) => join(root, path)),
    digest: packed.digest,
    sources: [...modules.map(({ path }) => path), ...packageFiles],
    parts: {
      modules: Object.fromEntries(modules.map(({ path, code }) => [path, code])),
      packages: packed.packages,
    },
  };
}
