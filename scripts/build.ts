/** Builds `dist/`: the command, its worker, and the types of the module 'flow'. */
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { build } from 'esbuild';

const root = resolve(import.meta.dirname, '..');
// Built beside its place and moved: a `flow` that starts meanwhile finds the old build or the new one.
const fresh = mkdtempSync(join(root, '.dist-'));

await build({
  entryPoints: { flow: 'engine/cli/flow.ts', worker: 'engine/io/worker.ts', api: 'engine/core/api.ts' },
  absWorkingDir: root,
  outdir: fresh,
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node24',
  packages: 'external',
  logLevel: 'warning',
});
const types = join(fresh, 'tsconfig.json');
writeFileSync(
  types,
  JSON.stringify({
    extends: '../tsconfig.json',
    compilerOptions: {
      noEmit: false,
      declaration: true,
      emitDeclarationOnly: true,
      rewriteRelativeImportExtensions: true,
      rootDir: '..',
      outDir: 'types',
    },
    include: [],
    files: ['../engine/core/api.ts'],
  }),
);
execFileSync(join(root, 'node_modules/.bin/tsc'), ['-p', types], { stdio: 'inherit' });
rmSync(types);
chmodSync(join(fresh, 'flow.js'), 0o755);
chmodSync(fresh, 0o755);
rmSync(join(root, 'dist'), { recursive: true, force: true });
renameSync(fresh, join(root, 'dist'));
