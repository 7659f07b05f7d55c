import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { test } from 'node:test';
import { type Fault, type FaultProxy, startFaultProxy } from './fault-proxy.ts';

const content = Buffer.from('0123456789'.repeat(10_000));

/** A server that gives the same content for every GET, and keeps what it was sent. */
class Upstream implements AsyncDisposable {
  readonly received: { method: string; url: string; headers: IncomingHttpHeaders; body: Buffer }[] = [];
  readonly #server: Server = createServer(async (request, response) => {
    const { method, url, headers } = request;
    this.received.push({ method: method!, url: url!, headers, body: await buffer(request) });
    response.writeHead(200, {
      etag: '"abc"',
      'content-length': method === 'PUT' ? 0 : content.length,
      'x-amz-meta-note': 'kept',
    });
    response.end(method === 'GET' ? content : undefined);
  });

  async start(): Promise<string> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`; // It listens on a port.
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.close();
    this.#server.closeAllConnections();
  }
}

async function withProxy(use: (proxy: FaultProxy, upstream: Upstream) => Promise<void>): Promise<void> {
  await using upstream = new Upstream();
  await using proxy = await startFaultProxy(await upstream.start());
  await use(proxy, upstream);
}

async function get(proxy: FaultProxy): Promise<{ status: number; headers: Headers; body: Buffer }> {
  const response = await fetch(`${proxy.url}/bucket/key`, { signal: AbortSignal.timeout(5000) });
  return {
    status: response.status,
    headers: response.headers,
    body: Buffer.from(await response.arrayBuffer()),
  };
}

test('without a fault everything passes as it is, and the server sees the host that the client has signed', async () => {
  await withProxy(async (proxy, upstream) => {
    const body = Buffer.from('some content');
    const put = await fetch(`${proxy.url}/bucket/a%20key?part=1`, { method: 'PUT', body });
    assert.equal(put.status, 200);
    const { status, headers, body: got } = await get(proxy);
    assert.deepEqual([status, headers.get('etag'), headers.get('x-amz-meta-note')], [200, '"abc"', 'kept']);
    assert.deepEqual(got, content);
    const [first] = upstream.received;
    assert.deepEqual([first!.method, first!.url, first!.body], ['PUT', '/bucket/a%20key?part=1', body]);
    assert.equal(first!.headers.host, new URL(proxy.url).host);
    assert.deepEqual(proxy.requests, [
      { method: 'PUT', path: '/bucket/a%20key', query: '?part=1', count: 1 },
      { method: 'GET', path: '/bucket/key', query: '', count: 2 },
    ]);
    assert.deepEqual(
      [proxy.count('GET'), proxy.count('GET', /other/), proxy.count('PUT', /key$/)],
      [1, 0, 1],
    );
  });
});

for (const [status, code] of [
  [403, 'ExpiredToken'],
  [404, 'NoSuchBucket'],
  [500, 'InternalError'],
  [501, 'NotImplemented'],
  [503, 'SlowDown'],
] as const)
  test(`${status} is said as S3 says it, without asking the server`, async () => {
    await withProxy(async (proxy, upstream) => {
      proxy.setPlan(() => ({ type: 'status', status }));
      const answer = await get(proxy);
      assert.equal(answer.status, status);
      assert.match(answer.body.toString(), new RegExp(`^<\\?xml .*<Error><Code>${code}</Code>`, 's'));
      const head = await fetch(`${proxy.url}/bucket/key`, { method: 'HEAD' });
      assert.equal(head.status, status);
      const put = await fetch(`${proxy.url}/bucket/key`, { method: 'PUT', body: content });
      assert.equal(put.status, status);
      assert.equal(upstream.received.length, 0);
    });
  });

const half = content.subarray(0, content.length / 2);
const spoiled: readonly { fault: Fault; body: Buffer }[] = [
  { fault: { type: 'truncate' }, body: half },
  { fault: { type: 'swap', content: Buffer.from('another') }, body: Buffer.from('another') },
  {
    fault: { type: 'flip' },
    body: Buffer.concat([half, Buffer.from('1'), content.subarray(half.length + 1)]),
  },
];
for (const { fault, body } of spoiled)
  test(`"${fault.type}" gives an answer that is wrong in its content alone`, async () => {
    await withProxy(async (proxy) => {
      proxy.setPlan(() => fault);
      const { status, headers, body: got } = await get(proxy);
      assert.deepEqual([status, headers.get('etag')], [200, '"abc"']);
      assert.equal(headers.get('content-length'), String(body.length));
      assert.ok(got.equals(body));
      const head = await fetch(`${proxy.url}/bucket/key`, { method: 'HEAD' });
      assert.equal(head.headers.get('content-length'), String(content.length));
    });
  });

test('"wrongEtag" changes the etag alone', async () => {
  await withProxy(async (proxy) => {
    proxy.setPlan(() => ({ type: 'wrongEtag' }));
    const { headers, body } = await get(proxy);
    assert.equal(headers.get('etag'), `"${'0'.repeat(32)}"`);
    assert.deepEqual(body, content);
  });
});

test('"cutBody" breaks the connection after half of the body', async () => {
  await withProxy(async (proxy) => {
    proxy.setPlan(() => ({ type: 'cutBody' }));
    const response = await fetch(`${proxy.url}/bucket/key`);
    assert.equal(response.headers.get('content-length'), String(content.length));
    let bytes = 0;
    await assert.rejects(async () => {
      for await (const piece of response.body!) bytes += piece.length;
    });
    assert.ok(bytes <= half.length);
  });
});

for (const [type, asked] of [
  ['refuse', 0],
  ['lose', 1],
] as const)
  test(`"${type}" breaks the connection; the server is asked ${asked} times`, async () => {
    await withProxy(async (proxy, upstream) => {
      proxy.setPlan(() => ({ type }));
      await assert.rejects(fetch(`${proxy.url}/bucket/key`, { method: 'PUT', body: content }));
      assert.equal(upstream.received.length, asked);
    });
  });

test('"hang" never answers, and does not keep the proxy from ending', async () => {
  await withProxy(async (proxy) => {
    proxy.setPlan(() => ({ type: 'hang' }));
    const waiting = assert.rejects(fetch(`${proxy.url}/bucket/key`));
    while (proxy.requests.length === 0) await new Promise(setImmediate);
    await proxy.down();
    await waiting;
  });
});

test('"delay" holds back an answer for its time, and that one alone, and leaves it whole', async () => {
  await withProxy(async (proxy) => {
    proxy.setPlan(({ count }) => ({ type: 'delay', ms: count === 1 ? 3_600_000 : 1 }));
    const waiting = assert.rejects(fetch(`${proxy.url}/bucket/key`));
    while (proxy.requests.length === 0) await new Promise(setImmediate);
    assert.deepEqual((await get(proxy)).body, content);
    await proxy.down();
    await waiting;
  });
});

test('a plan sees each request, and hits those that it wants', async () => {
  await withProxy(async (proxy) => {
    proxy.setPlan(({ count }) => (count % 3 === 0 ? { type: 'status', status: 503 } : undefined));
    const statuses: number[] = [];
    for (let time = 0; time < 6; time += 1) statuses.push((await get(proxy)).status);
    assert.deepEqual(statuses, [200, 200, 503, 200, 200, 503]);
  });
});

test('down, nothing is accepted and what was open is broken; up again, all is as it was', async () => {
  await withProxy(async (proxy) => {
    const { url } = proxy;
    await get(proxy);
    proxy.setPlan(() => ({ type: 'hang' }));
    const open = assert.rejects(fetch(`${url}/bucket/key`));
    while (proxy.requests.length < 2) await new Promise(setImmediate);
    await proxy.down();
    await proxy.down();
    await open;
    await assert.rejects(get(proxy));
    assert.equal(proxy.requests.length, 2);
    proxy.setPlan(() => undefined);
    await proxy.up();
    assert.equal(proxy.url, url);
    assert.equal((await get(proxy)).status, 200);
  });
});
