/** Holds the stand-in for Triton against what Triton answers, byte by byte, over plain HTTP. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { request as openRequest } from 'node:http';
import { after, before, describe, test } from 'node:test';
import { deflateSync, gunzipSync, gzipSync } from 'node:zlib';
import { ConformanceServer } from './conformance-server.ts';
import { identity, type ModelCode, meanOfPixels } from './model-code.ts';
import type { RepositoryModel } from './model-repository.ts';
import { bytesOfStrings, type Datatype, elementBytes } from './wire-tensor.ts';

const echo: RepositoryModel = { name: 'echo', versions: { 1: identity('FP32'), 3: identity('FP32') } };

function floats(...values: number[]): Buffer {
  return Buffer.from(Float32Array.from(values).buffer);
}

interface Sent {
  readonly json?: unknown;
  readonly raw?: Uint8Array;
  readonly headers?: Record<string, string>;
  /** Instead of what is right; null for none. */
  readonly length?: string | null;
}

interface Got {
  readonly status: number;
  readonly headers: Headers;
  readonly json: Record<string, unknown>;
  readonly raw: Buffer;
}

/** POSTs JSON followed by bytes, and takes the answer apart in the same way. */
async function post(url: string, { json, raw, headers = {}, length }: Sent = {}): Promise<Got> {
  const text = Buffer.from(json === undefined ? '' : JSON.stringify(json));
  const said = length === undefined ? (raw ? String(text.length) : null) : length;
  const answer = await fetch(url, {
    method: 'POST',
    headers: {
      ...headers,
      'accept-encoding': headers['accept-encoding'] ?? 'identity',
      ...(said !== null && { 'Inference-Header-Content-Length': said }),
    },
    body: Buffer.concat([text, raw ?? Buffer.alloc(0)]),
  });
  return apart(answer);
}

async function get(url: string): Promise<Got> {
  return apart(await fetch(url, { headers: { 'accept-encoding': 'identity' } }));
}

async function apart(answer: Response): Promise<Got> {
  const all = Buffer.from(await answer.arrayBuffer());
  const end = Number(answer.headers.get('inference-header-content-length') ?? all.length);
  const json = end === 0 ? {} : JSON.parse(all.subarray(0, end).toString());
  return { status: answer.status, headers: answer.headers, json, raw: all.subarray(end) };
}

function input(values: Buffer, shape: readonly number[], datatype = 'FP32'): object {
  return { name: 'INPUT0', shape, datatype, parameters: { binary_data_size: values.length } };
}

function onlyOutput({ json }: Got): Record<string, unknown> {
  return (json['outputs'] as Record<string, unknown>[])[0]!; // Models here have one.
}

describe('health, metadata, configuration and repository', () => {
  test('health is a status without a body, 400 where something is not so', async () => {
    await using server = await ConformanceServer.start([echo]);
    const health = async (state: string): Promise<unknown[]> => {
      const answer = await fetch(`${server.url}/v2/health/${state}`);
      return [answer.status, await answer.text()];
    };
    assert.deepEqual(await Promise.all(['live', 'ready'].map(health)), [
      [200, ''],
      [200, ''],
    ]);
    server.isReady = false;
    assert.deepEqual(await health('ready'), [400, '']);
    assert.deepEqual(await health('live'), [200, '']);
  });

  test('metadata lists versions and tensors, with -1 for the batch', async () => {
    await using server = await ConformanceServer.start([
      { name: 'mean', versions: { 1: meanOfPixels }, maxBatchSize: 4, parameters: { weights_sha256: 'ab' } },
    ]);
    const { json } = await get(`${server.url}/v2/models/mean`);
    assert.deepEqual(json, {
      name: 'mean',
      versions: ['1'],
      platform: 'onnxruntime_onnx',
      inputs: [{ name: 'pixels', datatype: 'UINT8', shape: [-1, -1, -1, 3] }],
      outputs: [{ name: 'mean', datatype: 'FP32', shape: [-1, 3] }],
    });
    const { json: config } = await get(`${server.url}/v2/models/mean/versions/1/config`);
    assert.equal(config['max_batch_size'], 4);
    assert.deepEqual(config['input'], [{ name: 'pixels', data_type: 'TYPE_UINT8', dims: [-1, -1, 3] }]);
    assert.deepEqual(config['parameters'], { weights_sha256: { string_value: 'ab' } });
  });

  test('unknown models, versions, paths and verbs have the statuses and texts of Triton', async () => {
    await using server = await ConformanceServer.start([echo]);
    const check = async (path: string, status: number, error: string): Promise<void> => {
      const answer = await get(`${server.url}${path}`);
      assert.deepEqual([answer.status, answer.json], [status, { error }], path);
    };
    await check('/v2/models/none', 400, "Request for unknown model: 'none' is not found");
    await check(
      '/v2/models/echo/versions/7',
      404,
      "Request for unknown model: 'echo' version 7 is not found",
    );
    await check('/v2/models/echo/versions/7/ready', 400, 'Model version not ready');
    await check('/v2/models/echo/versions/x', 404, 'Not Found');
    await check('/v2/elsewhere', 404, 'Not Found');
    await check('/v2/models/echo/infer', 405, 'Method Not Allowed');
    await check('/v2/repository/index', 405, 'Method Not Allowed');
  });

  test('an unloaded model has no available versions, and comes back when it is loaded', async () => {
    await using server = await ConformanceServer.start([echo]);
    const of = `${server.url}/v2/repository`;
    assert.equal((await post(`${of}/models/echo/unload`)).status, 200);
    const gone = await get(`${server.url}/v2/models/echo`);
    assert.deepEqual(
      [gone.status, gone.json],
      [404, { error: "Request for unknown model: 'echo' has no available versions" }],
    );
    assert.deepEqual((await post(`${of}/index`, { json: { ready: true } })).json, []);
    assert.equal((await post(`${of}/models/echo/load`)).status, 200);
    assert.deepEqual((await post(`${of}/index`)).json, [
      { name: 'echo', version: '1', state: 'READY' },
      { name: 'echo', version: '3', state: 'READY' },
    ]);
    assert.equal((await post(`${of}/index`, { json: { ready: 'yes' } })).status, 400);
    const none = await post(`${of}/models/none/load`);
    assert.equal(none.status, 500);
    assert.match(String(none.json['error']), /^failed to load 'none', /);
  });

  test('loading by request is refused unless the server was started for it', async () => {
    await using server = await ConformanceServer.start([echo], { isExplicit: false });
    assert.equal((await post(`${server.url}/v2/repository/models/echo/load`)).status, 503);
  });

  test('while a model loads, it is LOADING, the server is not ready, and requests get 503', async () => {
    await using server = await ConformanceServer.start();
    const release = Promise.withResolvers<void>();
    const slow = async (): Promise<ModelCode> => {
      await release.promise;
      return identity('FP32')();
    };
    const loaded = server.replace({ name: 'slow', versions: { 1: slow } });
    const index = await post(`${server.url}/v2/repository/index`);
    assert.deepEqual(index.json, [{ name: 'slow', version: '1', state: 'LOADING' }]);
    assert.equal((await fetch(`${server.url}/v2/health/ready`)).status, 400);
    const early = await get(`${server.url}/v2/models/slow/versions/1`);
    assert.deepEqual(
      [early.status, early.json],
      [503, { error: "Request for unknown model: 'slow' version 1 is not at ready state" }],
    );
    release.resolve();
    await loaded;
    assert.equal((await fetch(`${server.url}/v2/health/ready`)).status, 200);
  });

  test('a model that cannot be opened is UNAVAILABLE with its reason', async () => {
    await using server = await ConformanceServer.start();
    const broken = async (): Promise<ModelCode> => {
      throw new Error('it is no model');
    };
    server.repository.put({ name: 'broken', versions: { 1: broken } });
    const load = await post(`${server.url}/v2/repository/models/broken/load`);
    assert.deepEqual([load.status, load.json], [500, { error: "failed to load 'broken', it is no model" }]);
    const index = await post(`${server.url}/v2/repository/index`);
    assert.deepEqual(index.json, [
      { name: 'broken', version: '1', state: 'UNAVAILABLE', reason: 'it is no model' },
    ]);
  });
});

describe('inference', () => {
  let server: ConformanceServer;
  let infer: string;
  before(async () => {
    server = await ConformanceServer.start([
      echo,
      { name: 'batched', versions: { 1: identity('FP32', [-1, 2]) }, maxBatchSize: 2 },
      { name: 'bytes', versions: { 1: identity('BYTES', [-1]) } },
      { name: 'row', versions: { 1: identity('FP32', [-1]) } },
      { name: 'fp16', versions: { 1: identity('FP16') } },
      { name: 'mean', versions: { 1: meanOfPixels } },
    ]);
    infer = `${server.url}/v2/models/echo/infer`;
  });
  after(() => server[Symbol.asyncDispose]());

  test('JSON in gives JSON out, from the newest version, with the id that was sent', async () => {
    const json = {
      id: 'a7',
      inputs: [
        {
          name: 'INPUT0',
          shape: [2, 2],
          datatype: 'FP32',
          data: [
            [1, 2],
            [3, 4.5],
          ],
        },
      ],
    };
    const got = await post(infer, { json });
    assert.deepEqual(got.json, {
      id: 'a7',
      model_name: 'echo',
      model_version: '3',
      outputs: [{ name: 'OUTPUT0', datatype: 'FP32', shape: [2, 2], data: [1, 2, 3, 4.5] }],
    });
    assert.equal(got.headers.get('content-type'), 'application/json');
    assert.equal(got.headers.has('inference-header-content-length'), false);
  });

  test('binary in and out is the same bytes, and says how long JSON is', async () => {
    const raw = floats(1.5, -2, Number.NaN, 4);
    const json = { parameters: { binary_data_output: true }, inputs: [input(raw, [1, 4])] };
    const got = await post(infer, { json, raw });
    assert.deepEqual(got.raw, raw);
    assert.equal(got.headers.get('content-type'), 'application/octet-stream');
    assert.deepEqual(onlyOutput(got)['parameters'], { binary_data_size: 16 });
  });

  test('an output that is listed is JSON unless it says binary_data itself', async () => {
    const raw = floats(1, 2);
    const ask = (output: object): Promise<Got> =>
      post(infer, {
        json: { parameters: { binary_data_output: true }, inputs: [input(raw, [1, 2])], outputs: [output] },
        raw,
      });
    assert.deepEqual(onlyOutput(await ask({ name: 'OUTPUT0' }))['data'], [1, 2]);
    assert.deepEqual((await ask({ name: 'OUTPUT0', parameters: { binary_data: true } })).raw, raw);
  });

  test('an empty tensor may be binary, and then no header says where JSON ends', async () => {
    const json = { parameters: { binary_data_output: true }, inputs: [input(Buffer.alloc(0), [0, 4])] };
    const got = await post(infer, { json, raw: Buffer.alloc(0) });
    assert.equal(got.headers.has('inference-header-content-length'), false);
    assert.deepEqual(onlyOutput(got)['parameters'], { binary_data_size: 0 });
  });

  test('every datatype passes as raw bytes', async () => {
    for (const [datatype, size] of Object.entries(elementBytes) as [Datatype, number][]) {
      const raw =
        size === 0 ? bytesOfStrings([Buffer.from('é'), Buffer.alloc(0)]) : Buffer.alloc(2 * size, 1);
      await server.replace({ name: 'any', versions: { 1: identity(datatype, [-1]) } });
      const got = await post(`${server.url}/v2/models/any/infer`, {
        json: { parameters: { binary_data_output: true }, inputs: [input(Buffer.from(raw), [2], datatype)] },
        raw,
      });
      assert.deepEqual([got.status, onlyOutput(got)['datatype'], got.raw], [200, datatype, Buffer.from(raw)]);
    }
  });

  test('texts pass as JSON and as bytes', async () => {
    const json = { inputs: [{ name: 'INPUT0', shape: [2], datatype: 'BYTES', data: ['über', ''] }] };
    assert.deepEqual(onlyOutput(await post(`${server.url}/v2/models/bytes/infer`, { json }))['data'], [
      'über',
      '',
    ]);
  });

  test('half precision does not travel as JSON, in neither direction', async () => {
    const url = `${server.url}/v2/models/fp16/infer`;
    const sent = await post(url, {
      json: { inputs: [{ name: 'INPUT0', shape: [1, 1], datatype: 'FP16', data: [1] }] },
    });
    const raw = Buffer.alloc(2);
    const wanted = await post(url, { json: { inputs: [input(raw, [1, 1], 'FP16')] }, raw });
    for (const { status, json } of [sent, wanted]) {
      assert.equal(status, 400);
      assert.match(String(json['error']), /Please use the binary data format/);
    }
  });

  test('a raw request is the bytes of the only input', async () => {
    const raw = floats(1, 2, 3);
    const got = await post(`${server.url}/v2/models/row/infer`, { raw, length: '0' });
    assert.deepEqual([onlyOutput(got)['shape'], got.raw], [[3], raw]);
    const vague = await post(infer, { raw, length: '0' });
    assert.equal(vague.status, 400); // Two lengths of its shape are open.
    assert.match(String(vague.json['error']), /more than one variable-sized dimension/);
  });

  test('bodies are compressed both ways, and the header counts what they were before', async () => {
    const raw = floats(...new Array<number>(64).fill(1));
    const text = Buffer.from(
      JSON.stringify({ parameters: { binary_data_output: true }, inputs: [input(raw, [1, 64])] }),
    );
    for (const [encoding, encode] of [
      ['gzip', gzipSync],
      ['deflate', deflateSync],
    ] as const) {
      const sent = openRequest(infer, {
        method: 'POST',
        headers: {
          'content-encoding': encoding,
          'accept-encoding': 'gzip',
          'inference-header-content-length': text.length,
        },
      });
      sent.end(encode(Buffer.concat([text, raw])));
      const [answer] = await once(sent, 'response');
      const body = gunzipSync(Buffer.concat(await answer.toArray()));
      assert.equal(answer.headers['content-encoding'], 'gzip');
      assert.deepEqual(body.subarray(Number(answer.headers['inference-header-content-length'])), raw);
    }
    const odd = await post(infer, { json: {}, headers: { 'content-encoding': 'br' } });
    assert.deepEqual([odd.status, odd.headers.get('accept-encoding')], [501, 'gzip, deflate']);
  });

  test('what does not fit is refused in the words of Triton', async () => {
    const raw = floats(1, 2);
    const check = async (sent: Sent, expected: RegExp, model = 'echo'): Promise<void> => {
      const { status, json } = await post(`${server.url}/v2/models/${model}/infer`, sent);
      assert.equal(status, 400);
      assert.match(String(json['error']), expected);
    };
    const fine = input(raw, [1, 2]);
    await check({ json: {}, raw, length: 'x' }, /^inference header size should be in range/);
    await check({ json: {}, raw, length: '-1' }, /^inference header size should be in range/);
    await check({ json: {}, raw, length: '9999' }, /^inference header size should be in range/);
    await check(
      { json: { inputs: [fine] }, raw: raw.subarray(1) },
      /^\[request id: <id_unknown>\] unexpected size for input 'INPUT0', expecting 1 additional bytes for model 'echo'$/,
    );
    await check(
      { json: { id: 'q', inputs: [fine] }, raw: Buffer.concat([raw, raw]) },
      /^\[request id: q\] unexpected additional input data for model 'echo'$/,
    );
    await check(
      { json: { inputs: [{ ...fine, name: 'X' }] }, raw },
      /unexpected inference input 'X' for model 'echo'$/,
    );
    await check(
      { json: { inputs: [] } },
      /expected 1 inputs but got 0 inputs for model 'echo'. Got input\(s\) \[\], but missing required input\(s\) \['INPUT0'\]/,
    );
    await check(
      { json: { inputs: [{ ...fine, datatype: 'INT32' }] }, raw },
      /inference input 'INPUT0' data-type is 'INT32', but model 'echo' expects 'FP32'$/,
    );
    await check(
      { json: { inputs: [{ ...fine, shape: [2] }] }, raw },
      /unexpected shape for input 'INPUT0' for model 'echo'. Expected \[-1,-1\], got \[2\]\. /,
    );
    await check(
      { json: { inputs: [{ ...fine, shape: [1, 3] }] }, raw },
      /input byte size mismatch for input 'INPUT0' for model 'echo'. Expected 12, got 8$/,
    );
    await check(
      { json: { inputs: [{ ...fine, data: [1, 2] }] }, raw },
      /Input must set only one of the following fields: 'data', 'binary_data_size' in 'parameters', /,
    );
    await check(
      { json: { inputs: [fine], outputs: [{ name: 'X' }] }, raw },
      /unexpected inference output 'X' for model 'echo'$/,
    );
    await check(
      { json: { parameters: { triton_x: 1 }, inputs: [fine] }, raw },
      /parameter keys starting with 'triton_' are reserved/,
    );
    await check(
      { headers: {}, raw: Buffer.from('{'), length: '1' },
      /^failed to parse the request JSON buffer/,
    );
    const three = floats(1, 2, 3, 4, 5, 6);
    await check(
      { json: { inputs: [input(three, [3, 2])] }, raw: three },
      /inference request batch-size must be <= 2 for 'batched'$/,
      'batched',
    );
  });

  test('JSON that is too deep or too long is refused', async () => {
    const deep = Buffer.from(`{"inputs":${'['.repeat(101)}${']'.repeat(101)}}`);
    assert.match(String((await post(infer, { raw: deep, length: null })).json['error']), /nesting depth/);
    await using small = await ConformanceServer.start([echo], { mostJsonBytes: 10 });
    const long = await post(`${small.url}/v2/models/echo/infer`, { json: { inputs: [], id: 'aaaaaaaaa' } });
    assert.match(String(long.json['error']), /exceeds maximum allowed value of 10 bytes/);
  });

  test('early failures do not say that they are JSON, later ones do', async () => {
    const early = await post(`${server.url}/v2/models/none/infer`, { json: {} });
    assert.deepEqual([early.status, early.headers.get('content-type')], [400, null]);
    const late = await post(infer, { json: { inputs: [] } });
    assert.equal(late.headers.get('content-type'), 'application/json');
  });

  test('the mean of pixels is computed, not canned', async () => {
    const raw = Buffer.from([0, 10, 20, 2, 30, 40]);
    const got = await post(`${server.url}/v2/models/mean/infer`, {
      json: { inputs: [{ ...input(raw, [1, 1, 2, 3], 'UINT8'), name: 'pixels' }] },
      raw,
    });
    assert.deepEqual(onlyOutput(got)['data'], [1, 20, 30]);
  });
});

describe('batching and statistics', () => {
  const waiting: RepositoryModel = {
    name: 'waiting',
    versions: { 1: identity('FP32', [-1, 2]) },
    maxBatchSize: 8,
    maxDelayUs: 30_000,
  };
  const one = (value: number): Sent => {
    const raw = floats(value, value);
    return { json: { parameters: { binary_data_output: true }, inputs: [input(raw, [1, 2])] }, raw };
  };

  test('requests that wait together run as one batch, and each gets its own part', async () => {
    await using server = await ConformanceServer.start([waiting]);
    const url = `${server.url}/v2/models/waiting/infer`;
    const answers = await Promise.all([0, 1, 2, 3, 4, 5, 6, 7].map((value) => post(url, one(value))));
    assert.deepEqual(
      answers.map(({ raw }) => raw),
      [0, 1, 2, 3, 4, 5, 6, 7].map((value) => floats(value, value)),
    );
    const stats = await get(`${server.url}/v2/models/waiting/stats`);
    const [model] = stats.json['model_stats'] as Record<string, number>[];
    assert.equal(model!['inference_count'], 8);
    assert.ok(model!['execution_count']! < 8, `${model!['execution_count']} executions`);
  });

  test('the metrics have a port of their own, and count what statistics count', async () => {
    await using server = await ConformanceServer.start([echo]);
    await post(`${server.url}/v2/models/echo/infer`, {
      json: { inputs: [{ name: 'INPUT0', shape: [1, 1], datatype: 'FP32', data: [1] }] },
    });
    const text = await (await fetch(server.metricsUrl)).text();
    assert.match(text, /^nv_inference_request_success\{model="echo",version="3"\} 1$/m);
    assert.match(text, /^nv_inference_exec_count\{model="echo",version="3"\} 1$/m);
    assert.match(text, /^nv_inference_count\{model="echo",version="1"\} 0$/m);
    const stats = await get(`${server.url}/v2/models/stats`);
    assert.equal((stats.json['model_stats'] as unknown[]).length, 2);
  });

  test('a full queue refuses with 503, and one who waits too long gets 503 too', async () => {
    const release = Promise.withResolvers<void>();
    const held = async (): Promise<ModelCode> => ({
      ...(await identity('FP32', [-1, 2])()),
      run: async ([tensor]) => {
        await release.promise;
        return [{ ...tensor!, name: 'OUTPUT0' }];
      },
    });
    await using server = await ConformanceServer.start([
      { name: 'held', versions: { 1: held }, maxQueueSize: 1 },
    ]);
    const url = `${server.url}/v2/models/held/infer`;
    const running = post(url, one(1));
    await until(() => server.inFlight.now === 1);
    const hurried = one(2);
    const late = post(url, { ...hurried, json: { ...(hurried.json as object), parameters: { timeout: 1 } } });
    await until(() => server.repository.ready[0]!.batcher.pending === 1);
    const full = await post(url, one(3));
    assert.deepEqual([full.status, full.json], [503, { error: 'Exceeds maximum queue size' }]);
    release.resolve();
    assert.equal((await running).status, 200);
    assert.deepEqual((await late).json, { error: 'Request timeout expired' });
  });
});

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setImmediate(resolve));
}
