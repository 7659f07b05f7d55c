import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, readdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { type Examined, examine } from '../../../engine/cli/doctor/examine.ts';
import type { Check } from '../../../engine/cli/doctor/finding.ts';
import { timesModel, tinyEntry, tinyFiles } from '../../models/tiny-model.ts';
import { Rig } from '../../rig.ts';
import { cannotBeSomebody, flowAsSomebody } from '../as-somebody.ts';

interface Document {
  readonly status: string;
  readonly findings: readonly Examined[];
}

async function doctor(rig: Rig, env: Readonly<Record<string, string>> = {}): Promise<Document> {
  const { status, stdout } = await rig.flow(['doctor', '--json'], env);
  const document = JSON.parse(stdout) as Document;
  assert.equal(status, document.status === 'pass' ? 0 : 1);
  return document;
}

/** What has to be mended, by name. */
function failures({ findings }: Document): Examined[] {
  for (const { level, fix, name } of findings)
    assert.equal(
      fix !== undefined,
      level === 'warn' || level === 'fail',
      `${name}: a mend where one is needed`,
    );
  return findings.filter(({ level }) => level === 'fail');
}

/** A program of the rig's own. */
function script(rig: Rig, name: string, text: string): string {
  rig.write(name, `#!/bin/sh\n${text}\n`);
  chmodSync(rig.path(name), 0o755);
  return rig.path(name);
}

test('where all is well nothing fails, every area is looked at, and nothing is left behind', async () => {
  using rig = new Rig();
  const run = await doctor(rig);
  assert.deepEqual([run.status, failures(run)], ['pass', []]);
  const areas = new Set(run.findings.map(({ area }) => area));
  assert.deepEqual(
    [...areas],
    ['machine', 'programs', 'packages', 'models', 'workspace', 'folders', 'remote'],
  );
  assert.deepEqual(readdirSync(rig.root).sort(), ['flow.yaml', 'profiles']);
  assert.deepEqual(readdirSync(dirname(rig.root)), ['workspace']);
});

test('the text has a line for each finding and says how many fail', async () => {
  using rig = new Rig({ 'graphs/own.yaml': 'schema_version: 1\ncomponents: { one: { rule: } }\n' });
  const { status, stdout, stderr } = await rig.flow(['doctor']);
  assert.equal(status, 1);
  assert.equal(stderr, '');
  assert.match(stdout, /^ {2}PASS {2}ffmpeg {2,}\d/m);
  assert.match(stdout, /^ {2}FAIL {2}graph {2,}graphs\/own\.yaml:2:/m);
  assert.match(stdout, /\n1 failed, \d+ warnings?, \d+ passed\n$/);
});

test('without ffmpeg the doctor says so and how to get it', async () => {
  using rig = new Rig();
  const run = await doctor(rig, { PATH: rig.path('nothing') });
  const [{ name, found, fix }] = failures(run) as [Examined];
  assert.equal(name, 'ffmpeg');
  assert.match(found, /there is no such program/);
  assert.match(fix!, /^Install ffmpeg/);
  assert.equal(run.findings.find((finding) => finding.name === 'Python')!.level, 'info');
});

test('an ffmpeg that is too old, lacks a filter or lacks a decoder is told', async () => {
  using rig = new Rig();
  const old = script(rig, 'old', `ffmpeg "$@" | sed 's/version [^ ]*/version 4.4.2/'`);
  const poor = script(rig, 'poor', 'ffmpeg "$@" | grep -v ebur128');
  const blind = script(rig, 'blind', `ffmpeg "$@" | grep -v 'av1\\|AV1'`);
  const found = async (FLOW_FFMPEG: string): Promise<string[]> =>
    (await doctor(rig, { FLOW_FFMPEG })).findings
      .filter(({ area, fix }) => area === 'programs' && fix !== undefined)
      .map((finding) => `${finding.level} ${finding.name}: ${finding.found.replace(/, but.*/, '')}`);
  const [ofOld, ofPoor, ofBlind] = await Promise.all([old, poor, blind].map(found));
  assert.deepEqual(ofOld, ['fail ffmpeg: 4.4.2']);
  assert.deepEqual(ofPoor, ['fail filters: this ffmpeg was built without filter ebur128']);
  assert.deepEqual(ofBlind, ['warn formats: this ffmpeg was built without decoder av1']);
});

test('the models of the profile are here, to be pulled, or damaged', async () => {
  const content = timesModel(10);
  const url = 'http://127.0.0.1:9/times.onnx'; // Nobody is asked.
  using rig = new Rig(tinyFiles(content));
  const ofModel = async (): Promise<string> => {
    const { found, level } = (await doctor(rig)).findings.find(({ name }) => name === 'times:1')!;
    return `${level} ${found}`;
  };
  assert.match(await ofModel(), /^pass beside its entry, \d+ B$/);
  rig.write('models/times.yaml', tinyEntry(content, { url }));
  assert.equal(await ofModel(), 'info not here: the first build pulls it');
  rig.write('models/times.yaml', tinyEntry(timesModel(11)));
  assert.match(await ofModel(), /^fail Cannot use "times.onnx" as a file of the model times:1: expected/);
  rig.remove('models/times.onnx');
  assert.match(await ofModel(), /^fail Cannot find "times.onnx" of the model times:1/);
  rig.replace('profiles/tiny.yaml', 'version: "1"', 'version: "1", engine: triton');
  const { findings } = await doctor(rig, { TRITON_HTTP_URL: '' });
  assert.equal(findings.find(({ name }) => name === 'triton')?.level, 'warn');
  assert.ok(findings.every(({ name }) => name !== 'times:1')); // The server has its own.
});

test('a broken graph, profile, rule or flow.yaml is told as a build tells it', async () => {
  const broken = {
    'graphs/own.yaml':
      'schema_version: 1\ncomponents: { one: { rule: nowhere, inputs: {} } }\nstages: { mine: { components: [one] } }\n',
    'profiles/default.yaml': 'schema_version: 1\nname: default\nextends: without-models\ncomponent: {}\n',
    'flow.yaml': 'schema_version: 1\nresult: x\n',
  };
  for (const [file, text] of Object.entries(broken)) {
    using rig = new Rig({ 'flow.yaml': 'schema_version: 1\nstage: mine\n', [file]: text });
    if (file === 'profiles/default.yaml') rig.write('flow.yaml', 'schema_version: 1\n');
    const run = await doctor(rig);
    const [{ found, fix }] = failures(run) as [Examined];
    const { stderr } = await rig.flow(['build', file.startsWith('graphs') ? '//one' : '//...', '--plain']);
    assert.ok(stderr.includes(`${found}\n  Fix: ${fix}`), `${found}\n${stderr}`);
  }
});

test('a cache and a workspace that may not be written to are told', { skip: cannotBeSomebody }, () => {
  using rig = new Rig();
  mkdirSync(rig.cacheDir);
  for (const folder of [rig.cacheDir, rig.root]) chmodSync(folder, 0o555);
  const { status, stdout } = flowAsSomebody(rig, ['doctor', '--json']);
  for (const folder of [rig.cacheDir, rig.root]) chmodSync(folder, 0o755);
  assert.equal(status, 1);
  const failed = failures(JSON.parse(stdout) as Document);
  assert.deepEqual(
    failed.map(({ name }) => name),
    ['cache', 'results', 'states', 'out', '.flow'],
  );
  for (const { found } of failed) assert.match(found, /cannot be written to: permission denied \(EACCES\)$/);
});

test('a package that was installed for another machine is told', async () => {
  using rig = new Rig();
  rig.write(
    'hide.mjs',
    `import { registerHooks } from 'node:module';
registerHooks({
  resolve(specifier, context, next) {
    if (/^(@napi-rs.blake-hash|esbuild)/.test(specifier)) throw new Error('Cannot find the binding for this system');
    return next(specifier, context);
  },
});
`,
  );
  const run = await doctor(rig, { NODE_OPTIONS: `--import=${pathToFileURL(rig.path('hide.mjs'))}` });
  const failed = failures(run);
  assert.deepEqual(
    failed.slice(0, 2).map(({ name, found }) => `${name}: ${found}`),
    ['BLAKE3: Cannot find the binding for this system', 'esbuild: Cannot find the binding for this system'],
  );
  assert.match(failed[0]!.fix!, /^Install flow again/);
});

test('a check that never answers, throws, or rejects comes to a finding', async () => {
  const never: Check = { area: 'machine', name: 'never', examine: () => new Promise(() => {}) };
  const throws: Check = { area: 'machine', name: 'throws', examine: () => assert.fail('oh') };
  const rejects: Check = { area: 'machine', name: 'rejects', examine: () => Promise.reject('no error') };
  const found = await examine([never, throws, rejects], 20);
  assert.deepEqual(
    found.map(({ name, level }) => `${name} ${level}`),
    ['never fail', 'throws fail', 'rejects fail'],
  );
  assert.match(found[0]!.found, /no answer within 0.02 s/);
});

test('a program that hangs is stopped', async () => {
  using rig = new Rig();
  const { programChecks } = await import('../../../engine/cli/doctor/program-checks.ts');
  process.env.FLOW_FFMPEG = script(rig, 'stuck', 'exec sleep 600');
  const [finding] = await examine(programChecks.slice(0, 1), 200);
  delete process.env.FLOW_FFMPEG;
  assert.equal(finding!.level, 'fail');
});
