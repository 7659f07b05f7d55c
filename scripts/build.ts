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
import { dirname, join, resolve } from 'node:path';
import { build } from 'esbuild';
import { bundleRule } from '../engine/io/bundler.ts';
import { packBundle } from '../engine/io/packed-bundle.ts';

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

async function bundle(folder: string): Promise<void> {
  await build({
    entryPoints: {
      flow: 'engine/cli/flow.ts',
      worker: 'engine/io/worker.ts',
      'ort-lane': 'engine/io/inference/ort-lane.ts',
      'onnx-facts': 'engine/io/models/onnx-facts.ts',
      'onnx-load': 'engine/io/models/onnx-load.ts',
      api: 'engine/core/api.ts',
    },
    absWorkingDir: root,
    outdir: folder,
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node24',
    packages: 'external',
    logLevel: 'warning',
  });
  chmodSync(join(folder, 'flow.js'), 0o755);
}

/** Writes `bundles/`: each rule of the package as new workspaces take it. */
async function packRules(folder: string): Promise<void> {
  const rules = join(root, 'rules');
  for (const name of globSync('**/*.ts', { cwd: rules })) {
    const path = join(rules, name);
    if (!/\bdefine(Open)?Rule\(/.test(readFileSync(path, 'utf8'))) continue;
    const bundled = await bundleRule(path, join(root, 'engine/core/api.ts'));
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
