/** Whoever may write to the bucket may write anything: it is a miss with a reason, and costs bounded memory. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { zstdCompressSync } from 'node:zlib';
import { decodeEntry, mostEntryBytes, type OpenedEntry, sealEntry } from '../../cache/remote/entry.ts';
import { blobsBeginning, entriesBeginning, entryObject, runsBeginning } from '../../cache/remote/layout.ts';
import { readWhole, type WholeObject } from '../../cache/remote/read-whole.ts';
import { anybody } from '../../cache/remote/trust.ts';
import type { OutputRecord } from '../../engine/core/store.ts';
import { newSigner } from '../cache/remote/sample-entry.ts';
import { withoutS3 } from '../s3-server.ts';
import { assertTold, made, objectsOf, textRig } from './fault-rig.ts';
import { executions, SharedBucket } from './shared-bucket.ts';

const evil = `evil-${randomUUID()}`;
const ours = newSigner();
const stranger = newSigner();
/** Some hundred thousand bytes that become 300 MiB. */
const bomb = zstdCompressSync(Buffer.alloc(300 * 2 ** 20));
const mostRssBytes = 2 ** 30;

interface Attack {
  readonly with: string;
  /** What lies in the place of an entry; the next one is that of another action. */
  readonly entry?: ((entry: OpenedEntry, next: OpenedEntry) => string) | undefined;
  readonly blob?: (blob: WholeObject) => Pick<WholeObject, 'bytes' | 'notes'>;
  readonly index?: (bytes: Uint8Array) => Uint8Array;
  readonly told: RegExp;
  /** `small`, whose bytes lie in its entry, and two with blobs: what of it has to be made here. */
  readonly executes: 'all' | 'blobs' | 'nothing';
}

const attacks: readonly Attack[] = [
  ...Object.entries({
    'an ending that leaves the folder': [{ extension: `../../${evil}` }, /no ending of a file/],
    'an ending that is a path': [{ extension: `/tmp/${evil}` }, /no ending of a file/],
    'a size below zero': [{ sizeBytes: -1 }, /sizeBytes/],
    'a size beyond all disks': [{ sizeBytes: 2 ** 50 }, /sizeBytes/],
    'a text for a size': [{ sizeBytes: '100' }, /sizeBytes/],
    'bytes that are another output': [{ inline: 'AAAA' }, /its bytes are 3, not /],
    'a digest that is a path': [{ digest: `../../${evil}` }, /has to be a digest/],
  } as const).map(([name, [change, told]]) => ({
    with: name,
    entry: changed((text) => ({ outputs: { text: { ...text, ...change } } })),
    told,
    executes: 'all' as const,
  })),
  ...[`../../${evil}`, `/tmp/${evil}`, '..', '__proto__'].map((name) => ({
    with: `an output of the name "${name.replace(evil, 'evil')}"`,
    entry: changed((text) => ({ outputs: Object.fromEntries([[name, text]]) })),
    told: /is not used: it /,
    executes: 'all' as const,
  })),
  {
    with: 'an output that the component does not have',
    entry: changedAndSigned((text) => ({ other: text })),
    told: /is not used: .*"(other|text)"/,
    executes: 'all',
  },
  {
    with: 'a list for its outputs',
    entry: changed((text) => ({ outputs: [text] })),
    told: /result\.outputs/,
    executes: 'all',
  },
  {
    with: 'a number for a result',
    entry: (entry) => JSON.stringify({ v: 1, ...entry, result: 7 }),
    told: /at "result"/,
    executes: 'all',
  },
  {
    with: 'a document that is too large',
    entry: (entry) => `${' '.repeat(mostEntryBytes)}${JSON.stringify({ v: 1, ...entry })}`,
    told: /has \d+ bytes, more than \d+/,
    executes: 'all',
  },
  {
    with: 'a document that is nested deep',
    entry: () => `{"v":1,"result":${'['.repeat(2e6)}${']'.repeat(2e6)}}`,
    told: /is not used: it /,
    executes: 'all',
  },
  {
    with: 'the result of another action, well signed',
    entry: (_, next) => JSON.stringify(sealEntry(next, ours)),
    told: /it is that of another action/,
    executes: 'all',
  },
  {
    with: 'the signature of another result',
    entry: (entry, next) => JSON.stringify({ ...sealEntry(next, ours), ...entry }),
    told: /its signature is not one of its writer/,
    executes: 'all',
  },
  {
    with: 'the signature of a stranger',
    entry: (entry) => JSON.stringify(sealEntry(entry, stranger)),
    told: /is none of trusted_keys/,
    executes: 'all',
  },
  {
    with: 'no signature',
    entry: (entry) => JSON.stringify(sealEntry(entry, undefined)),
    told: /it is not signed/,
    executes: 'all',
  },
  {
    with: 'blobs that unpack to 300 MiB',
    blob: ({ notes }) => ({ bytes: bomb, notes: { ...notes, encoding: 'zstd' } }),
    told: /damaged/,
    executes: 'blobs',
  },
  {
    with: 'blobs of another size',
    blob: ({ bytes, notes }) => ({ bytes, notes: { ...notes, size: '7' } }),
    told: /damaged/,
    executes: 'blobs',
  },
  {
    with: 'blobs without notes',
    blob: ({ bytes }) => ({ bytes, notes: {} }),
    told: /damaged/,
    executes: 'blobs',
  },
  {
    with: 'a list of a run that unpacks to 300 MiB',
    index: () => bomb,
    told: /cannot be read/,
    executes: 'nothing',
  },
  {
    with: 'a list of a run with millions of lines',
    index: (bytes) => Buffer.concat([bytes, zstdCompressSync(Buffer.alloc(2 ** 27, '\n'))]),
    told: /is not used: it /,
    executes: 'nothing',
  },
  {
    with: 'a list of another run',
    index: () => zstdCompressSync(`{"v":1,"run":"b3:${'0'.repeat(64)}"}\n`),
    told: /not the list of this run/,
    executes: 'nothing',
  },
];

/** @param change makes a result of its output */
function changed(change: (text: object) => object): Attack['entry'] {
  return (entry) => {
    const result = { ...entry.result, ...change(entry.result.outputs.text!) };
    return JSON.stringify({ v: 1, ...entry, result });
  };
}

/** The same, by somebody who is trusted. */
function changedAndSigned(change: (text: OutputRecord) => Record<string, OutputRecord>): Attack['entry'] {
  return (entry) => {
    const result = { ...entry.result, outputs: change(entry.result.outputs.text!) };
    return JSON.stringify(sealEntry({ ...entry, result }, ours));
  };
}

describe('somebody who writes to the bucket what he likes', { skip: withoutS3, concurrency: 2 }, () => {
  let bucket: SharedBucket;
  let right: Record<string, string>;
  const entries: OpenedEntry[] = [];
  const blobs = new Map<string, WholeObject>();
  const indices = new Map<string, WholeObject>();

  before(async () => {
    bucket = await SharedBucket.start();
    using sender = textRig();
    await bucket.build(sender, ['//...']);
    right = made(sender);
    const { objects, close } = await objectsOf(bucket);
    const places = { [blobsBeginning]: blobs, [runsBeginning]: indices, [entriesBeginning]: new Map() };
    for (const [beginning, found] of Object.entries(places))
      for await (const { key } of objects.list(beginning)) {
        const whole = await readWhole(objects, key, { mostBytes: 2 ** 20 });
        assert.ok(whole && 'bytes' in whole);
        found.set(key, whole);
      }
    for (const { bytes } of places[entriesBeginning]!.values()) {
      const opened = decodeEntry(bytes, { trust: anybody });
      assert.ok('entry' in opened);
      entries.push(opened.entry);
    }
    close();
    assert.deepEqual([entries.length, blobs.size, indices.size], [3, 2, 1]);
  });
  after(() => bucket[Symbol.asyncDispose]());

  /** Everything that was sent, as the attack leaves it. */
  const spoil = async (here: SharedBucket, { entry, blob, index }: Attack): Promise<void> => {
    const { objects, close } = await objectsOf(here);
    for (const [at, one] of entries.entries()) {
      const next = entries[(at + 1) % entries.length]!;
      const text = entry ? entry(one, next) : JSON.stringify(sealEntry(one, ours));
      await objects.put(entryObject(one.key), Buffer.from(text));
    }
    for (const [key, whole] of blobs) {
      const { bytes, notes } = blob ? blob(whole) : whole;
      await objects.put(key, bytes, { notes });
    }
    for (const [key, { bytes }] of indices) if (index) await objects.put(key, index(bytes));
    close();
  };

  for (const attack of attacks)
    test(`with ${attack.with} he achieves nothing`, async (t) => {
      const here = bucket.fresh();
      await spoil(here, attack);
      using reader = textRig({
        files: { 'flow.yaml': `schema_version: 1\ntrusted_keys: [${ours.writer}]\n` },
      });
      const peak = join(dirname(reader.root), 'peak-rss');
      const run = await here.build(reader, ['//...'], { NODE_OPTIONS: notingPeak(peak) });
      assert.deepEqual(made(reader), right);
      assertTold(run, attack.told);
      assert.ok(run.summary.remote!.refused > 0);
      const made_ = { all: ['//large', '//small', '//sorted'], blobs: ['//large', '//sorted'], nothing: [] };
      assert.deepEqual(executions(run).sort(), made_[attack.executes]);
      assert.deepEqual(strayFiles(reader.root), []);
      const peakBytes = Number(readFileSync(peak, 'utf8')) * 1024;
      t.diagnostic(`peak of memory: ${Math.round(peakBytes / 2 ** 20)} MiB`);
      assert.ok(peakBytes < mostRssBytes, `${peakBytes} bytes`);
    });
});

/** Has a process note how much memory it ever had, in KiB. */
function notingPeak(path: string): string {
  const script = `process.on('exit',()=>process.getBuiltinModule('fs').writeFileSync(${JSON.stringify(path)},String(process.resourceUsage().maxRSS)))`;
  return `--import=data:text/javascript,${encodeURIComponent(script)}`;
}

function strayFiles(root: string): string[] {
  const around = readdirSync(dirname(root), { recursive: true, encoding: 'utf8' });
  const places = [`/tmp/${evil}`, join(dirname(root), '..', evil)];
  return [...around.filter((path) => path.includes(evil)), ...places.filter((path) => existsSync(path))];
}
