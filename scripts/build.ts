/** Builds `dist/`: the command, its worker, and the module 'flow' with its types. */
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { isBuiltin } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { build, type OnResolveArgs, type OnResolveResult } from 'esbuild';
import { bundleRule } from '../engine/io/bundler.ts';
import { identityOf } from '../engine/io/package-identity.ts';
import { packBundle } from '../engine/io/packed-bundle.ts';
import { rulesIn } from '../engine/io/rules-in.ts';

const root = resolve(import.meta.dirname, '..');

/** Built beside its place and moved: a `flow` that starts meanwhile finds the old build or the new one. */
async function buildAll(): Promise<void> {
  const fresh = mkdtempSync(join(root, '.dist-'));
  try {
    await bundle(fresh);
    await packRules(join(fresh, 'bundles'));
    declareTypes(fresh);
    chmodSync(fresh, 0o755);
    rmSync(join(root, 'dist'), { recursive: true, force: true });
    renameSync(fresh, join(root, 'dist'));
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
}

/** Packages of many files, which take long to load one by one. */
const joined = ['zod', 'yaml', 'commander', 'graphology', 'graphology-dag'];

async function bundle(folder: string): Promise<void> {
  const { metafile } = await build({
    entryPoints: {
      flow: 'engine/cli/flow.ts',
      worker: 'engine/io/worker.ts',
      'ort-lane': 'engine/io/inference/ort-lane.ts',
      'onnx-facts': 'engine/io/models/onnx-facts.ts',
      'onnx-load': 'engine/io/models/onnx-load.ts',
      api: 'engine/core/api.ts',
      zod: 'zod', // As `engine/io/built-zod.ts` gives it to rules.
    },
    absWorkingDir: root,
    outdir: folder,
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node24',
    // For those of the joined packages that are CommonJS.
    banner: {
      js: "const require = process.getBuiltinModule('module').createRequire(import.meta.url);",
    },
    minifyWhitespace: true,
    minifySyntax: true,
    lineLimit: 160,
    legalComments: 'none', // They are in `licenses.txt`.
    metafile: true,
    logLevel: 'warning',
    plugins: [
      { name: 'joined-packages', setup: ({ onResolve }) => onResolve({ filter: /^[^./]/ }, leaveOthers) },
    ],
  });
  writeFileSync(join(folder, 'zod-identity.txt'), identityOf('zod', [root])!.identity); // Installed, or it could not be joined.
  writeFileSync(join(folder, 'licenses.txt'), licensesOf(Object.keys(metafile.inputs)));
  chmodSync(join(folder, 'flow.js'), 0o755);
}

/**
 * What a joined package imports is joined too. What is loaded late, by an `import()`, is not: of a CommonJS package that is
 * joined, it would not get the names.
 */
function leaveOthers({ path, importer, kind }: OnResolveArgs): OnResolveResult | undefined {
  if (kind === 'entry-point') return undefined;
  const isInside =
    importer.includes('/node_modules/') || (joined.includes(path) && kind !== 'dynamic-import');
  return isInside && !isBuiltin(path) ? undefined : { path, external: true };
}

/** The licences of all packages that are in the build, which ask to be passed on with it. */
function licensesOf(inputs: readonly string[]): string {
  const folders = inputs.flatMap(
    (path) => /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path)?.[0] ?? [],
  );
  const texts = [...new Set(folders)].sort().map((name) => {
    const [file] = globSync('{LICENSE,LICENCE,license}*', { cwd: join(root, name) });
    if (file === undefined) throw new Error(`Cannot build dist/: ${name} comes without a licence.`);
    return `${name.replace(/^.*node_modules\//, '')}\n\n${readFileSync(join(root, name, file), 'utf8').trim()}\n`;
  });
  return texts.join('\n---\n\n');
}

/** Writes `bundles/`: each rule of the package as new workspaces take it. */
async function packRules(folder: string): Promise<void> {
  const rules = join(root, 'rules');
  for (const name of rulesIn(rules)) {
    const bundled = await bundleRule(join(rules, name), join(root, 'engine/core/api.ts'));
    const packed = join(folder, `${name}.json`);
    mkdirSync(dirname(packed), { recursive: true });
    writeFileSync(packed, packBundle(bundled, root));
  }
}

/** Writes `types/`: the declarations of what rules import. */
function declareTypes(folder: string): void {
  const project = join(folder, 'tsconfig.json');
  const compilerOptions = {
    noEmit: false,
    declaration: true,
    emitDeclarationOnly: true,
    rewriteRelativeImportExtensions: true,
    rootDir: root,
    outDir: 'types',
  };
  const files = [join(root, 'engine/core/api.ts')];
  writeFileSync(
    project,
    JSON.stringify({ extends: join(root, 'tsconfig.json'), compilerOptions, include: [], files }),
  );
  const { status } = spawnSync(join(root, 'node_modules/.bin/tsc'), ['-p', project], { stdio: 'inherit' });
  if (status !== 0) throw new Error('Cannot write the types of dist/: see the errors above.');
  rmSync(project);
  for (const name of globSync('types/**/*.d.ts', { cwd: folder })) nameOutputs(join(folder, name));
}

/** The compiler leaves `./rule.ts` in declarations, which names a source; beside them stands what `./rule.js` finds. */
function nameOutputs(path: string): void {
  const text = readFileSync(path, 'utf8').replace(
    /(\bfrom |\bimport\()(['"])(\.{1,2}\/[^'"]+)\.ts\2/g,
    (_, before: string, quote: string, stem: string) => {
      if (!existsSync(join(dirname(path), `${stem}.d.ts`))) throw new Error(`${path}: no types for ${stem}`);
      return `${before}${quote}${stem}.js${quote}`;
    },
  );
  writeFileSync(path, text);
}

await buildAll().catch((error: Error) => {
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
});
