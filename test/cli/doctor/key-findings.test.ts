import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { newSigningKey } from '../../../cache/remote/signer.ts';
import { signingKey, trustedKeys } from '../../../engine/cli/doctor/key-findings.ts';

const own = newSigningKey();
const other = newSigningKey();
const withKey = { FLOW_SIGNING_KEY: own.pem };
const withoutKey = { HOME: '/nonexistent' };

interface Case {
  readonly env: Readonly<Record<string, string>>;
  readonly trusted?: readonly (typeof own)[];
  readonly isReader?: boolean;
}

function check({ env, trusted, isReader = false }: Case, expected: RegExp): void {
  const keys = trusted?.map(({ writer }) => ({ key: writer }));
  const { level, found, fix = '' } = signingKey({ trustedKeys: keys }, { env, isReader });
  assert.match(`${level}: ${found} ${fix}`, expected);
  assert.doesNotMatch(found + fix, /PRIVATE/);
}

test('where keys are listed a writer has to be one of them', () => {
  check({ env: withKey, trusted: [other, own] }, /^pass: ed25519:.* one of trusted_keys/);
  check({ env: withKey, trusted: [other] }, new RegExp(`^warn: .*flow keys trust ${own.writer}`));
  check({ env: withoutKey, trusted: [other] }, /^warn: none: .*flow keys new/);
});

test('a reader needs no key, and where none are listed nobody does', () => {
  check({ env: withoutKey, trusted: [other], isReader: true }, /^info: none/);
  check({ env: withKey, trusted: [other], isReader: true }, /^info: ed25519:/);
  check({ env: withoutKey }, /^info: none: what this machine sends is not signed/);
  check({ env: withKey }, /^pass: ed25519:/);
});

test('a key file that others can read is told, with the command that mends it', () => {
  const folder = mkdtempSync(join(tmpdir(), 'flow-key-'));
  const path = join(folder, 'key.pem');
  writeFileSync(path, own.pem);
  chmodSync(path, 0o644);
  check({ env: { FLOW_SIGNING_KEY: path }, trusted: [own] }, new RegExp(`^warn: .*chmod 600 ${path}`));
  rmSync(folder, { recursive: true });
});

test('it is said whose results are taken', () => {
  assert.match(trustedKeys({ trustedKeys: undefined }).found, /all who may write/);
  assert.match(trustedKeys({ trustedKeys: [{ key: own.writer }] }).found, /^1 key: only/);
});
