import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import type { ErrorCode } from '../../engine/core/errors.ts';
import { readNpz } from '../../engine/core/npz.ts';
import { makeFilm } from '../make-film.ts';
import { Rig } from '../rig.ts';
import { ConformanceServer } from '../triton/conformance-server.ts';
import { type Fault, saying, without } from '../triton/fault.ts';
import { onnx } from '../triton/model-code.ts';
import { profile, sha256Of, timesModel, tinyFiles } from './tiny-model.ts';

const target = ['//scored'];
const onServer = profile('scored: { model: times, version: "1", engine: triton }');
const weights = timesModel(10);

/** A server that has the model of the workspaces. */
function serverWith(content = weights, sha256 = sha256Of(content)): Promise<ConformanceServer> {
  return ConformanceServer.start([
    {
      name: 'times',
      versions: { 1: onnx(content) },
      maxBatchSize: 16,
      parameters: { weights_sha256: sha256 },
    },
  ]);
}

function scores(rig: Rig): number[] {
  return [...(readNpz(readFileSync(rig.path('out/scored/scores.npz')))['values']!.data as Float32Array)];
}

const infers = (fault: Fault) => (request: { readonly path: string }) =>
  request.path.endsWith('/infer') ? fault : undefined;

interface Case {
  readonly when: string;
  readonly fault: Fault;
  readonly code: ErrorCode;
  readonly isRetried: boolean;
}

const cases: readonly Case[] = [
  { when: 'refuses connections', fault: { type: 'refuse' }, code: 'triton_unavailable', isRetried: true },
  {
    when: 'has a full queue',
    fault: { type: 'status', status: 503, message: 'Exceeds maximum queue size' },
    code: 'triton_unavailable',
    isRetried: true,
  },
  {
    when: 'breaks off in the middle of an answer',
    fault: { type: 'cutBody' },
    code: 'triton_unavailable',
    isRetried: true,
  },
  {
    when: 'says a wrong length',
    fault: { type: 'headerLength', value: '7' },
    code: 'triton_unavailable',
    isRetried: true,
  },
  {
    when: 'breaks over the tensors',
    fault: { type: 'status', status: 500, message: 'failed' },
    code: 'rule_failed',
    isRetried: false,
  },
  {
    when: 'knows no such request',
    fault: { type: 'status', status: 501, message: 'no' },
    code: 'model_io_mismatch',
    isRetried: false,
  },
  {
    when: 'gives another shape',
    fault: { type: 'spoil', spoil: saying('y', { shape: [1, 3] }) },
    code: 'model_io_mismatch',
    isRetried: false,
  },
  {
    when: 'leaves out an output',
    fault: { type: 'spoil', spoil: without('y') },
    code: 'model_io_mismatch',
    isRetried: false,
  },
  {
    when: 'wants other credentials',
    fault: { type: 'status', status: 401, message: 'no' },
    code: 'auth_failed',
    isRetried: false,
  },
];

describe('a model on an inference server', { concurrency: 2 }, () => {
  test('gives what it gives on this machine, and the manifest of both says which it was', async () => {
    await using server = await serverWith();
    using rig = new Rig(tinyFiles());
    await rig.build(target);
    const here = scores(rig);
    rig.write('profiles/tiny.yaml', onServer);
    const run = await rig.build(target, { TRITON_HTTP_URL: server.url });
    assert.deepEqual([run.summary.status, run.ran], ['success', ['scored']]);
    assert.deepEqual(scores(rig), here);
    assert.ok(run.events.some((event) => event.type === 'batch_finished' && event.device === 'remote'));
  });

  for (const { when, fault, code, isRetried } of cases)
    test(`that ${when} fails the build with ${code}, ${isRetried ? 'after' : 'without'} another attempt, and leaves nothing behind`, async () => {
      await using server = await serverWith();
      using rig = new Rig({ ...tinyFiles(), 'profiles/tiny.yaml': onServer });
      const env = { TRITON_HTTP_URL: server.url };
      server.setPlan(infers(fault));
      const run = await rig.build(target, env);
      assert.deepEqual([run.status, run.summary.errors[0]?.code], [1, code]);
      assert.equal(
        run.events.some(({ type }) => type === 'action_retried'),
        isRetried,
      );
      assert.equal(existsSync(rig.path('out/scored')), false);
      server.setPlan(() => undefined);
      assert.deepEqual((await rig.build(target, env)).ran, ['scored']); // Nothing of the failure was kept.
      assert.deepEqual(scores(rig), [10, 20, 30]);
    });

  test('that fails for a moment costs an attempt and nothing else', async () => {
    await using server = await serverWith();
    using rig = new Rig({ ...tinyFiles(), 'profiles/tiny.yaml': onServer });
    let failures = 0;
    server.setPlan((request) => {
      if (!request.path.endsWith('/infer') || failures > 0) return undefined;
      failures += 1;
      return { type: 'refuse' };
    });
    const run = await rig.build(target, { TRITON_HTTP_URL: server.url });
    assert.deepEqual([run.summary.status, scores(rig)], ['success', [10, 20, 30]]);
  });

  test('that nobody serves ends a run at the first segment that has tried it often enough, and is told once', async () => {
    const using = (row: string): string =>
      `schema_version: 1\nname: default\nextends: without-models\ncomponents: { core_clip: { enabled: true } }\nmodels: { core_clip: { ${row} } }\n`;
    using rig = new Rig({ 'profiles/default.yaml': using('model: scatter-embed, version: "1"') });
    makeFilm(rig.path('film.mp4'), { seconds: 24 });
    await rig.build(['run:film.mp4//core_clip']); // All that comes before the model is cached.
    rig.write('profiles/default.yaml', using('engine: triton'));
    const run = await rig.build(['run:film.mp4//core_clip', '--jobs', '1'], {
      TRITON_HTTP_URL: 'http://127.0.0.1:9',
    });
    assert.deepEqual([run.status, run.summary.errors[0]?.code], [1, 'triton_unavailable']);
    const over = run.events.findIndex(({ type }) => type === 'run_finished');
    assert.ok(run.events.slice(over).every(({ type }) => type !== 'action_started'));
    assert.equal(run.events.filter(({ type }) => type === 'action_failed').length, 1);
    assert.equal(run.stderr.match(/^retry/gm)?.length, 1, run.stderr);
  });

  test('whose address is wrong or missing is told before anything runs; only what can be done without goes without', async () => {
    using rig = new Rig({ ...tinyFiles(), 'profiles/tiny.yaml': onServer });
    for (const url of ['', 'junk']) {
      const run = await rig.build(target, { TRITON_HTTP_URL: url });
      assert.deepEqual([run.status, run.summary.errors[0]?.code], [2, 'config_invalid']);
      assert.ok(run.events.every(({ type }) => type !== 'action_started'));
    }
    const row = 'scored: { model: times, version: "1", engine: triton }';
    rig.write('profiles/tiny.yaml', profile(row, { isRequired: false }));
    const without = await rig.build(target, { TRITON_HTTP_URL: '' });
    assert.deepEqual([without.status, without.summary.errors[0]?.code], [0, 'config_invalid']);
    assert.equal((await rig.build(target, { TRITON_HTTP_URL: 'junk' })).status, 2);
  });

  test('that is not there, has other weights, or is named nowhere is refused', async () => {
    using rig = new Rig({ ...tinyFiles(), 'profiles/tiny.yaml': onServer });
    await using empty = await ConformanceServer.start();
    await using other = await serverWith(timesModel(11));
    for (const [url, code] of [
      [empty.url, 'triton_model_not_found'],
      [other.url, 'model_digest_mismatch'],
      ['http://127.0.0.1:9', 'triton_unavailable'],
      ['', 'config_invalid'],
    ] as const) {
      const run = await rig.build(target, { TRITON_HTTP_URL: url });
      assert.equal(run.summary.errors[0]?.code, code);
    }
  });
});
