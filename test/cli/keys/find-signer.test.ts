import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { inspect } from 'node:util';
import { newSigningKey } from '../../../cache/remote/signer.ts';
import { findSigner } from '../../../engine/cli/keys/find-signer.ts';
import { FlowError, formatError } from '../../../engine/core/errors.ts';

const folder = mkdtempSync(join(tmpdir(), 'flow-keys-'));
after(() => rmSync(folder, { recursive: true }));

const { pem, writer } = newSigningKey();
const secret = pem.split('\n')[1]!;

function file(name: string, content: string, mode = 0o600): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  chmodSync(path, mode);
  return path;
}

/** @returns what a person would read */
function errorOf(said: string): string {
  try {
    findSigner({ FLOW_SIGNING_KEY: said });
  } catch (error) {
    assert.ok(error instanceof FlowError && error.code === 'config_invalid' && error.cause === undefined);
    return formatError(error);
  }
  return assert.fail('it was taken');
}

test('a key is found in the variable, in the file that it names, or in the usual file', () => {
  const config = join(folder, 'config');
  assert.equal(findSigner({ XDG_CONFIG_HOME: config }), undefined);
  mkdirSync(join(config, 'flow'), { recursive: true });
  const usual = join(config, 'flow', 'signing-key.pem');
  writeFileSync(usual, newSigningKey().pem, { mode: 0o600 });
  const place = (said: string): unknown => {
    const found = findSigner({ XDG_CONFIG_HOME: config, FLOW_SIGNING_KEY: said });
    return [found?.where, found?.signer.writer === writer, found?.warning];
  };
  const path = file('key.pem', pem);
  assert.deepEqual(place(pem), ['FLOW_SIGNING_KEY', true, undefined]);
  assert.deepEqual(place(path), [path, true, undefined]);
  assert.deepEqual(place(''), [usual, false, undefined]);
});

test('a key file that others can read is used, with a warning', {
  skip: process.platform === 'win32',
}, () => {
  const found = findSigner({ FLOW_SIGNING_KEY: file('open.pem', pem, 0o640) });
  assert.equal(found?.signer.writer, writer);
  assert.match(
    found?.warning ?? '',
    /open\.pem can be used by others of this machine \(mode 0640\): chmod 600/,
  );
});

/** What the variable holds or names → why it is no key. */
const bad: Readonly<Record<string, [string, RegExp]>> = {
  'a file that is not there': [join(folder, 'missing.pem'), /missing\.pem: .*there is no such file/s],
  'a folder': [folder, /it is no key file/],
  'a device without end': ['/dev/zero', /it is no key file/],
  'a file of something else': [file('else.pem', 'hello'), /else\.pem: .*it holds no private key as PEM/s],
  'an empty file': [file('empty.pem', ''), /it holds no private key as PEM/],
  'a huge file': [file('huge.pem', pem.repeat(500)), /it is no key file/],
  'a key that has been cut': [pem.slice(0, 90), /FLOW_SIGNING_KEY: .*it holds no private key/s],
  'the body of a key alone': [secret, /FLOW_SIGNING_KEY: .*there is no such file/s],
  'a public key': [
    generateKeyPairSync('ed25519').publicKey.export({ type: 'spki', format: 'pem' }).toString(),
    /it holds a public key/,
  ],
  'a key of another type': [
    generateKeyPairSync('ec', { namedCurve: 'P-256' })
      .privateKey.export({ type: 'pkcs8', format: 'pem' })
      .toString(),
    /it holds a key of type ec, not ed25519/,
  ],
  'an encrypted key': [
    generateKeyPairSync('ed25519')
      .privateKey.export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'x' })
      .toString(),
    /its private key is encrypted/,
  ],
};

for (const [what, [said, reason]] of Object.entries(bad)) {
  test(`${what} cannot be signed with, and the error quotes nothing of it`, () => {
    const text = errorOf(said);
    assert.match(text, reason);
    assert.ok(!text.includes(secret.slice(20, 40)) && !text.includes('BEGIN'));
  });
}

test('nothing that prints a signer prints its key', () => {
  const { signer } = findSigner({ FLOW_SIGNING_KEY: pem })!;
  const printed = [
    inspect(signer, { depth: 9, showHidden: true }),
    JSON.stringify(signer),
    `${signer.sign('x')}`,
  ];
  for (const text of printed) assert.ok(!text.includes(secret.slice(-43)) && !text.includes('PRIVATE'), text);
});
