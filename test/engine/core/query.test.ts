import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { FlowError } from '../../../engine/core/errors.ts';
import { type Graph, parseGraph } from '../../../engine/core/graph.ts';
import { answerQuery } from '../../../engine/core/query.ts';
import { seed } from '../../properties/seed.ts';

/** @param sources component → the components that it takes from */
function graphOf(sources: Readonly<Record<string, readonly string[]>>): Graph {
  const components = Object.fromEntries(
    Object.entries(sources).map(([name, from]) => [
      name,
      {
        rule: 'any',
        processor: name === 'sound' ? 'audio' : 'visual',
        inputs: Object.fromEntries(from.map((producer) => [producer, `${producer}.out`])),
      },
    ]),
  );
  const stages = { small: { components: ['plan', 'frames'] } };
  const value = { schema_version: 1, components, ...(sources['plan'] && { stages }) };
  const parsed = parseGraph([{ file: 'graph.yaml', value }]);
  assert.ok('graph' in parsed, JSON.stringify(parsed));
  return parsed.graph;
}

/**
 *     plan ─┬─ frames ─┬─ cuts ───┬─ pacing ─ report
 *           │          └─ quality ┼───────────┘
 *           └─ sound ─────────────┘
 */
const film = graphOf({
  plan: [],
  frames: ['plan'],
  sound: ['plan'],
  cuts: ['frames'],
  quality: ['frames', 'cuts'],
  pacing: ['cuts', 'sound'],
  report: ['pacing', 'quality'],
});

function ask(query: string, graph = film): Promise<string[]> {
  const files: Readonly<Record<string, string[]>> = { 'rules/cuts.ts': ['cuts'], 'a - b.txt': ['sound'] };
  return answerQuery(query, { graph, affectedBy: async (file) => files[file] ?? [] });
}

const answers: Readonly<Record<string, string>> = {
  cuts: 'cuts',
  '//cuts': 'cuts',
  '"cuts"': 'cuts',
  '...': 'plan frames sound cuts pacing quality report',
  '//...': 'plan frames sound cuts pacing quality report',
  'deps(cuts)': 'plan frames cuts',
  'deps(report, 1)': 'pacing quality report',
  'deps(report, 0)': 'report',
  'rdeps(cuts)': 'cuts pacing quality report',
  'rdeps(plan, 1)': 'plan frames sound',
  'deps(rdeps(sound))': 'plan frames sound cuts pacing quality report',
  'path(report, plan)': 'plan frames quality report',
  'path(plan, report)': 'plan frames quality report',
  'path(sound, cuts)': '',
  'path(cuts, cuts)': 'cuts',
  'allpaths(frames, report)': 'frames cuts pacing quality report',
  'allpaths(report, frames)': 'frames cuts pacing quality report',
  'affected(rules/cuts.ts)': 'cuts pacing quality report',
  "affected('a - b.txt')": 'sound pacing report',
  'affected(nothing.txt)': '',
  'stage(small)': 'plan frames',
  'processor(audio)': 'sound',
  'cuts + sound': 'sound cuts',
  'cuts union sound': 'sound cuts',
  'deps(cuts) ^ deps(sound)': 'plan',
  'deps(cuts) intersect deps(sound)': 'plan',
  'deps(cuts) - plan': 'frames cuts',
  'deps(cuts) except plan except frames': 'cuts',
  '... - (plan + frames) - sound': 'cuts pacing quality report',
  // From left to right, as they are written.
  'plan + frames ^ frames': 'frames',
  'plan + (frames ^ frames)': 'plan frames',
  ' (\n deps( cuts,1 ) ) ': 'frames cuts',
};

describe('a query is answered, producers first:', () => {
  for (const [query, answer] of Object.entries(answers)) {
    test(`${JSON.stringify(query)} is ${answer === '' ? 'nothing' : answer}`, async () => {
      assert.equal((await ask(query)).join(' '), answer);
    });
  }
});

/** Query → what is marked in it, why, and the fix. */
const faults: Readonly<Record<string, readonly [marked: string, why: RegExp, fix: RegExp]>> = {
  '': ['', /it is empty/, /"\.\.\."/],
  'deps(cust)': ['cust', /no component is called "cust"/, /Write "cuts"/],
  'dep(cuts)': ['dep', /no function is called "dep"/, /Write "deps"/],
  'stage(smal)': ['smal', /no stage is called "smal"/, /Write "small"/],
  'processor(text)': ['text', /no processor is called "text"/, /audio/],
  'deps(cuts': ['(', /not closed/, /Add "\)"/],
  'deps(cuts))': [')', /nothing is open/, /Remove it/],
  'cuts sound': ['sound', /an operator is missing before "sound"/, /Write "\+"/],
  'cuts +': ['', /it ends/, /missing/],
  '+ cuts': ['+', /"\+" stands where a name should/, /Write a name/],
  'cuts, sound': [',', /commas/, /Write "\+"/],
  'cuts | sound': ['|', /"\|" means nothing/, /Write "\+"/],
  'cuts % sound': ['%', /"%" means nothing/, /quotes/],
  'affected("x)': ['"', /not closed/, /Add "/],
  'deps()': ['deps()', /cannot take 0 arguments/, /deps\(x\)/],
  'path(cuts)': ['path(cuts)', /cannot take 1 argument$|cannot take 1 argument\./, /path\(a, b\)/],
  'deps(cuts, many)': ['many', /number of steps/, /deps\(x, 2\)/],
  'deps(cuts, -1)': ['-', /stands where a name should/, /./],
  'affected(deps(cuts))': ['deps(cuts)', /takes the name of a file/, /affected\(file\)/],
};

describe('a query that cannot be read is told at its place:', () => {
  for (const [query, [marked, why, fix]] of Object.entries(faults)) {
    test(JSON.stringify(query), async () => {
      await assert.rejects(ask(query), (error) => {
        assert.ok(error instanceof FlowError);
        assert.equal(error.code, 'config_invalid');
        assert.match(error.message, why);
        assert.match(error.fix, fix);
        const at = marked === '' ? query.length : query.lastIndexOf(marked);
        assert.equal(error.where, `query:1:${at + 1}`);
        const marks = ' '.repeat('1 | '.length + at) + '~'.repeat(Math.max(1, marked.length));
        assert.equal(error.excerpt, `1 | ${query}\n${marks}`);
        return true;
      });
    });
  }
});

test('a query that is nested without end is told, and overflows no stack', async () => {
  await assert.rejects(ask(`${'('.repeat(100_000)}cuts`), /nested too deep/);
});

/** Graphs without cycles: each component takes from earlier ones. */
const randomGraph = fc
  .array(fc.array(fc.nat(), { maxLength: 4 }), { minLength: 1, maxLength: 14 })
  .map((rows) =>
    graphOf(
      Object.fromEntries(
        rows.map((row, index) => [
          `c${index}`,
          index === 0 ? [] : [...new Set(row.map((n) => `c${n % index}`))],
        ]),
      ),
    ),
  );

test(`rdeps is the inverse of deps (FLOW_SEED=${seed})`, async () => {
  await fc.assert(
    fc.asyncProperty(randomGraph, async (graph) => {
      const names = graph.components.map(({ name }) => name);
      const [down, up] = [new Set<string>(), new Set<string>()];
      for (const name of names) {
        for (const above of await ask(`deps(${name})`, graph)) down.add(`${above} ${name}`);
        for (const below of await ask(`rdeps(${name})`, graph)) up.add(`${name} ${below}`);
      }
      assert.deepEqual([...up].sort(), [...down].sort());
    }),
    { seed, numRuns: 60 },
  );
});

test(`a shortest path lies within all paths, and both are empty together (FLOW_SEED=${seed})`, async () => {
  await fc.assert(
    fc.asyncProperty(randomGraph, fc.nat(), fc.nat(), async (graph, first, second) => {
      const [a, b] = [first, second].map((n) => graph.components[n % graph.components.length]!.name);
      const path = await ask(`path(${a}, ${b})`, graph);
      const all = await ask(`allpaths(${a}, ${b})`, graph);
      assert.deepEqual(await ask(`path(${a}, ${b}) - allpaths(${a}, ${b})`, graph), []);
      assert.equal(path.length === 0, all.length === 0);
      // Each step of a path is an arrow.
      for (const [index, name] of path.slice(1).entries())
        assert.ok((await ask(`deps(${name}, 1)`, graph)).includes(path[index]!));
    }),
    { seed, numRuns: 100 },
  );
});
