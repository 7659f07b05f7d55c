import assert from 'node:assert/strict';
import { readFileSync, statSync } from 'node:fs';
import { test } from 'node:test';
import { newSigningKey, readSigner } from '../../cache/remote/signer.ts';
import { type FlowRun, Rig } from '../rig.ts';

/** A machine with a configuration of its own. */
function flow(rig: Rig, ...args: readonly string[]): Promise<FlowRun> {
  return rig.flow(['keys', ...args], { XDG_CONFIG_HOME: rig.path('config'), FLOW_SIGNING_KEY: '' });
}

const keyFile = 'config/flow/signing-key.pem';

test('a new key is for its owner alone, and never takes the place of another unasked', async () => {
  using rig = new Rig();
  const made = await flow(rig, 'new', '--name', 'anna');
  assert.equal(made.status, 0, made.stderr);
  const writer = made.stdout.trim();
  assert.match(made.stderr, new RegExp(`\n  - \\{ name: anna, key: ${writer} \\}\n`));
  assert.equal(statSync(rig.path(keyFile)).mode & 0o777, 0o600);
  const pem = rig.read(keyFile);
  const read = readSigner(pem);
  assert.ok('signer' in read && read.signer.writer === writer);

  const again = await flow(rig, 'new');
  assert.equal(again.status, 2);
  assert.match(again.stderr, /signing-key\.pem: config_invalid\n {2}Cannot make a key: there is one already/);
  assert.equal(rig.read(keyFile), pem);

  const forced = await flow(rig, 'new', '--force');
  assert.equal(forced.status, 0, forced.stderr);
  assert.notEqual(forced.stdout.trim(), writer);
  assert.notEqual(rig.read(keyFile), pem);
  const secret = pem.split('\n')[1]!;
  for (const { stdout, stderr } of [made, again, forced]) assert.ok(!`${stdout}${stderr}`.includes(secret));
});

test('no key file is made where the variable holds a key', async () => {
  using rig = new Rig();
  const { pem } = newSigningKey();
  const run = await rig.flow(['keys', 'new'], { FLOW_SIGNING_KEY: pem, XDG_CONFIG_HOME: rig.path('config') });
  assert.equal(run.status, 2);
  assert.match(run.stderr, /^FLOW_SIGNING_KEY: config_invalid/);
  assert.throws(() => readFileSync(rig.path(keyFile)), { code: 'ENOENT' });
});

test('a key that is trusted stands in flow.yaml, once, and `show` tells whose it is', async () => {
  using rig = new Rig({ 'flow.yaml': '# Ours.\nschema_version: 1   # one\n' });
  const none = await flow(rig, 'show', '--json');
  assert.deepEqual(JSON.parse(none.stdout), { own: null, trusted_keys: null });

  const own = (await flow(rig, 'new')).stdout.trim();
  const other = newSigningKey().writer;
  const first = await flow(rig, 'trust', other, '--name', 'the CI');
  assert.equal(first.status, 0, first.stderr);
  assert.match(
    first.stdout,
    /^Added to trusted_keys in flow\.yaml: .*\nThey are the first: from now on only/,
  );
  await flow(rig, 'trust', own);
  const text = `# Ours.\nschema_version: 1   # one\ntrusted_keys:\n  - { name: the CI, key: ${other} }\n  - ${own}\n`;
  assert.equal(rig.read('flow.yaml'), text);

  const again = await flow(rig, 'trust', other);
  assert.equal(again.stdout, 'flow.yaml trusts this key already as "the CI". Nothing was changed.\n');
  assert.equal(rig.read('flow.yaml'), text);

  const shown = await flow(rig, 'show');
  assert.match(shown.stdout, new RegExp(`^${own} +this machine, trusted$`, 'm'));
  assert.match(shown.stdout, new RegExp(`^${other} +the CI +trusted$`, 'm'));
  assert.deepEqual(JSON.parse((await flow(rig, 'show', '--json')).stdout), {
    own: { key: own, where: rig.path(keyFile) },
    trusted_keys: [
      { key: other, name: 'the CI', is_own: false },
      { key: own, name: null, is_own: true },
    ],
  });
});

test('what is no public key is not trusted, and a private one is not even quoted', async () => {
  using rig = new Rig();
  const { pem } = newSigningKey();
  const secret = pem.split('\n')[1]!;
  const ssh = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIA anna@desk';
  for (const [text, quoted] of [
    [secret, 'this text'],
    ['ed25519:AAAA', '"ed25519:AAAA"'],
    [ssh, 'this text'],
  ]) {
    const { status, stderr } = await flow(rig, 'trust', text!);
    assert.equal(status, 2);
    assert.ok(stderr.includes(`Cannot trust ${quoted}: it is no public key of a writer.`), stderr);
    assert.match(stderr, /Fix: Give "ed25519:" and 43 letters/);
    assert.ok(!stderr.includes(secret));
  }
  assert.equal(rig.read('flow.yaml'), 'schema_version: 1\n');
});

test('a wrong list of trusted keys stops a command with the place', async () => {
  using rig = new Rig({ 'flow.yaml': 'schema_version: 1\ntrusted_keys:\n  - ed25519:short\n' });
  const { status, stderr } = await flow(rig, 'show');
  assert.equal(status, 2);
  assert.match(stderr, /^flow\.yaml:3:5: config_invalid\n.*this is no public key of a writer/);
});
