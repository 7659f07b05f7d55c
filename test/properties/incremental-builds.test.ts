/**
 * Random graphs of text rules under random edits: whatever was built before, a build gives what a clean build gives,
 * and runs exactly the actions whose keys are new.
 */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { Rig } from '../rig.ts';
import { type BuildHere, buildHere } from '../trust/build-here.ts';
import { seed } from './seed.ts';

type RuleName = 'mix' | 'mash';

interface Node {
  readonly rule: RuleName;
  readonly salt: string;
  /** Length of its text; a short one hides changes further up. */
  readonly length: number;
  /** Components before it, or files, that it reads. */
  readonly reads: readonly ({ readonly component: string } | { readonly file: number })[];
}

interface Workspace {
  readonly files: readonly string[];
  readonly nodes: ReadonlyMap<string, Node>;
  /** Edition of each rule's source; its text shows whether that is odd. */
  readonly editions: Readonly<Record<RuleName, number>>;
}

const ports = ['a', 'b', 'c'] as const;

function ruleSource(name: RuleName, edition: number): string {
  const inputs = ports.map(
    (port) =>
      `${port}: input(text(), { isOptional: true }), ${port}_file: input(file(), { isOptional: true })`,
  );
  return `import { z } from 'zod';
import { defineRule, file, input, text } from 'flow';
const edition = ${edition};
export const rule = defineRule({
  name: '${name}', version: '1', scope: 'whole', placement: '${name === 'mix' ? 'engine' : 'worker'}',
  params: z.strictObject({ salt: z.string(), length: z.number() }),
  inputs: { ${inputs.join(', ')} },
  outputs: { text: text() },
  run({ inputs, params }) {
    const read = (port: 'a' | 'b' | 'c'): string => {
      const source = inputs[\`\${port}_file\`];
      return inputs[port] ?? (source ? new TextDecoder().decode(source.read()) : '-');
    };
    const body = ['${name}', params.salt, edition % 2, read('a').slice(0, 40), read('b').slice(0, 40), read('c').slice(0, 40)].join('|');
    return { text: body.padEnd(params.length, body).slice(0, params.length) };
  },
});
`;
}

function evaluate(workspace: Workspace): { texts: Map<string, string>; keys: Map<string, string> } {
  const texts = new Map<string, string>();
  const keys = new Map<string, string>();
  for (const [name, { rule, salt, length, reads }] of workspace.nodes) {
    const read = ports.map((_, index) => {
      const from = reads[index];
      if (!from) return undefined;
      return 'file' in from ? workspace.files[from.file]! : texts.get(from.component)!;
    });
    const body = [
      rule,
      salt,
      workspace.editions[rule] % 2,
      ...read.map((text) => (text ?? '-').slice(0, 40)),
    ].join('|');
    texts.set(name, body.padEnd(length, body).slice(0, length));
    const forms = reads.map((from) => ('file' in from ? 'file' : 'text'));
    keys.set(name, JSON.stringify([name, rule, workspace.editions[rule], salt, length, forms, read]));
  }
  return { texts, keys };
}

function write(rig: Rig, { files, nodes, editions }: Workspace): void {
  for (const [index, content] of files.entries()) rig.write(`in${index}.txt`, content);
  for (const rule of ['mix', 'mash'] as const)
    rig.write(`rules/${rule}.ts`, ruleSource(rule, editions[rule]));
  const lines = [...nodes].map(([name, { rule, salt, length, reads }]) => {
    const inputs = reads.map((from, index) =>
      'file' in from
        ? `${ports[index]}_file: file:in${from.file}.txt`
        : `${ports[index]}: ${from.component}.text`,
    );
    return `  ${name}: { rule: ${rule}, params: { salt: ${JSON.stringify(salt)}, length: ${length} }, inputs: { ${inputs.join(', ')} } }`;
  });
  rig.write('graphs/random.yaml', `schema_version: 1\ncomponents:\n${lines.join('\n')}\n`);
}

type Edit =
  | { readonly type: 'file'; readonly at: number; readonly content: string }
  | { readonly type: 'salt'; readonly at: number; readonly salt: string }
  | { readonly type: 'length'; readonly at: number; readonly length: number }
  | { readonly type: 'code'; readonly rule: RuleName; readonly edition: number }
  | { readonly type: 'add'; readonly node: Node; readonly reads: readonly number[] }
  | { readonly type: 'remove'; readonly at: number }
  | { readonly type: 'lose_output'; readonly at: number }
  | { readonly type: 'lose_blob'; readonly at: number }
  | { readonly type: 'lose_state' };

function nth(nodes: ReadonlyMap<string, Node>, at: number): string {
  return [...nodes.keys()][at % nodes.size]!;
}

function change(workspace: Workspace, at: number, part: Partial<Node>): Workspace {
  const nodes = new Map(workspace.nodes);
  const name = nth(nodes, at);
  nodes.set(name, { ...nodes.get(name)!, ...part });
  return { ...workspace, nodes };
}

let nextName = 0;

function apply(workspace: Workspace, edit: Edit, rig: Rig): Workspace {
  switch (edit.type) {
    case 'file':
      return {
        ...workspace,
        files: workspace.files.map((old, index) =>
          index === edit.at % workspace.files.length ? edit.content : old,
        ),
      };
    case 'salt':
      return change(workspace, edit.at, { salt: edit.salt });
    case 'length':
      return change(workspace, edit.at, { length: edit.length });
    case 'code':
      return { ...workspace, editions: { ...workspace.editions, [edit.rule]: edit.edition } };
    case 'add':
      return { ...workspace, nodes: withNode(workspace.nodes, edit.node, edit.reads) };
    case 'remove':
      return { ...workspace, nodes: without(workspace.nodes, nth(workspace.nodes, edit.at)) };
    case 'lose_output':
      rig.remove(`out/${nth(workspace.nodes, edit.at)}`);
      return workspace;
    case 'lose_blob':
      loseBlob(rig, edit.at);
      return workspace;
    case 'lose_state':
      rig.remove('.flow');
      return workspace;
    default:
      throw new TypeError(`unknown edit ${edit satisfies never}`);
  }
}

/** @param reads numbers that are taken as files (below 3) or as components before the new one */
function withNode(nodes: ReadonlyMap<string, Node>, node: Node, reads: readonly number[]): Map<string, Node> {
  const names = [...nodes.keys()];
  const sources = reads.map((read) =>
    read < 3 || names.length === 0 ? { file: read % 3 } : { component: names[read % names.length]! },
  );
  nextName += 1;
  return new Map([...nodes, [`n${nextName}`, { ...node, reads: sources }]]);
}

function without(nodes: ReadonlyMap<string, Node>, gone: string): ReadonlyMap<string, Node> {
  if (nodes.size === 1) return nodes;
  return new Map(
    [...nodes]
      .filter(([name]) => name !== gone)
      .map(([name, node]) => [
        name,
        {
          ...node,
          reads: node.reads.map((from) =>
            'component' in from && from.component === gone ? { file: 0 } : from,
          ),
        },
      ]),
  );
}

function loseBlob(rig: Rig, at: number): void {
  const cas = join(rig.cacheDir, 'cas');
  if (!existsSync(cas)) return;
  const blobs = readdirSync(cas, { recursive: true, encoding: 'utf8' }).filter((name) => name.includes('/'));
  if (blobs.length > 0) rmSync(join(cas, blobs[at % blobs.length]!));
}

const small = fc.nat({ max: 11 });
const word = fc.constantFrom('x', 'y', 'z', 'long word');
const length = fc.constantFrom(3, 12, 60, 20_000);
const rule = fc.constantFrom<RuleName>('mix', 'mix', 'mash');
const node = fc.record({ rule, salt: word, length, reads: fc.constant([]) });
const addition = fc.record({
  type: fc.constant('add' as const),
  node,
  reads: fc.array(small, { minLength: 1, maxLength: 3 }),
});
const edit: fc.Arbitrary<Edit> = fc.oneof(
  fc.record({
    type: fc.constant('file' as const),
    at: small,
    content: fc.constantFrom('one', 'two', 'three', ''),
  }),
  fc.record({ type: fc.constant('salt' as const), at: small, salt: word }),
  fc.record({ type: fc.constant('length' as const), at: small, length }),
  fc.record({ type: fc.constant('code' as const), rule, edition: fc.nat({ max: 3 }) }),
  addition,
  fc.record({ type: fc.constant('remove' as const), at: small }),
  fc.record({ type: fc.constant('lose_output' as const), at: small }),
  fc.record({ type: fc.constant('lose_blob' as const), at: small }),
  fc.record({ type: fc.constant('lose_state' as const) }),
);

const scenario = fc.record({
  nodes: fc.array(addition, { minLength: 1, maxLength: 10 }),
  steps: fc.array(fc.array(edit, { minLength: 1, maxLength: 3 }), { minLength: 1, maxLength: 6 }),
});

test(`an incremental build gives what a clean build gives, and runs exactly what is new (FLOW_SEED=${seed})`, async () => {
  await fc.assert(
    fc.asyncProperty(scenario, async ({ nodes, steps }) => {
      using rig = new Rig();
      let workspace: Workspace = {
        files: ['one', 'two', 'three'],
        nodes: new Map(),
        editions: { mix: 0, mash: 0 },
      };
      for (const { node: added, reads } of nodes)
        workspace = { ...workspace, nodes: withNode(workspace.nodes, added, reads) };
      const known = new Set<string>();
      await buildAndCheck(rig, workspace, known);
      for (const edits of steps) {
        for (const one of edits) workspace = apply(workspace, one, rig);
        await buildAndCheck(rig, workspace, known);
      }
      await checkClean(workspace);
    }),
    { seed, numRuns: 20 },
  );
});

async function buildAndCheck(rig: Rig, workspace: Workspace, known: Set<string>): Promise<void> {
  write(rig, workspace);
  const built = await buildHere(rig);
  assert.equal(built.status, 0);
  const { texts, keys } = evaluate(workspace);
  assertTexts(rig, texts);
  const fresh = [...keys].filter(([, key]) => !known.has(key)).map(([name]) => name);
  assert.deepEqual(built.ran, fresh.sort());
  assertOnce(built);
  for (const key of keys.values()) known.add(key);
}

function assertTexts(rig: Rig, texts: ReadonlyMap<string, string>): void {
  for (const [name, text] of texts) assert.equal(rig.read(`out/${name}/text.txt`), text, name);
}

function assertOnce({ events }: BuildHere): void {
  const actions = events.flatMap((event) => (event.type === 'action_finished' ? [event.action] : []));
  assert.equal(new Set(actions).size, actions.length, 'an action ran twice in one build');
}

async function checkClean(workspace: Workspace): Promise<void> {
  using rig = new Rig();
  write(rig, workspace);
  assert.equal((await buildHere(rig)).status, 0);
  assertTexts(rig, evaluate(workspace).texts);
}
