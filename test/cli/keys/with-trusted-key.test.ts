import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parse } from 'yaml';
import { newSigningKey } from '../../../cache/remote/signer.ts';
import { trustedKeysSchema } from '../../../engine/cli/keys/trusted-keys.ts';
import { withTrustedKey } from '../../../engine/cli/keys/with-trusted-key.ts';
import { seed } from '../../properties/seed.ts';

const [a, b, c] = [newSigningKey().writer, newSigningKey().writer, newSigningKey().writer];

/** flow.yaml before and after a key has been added, with its name or without one. */
const layouts: Readonly<Record<string, [string, string]>> = {
  'without keys': [
    '# Ours.\nschema_version: 1   # one\n\n\nstage:   "v1"\n',
    `# Ours.\nschema_version: 1   # one\n\n\nstage:   "v1"\ntrusted_keys:\n  - { name: anna, key: ${c} }\n`,
  ],
  'without an end of its last line': [
    'schema_version: 1',
    `schema_version: 1\ntrusted_keys:\n  - { name: anna, key: ${c} }`,
  ],
  'with comments at its end': [
    'schema_version: 1 # one\n# The end.\n',
    `schema_version: 1 # one\ntrusted_keys:\n  - { name: anna, key: ${c} }\n# The end.\n`,
  ],
  'with a list in the middle': [
    `trusted_keys:\n    - ${a}   # mine\n    - name: ci\n      key: ${b}\n\n# More.\nschema_version: 1\n`,
    `trusted_keys:\n    - ${a}   # mine\n    - name: ci\n      key: ${b}\n    - { name: anna, key: ${c} }\n\n# More.\nschema_version: 1\n`,
  ],
  'with a list that is not indented': [
    `trusted_keys:\n- ${a}\nschema_version: 1\n`,
    `trusted_keys:\n- ${a}\n- { name: anna, key: ${c} }\nschema_version: 1\n`,
  ],
  'with an empty list': [
    'schema_version: 1\ntrusted_keys: [] # nobody yet\n',
    `schema_version: 1\ntrusted_keys: [{ name: anna, key: ${c} }] # nobody yet\n`,
  ],
  'with a list in brackets': [
    `trusted_keys: [\n  ${a}, # mine\n  { key: ${b} },\n]\nschema_version: 1\n`,
    `trusted_keys: [\n  ${a}, # mine\n  { key: ${b} }, { name: anna, key: ${c} },\n]\nschema_version: 1\n`,
  ],
  'with the line ends of Windows': [
    `schema_version: 1\r\ntrusted_keys:\r\n  - ${a} # mine\r\n`,
    `schema_version: 1\r\ntrusted_keys:\r\n  - ${a} # mine\r\n  - { name: anna, key: ${c} }\r\n`,
  ],
};

for (const [what, [before, after]] of Object.entries(layouts)) {
  test(`a flow.yaml ${what} gets a line, and keeps all others`, () => {
    assert.equal(withTrustedKey(before, { key: c, name: 'anna' }), after);
  });
}

test('a flow.yaml that cannot be extended by a line is left alone', () => {
  for (const text of [
    '{ schema_version: 1 }',
    `x: &k [${a}]\ntrusted_keys: *k\n`,
    'schema_version: 1\n...\n---\n',
  ])
    assert.equal(withTrustedKey(text, { key: c }), undefined, text);
});

test(`any name is read as it was written (FLOW_SEED=${seed})`, () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 30 }), (text) => {
      const name = text.replaceAll(/\p{C}/gu, '').trim() || 'x';
      for (const before of ['schema_version: 1\n', 'schema_version: 1\ntrusted_keys: []\n']) {
        const after = parse(withTrustedKey(before, { key: c, name })!) as { trusted_keys: unknown };
        assert.deepEqual(trustedKeysSchema.parse(after.trusted_keys), [{ key: c, name }]);
      }
    }),
    { seed, numRuns: 100 },
  );
});
