import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  decodeEntry,
  mostEntryBytes,
  type Opened,
  openEntry,
  sealEntry,
} from '../../../cache/remote/entry.ts';
import { Trust } from '../../../cache/remote/trust.ts';
import { digestJson, digestOf } from '../../../engine/core/digest.ts';
import { seed } from '../../properties/seed.ts';
import { newSigner, sampleContent, sealedDocument, type Tampered } from './sample-entry.ts';

const signer = newSigner();
const anybody = new Trust({ trusted: undefined, own: undefined });
const onlyUs = new Trust({ trusted: [signer.writer], own: undefined });

function bytesOf(document: unknown): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(document));
}

function refusalOf(opened: Opened): string {
  assert.ok('refusal' in opened, 'it was taken');
  return opened.refusal;
}

test('what was sealed is what is opened, signed or not', () => {
  const content = sampleContent();
  for (const by of [signer, undefined]) {
    const opened = decodeEntry(bytesOf(sealEntry(content, by)), { wanted: content.key, trust: anybody });
    assert.ok('entry' in opened, JSON.stringify(opened));
    const { writer, signature, ...rest } = opened.entry;
    assert.deepEqual(rest, content);
    assert.equal(writer, by?.writer);
    assert.equal(signature === undefined, by === undefined);
  }
});

test(`any content that a key can name comes back as it was (FLOW_SEED=${seed})`, () => {
  const params = fc.dictionary(fc.string({ maxLength: 8 }), fc.jsonValue({ maxDepth: 3 }), {
    noNullPrototype: true,
  });
  const texts = fc.array(fc.string({ unit: 'binary', maxLength: 40 }), { maxLength: 4 });
  const durations = fc.double({ min: 0, noNaN: true, noDefaultInfinity: true }).map((ms) => ms + 0);
  fc.assert(
    fc.property(params, texts, durations, (given, warnings, durationMs) => {
      fc.pre(!JSON.stringify(given).includes('"__proto__"')); // Refused, see below.
      const sample = sampleContent(given);
      const content = { ...sample, result: { ...sample.result, warnings, durationMs } };
      const opened = decodeEntry(bytesOf(sealEntry(content, signer)), { wanted: content.key, trust: onlyUs });
      assert.ok('entry' in opened, JSON.stringify(opened));
      assert.deepEqual(JSON.stringify(opened.entry.result), JSON.stringify(content.result));
      assert.equal(digestJson(opened.entry.ingredients), content.key);
    }),
    { seed, numRuns: 100 },
  );
});

test(`an entry with any bit flipped is refused (FLOW_SEED=${seed})`, () => {
  const content = sampleContent();
  const sealed = bytesOf(sealEntry(content, signer));
  fc.assert(
    fc.property(fc.nat({ max: sealed.length * 8 - 1 }), (bit) => {
      const flipped = sealed.slice();
      flipped[bit >> 3]! ^= 1 << (bit & 7);
      refusalOf(decodeEntry(flipped, { wanted: content.key, trust: onlyUs }));
      refusalOf(decodeEntry(flipped, { wanted: content.key, trust: anybody }));
    }),
    { seed, numRuns: 500 },
  );
});

test(`an entry that is cut off anywhere is refused (FLOW_SEED=${seed})`, () => {
  const sealed = bytesOf(sealEntry(sampleContent(), signer));
  fc.assert(
    fc.property(fc.nat({ max: sealed.length - 1 }), (length) => {
      refusalOf(decodeEntry(sealed.slice(0, length), { trust: anybody }));
    }),
    { seed, numRuns: 100 },
  );
});

test('an entry that lies under the key of another action is refused, though its signature is valid', () => {
  const [one, other] = [sampleContent(), sampleContent({ threshold: 0.6 })];
  const opened = openEntry(sealedDocument(signer, other), { wanted: one.key, trust: onlyUs });
  assert.equal(refusalOf(opened), `it is that of another action, ${other.key}`);
});

test('a result that was sealed for one key cannot be moved to another', () => {
  const other = sampleContent({ threshold: 0.6 });
  const moved = { ...sealedDocument(signer), key: other.key };
  assert.equal(
    refusalOf(openEntry(moved, { wanted: other.key, trust: onlyUs })),
    'its key is not the digest of its ingredients',
  );
  const withAll = { ...moved, ingredients: other.ingredients };
  assert.match(
    refusalOf(openEntry(withAll, { wanted: other.key, trust: onlyUs })),
    /^its signature is not one/,
  );
});

test('what a writer has signed for another purpose is no result', () => {
  const { key, result, ingredients } = sampleContent();
  const document = sealedDocument(signer);
  const signature = signer.sign(JSON.stringify({ ingredients, key, result, v: 1 }));
  assert.match(refusalOf(openEntry({ ...document, signature }, { trust: onlyUs })), /^its signature/);
});

test('a signature of somebody else is refused, also where everybody is trusted', () => {
  const stolen = { ...sealedDocument(newSigner()), writer: signer.writer };
  for (const trust of [anybody, onlyUs])
    assert.match(refusalOf(openEntry(stolen, { trust })), /^its signature is not one of its writer/);
});

test('once keys are listed, even none, only they and the own one are trusted', () => {
  const [ours, stranger] = [sealedDocument(signer), newSigner()];
  const nobody = new Trust({ trusted: [], own: undefined });
  const ourselves = new Trust({ trusted: [], own: signer.writer });
  assert.equal(
    refusalOf(openEntry(ours, { trust: nobody })),
    `its writer ${signer.writer} is none of trusted_keys`,
  );
  assert.ok('entry' in openEntry(ours, { trust: ourselves }));
  assert.ok('entry' in openEntry(ours, { trust: onlyUs }));
  for (const trust of [nobody, ourselves, onlyUs]) {
    assert.match(refusalOf(openEntry(sealedDocument(undefined), { trust })), /^it is not signed/);
    assert.match(refusalOf(openEntry(sealedDocument(stranger), { trust })), /is none of trusted_keys$/);
  }
});

/** What is wrong with an entry → how it came to be → what the refusal says. Whoever made it may sign it, too. */
const hostile: Readonly<Record<string, [(entry: Tampered) => unknown, RegExp]>> = {
  'is no object': [() => [1, 2], /expected object/],
  'is null': [() => null, /expected object/],
  'is of another version': [(entry) => ({ ...entry, v: 2 }), /at "v"/],
  'has a key that nobody knows': [(entry) => ({ ...entry, extra: 1 }), /extra/],
  'has a key that steers the terminal': [(entry) => ({ ...entry, '\x1b[2J': 1 }), /\\x1b/],
  'lacks its result': [({ result: _, ...rest }) => rest, /at "result"/],
  'has ingredients that are a list': [(entry) => ({ ...entry, ingredients: [] }), /at "ingredients"/],
  'has a key that is no digest': [(entry) => ({ ...entry, key: '../../etc/passwd' }), /at "key"/],
  'has a digest in capitals': [output({ digest: `b3:${'A'.repeat(64)}` }), /digest": it has to be a digest/],
  'has a digest with a path': [
    output({ digest: `b3:../../../../${'0'.repeat(52)}` }),
    /it has to be a digest/,
  ],
  'has a content that is no digest': [output({ content: 7 }), /content": it has to be a digest/],
  'has an output named as a path': [renamed('../../escape'), /at "result.outputs/],
  'has an output with an absolute path': [renamed('/etc/cron'), /at "result.outputs/],
  'has an output named ".."': [renamed('..'), /at "result.outputs/],
  'has an output with a backslash': [renamed('a\\b'), /at "result.outputs/],
  'has an output with a line end': [renamed('a\nb'), /at "result.outputs/],
  'has an output with no name': [renamed(''), /at "result.outputs/],
  'has an output named as JavaScript names its own': [renamed('constructor'), /at "result.outputs/],
  'has an output with a very long name': [renamed('a'.repeat(5000)), /at "result\.outputs\.…"/],
  'has an extension with a path': [output({ extension: 'npz/../../x' }), /extension": it is no ending/],
  'has an extension "."': [output({ extension: '.' }), /extension": it is no ending/],
  'has an extension with a NUL': [output({ extension: 'npz\0' }), /extension": it is no ending/],
  'has no extension': [output({ extension: '' }), /extension": it is no ending/],
  'is of a format that no output has': [output({ format: 'file' }), /format": Invalid option/],
  'is of a size below zero': [output({ sizeBytes: -1 }), /sizeBytes": Too small/],
  'is of half a byte': [output({ sizeBytes: 0.5 }), /sizeBytes": Invalid input/],
  'is larger than any file': [output({ sizeBytes: 2 ** 41 }), /sizeBytes": Too big/],
  'is of a size beyond whole numbers': [output({ sizeBytes: 2 ** 60 }), /sizeBytes": Too big/],
  'is of a size in letters': [output({ sizeBytes: '12' }), /sizeBytes": Invalid input/],
  'is ephemeral by a word': [output({ isEphemeral: 'no' }), /isEphemeral": Invalid input/],
  'has an output that is null': [output(null), /outputs.cuts": Invalid input/],
  'has an output with a link': [output({ target: '/etc/passwd' }), /Unrecognized key: "target"/],
  'has a name that may be a token': [output({ ['t'.repeat(64)]: 1 }), /Unrecognized key: "…"$/],
  'has an array of a foreign type': [
    arrays({ a: { dtype: 'object', shape: [1] } }),
    /dtype": Invalid option/,
  ],
  'has an array of length below zero': [arrays({ a: { dtype: 'uint8', shape: [-1] } }), /Too small/],
  'has an array of more axes than NumPy knows': [
    arrays({ a: { dtype: 'uint8', shape: Array.from({ length: 40 }, () => 1) } }),
    /shape": Too big/,
  ],
  'has an array larger than its file': [
    arrays({ a: { dtype: 'uint8', shape: [2 ** 40, 2 ** 40] } }),
    /array "a" has more elements than the file has bytes/,
  ],
  'has an array with a path': [
    arrays({ '../a': { dtype: 'uint8', shape: [1] } }),
    /at "result.outputs.cuts.arrays/,
  ],
  'has more arrays than anything': [
    arrays(many(300, { dtype: 'uint8', shape: [1] })),
    /more than 256 arrays/,
  ],
  'has no arrays in an npz': [output({ arrays: undefined }), /arrays are what an npz has/],
  'has arrays in a text': [note({ arrays: {} }), /arrays are what an npz has/],
  'has other bytes than its digest names': [
    note({ inline: base64('a small OUTPUT\n') }),
    /do not have its digest/,
  ],
  'has fewer bytes than it says': [note({ inline: base64('a small') }), /its bytes are 7, not 15/],
  'has bytes that are no base64': [note({ inline: '!!!!' }), /its bytes are not base64/],
  'has bytes with spare bits': [note({ inline: 'YSBzbWFsbCBvdXRwdXQL' }), /do not have its digest/],
  'has more bytes in it than belong there': [
    note({ inline: base64('x'.repeat(20_000)) }),
    /inline": Too big/,
  ],
  'has bytes of what is not kept': [note({ isEphemeral: true }), /though it is ephemeral/],
  'has more outputs than anything': [
    (entry) => result({ outputs: many(257, entry.result.outputs['note']) })(entry),
    /more than 256 outputs/,
  ],
  'has another status': [result({ status: 'failure' }), /status": Invalid option/],
  'is empty without a reason': [result({ status: 'empty' }), /a reason is what an empty result has/],
  'has a reason without being empty': [
    result({ emptyReason: 'no sound' }),
    /a reason is what an empty result/,
  ],
  'has a reason as long as a book': [
    result({ status: 'empty', emptyReason: 'x'.repeat(20_000) }),
    /emptyReason": Too big/,
  ],
  'has warnings that are numbers': [result({ warnings: [1] }), /warnings.0": Invalid input/],
  'has more warnings than anybody reads': [
    result({ warnings: Array.from({ length: 2000 }, () => 'x') }),
    /warnings": Too big/,
  ],
  'has taken less than no time': [result({ durationMs: -1 }), /durationMs": Too small/],
  'is a list of a million nothings': [result({ warnings: Array(300_000).fill(0) }), /more than 20000 values/],
  'has ingredients of another key': [
    (entry) => ({ ...entry, ingredients: { ...entry.ingredients, v: 9 } }),
    /^its key is not the digest/,
  ],
  'has a writer and no signature': [({ signature: _, ...rest }) => rest, /belong together/],
  'has a signature and no writer': [({ writer: _, ...rest }) => rest, /belong together/],
  'has a writer of another kind': [(entry) => ({ ...entry, writer: 'rsa:AAAA' }), /no key of a writer/],
  'has a writer that is no point of the curve': [
    (entry) => ({ ...entry, writer: `ed25519:${'_'.repeat(42)}8` }),
    /^its signature is not one/,
  ],
  'has a signature that is too short': [(entry) => ({ ...entry, signature: 'AAAA' }), /it is no signature/],
  'has a signature of nothing': [
    (entry) => ({ ...entry, signature: `${'A'.repeat(86)}==` }),
    /^its signature/,
  ],
};

function result(change: object): (entry: Tampered) => unknown {
  return (entry) => ({ ...entry, result: { ...entry.result, ...change } });
}

function output(change: object | null, name = 'cuts'): (entry: Tampered) => unknown {
  return (entry) =>
    result({
      outputs: { ...entry.result.outputs, [name]: change && { ...entry.result.outputs[name], ...change } },
    })(entry);
}

function note(change: object): (entry: Tampered) => unknown {
  return output(change, 'note');
}

function arrays(given: object): (entry: Tampered) => unknown {
  return output({ arrays: given });
}

function renamed(name: string): (entry: Tampered) => unknown {
  return (entry) => result({ outputs: { [name]: entry.result.outputs['note'] } })(entry);
}

function many(count: number, value: unknown): Record<string, unknown> {
  return Object.fromEntries(Array.from({ length: count }, (_, index) => [`n${index}`, value]));
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}

for (const [what, [tamper, reason]] of Object.entries(hostile)) {
  test(`an entry that ${what} is refused with the reason`, () => {
    const refusal = refusalOf(decodeEntry(bytesOf(tamper(sealedDocument(signer))), { trust: anybody }));
    assert.match(refusal, reason);
    assert.ok(refusal.length <= 300);
    assert.match(refusal, /^(it|its) [\P{C}]*$/u);
  });
}

test('an entry that is wrong in itself is refused, though a trusted writer has sealed it', () => {
  const sample = sampleContent();
  const escaping = { ...sample.result.outputs['note']!, extension: '../../x' };
  const content = { ...sample, result: { ...sample.result, outputs: { note: escaping } } };
  assert.match(
    refusalOf(openEntry(sealEntry(content, signer), { trust: onlyUs })),
    /extension": it is no ending/,
  );
});

/** Texts that are no entry, and what the refusal says. */
const texts: Readonly<Record<string, [string | Uint8Array, RegExp]>> = {
  'is empty': ['', /it is no JSON/],
  'is not UTF-8': [new Uint8Array([0x22, 0xff, 0xfe, 0x22]), /it is no JSON/],
  'is HTML of a proxy': ['<html>Sign in</html>', /it is no JSON/],
  'is a number beyond all bounds': [text({ durationMs: '1e999' }), /a number beyond all bounds/],
  'is nested without end': ['['.repeat(mostEntryBytes), /it is no JSON/],
  'is nested and closed': ['['.repeat(400_000) + ']'.repeat(400_000), /expected object/],
  'has a result that is nested deep': [
    text({ warnings: '['.repeat(200_000) + ']'.repeat(200_000) }),
    /nested more than 8 levels/,
  ],
  'has a result with "__proto__"': [
    text({ outputs: '{"__proto__":{"isEphemeral":true}}' }),
    /a key "__proto__"/,
  ],
  'has "__proto__" on top': ['{"v":1,"__proto__":{"key":"x"}}', /__proto__|at "key"/],
  'is larger than an entry may be': [
    ' '.repeat(mostEntryBytes + 1),
    /^it has 4194305 bytes, more than 4194304$/,
  ],
};

/** @param parts of the result, as JSON */
function text(parts: Readonly<Record<string, string>>): string {
  const marks = Object.fromEntries(Object.keys(parts).map((name) => [name, `<${name}>`]));
  const document = result(marks)(sealedDocument(signer));
  return Object.entries(parts).reduce(
    (all, [name, part]) => all.replace(`"<${name}>"`, part),
    JSON.stringify(document),
  );
}

for (const [what, [given, reason]] of Object.entries(texts)) {
  test(`an object that ${what} is refused with the reason`, () => {
    const bytes = typeof given === 'string' ? new TextEncoder().encode(given) : given;
    assert.match(refusalOf(decodeEntry(bytes, { trust: anybody })), reason);
  });
}

test('ingredients that are nested deep, or hold a "__proto__", are refused', () => {
  const deep = JSON.parse(`{"a":${'['.repeat(5000)}${']'.repeat(5000)}}`) as object;
  const proto = JSON.parse('{"__proto__":{"v":1}}') as object;
  for (const [ingredients, reason] of [
    [deep, /nested more than 100 levels/],
    [proto, /a key "__proto__"/],
  ] as const)
    assert.match(
      refusalOf(openEntry({ ...sealedDocument(signer), ingredients }, { trust: anybody })),
      reason,
    );
});

test(`no value at all makes the reader throw (FLOW_SEED=${seed})`, () => {
  const document = sealedDocument(signer);
  const places = ['v', 'key', 'result', 'ingredients', 'writer', 'signature'];
  fc.assert(
    fc.property(fc.constantFrom(...places), fc.anything(), (place, value) => {
      const opened = openEntry({ ...document, [place]: value }, { trust: onlyUs });
      assert.ok('refusal' in opened || JSON.stringify(value) === JSON.stringify(document[place]));
      assert.ok('refusal' in openEntry(value, { trust: onlyUs }));
    }),
    { seed, numRuns: 300 },
  );
});

test('bytes in memory that threads share are read as others', () => {
  const sealed = bytesOf(sealEntry(sampleContent(), signer));
  const shared = new Uint8Array(new SharedArrayBuffer(sealed.length));
  shared.set(sealed);
  assert.ok('entry' in decodeEntry(shared, { trust: onlyUs }));
});

test('an entry has one key whatever the order of what is in it', () => {
  const { key, ingredients } = sampleContent({ a: 1, b: digestOf('x') });
  const { result: value } = sampleContent({ a: 1, b: digestOf('x') });
  const turned = Object.fromEntries(Object.entries(ingredients).reverse());
  assert.ok(
    'entry' in openEntry(sealEntry({ key, result: value, ingredients: turned }, signer), { trust: onlyUs }),
  );
});
