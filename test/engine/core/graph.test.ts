import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Graph, parseGraph } from '../../../engine/core/graph.ts';
import type { Issue } from '../../../engine/core/issue.ts';
import { seed } from '../../properties/seed.ts';

/** @param inputs component → what it reads, `other.out` or a file */
function parse(
  inputs: Readonly<Record<string, readonly string[]>>,
  stages: Readonly<Record<string, unknown>> = {},
): { graph: Graph } | { issues: Issue[] } {
  const components = Object.fromEntries(
    Object.entries(inputs).map(([name, reads]) => [
      name,
      { rule: 'some/rule', inputs: Object.fromEntries(reads.map((read, index) => [`in${index}`, read])) },
    ]),
  );
  return parseGraph([{ file: 'graph.yaml', value: { schema_version: 1, components, stages } }]);
}

function graphOf(...args: Parameters<typeof parse>): Graph {
  const parsed = parse(...args);
  assert.ok('graph' in parsed, JSON.stringify(parsed));
  return parsed.graph;
}

function issuesOf(...args: Parameters<typeof parse>): string[] {
  const parsed = parse(...args);
  assert.ok('issues' in parsed);
  return parsed.issues.map((issue) => `${issue.path.join('.')} ${issue.message} ${issue.fix}`);
}

test('producers come before consumers, and rank counts the longest way down', () => {
  const { components } = graphOf({ c: ['a.out', 'b.out'], b: ['a.out'], a: ['file:in.txt'] });
  assert.deepEqual(
    components.map(({ name, rank }) => [name, rank]),
    [
      ['a', 2],
      ['b', 1],
      ['c', 0],
    ],
  );
});

test('a component depends on the video if one that it reads does', () => {
  const { components } = graphOf({ a: ['video'], b: ['a.out'], c: ['file:in.txt'] });
  assert.deepEqual(Object.fromEntries(components.map(({ name, isPerRun }) => [name, isPerRun])), {
    a: true,
    b: true,
    c: false,
  });
});

test('inputs that come round are told with the whole way round', () => {
  const [issue, ...others] = issuesOf({ a: ['c.out'], b: ['a.out'], c: ['b.out'], d: ['c.out'] });
  assert.deepEqual(others, []);
  assert.match(issue!, /a → b → c → a/);
  assert.match(issuesOf({ a: ['a.out'] })[0]!, /a → a/);
});

test('an input that names no component is told with the nearest name', () => {
  assert.match(issuesOf({ decode: ['file:in.txt'], other: ['decoed.out'] })[0]!, /Write "decode"/);
});

test('a file outside of the workspace is no input', () => {
  for (const path of ['/etc/passwd', '../other', 'a/../../b', ''])
    assert.equal(issuesOf({ a: [`file:${path}`] }).length, 1, path);
});

test('a stage has its own components and those that it extends', () => {
  const { stages } = graphOf(
    { a: ['file:x'], b: ['file:x'], c: ['file:x'] },
    {
      small: { components: ['b'] },
      middle: { extends: 'small', components: ['a'] },
      large: { extends: 'middle', components: ['c', 'b'] },
    },
  );
  assert.deepEqual(stages, { small: ['b'], middle: ['a', 'b'], large: ['a', 'b', 'c'] });
});

test('stages that extend each other, or nothing, or name no component are told', () => {
  const inputs = { a: ['file:x'] };
  assert.equal(issuesOf(inputs, { one: { extends: 'two' }, two: { extends: 'one' } }).length, 1);
  assert.equal(issuesOf(inputs, { one: { extends: 'none' } }).length, 1);
  assert.equal(issuesOf(inputs, { one: { components: ['aa', 'a'] } }).length, 1);
});

test('two documents may not have components of one name', () => {
  const value = { schema_version: 1, components: { a: { rule: 'some/rule' } } };
  const parsed = parseGraph([
    { file: 'one.yaml', value },
    { file: 'two.yaml', value },
  ]);
  assert.ok('issues' in parsed && parsed.issues[0]?.file === 'two.yaml');
});

const drafts = fc.array(fc.array(fc.nat({ max: 9 }), { maxLength: 3 }), { minLength: 1, maxLength: 10 });

test(`the order of components never depends on the order in which they are written (FLOW_SEED=${seed})`, () => {
  fc.assert(
    fc.property(drafts, (reads) => {
      // Each reads only those before it, so that none waits for itself.
      const inputs = reads.map((from, index): [string, string[]] => [
        `n${index}`,
        index === 0 ? [] : from.map((at) => `n${at % index}.out`),
      ]);
      const graph = graphOf(Object.fromEntries(inputs));
      assert.deepEqual(graphOf(Object.fromEntries(inputs.toReversed())), graph);
      const positions = new Map(graph.components.map(({ name }, index) => [name, index]));
      for (const [consumer, sources] of inputs)
        for (const source of sources)
          assert.ok(positions.get(source.replace('.out', ''))! < positions.get(consumer)!);
    }),
    { seed },
  );
});

test(`a way round is found in any graph that has one, and is one (FLOW_SEED=${seed})`, () => {
  fc.assert(
    fc.property(drafts, fc.nat(), (reads, at) => {
      const size = reads.length;
      const inputs = new Map(
        reads.map((from, index) => [`n${index}`, from.map((other) => `n${other % size}.out`)]),
      );
      const [first, last] = [`n${at % size}`, `n${(at + 1) % size}`];
      inputs.get(first)!.push(`${last}.out`);
      inputs.get(last)!.push(`${first}.out`);
      for (const issue of issuesOf(Object.fromEntries(inputs))) {
        const way = /: (n\d+(?: → n\d+)+)\./.exec(issue)![1]!.split(' → ');
        assert.equal(way[0], way.at(-1));
        for (const [index, name] of way.slice(1).entries())
          assert.ok(inputs.get(name)!.includes(`${way[index]}.out`), issue);
      }
    }),
    { seed },
  );
});
