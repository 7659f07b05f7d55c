import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { canonicalJson } from '../../../engine/core/canonical-json.ts';
import { digestJson, digestOf, hexOf, isDigest, StreamDigest } from '../../../engine/core/digest.ts';
import { seed } from '../../properties/seed.ts';

test('keys are sorted by code unit, and numbers written as RFC 8785 says', () => {
  // The example of RFC 8785, section 3.2.2, in part.
  const value = {
    numbers: [333333333.3333333, 1e30, 4.5, 2e-3, 1e-27],
    string: '€$\u000f\nA\'B"\\"/',
    literals: [null, true, false],
  };
  assert.equal(
    canonicalJson(value),
    '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"string":"€$\\u000f\\nA\'B\\"\\\\\\"/"}',
  );
  // Section 3.2.3: by UTF-16 code units, not by code points.
  assert.equal(
    canonicalJson({ '\ufb33': 1, '\u{1f600}': 2, '\u20ac': 3, a: 4 }),
    '{"a":4,"\u20ac":3,"\u{1f600}":2,"\ufb33":1}',
  );
});

test('what JSON cannot hold has no canonical form', () => {
  for (const value of [undefined, Number.NaN, Number.POSITIVE_INFINITY, { a: [Number.NaN] }])
    assert.throws(() => canonicalJson(value));
});

test(`canonical JSON says the same as the value, and does not depend on the order of keys (FLOW_SEED=${seed})`, () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const text = canonicalJson(value);
      assert.equal(canonicalJson(JSON.parse(text)), text);
      assert.equal(JSON.stringify(JSON.parse(text)).length, text.length);
      assert.equal(canonicalJson(reversed(value)), text);
    }),
    { seed },
  );
});

function reversed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reversed);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([key, inner]) => [key, reversed(inner)]),
  );
}

test('digests are BLAKE3-256, of bytes as of text, in one piece or many', () => {
  // Test vector of the BLAKE3 specification: no input.
  assert.equal(digestOf(''), 'b3:af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262');
  const bytes = new TextEncoder().encode('some text');
  assert.equal(digestOf(bytes), digestOf('some text'));
  const stream = new StreamDigest();
  for (const byte of bytes) stream.update(Uint8Array.of(byte));
  assert.equal(stream.finish(), digestOf(bytes));
  const shared = new Uint8Array(new SharedArrayBuffer(bytes.length));
  shared.set(bytes);
  assert.equal(digestOf(shared), digestOf(bytes));
});

test('a digest is told from other texts', () => {
  const digest = digestJson({ a: 1 });
  assert.ok(isDigest(digest));
  assert.equal(hexOf(digest).length, 64);
  for (const text of [
    '',
    'b3:',
    digest.slice(0, -1),
    `${digest}0`,
    digest.toUpperCase(),
    `${digest}\n`,
    hexOf(digest),
  ])
    assert.equal(isDigest(text), false, text);
});
