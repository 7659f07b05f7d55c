import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Digest, digestOf } from '../../../engine/core/digest.ts';
import { type ActionRecord, Lineage } from '../../../engine/core/lineage.ts';
import type { OutputRecord } from '../../../engine/core/store.ts';

/** What an output `name` says, and its file's bytes. */
const contentOf = (name: string): Digest => digestOf(name);
const fileOf = (name: string): Digest => digestOf(`file of ${name}`);

function action(
  component: string,
  inputs: Readonly<Record<string, string>>,
  outputs: readonly string[],
  format = 'npz',
): ActionRecord {
  const record = (name: string): OutputRecord => ({
    digest: fileOf(name),
    content: contentOf(name),
    sizeBytes: 1,
    format,
    extension: format,
    isEphemeral: false,
  });
  return {
    key: digestOf(`${component} ${JSON.stringify(inputs)}`),
    result: {
      status: 'success',
      warnings: [],
      durationMs: 1,
      outputs: Object.fromEntries(outputs.map((name) => [name, record(name)])),
    },
    ingredients: {
      component,
      phase: 'run',
      rule: contentOf('rule'),
      inputs: Object.entries(inputs),
      parts: [],
    },
    storedAtMs: 0,
  };
}

const none = (): string[] => [];
const componentsOf = (steps: readonly { component: string }[]): string[] =>
  steps.map(({ component }) => component);

test('a file is found by its digest, and its readers by its content', () => {
  const lineage = new Lineage([action('a', {}, ['x']), action('b', { input: contentOf('x') }, ['y'])], none);
  assert.deepEqual(componentsOf(lineage.producersOf(fileOf('x'))), ['a']);
  assert.deepEqual(componentsOf(lineage.consumersOf(fileOf('x'))), ['b']);
  assert.deepEqual(componentsOf(lineage.stepsAround(fileOf('y'))), ['b', 'a']);
});

test('a merge was made from the outputs of its parts', () => {
  const merge = action('b', {}, ['y']);
  const parts = ['x1', 'x2'].map((name, index) => [index, 1, index, 1, [['x', contentOf(name)]]]);
  const lineage = new Lineage(
    [
      action('a', { n: '1' }, ['x1']),
      action('a', { n: '2' }, ['x2']),
      { ...merge, ingredients: { ...merge.ingredients, parts } },
    ],
    none,
  );
  assert.deepEqual(componentsOf(lineage.stepsAround(fileOf('y'))), ['b', 'a', 'a']);
});

test('digests inside of lists of files are inputs, and names and missing ones are not', () => {
  const record = action('a', {}, ['x']);
  const inputs = [
    [
      'files',
      [
        ['one.txt', contentOf('1')],
        ['two.txt', contentOf('2')],
      ],
    ],
    ['absent', null],
  ];
  const lineage = new Lineage([{ ...record, ingredients: { ...record.ingredients, inputs } }], none);
  const [step] = lineage.producersOf(fileOf('x'));
  assert.deepEqual(
    step!.inputs.map(({ name, artifact }) => [name, artifact]),
    [
      ['files', contentOf('1')],
      ['files', contentOf('2')],
    ],
  );
});

test('a segment leads to the table that it stands in, and on to the video', () => {
  const plan = action('plan', { video: contentOf('film') }, ['table'], 'segments');
  const decode = action('decode', { segments: contentOf('segment') }, ['frames']);
  const lineage = new Lineage([plan, decode], () => [contentOf('segment')]);
  const steps = lineage.stepsAround(fileOf('frames'));
  assert.deepEqual(
    steps.map(({ component, phase }) => `${component} ${phase}`),
    ['decode run', 'plan segment', 'plan run'],
  );
  assert.equal(lineage.stepsAround(contentOf('film')).length, 3);
});

test('a circle of artifacts is walked once', () => {
  const lineage = new Lineage(
    [action('a', { input: contentOf('y') }, ['x']), action('b', { input: contentOf('x') }, ['y'])],
    none,
  );
  assert.deepEqual(componentsOf(lineage.stepsAround(fileOf('x'))).sort(), ['a', 'b']);
});
