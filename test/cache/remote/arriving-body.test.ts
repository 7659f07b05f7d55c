import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import test from 'node:test';
import { type Arrival, arrivingBody } from '../../../cache/remote/arriving-body.ts';

async function sizeRead(stream: Readable, arrival: Partial<Arrival>): Promise<number> {
  let sizeBytes = 0;
  const body = arrivingBody(stream, { sizeBytes: 10, stretchBytes: 1, stretchMs: 1e6, ...arrival });
  for await (const piece of body) sizeBytes += piece.length;
  return sizeBytes;
}

/** Gives what it has, then nothing more. */
function stalling(...pieces: readonly string[]): Readable {
  const left = pieces.map((piece) => Buffer.from(piece));
  return new Readable({
    read() {
      const piece = left.shift();
      if (piece) this.push(piece);
    },
  });
}

test('a body of the announced size is handed on', async () => {
  assert.equal(await sizeRead(Readable.from([Buffer.from('01234'), Buffer.from('56789')]), {}), 10);
});

test('a body that is shorter or longer than announced is an error', async () => {
  const short = sizeRead(Readable.from([Buffer.from('0123')]), {});
  await assert.rejects(short, { fault: 'unavailable', message: /after 4 of 10 bytes/ });
  const long = sizeRead(Readable.from([Buffer.from('0123456789a')]), {});
  await assert.rejects(long, { fault: 'unavailable', message: /after 11 of 10 bytes/ });
});

test('a body that stalls is an error, and its stream is destroyed', async () => {
  const stream = stalling('0123');
  await assert.rejects(sizeRead(stream, { stretchMs: 20 }), { fault: 'unavailable', message: /too slowly/ });
  assert.ok(stream.destroyed);
});

test('what trickles is too slow, though something comes all the time', async () => {
  const stream = new Readable({
    read() {
      setTimeout(() => this.push(Buffer.from('x')), 5);
    },
  });
  const reading = sizeRead(stream, { sizeBytes: 1e6, stretchBytes: 1e5, stretchMs: 60 });
  await assert.rejects(reading, { fault: 'unavailable', message: /too slowly/ });
});

test('a reader who takes his time is not taken for a slow server', async () => {
  const stream = Readable.from([Buffer.from('01234'), Buffer.from('56789')]);
  const pieces: Uint8Array[] = [];
  for await (const piece of arrivingBody(stream, { sizeBytes: 10, stretchBytes: 100, stretchMs: 150 })) {
    await new Promise((resolve) => setTimeout(resolve, 160));
    pieces.push(piece);
  }
  assert.equal(Buffer.concat(pieces).toString(), '0123456789');
});

test('whatever breaks the stream is an unavailable server, without its text', async () => {
  const stream = stalling('0123');
  setImmediate(() => stream.destroy(new Error('planted-secret')));
  await assert.rejects(sizeRead(stream, {}), (error: Error) => {
    assert.match(error.message, /ended after 4 of 10 bytes/);
    return !error.message.includes('planted-secret');
  });
});
