import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { type AddressInfo, createServer as createTcpServer, type Socket } from 'node:net';
import { join } from 'node:path';
import test, { describe } from 'node:test';
import * as ort from 'onnxruntime-node';
import { type ErrorCode, FlowError, formatError, isTransient } from '../../../../engine/core/errors.ts';
import { type ModelEntry, modelEntrySchema } from '../../../../engine/core/model-entry.ts';
import { type Tensor, type TensorDtype, type Tensors, tensor } from '../../../../engine/core/tensor.ts';
import { TritonBackend } from '../../../../engine/io/inference/triton-backend.ts';
import type { TritonModel } from '../../../../engine/io/inference/triton-model.ts';
import { type TritonSettings, tritonSettings } from '../../../../engine/io/inference/triton-settings.ts';
import { modelsMirror, withoutModels } from '../../../models/plain-model.ts';
import { ConformanceServer } from '../../../triton/conformance-server.ts';
import { type Fault, saying, without } from '../../../triton/fault.ts';
import { identity, onnx } from '../../../triton/model-code.ts';
import type { RepositoryModel } from '../../../triton/model-repository.ts';
import type { Datatype } from '../../../triton/wire-tensor.ts';

const never = new AbortController().signal;
const weights = 'a'.repeat(64);

/** Of a model that gives back what it gets. */
function echoEntry(change: Record<string, unknown> = {}): ModelEntry {
  return entryOf({
    name: 'echo',
    inputs: [{ name: 'INPUT0', dtype: 'float32', shape: ['n', 'w'] }],
    outputs: [{ name: 'OUTPUT0', dtype: 'float32', shape: ['n', 'w'] }],
    ...change,
  });
}

function entryOf(parts: Record<string, unknown>): ModelEntry {
  return modelEntrySchema.parse({
    schema_version: 1,
    version: '1',
    task: 'test',
    licence: 'MIT',
    source: 'made by the test',
    files: [{ name: 'model.onnx', sha256: weights }],
    ...parts,
  });
}

const echo: RepositoryModel = {
  name: 'echo',
  versions: { 1: identity('FP32') },
  parameters: { weights_sha256: weights },
};

const feeds: Tensors = { INPUT0: tensor('float32', Float32Array.of(1, 2, 3, 4), [2, 2]) };

interface Rig extends AsyncDisposable {
  readonly server: ConformanceServer;
  readonly backend: TritonBackend;
  readonly model: TritonModel;
}

async function echoing(limits: Partial<TritonSettings> = {}, served = echo): Promise<Rig> {
  const server = await ConformanceServer.start([served]);
  const backend = new TritonBackend(tritonSettings({ TRITON_HTTP_URL: server.url }, limits));
  const model = await backend.load({ entry: echoEntry() }, never);
  return {
    server,
    backend,
    model,
    async [Symbol.asyncDispose]() {
      await backend[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
    },
  };
}

interface Expected {
  readonly code: ErrorCode;
  /** Whether the engine tries again. */
  readonly isRetried: boolean;
  readonly says: RegExp;
}

async function assertFails(work: Promise<unknown>, { code, isRetried, says }: Expected): Promise<FlowError> {
  const error = await work.then(
    () => assert.fail('nothing failed'),
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof FlowError, String(error));
  assert.deepEqual([error.code, isTransient(error.code)], [code, isRetried], error.message);
  assert.match(error.message, says);
  assert.match(error.message, /^Cannot .*\.$/);
  return error;
}

async function assertWorks(model: TritonModel): Promise<void> {
  const { OUTPUT0 } = await model.run(feeds, never);
  assert.deepEqual(OUTPUT0, feeds['INPUT0']);
}

describe('results', () => {
  const samples: { readonly [D in TensorDtype]: Tensor<D> } = {
    float32: tensor('float32', Float32Array.of(0.1, -0, Number.NaN, 1e-45), [2, 2]),
    float64: tensor('float64', Float64Array.of(0.1, 1 / 3, -0, 5e-324), [2, 2]),
    int32: tensor('int32', Int32Array.of(-(2 ** 31), 2 ** 31 - 1), [1, 2]),
    int64: tensor('int64', BigInt64Array.of(2n ** 53n + 1n, -(2n ** 63n)), [2, 1]),
    uint8: tensor('uint8', Uint8Array.of(0, 255, 7), [1, 3]),
    bool: tensor('bool', Uint8Array.of(1, 0, 1), [3, 1]),
  };
  const served = [
    ['float32', 'FP32'],
    ['float64', 'FP64'],
    ['int32', 'INT32'],
    ['int64', 'INT64'],
    ['uint8', 'UINT8'],
    ['bool', 'BOOL'],
  ] as const satisfies [TensorDtype, Datatype][];

  for (const [dtype, datatype] of served) {
    const sample = samples[dtype];
    test(`${dtype} comes back bit for bit, empty tensors too`, async () => {
      await using server = await ConformanceServer.start([{ ...echo, versions: { 1: identity(datatype) } }]);
      await using backend = new TritonBackend(tritonSettings({ TRITON_HTTP_URL: server.url }));
      const shape = { dtype, shape: ['n', 'w'] };
      const entry = echoEntry({
        inputs: [{ name: 'INPUT0', ...shape }],
        outputs: [{ name: 'OUTPUT0', ...shape }],
      });
      const model = await backend.load({ entry }, never);
      const empty = { ...sample, shape: [0, 4], data: sample.data.slice(0, 0) };
      assert.deepEqual(await model.run({ INPUT0: sample }, never), { OUTPUT0: sample });
      assert.deepEqual(await model.run({ INPUT0: empty }, never), { OUTPUT0: empty });
    });
  }

  test('each output has memory of its own, so that it can be given away', async () => {
    await using rig = await echoing();
    const { OUTPUT0 } = await rig.model.run(feeds, never);
    assert.equal(OUTPUT0!.data.buffer.byteLength, OUTPUT0!.data.byteLength);
  });

  test('a view into the middle of a buffer is sent, and not the buffer', async () => {
    await using rig = await echoing();
    const view = Float32Array.of(9, 1, 2, 9).subarray(1, 3);
    const { OUTPUT0 } = await rig.model.run({ INPUT0: tensor('float32', view, [1, 2]) }, never);
    assert.deepEqual(OUTPUT0!.data, Float32Array.of(1, 2));
  });

  test('batches of several requests come back to those who asked', async () => {
    const served = { ...echo, versions: { 1: identity('FP32') }, maxBatchSize: 64, maxDelayUs: 5000 };
    await using rig = await echoing({ maxInFlight: 8 }, served);
    const asked = Array.from({ length: 100 }, (_, index) =>
      tensor('float32', Float32Array.of(index, -index), [1, 2]),
    );
    const got = await Promise.all(asked.map((INPUT0) => rig.model.run({ INPUT0 }, never)));
    assert.deepEqual(
      got.map(({ OUTPUT0 }) => OUTPUT0),
      asked,
    );
    assert.ok(rig.server.inFlight.most <= 8, `${rig.server.inFlight.most} requests at once`);
    assert.ok(rig.server.connections <= 8, `${rig.server.connections} connections`);
  });
});

describe('real models', { skip: withoutModels }, () => {
  const real = [
    {
      file: 'ultraface_version-RFB-320.onnx',
      maxBatchSize: 0,
      parts: {
        inputs: [{ name: 'input', dtype: 'float32', shape: [1, 3, 240, 320] }],
        outputs: [
          { name: 'scores', dtype: 'float32', shape: [1, 4420, 2] },
          { name: 'boxes', dtype: 'float32', shape: [1, 4420, 4] },
        ],
      },
      shape: [1, 3, 240, 320],
    },
    {
      file: 'osnet_x0_25_msmt17.onnx',
      maxBatchSize: 16,
      parts: {
        inputs: [{ name: 'input', dtype: 'float32', shape: ['batch', 3, 256, 128] }],
        outputs: [{ name: 'output', dtype: 'float32', shape: ['batch', 512] }],
      },
      shape: [3, 3, 256, 128],
    },
    {
      file: 'basic_pitch_icassp_2022_nmp.onnx',
      maxBatchSize: 0,
      parts: {
        inputs: [{ name: 'serving_default_input_2:0', dtype: 'float32', shape: ['n', 43844, 1] }],
        outputs: [1, 2, 0].map((index) => ({
          name: `StatefulPartitionedCall:${index}`,
          dtype: 'float32',
          shape: ['n', 172, index === 0 ? 264 : 88],
        })),
      },
      shape: [1, 43844, 1],
    },
  ];

  for (const { file, maxBatchSize, parts, shape } of real) {
    test(`${file} gives on the server what plain ONNX Runtime gives, bit for bit`, async () => {
      const path = join(modelsMirror, file);
      const sha256 = createHash('sha256').update(readFileSync(path)).digest('hex');
      const entry = entryOf({ name: 'real', ...parts, files: [{ name: 'model.onnx', sha256 }] });
      await using server = await ConformanceServer.start([
        { name: 'real', versions: { 1: onnx(path) }, maxBatchSize, parameters: { weights_sha256: sha256 } },
      ]);
      await using backend = new TritonBackend(tritonSettings({ TRITON_HTTP_URL: server.url }));
      const model = await backend.load({ entry }, never);
      const data = new Float32Array(shape.reduce((product, length) => product * length, 1));
      for (let at = 0; at < data.length; at += 1) data[at] = Math.sin(at);
      const { name } = entry.inputs[0]!;
      const got = await model.run({ [name]: tensor('float32', data, shape) }, never);

      const session = await ort.InferenceSession.create(path, { intraOpNumThreads: 1, logSeverityLevel: 3 });
      const plain = await session.run({ [name]: new ort.Tensor('float32', data, shape) });
      await session.release();
      assert.deepEqual(Object.keys(got).sort(), Object.keys(plain).sort());
      for (const [output, { dims, data: expected }] of Object.entries(plain))
        assert.deepEqual(got[output], { dtype: 'float32', shape: dims, data: expected });
    });
  }
});

describe('loading', () => {
  async function load(
    served: RepositoryModel,
    entry: ModelEntry,
    arrange: (server: ConformanceServer) => void = () => undefined,
  ): Promise<TritonModel> {
    await using server = await ConformanceServer.start([served]);
    arrange(server);
    await using backend = new TritonBackend(tritonSettings({ TRITON_HTTP_URL: server.url }));
    return await backend.load({ entry }, never);
  }

  test('a server that says which weights it has leaves nothing to note', async () => {
    assert.equal((await load(echo, echoEntry())).note, undefined);
  });

  test('a server that does not say which weights it has is noted', async () => {
    const { note } = await load({ ...echo, parameters: {} }, echoEntry());
    assert.match(note!, /does not say which weights "echo:1" has/);
  });

  test('other weights than those of the entry are not taken', () =>
    assertFails(load({ ...echo, parameters: { sha256: 'b'.repeat(64) } }, echoEntry()), {
      code: 'model_digest_mismatch',
      isRetried: false,
      says: /sha256 "b{64}", those of the entry "a{64}"/,
    }).then(() => undefined));

  test('an unknown model is permanent, though Triton calls it a bad request', () =>
    assertFails(load(echo, echoEntry({ name: 'other' })), {
      code: 'triton_model_not_found',
      isRetried: false,
      says: /Cannot load model "other:1": .*'other' is not found/,
    }).then(() => undefined));

  test('an unknown version is permanent', () =>
    assertFails(load(echo, echoEntry({ version: '7' })), {
      code: 'triton_model_not_found',
      isRetried: false,
      says: /'echo' version 7 is not found/,
    }).then(() => undefined));

  test('a version that servers cannot have means the newest one', async () => {
    const versions = { 2: identity('FP32'), 10: identity('FP32') };
    await using server = await ConformanceServer.start([{ ...echo, versions }]);
    await using backend = new TritonBackend(tritonSettings({ TRITON_HTTP_URL: server.url }));
    await assertWorks(await backend.load({ entry: echoEntry({ version: '2023mar' }) }, never));
    assert.equal(server.requests.at(-1)!.path, '/v2/models/echo/versions/10/infer');
  });

  const mismatches = [
    {
      name: 'a tensor of another name',
      entry: echoEntry({ inputs: [{ name: 'X', dtype: 'float32', shape: ['n', 'w'] }] }),
      says: /its entry has the input "X", the model has "INPUT0"/,
    },
    {
      name: 'a tensor of another datatype',
      entry: echoEntry({ outputs: [{ name: 'OUTPUT0', dtype: 'uint8', shape: ['n', 'w'] }] }),
      says: /its output "OUTPUT0" is float32 \[-1, -1\], and uint8 \[n, w\] by its entry/,
    },
    {
      name: 'a tensor with another number of axes',
      entry: echoEntry({ inputs: [{ name: 'INPUT0', dtype: 'float32', shape: ['n', 2, 2] }] }),
      says: /its input "INPUT0" is float32 \[-1, -1\], and float32 \[n, 2, 2\] by its entry/,
    },
    {
      name: 'a length that is fixed there and open in the entry',
      entry: echoEntry(),
      served: { versions: { 1: identity('FP32', [-1, 4]) } },
      says: /its input "INPUT0" is float32 \[-1, 4\], and float32 \[n, w\] by its entry/,
    },
    {
      name: 'a length that is fixed to another number',
      entry: echoEntry({ inputs: [{ name: 'INPUT0', dtype: 'float32', shape: ['n', 3] }] }),
      served: { versions: { 1: identity('FP32', [-1, 4]) } },
      says: /its input "INPUT0" is float32 \[-1, 4\], and float32 \[n, 3\] by its entry/,
    },
    {
      name: 'smaller batches than the entry has',
      entry: echoEntry({ max_batch: 16 }),
      served: { maxBatchSize: 4 },
      says: /its entry has batches of up to 16 items, its max_batch_size there is 4/,
    },
    {
      name: 'an input that the entry does not have',
      entry: echoEntry(),
      served: {
        versions: {
          1: async () => {
            const code = await identity('FP32')();
            return {
              ...code,
              inputs: [...code.inputs, { name: 'mask', datatype: 'BOOL' as const, shape: [1] }],
            };
          },
        },
      },
      says: /the model has the input "mask", of which its entry says nothing/,
    },
  ];
  for (const { name, entry, served, says } of mismatches) {
    test(`${name} is a mismatch that names both sides`, async () => {
      await assertFails(load({ ...echo, ...served }, entry), {
        code: 'model_io_mismatch',
        isRetried: false,
        says,
      });
    });
  }

  test('a server that is not ready may be so the next time', async () => {
    for (const [state, change] of [
      ['live', { isLive: false }],
      ['ready', { isReady: false }],
    ] as const)
      await assertFails(
        load(echo, echoEntry(), (server) => Object.assign(server, change)),
        { code: 'triton_unavailable', isRetried: true, says: new RegExp(`the server is not ${state}`) },
      );
  });

  test('a model that is still loading may be ready the next time', () => {
    const arrange = (server: ConformanceServer): void => {
      server.setPlan(({ path }) =>
        path.endsWith('/echo/versions/1')
          ? { type: 'status', status: 503, message: "model 'echo' version 1 is not at ready state" }
          : undefined,
      );
    };
    return assertFails(load(echo, echoEntry(), arrange), {
      code: 'triton_unavailable',
      isRetried: true,
      says: /the server answered 503: model 'echo' version 1 is not at ready state/,
    }).then(() => undefined);
  });

  test('another kind of server is a wrong address', async () => {
    await using server = await ConformanceServer.start();
    await using backend = new TritonBackend(tritonSettings({ TRITON_HTTP_URL: `${server.url}/elsewhere` }));
    await assertFails(backend.load({ entry: echoEntry() }, never), {
      code: 'config_invalid',
      isRetried: false,
      says: /there is no v2\/health\/live/,
    });
  });

  test('a server without the extension for configurations is taken, and noted', async () => {
    const arrange = (server: ConformanceServer): void =>
      server.setPlan(({ path }) =>
        path.endsWith('/config') ? { type: 'status', status: 404, message: 'Not Found' } : undefined,
      );
    assert.match((await load(echo, echoEntry(), arrange)).note!, /does not say which weights/);
  });
});

describe('failures of a request', () => {
  const failures: readonly (Expected & {
    readonly name: string;
    readonly fault: Fault;
    readonly limits?: Partial<TritonSettings>;
  })[] = [
    {
      name: 'a full queue',
      fault: { type: 'status', status: 503, message: 'Exceeds maximum queue size' },
      ...{ code: 'triton_unavailable', isRetried: true, says: /answered 503: Exceeds maximum queue size/ },
    },
    {
      name: 'a broken connection',
      fault: { type: 'refuse' },
      ...{
        code: 'triton_unavailable',
        isRetried: true,
        says: /the connection failed before the answer began \(ECONNRESET\)/,
      },
    },
    {
      name: 'a connection that breaks in the middle of the answer',
      fault: { type: 'cutBody' },
      ...{
        code: 'triton_unavailable',
        isRetried: true,
        says: /the connection failed in the middle of the answer/,
      },
    },
    {
      name: 'an answer that does not begin in time',
      fault: { type: 'hang' },
      limits: { firstByteMs: 500 },
      ...{ code: 'triton_timeout', isRetried: true, says: /the answer did not begin within 0.5 s/ },
    },
    {
      name: 'an answer that is not whole in time',
      fault: { type: 'slowBody', ms: 60_000 },
      limits: { overallMs: 600 },
      ...{ code: 'triton_timeout', isRetried: true, says: /the answer was not whole within 0.6 s/ },
    },
    {
      name: 'a model that breaks',
      fault: { type: 'status', status: 500, message: 'onnx runtime error 6' },
      ...{ code: 'rule_failed', isRetried: false, says: /answered 500: onnx runtime error 6/ },
    },
    {
      name: 'a request that the server does not understand',
      fault: { type: 'status', status: 400, message: 'unexpected shape' },
      ...{ code: 'model_io_mismatch', isRetried: false, says: /answered 400: unexpected shape/ },
    },
    {
      name: 'a version that is gone',
      fault: { type: 'status', status: 404, message: 'version 1 is not found' },
      ...{ code: 'triton_model_not_found', isRetried: false, says: /version 1 is not found/ },
    },
    {
      name: 'what the server cannot do',
      fault: { type: 'status', status: 501, message: 'decoupled transaction policy' },
      ...{ code: 'model_io_mismatch', isRetried: false, says: /answered 501: decoupled/ },
    },
    {
      name: 'refused credentials',
      fault: { type: 'status', status: 401, message: 'who are you?' },
      ...{ code: 'auth_failed', isRetried: false, says: /answered 401/ },
    },
    {
      name: 'a gateway that gave up waiting',
      fault: { type: 'status', status: 504, message: '' },
      ...{ code: 'triton_timeout', isRetried: true, says: /answered 504\.$/ },
    },
    ...['99999', '-1', 'many', '3'].map((value) => ({
      name: `a length of JSON of "${value}"`,
      fault: { type: 'headerLength', value } as const,
      ...({
        code: 'triton_unavailable',
        isRetried: true,
        says: /the server's answer cannot be read: /,
      } as const),
    })),
    {
      name: 'no length of JSON',
      fault: { type: 'headerLength', value: undefined },
      ...{ code: 'triton_unavailable', isRetried: true, says: /its JSON is broken/ },
    },
    {
      name: 'a body that is too short',
      fault: { type: 'spoil', spoil: ({ json, raw }) => ({ json, raw: raw.subarray(1) }) },
      ...{
        code: 'triton_unavailable',
        isRetried: true,
        says: /output "OUTPUT0" has 16 bytes, but only 15 are left/,
      },
    },
    {
      name: 'a body that is too long',
      fault: { type: 'spoil', spoil: ({ json, raw }) => ({ json, raw: Buffer.concat([raw, raw]) }) },
      ...{ code: 'triton_unavailable', isRetried: true, says: /16 bytes are left over/ },
    },
    {
      name: 'a shape that its bytes do not fit',
      fault: { type: 'spoil', spoil: saying('OUTPUT0', { shape: [2, 3] }) },
      ...{ code: 'triton_unavailable', isRetried: true, says: /of shape \[2, 3\] has 16 bytes, not 24/ },
    },
    {
      name: 'JSON without what has to be in it',
      fault: { type: 'spoil', spoil: ({ raw }) => ({ json: { model_name: 'echo' }, raw }) },
      ...{ code: 'triton_unavailable', isRetried: true, says: /"outputs" in its JSON/ },
    },
    {
      name: 'another number of items than were asked for',
      fault: { type: 'spoil', spoil: saying('OUTPUT0', { shape: [4, 1] }) },
      ...{ code: 'model_io_mismatch', isRetried: false, says: /expected shape \[2, w\], found \[4, 1\]/ },
    },
    {
      name: 'another number of axes',
      fault: { type: 'spoil', spoil: saying('OUTPUT0', { shape: [2, 2, 1] }) },
      ...{ code: 'model_io_mismatch', isRetried: false, says: /expected shape \[2, w\], found \[2, 2, 1\]/ },
    },
    {
      name: 'another datatype',
      fault: { type: 'spoil', spoil: saying('OUTPUT0', { datatype: 'INT32' }) },
      ...{ code: 'model_io_mismatch', isRetried: false, says: /expected datatype FP32, found "INT32"/ },
    },
    {
      name: 'a missing output',
      fault: { type: 'spoil', spoil: without('OUTPUT0') },
      ...{ code: 'model_io_mismatch', isRetried: false, says: /output "OUTPUT0" is missing/ },
    },
    {
      name: 'JSON where bytes were asked for',
      fault: {
        type: 'spoil',
        spoil: ({ json }) => ({
          ...saying('OUTPUT0', { parameters: {}, data: [1, 2, 3, 4] })({ json, raw: Buffer.alloc(0) }),
        }),
      },
      ...{ code: 'model_io_mismatch', isRetried: false, says: /expected raw bytes, found JSON/ },
    },
    {
      name: 'another version than was loaded',
      fault: { type: 'spoil', spoil: ({ json, raw }) => ({ json: { ...json, model_version: '2' }, raw }) },
      ...{
        code: 'model_digest_mismatch',
        isRetried: false,
        says: /version "1" of "echo", and the server ran version "2"/,
      },
    },
  ];

  for (const { name, fault, limits, ...expected } of failures) {
    test(`${name}: ${expected.code}, and the next request works`, async () => {
      await using rig = await echoing({ maxInFlight: 1, ...limits });
      rig.server.setPlan(({ path }) => (path.endsWith('/infer') ? fault : undefined));
      await assertFails(rig.model.run(feeds, never), expected);
      rig.server.setPlan(() => undefined);
      await assertWorks(rig.model);
    });
  }
});

describe('a server that comes and goes', () => {
  test('no server is transient, and it may come back', async () => {
    await using rig = await echoing();
    await rig.server.down();
    const expected = {
      code: 'triton_unavailable',
      isRetried: true,
      says: /failed before the answer began \((ECONNREFUSED|ECONNRESET)\)/,
    } as const;
    await assertFails(rig.model.run(feeds, never), expected);
    await assertFails(rig.backend.load({ entry: echoEntry() }, never), expected);
    await rig.server.up();
    await assertWorks(rig.model);
  });

  test('a connection that does not come about in time is transient', async () => {
    const open = new Set<Socket>();
    const mute = createTcpServer((socket) => void open.add(socket)); // It never answers the offer to encrypt.
    await new Promise<void>((resolve) => mute.listen(0, '127.0.0.1', resolve));
    const url = `https://127.0.0.1:${(mute.address() as AddressInfo).port}`; // It listens on a port.
    await using backend = new TritonBackend(tritonSettings({ TRITON_HTTP_URL: url }, { connectMs: 50 }));
    await assertFails(backend.load({ entry: echoEntry() }, never), {
      code: 'triton_unavailable',
      isRetried: true,
      says: /there is no connection to the server after 0.05 s/,
    });
    for (const socket of open) socket.destroy();
    mute.close();
  });

  test('a model that is unloaded meanwhile is not found, by its own version', async () => {
    await using rig = await echoing();
    await rig.server.repository.unload('echo');
    await assertFails(rig.model.run(feeds, never), {
      code: 'triton_model_not_found',
      isRetried: false,
      says: /Cannot run model "echo:1": the server answered 404/,
    });
    await rig.server.repository.load('echo');
    await assertWorks(rig.model);
  });

  test('a bad request to a model that was replaced by another says so', async () => {
    await using rig = await echoing();
    await rig.server.replace({ ...echo, versions: { 1: identity('INT32') } });
    await assertFails(rig.model.run(feeds, never), {
      code: 'model_io_mismatch',
      isRetried: false,
      says: /its input "INPUT0" is int32 \[-1, -1\], and float32 \[n, w\] by its entry/,
    });
  });

  test('other weights under the same version are seen before they run', async () => {
    await using rig = await echoing({ recheckMs: 0 });
    await assertWorks(rig.model);
    await rig.server.replace({ ...echo, parameters: { weights_sha256: 'c'.repeat(64) } });
    await assertFails(rig.model.run(feeds, never), {
      code: 'model_digest_mismatch',
      isRetried: false,
      says: /the weights there have sha256 "c{64}"/,
    });
  });

  test('a model is not asked about again before its time', async () => {
    await using rig = await echoing({ recheckMs: 3_600_000 });
    const before = rig.server.requests.length;
    await assertWorks(rig.model);
    await assertWorks(rig.model);
    assert.equal(rig.server.requests.length, before + 2);
  });
});

describe('cancelling', () => {
  test('an aborted request closes its connection, and the next one works', async () => {
    await using rig = await echoing({ maxInFlight: 1 });
    rig.server.setPlan(({ path }) => (path.endsWith('/infer') ? { type: 'hang' } : undefined));
    const stop = new AbortController();
    const running = rig.model.run(feeds, stop.signal);
    await until(() => rig.server.inFlight.now === 1);
    stop.abort(new Error('enough'));
    await assert.rejects(running, /enough/);
    await until(() => rig.server.abandoned === 1);
    rig.server.setPlan(() => undefined);
    await assertWorks(rig.model);
  });

  test('a request that waits for its turn is not sent any more once it is aborted', async () => {
    await using rig = await echoing({ maxInFlight: 1 });
    const isInference = ({ path }: { path: string }): boolean => path.endsWith('/infer');
    rig.server.setPlan((request) => (isInference(request) ? { type: 'hang' } : undefined));
    const [first, second] = [new AbortController(), new AbortController()];
    const running = rig.model.run(feeds, first.signal);
    await until(() => rig.server.inFlight.now === 1);
    const waiting = rig.model.run(feeds, second.signal);
    second.abort(new Error('not this one'));
    await assert.rejects(waiting, /not this one/);
    first.abort(new Error('enough'));
    await assert.rejects(running, /enough/);
    rig.server.setPlan(() => undefined);
    await assertWorks(rig.model);
    assert.equal(rig.server.requests.filter(isInference).length, 2);
  });

  test('what is aborted before it begins asks nothing', async () => {
    await using rig = await echoing();
    const before = rig.server.requests.length;
    await assert.rejects(rig.model.run(feeds, AbortSignal.abort(new Error('before'))), /before/);
    assert.equal(rig.server.requests.length, before);
  });
});

describe('what is sent', () => {
  test('one model may have more time than the others, and the server is told', async () => {
    const waiting: RepositoryModel = { ...echo, maxBatchSize: 64, maxDelayUs: 20_000 };
    await using rig = await echoing({ firstByteMs: 60_000, firstByteMsOf: { echo: 5 } }, waiting);
    // The batch is held for 20 ms: whoever waits only for 5 is not waited for.
    await assertFails(rig.model.run(feeds, never), {
      code: 'triton_timeout',
      isRetried: true,
      says: /within 0.005 s/,
    });
    await until(() => rig.server.repository.ready[0]!.batcher.pending === 0);
    assert.equal(rig.server.repository.ready[0]!.statistics.executionCount, 0);
  });

  test('connections are kept for the next request', async () => {
    await using rig = await echoing();
    for (let round = 0; round < 5; round += 1) await assertWorks(rig.model);
    assert.equal(rig.server.connections, 1);
  });

  test('name and password of the URL are sent, and never told', async () => {
    await using server = await ConformanceServer.start([echo]);
    const url = server.url.replace('://', '://someone:pass%40word@');
    await using backend = new TritonBackend(tritonSettings({ TRITON_HTTP_URL: url }));
    await assertWorks(await backend.load({ entry: echoEntry() }, never));
    assert.equal(server.requests.at(-1)!.authorization, `Basic ${btoa('someone:pass@word')}`);
    server.setPlan(() => ({ type: 'status', status: 401, message: 'no "pass@word" or pass%40word' }));
    const refused = await backend.load({ entry: echoEntry() }, never).catch((error: FlowError) => error);
    await server.down();
    const gone = await backend.load({ entry: echoEntry() }, never).catch((error: FlowError) => error);
    for (const error of [refused, gone]) {
      assert.ok(error instanceof FlowError);
      assert.doesNotMatch(
        `${formatError(error)}${error.stack}${error.cause}`,
        /pass(@|%40)word|someone|c29tZW9uZT/,
      );
    }
  });
});

describe('settings', () => {
  const addresses = [
    [undefined, /it is not set/],
    ['', /it is not set/],
    ['someone:secret@host', /neither http: nor https:/],
    ['::', /it is not a URL/],
    ['http://someone:%zz@host', /it is not a URL/],
    ['grpc://host:8001', /"grpc:" is neither http: nor https:/],
    ['http://host:8000/?a=1', /it ends in "\?a=1"/],
  ] as const;
  for (const [address, says] of addresses) {
    test(`the address ${address} is refused`, () => {
      assert.throws(
        () => tritonSettings({ TRITON_HTTP_URL: address }),
        (error) => error instanceof FlowError && error.code === 'config_invalid' && says.test(error.message),
      );
    });
  }
});

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setImmediate(resolve));
}
