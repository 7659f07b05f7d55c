/** What an answer, or none, comes to: the whole way through the client, before a server that says what the test wants. */
import assert from 'node:assert/strict';
import { createServer, type RequestListener, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import test, { after, type TestContext } from 'node:test';
import { inspect } from 'node:util';
import { S3Client } from '@aws-sdk/client-s3';
import { type ObjectStore, RemoteError, type RemoteFault } from '../../../cache/remote/object-store.ts';
import { type OpenedObjects, openObjects } from '../../../cache/remote/open-objects.ts';
import { readWhole } from '../../../cache/remote/read-whole.ts';
import { S3Objects, type S3Patience } from '../../../cache/remote/s3-objects.ts';

const secret = 'planted-secret';
const servers: Server[] = [];
after(() => {
  for (const server of servers) {
    server.closeAllConnections();
    server.close();
  }
});

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`; // It listens on TCP.
}

function objectsAt(endpoint: string, context: TestContext, patience: Partial<S3Patience> = {}): ObjectStore {
  const client = new S3Client({
    endpoint,
    region: 'us-east-1',
    forcePathStyle: true,
    maxAttempts: 1,
    credentials: { accessKeyId: 'key', secretAccessKey: secret },
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
  });
  context.after(() => client.destroy());
  return new S3Objects(client, { bucket: 'bucket', prefix: '' }, patience);
}

function refuse(response: ServerResponse, status: number, code: string): void {
  response.writeHead(status, { 'content-type': 'application/xml' });
  response.end(
    `<Error><Code>${code}</Code><Message>${secret}</Message><StringToSign>${secret}</StringToSign></Error>`,
  );
}

const faultIs =
  (fault: RemoteFault) =>
  (error: unknown): boolean =>
    error instanceof RemoteError && error.fault === fault;

test('every answer comes to its fault, and no text of the server or the client is passed on', async (context) => {
  let answer = { status: 0, code: '' };
  const endpoint = await serve((request, response) => {
    request.resume();
    refuse(response, answer.status, answer.code);
  });
  const objects = objectsAt(endpoint, context);
  const cases: readonly [number, string, RemoteFault][] = [
    [500, 'InternalError', 'unavailable'],
    [502, 'BadGateway', 'unavailable'],
    [503, 'ServiceUnavailable', 'unavailable'],
    [503, 'SlowDown', 'throttled'],
    [429, 'TooManyRequests', 'throttled'],
    [401, 'Unauthorized', 'denied'],
    [403, 'AccessDenied', 'denied'],
    [403, 'InvalidAccessKeyId', 'denied'],
    [403, 'SignatureDoesNotMatch', 'denied'],
    [400, 'ExpiredToken', 'denied'],
    [404, 'NoSuchBucket', 'no_bucket'],
    [501, 'NotImplemented', 'unsupported'],
    [400, 'RequestTimeout', 'unavailable'],
    [400, 'BadDigest', 'unavailable'],
    [403, 'RequestTimeTooSkewed', 'unavailable'],
    [400, 'EntityTooLarge', 'invalid'],
    [409, 'OperationAborted', 'invalid'],
  ];
  for (const [status, code, fault] of cases) {
    answer = { status, code };
    for (const ask of [() => objects.get('a'), () => objects.put('a', Buffer.of(1))])
      await assert.rejects(ask(), (error) => {
        assert.ok(error instanceof RemoteError);
        assert.equal(error.message, `The server answered ${status} (${code}).`);
        assert.equal(error.fault, fault);
        assert.ok(!inspect(error, { depth: 9, showHidden: true }).includes(secret));
        return true;
      });
  }
});

test('a name that is no name is not shown', async (context) => {
  let code = '';
  const endpoint = await serve((_, response) => refuse(response, 400, code));
  const objects = objectsAt(endpoint, context);
  for (code of [`what ${secret} is`, 'eyJhbGci.eyJzdWIi.c2lnbmF0dXJl', 'ad'.repeat(32), 'A'.repeat(64)])
    await assert.rejects(objects.get('a'), { message: 'The server answered 400.' }, code);
});

test('an answer that is no answer of S3 is no result', async (context) => {
  const endpoint = await serve((_, response) => response.end('<html><br>Please log in</html>'));
  await assert.rejects(async () => {
    for await (const _ of objectsAt(endpoint, context).list(''));
  }, RemoteError);
});

test('nobody at the address, and a connection that is cut, are an unavailable server', async (context) => {
  const nobody = await serve(() => {});
  await new Promise((resolve) => servers.at(-1)!.close(resolve));
  await assert.rejects(objectsAt(nobody, context).head('a'), {
    fault: 'unavailable',
    message: 'There is no connection to the server (ECONNREFUSED).',
  });
  const cutting = await serve((request) => request.socket.destroy());
  await assert.rejects(objectsAt(cutting, context).head('a'), {
    fault: 'unavailable',
    message: 'There is no connection to the server (ECONNRESET).',
  });
});

test('a server that does not answer in time is unavailable', async (context) => {
  const endpoint = await serve((request) => request.resume());
  const objects = objectsAt(endpoint, context, { answerMs: 30, bytesPerSecond: 1e9 });
  await assert.rejects(objects.put('a', Buffer.of(1)), faultIs('unavailable'));
});

test('a body that breaks off is an error, however it ends', async (context) => {
  const endpoint = await serve((_, response) => {
    response.writeHead(200, { 'content-length': 100, etag: '"e"' });
    response.write('half', () => response.socket?.destroy());
  });
  await assert.rejects(readWhole(objectsAt(endpoint, context), 'a', { mostBytes: 999 }), {
    fault: 'unavailable',
    message: 'The body of an answer ended after 4 of 100 bytes.',
  });
});

test('a body that stops coming is an error', async (context) => {
  const endpoint = await serve((_, response) => {
    response.writeHead(200, { 'content-length': 100, etag: '"e"' });
    response.write('half');
  });
  const objects = objectsAt(endpoint, context, { stretchMs: 30 });
  await assert.rejects(readWhole(objects, 'a', { mostBytes: 999 }), faultIs('unavailable'));
});

test('an object of which the server does not tell the size is no answer', async (context) => {
  const endpoint = await serve((_, response) => {
    response.write('in chunks');
    response.end();
  });
  await assert.rejects(objectsAt(endpoint, context).get('a'), faultIs('invalid'));
});

test('another range than was asked for is no answer', async (context) => {
  const endpoint = await serve((_, response) => {
    response.writeHead(200, { 'content-length': 10, etag: '"e"' });
    response.end('0123456789');
  });
  await assert.rejects(
    objectsAt(endpoint, context).get('a', { range: { from: 5, to: 7 } }),
    faultIs('invalid'),
  );
});

const open = async (endpoint: string, context: TestContext): Promise<OpenedObjects> => {
  const settings = { url: 's3://bucket/prefix', endpoint, accessKey: 'key', secretKey: secret };
  const opened = await openObjects(settings);
  context.after(() => opened.close());
  return opened;
};

test('one connection serves request after request, large contents too', async (context) => {
  let connections = 0;
  const endpoint = await serve((request, response) => {
    request.resume().on('end', () => {
      response.setHeader('etag', '"e"');
      response.end(request.method === 'GET' ? 'content' : '');
    });
  });
  servers.at(-1)!.on('connection', () => {
    connections += 1;
  });
  const { objects, counts } = await open(endpoint, context);
  for (let round = 0; round < 5; round += 1) {
    await objects.put('a', Buffer.alloc(3 * 2 ** 20));
    await readWhole(objects, 'a', { mostBytes: 99 });
  }
  assert.equal(connections, 1);
  assert.equal(counts().requests, 10);
});

test('a clock that is wrong is corrected by the answer, and the next attempt passes', async (context) => {
  const serverMs = Date.now() + 7 * 3_600_000;
  const endpoint = await serve((request, response) => {
    const stamp = String(request.headers['x-amz-date']);
    const signedMs = Date.parse(stamp.replace(/^(....)(..)(..T..)(..)(..)Z$/, '$1-$2-$3:$4:$5Z'));
    response.sendDate = false;
    response.setHeader('date', new Date(serverMs).toUTCString());
    if (Math.abs(signedMs - serverMs) > 900_000) refuse(response, 403, 'RequestTimeTooSkewed');
    else response.setHeader('etag', '"e"').end('content');
  });
  const { objects, counts } = await open(endpoint, context);
  assert.ok(await readWhole(objects, 'a', { mostBytes: 99 }));
  assert.deepEqual(counts().failures, { unavailable: 1 });
});

test('without credentials nothing is sent, and the error says where they are looked for', async (context) => {
  const endpoint = await serve(() => assert.fail('a request was sent'));
  const before = { ...process.env };
  context.after(() => {
    process.env = before;
  });
  for (const name of Object.keys(process.env)) if (name.startsWith('AWS_')) delete process.env[name];
  Object.assign(process.env, {
    AWS_EC2_METADATA_DISABLED: 'true',
    AWS_CONFIG_FILE: '/dev/null',
    AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
  });
  const { objects } = await openObjects({ url: 's3://bucket/prefix', endpoint });
  await assert.rejects(objects.get('a'), { fault: 'denied', message: /^There are no credentials/ });
  const amazon = await openObjects({ url: 's3://bucket/prefix' });
  await assert.rejects(amazon.objects.get('a'), { fault: 'denied', message: /^No region is known/ });
});
