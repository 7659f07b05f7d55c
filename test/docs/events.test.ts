import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { test } from 'node:test';
import { eventSchema } from '../../engine/core/event-schema.ts';
import { schemaPath, schemaText } from '../../scripts/write-event-schema.ts';
import { tinyFiles } from '../models/tiny-model.ts';
import { type BuildRun, Rig } from '../rig.ts';
import { faultsOf, type JsonSchema } from './json-schema.ts';

const schema = JSON.parse(readFileSync(schemaPath, 'utf8')) as JsonSchema;
const rows = readFileSync(resolve(schemaPath, '../events.md'), 'utf8')
  .split('\n')
  .filter((line) => line.startsWith('| `'))
  .map((line) => line.split(' | ').map((cell) => cell.replace(/^\| | \|$/g, '').replaceAll('`', '')));

test('docs/events.schema.json is what scripts/write-event-schema.ts writes', () => {
  assert.equal(readFileSync(schemaPath, 'utf8'), schemaText());
});

test('docs/events.md has a row for each event, in order, with its meaning and an example that fits', () => {
  const told = rows.map(([type, when]) => [type, when]);
  assert.deepEqual(
    told,
    eventSchema.options.map((option) => [option.shape.type.value, option.description]),
  );
  for (const [type, , example] of rows) {
    const event = JSON.parse(example!) as { type: string };
    assert.equal(event.type, type);
    assert.deepEqual(faultsOf(event, schema), [], type);
  }
});

test('what an event lacks, and what it has too much, does not fit the schema', () => {
  const event = { type: 'warning', message: 'x', atMs: 1 };
  assert.deepEqual(faultsOf(event, schema), []);
  const { message: _, ...without } = event;
  const run = { type: 'build_finished', status: 'success', durationMs: 1, atMs: 1 };
  for (const wrong of [without, { ...event, more: 1 }, { ...event, atMs: '1' }, { ...run, status: 'fine' }])
    assert.notDeepEqual(faultsOf(wrong, schema), []);
});

const rule = (
  name: string,
  body: string,
  source = 'file()',
): string => `import { defineRule, file, input, json } from 'flow';
import { z } from 'zod';
export const rule = defineRule({
  name: '${name}', version: '1', scope: 'whole', params: z.strictObject({}),
  inputs: { source: input(${source}) }, outputs: { out: json(z.unknown()) },
  async run({ warn }) { ${body} },
});
`;

/** Types of the events, each once. @throws if one does not fit the schema */
function typesOf({ events, stderr }: BuildRun): Set<string> {
  assert.ok(events.length > 0, stderr);
  for (const event of events) {
    assert.deepEqual(faultsOf(event, schema), [], JSON.stringify(event));
    eventSchema.parse(event);
  }
  return new Set(events.map(({ type }) => type));
}

test('every event of builds that succeed, are cached, fail, are retried and are cancelled fits the schema', async () => {
  using rig = new Rig({
    'a.txt': '',
    'graphs/own.yaml': `schema_version: 1
components:
  good: { rule: good, inputs: { source: "file:a.txt" } }
  lost: { rule: lost, inputs: { source: "file:a.txt" } }
  next: { rule: next, inputs: { source: lost.out } }
`,
    'profiles/own.yaml': 'schema_version: 1\nname: own\nfailure: { retries: 1 }\n',
    'rules/good.ts': rule('good', `warn('hm'); return { out: [] };`),
    'rules/next.ts': rule('next', 'return { out: [] };', 'json(z.unknown())'),
    'rules/lost.ts': rule('lost', 'process.exit(3);'),
  });
  const build = ['//...', '--profile', 'own'];
  const seen = typesOf(await rig.build(['//good', '--profile', 'own']));
  for (const type of typesOf(await rig.build(build))) seen.add(type);
  const interrupt = `for (;;) { process.kill(process.pid, 'SIGINT'); await new Promise((done) => setTimeout(done, 50)); }`;
  rig.write('rules/lost.ts', rule('lost', interrupt));
  const cancelled = await rig.build(build);
  for (const type of typesOf(cancelled)) seen.add(type);
  assert.equal(cancelled.status, 130);
  using models = new Rig(tinyFiles());
  for (const type of typesOf(await models.build(['//scored']))) seen.add(type);
  const rare = new Set(['progress', 'warning']); // The examples of docs/events.md hold them.
  const all = eventSchema.options.map((option) => option.shape.type.value).filter((type) => !rare.has(type));
  assert.deepEqual([...seen].sort(), all.sort());
});
