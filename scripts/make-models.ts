/**
 * Makes the models that come with flow, `rules/models/<name>/<name>.onnx`: `node scripts/make-models.ts`.
 *
 * Their weights are computed: nothing is trained, downloaded or random. The same bytes come out each time, and what the
 * entry beside a model says of its size and digest is set to them.
 */
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { GraphBuilder } from '../engine/io/onnx/graph-builder.ts';
import { writeOnnx } from '../engine/io/onnx/onnx-file.ts';
import { melStats } from './models/mel-stats.ts';
import { motionObjects } from './models/motion-objects.ts';
import { pyramidLk } from './models/pyramid-lk.ts';
import { scatterEmbed } from './models/scatter-embed.ts';

const graphs = {
  'mel-stats': melStats,
  'motion-objects': motionObjects,
  'pyramid-lk': pyramidLk,
  'scatter-embed': scatterEmbed,
} satisfies Readonly<Record<string, () => GraphBuilder>>;

export type BundledModel = keyof typeof graphs;

// The table's own keys: `Object.keys` forgets their type.
export const bundledModels = Object.keys(graphs) as BundledModel[];

/** The bytes of its file. */
export function makeModel(name: BundledModel): Uint8Array {
  return writeOnnx(
    graphs[name]().model({ producer: 'flow', description: `${name}: see the entry ${name}.yaml` }),
  );
}

/** What the entry says of a file. */
export function fileFacts(content: Uint8Array): { sha256: string; bytes: number } {
  return { sha256: createHash('sha256').update(content).digest('hex'), bytes: content.length };
}

/** Where a model and its entry lie. */
export function bundledFile(name: BundledModel, ending: 'onnx' | 'yaml'): string {
  return join(resolve(import.meta.dirname, '../rules/models'), name, `${name}.${ending}`);
}

function writeModel(name: BundledModel): void {
  const content = makeModel(name);
  writeFileSync(bundledFile(name, 'onnx'), content);
  const { sha256, bytes } = fileFacts(content);
  // In place of the old values: all else in an entry is written by hand, and stays as it is laid out.
  const entry = readFileSync(bundledFile(name, 'yaml'), 'utf8')
    .replace(/^( +sha256:).*$/m, `$1 ${sha256}`)
    .replace(/^( +bytes:).*$/m, `$1 ${bytes}`);
  writeFileSync(bundledFile(name, 'yaml'), entry);
  process.stdout.write(`${sha256}  ${bytes} bytes  ${name}\n`);
}

if (import.meta.main) bundledModels.forEach(writeModel);
