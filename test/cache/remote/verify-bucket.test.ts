import assert from 'node:assert/strict';
import { test } from 'node:test';
import { notesOf } from '../../../cache/remote/blob-encoding.ts';
import { listContents } from '../../../cache/remote/bucket-contents.ts';
import { Trust } from '../../../cache/remote/trust.ts';
import { type VerifySetting, verifyBucket } from '../../../cache/remote/verify-bucket.ts';
import { resultOf, SampleBucket, writer } from './sample-bucket.ts';

const trust = new Trust({ trusted: [writer.writer], own: undefined });

async function read({ objects }: SampleBucket): Promise<Pick<VerifySetting, 'objects' | 'contents'>> {
  return { objects, contents: await listContents(objects) };
}

test('what is not what its name says is told, each thing with its reason, and nothing else', async () => {
  const bucket = new SampleBucket();
  const [sound, damaged] = [resultOf('sound', ['sound']), resultOf('damaged', ['damaged'])];
  await bucket.putRun('sound', [sound]);
  const index = await bucket.putRun('damaged', [damaged]);
  for (const result of [sound, damaged]) await bucket.putResult(result);
  await bucket.putBlob('sound');
  const blob = await bucket.putBlob('damaged');
  await bucket.objects.put(blob, Buffer.from('dAmaged'), { notes: notesOf('identity', 7) });
  await bucket.objects.put(index, Buffer.from('no zstd'));
  await bucket.objects.put('v1/cas/stray', Buffer.from('?'));
  let seen = 0;
  const onVerified = (): void => {
    seen += 1;
  };
  const { bad, untrusted, incomplete } = await verifyBucket({ ...(await read(bucket)), trust, onVerified });
  assert.deepEqual(
    bad.map(({ kind, object }) => [kind, object.key]).sort(),
    [
      ['runs', index],
      ['blobs', blob],
      ['blobs', 'v1/cas/stray'],
    ].sort(),
  );
  assert.equal(bad.find(({ object }) => object.key === blob)?.reason, 'its bytes have another digest');
  assert.deepEqual([seen, untrusted, incomplete], [7, 0, 0]);
});

test('results of strangers and results without their bytes are sound, and counted', async () => {
  const bucket = new SampleBucket();
  await bucket.putResult(resultOf('result', ['bytes']));
  const nobody = new Trust({ trusted: [], own: undefined });
  const { bad, untrusted, incomplete } = await verifyBucket({
    ...(await read(bucket)),
    trust: nobody,
    onVerified: () => undefined,
  });
  assert.deepEqual([bad, untrusted, incomplete], [[], 1, 1]);
});
