/** What a user is told about something wrong: each case runs `flow` once, and what it says are kept in a golden file. */
import assert from 'node:assert/strict';
import { globSync } from 'node:fs';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { checkGolden } from '../check-golden.ts';
import { type FlowRun, Rig } from '../rig.ts';
import { FlowServer } from './flow-server.ts';

export interface MessageCase {
  /** Over the files of `smallWorkspace`; null leaves one of them out. */
  readonly files?: Readonly<Record<string, string | Uint8Array | null>>;
  /** `build //one --plain` where it is absent. */
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Prepares what is no plain file. */
  readonly prepare?: (rig: Rig) => void;
  /** Needs a process of its own, since it is about how that ends. */
  readonly isAlone?: boolean;
  readonly status: 0 | 1 | 2;
}

export const copyRule = `import { bytes, defineRule, file, input } from 'flow';
import { z } from 'zod';

export const copy = defineRule({
  name: 'copy',
  version: '1',
  scope: 'whole',
  placement: 'engine',
  params: z.strictObject({ level: z.number().int().min(0).max(9).default(1) }),
  inputs: { source: input(file()) },
  outputs: { copy: bytes({ extension: 'txt' }) },
  run: ({ inputs }) => ({ copy: inputs.source.read() }),
});
`;

/** The head of a graph and one good component: cases put their own after it. */
export const oneComponent = `schema_version: 1
components:
  one: { rule: copy, inputs: { source: "file:inputs/a.txt" } }
`;

const smallWorkspace: Readonly<Record<string, string>> = {
  'rules/copy.ts': copyRule,
  'inputs/a.txt': 'hello\n',
  'graphs/own.yaml': oneComponent,
};

/** A tenth of a second of silence, which is a video without pictures. */
export function tinyWav(): Buffer {
  const samples = 800;
  const header = Buffer.alloc(44);
  header.write('RIFF', 0);
  header.writeUInt32LE(36 + samples * 2, 4);
  header.write('WAVEfmt ', 8);
  header.writeUInt32LE(16, 16);
  header.writeUInt16LE(1, 20);
  header.writeUInt16LE(1, 22);
  header.writeUInt32LE(8000, 24);
  header.writeUInt32LE(16000, 28);
  header.writeUInt16LE(2, 32);
  header.writeUInt16LE(16, 34);
  header.write('data', 36);
  header.writeUInt32LE(samples * 2, 40);
  return Buffer.concat([header, Buffer.alloc(samples * 2)]);
}

/** @param area folder of the golden files @param cases what should come of it, as a sentence → how to do it */
export function testMessages(area: string, cases: Readonly<Record<string, MessageCase>>): void {
  describe(area, () => {
    const server = new FlowServer();
    after(() => server.stop());
    for (const [sentence, one] of Object.entries(cases)) {
      test(sentence, async () => {
        using rig = rigOf(one);
        const args = one.args ?? ['build', '//one', '--plain'];
        const env = { FLOW_CACHE_DIR: rig.cacheDir, NO_COLOR: '1', ...one.env };
        const run: FlowRun = one.isAlone
          ? await rig.flow(args, env)
          : await server.flow({ args, cwd: rig.root, env });
        const said = [`$ flow ${args.join(' ')}`, run.stdout, run.stderr, `exit ${run.status}`];
        const text = steady(said.filter((part) => part !== '').join('\n'), rig);
        assert.doesNotMatch(text, /^\s+at /m, 'no stack is shown');
        assert.doesNotMatch(text, /\binternal\b/);
        assert.deepEqual(leftovers(rig, run.status), []);
        checkGolden(`messages/${area}/${slug(sentence)}`, `${text}\n`);
        assert.equal(run.status, one.status, text);
      });
    }
  });
}

function rigOf({ files = {}, prepare }: MessageCase): Rig {
  const rig = new Rig(smallWorkspace);
  for (const [name, content] of Object.entries(files)) {
    if (content === null) rig.remove(name);
    else rig.write(name, content);
  }
  prepare?.(rig);
  return rig;
}

/** Half-written files always; results where the command should not even have begun. */
function leftovers(rig: Rig, status: number | null): string[] {
  const halves = globSync(['**/.tmp-*', '**/*.tmp'], { cwd: rig.root });
  return status === 2 ? [...halves, ...globSync('out/*/*', { cwd: rig.root })] : halves;
}

const packageRoot = join(import.meta.dirname, '../..');

/** The text without what differs from machine to machine, from run to run, and with each change of a built-in graph. */
function steady(text: string, rig: Rig): string {
  return text
    .replaceAll(rig.root, 'WORKSPACE')
    .replaceAll(/(?:\S*\/)?graphs\/component_graph\.yaml:\d+:\d+/g, 'BUILT_IN_GRAPH:LINE')
    .replaceAll(packageRoot, 'PACKAGE')
    .replaceAll(/\d+\.\d\d s/g, 'TIME')
    .replaceAll(/ {2}Why: \[mov.*?processing input/gs, '  Why: WORDS OF FFMPEG')
    .replaceAll(/[\w.-]+-[0-9a-f]{8}\/r-[0-9a-f]{16}/g, 'VIDEO/RUN')
    .replaceAll(/(Use one of: ).*/g, '$1…');
}

function slug(sentence: string): string {
  return sentence
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '');
}
