import { type Command, InvalidArgumentError } from 'commander';
import { isKeyName, keyNameForm } from '../keys/key-name.ts';
import type { NewKeyFlags } from '../keys/new-key-command.ts';
import type { ShowKeysFlags } from '../keys/show-keys-command.ts';
import type { TrustKeyFlags } from '../keys/trust-key-command.ts';

/** Declares `flow keys`, whose subcommands each declare themselves. */
export function declareKeys(program: Command): void {
  const keys = program
    .command('keys')
    .description('sign what this machine shares, and choose whose results are taken')
    .addHelpText('after', examples);
  for (const declare of [declareNew, declareShow, declareTrust]) declare(keys);
}

function declareNew(keys: Command): void {
  keys
    .command('new')
    .description('make a private key for this machine, and print its public part')
    .option('--name <name>', 'whose key it is, for the line that others put into flow.yaml', toKeyName)
    .option('--force', 'replace the key that is there')
    .action(async (flags: NewKeyFlags) => {
      const { newKeyCommand } = await import('../keys/new-key-command.ts');
      newKeyCommand(flags);
    });
}

function declareShow(keys: Command): void {
  keys
    .command('show')
    .description('print the public key of this machine, and those that flow.yaml trusts')
    .option('--json', 'print one JSON document')
    .action(async (flags: ShowKeysFlags) => {
      const { showKeysCommand } = await import('../keys/show-keys-command.ts');
      showKeysCommand(flags);
    });
}

function declareTrust(keys: Command): void {
  keys
    .command('trust')
    .description('add a public key to trusted_keys of flow.yaml')
    .argument('<key>', 'as `flow keys show` prints it on the machine of its owner')
    .option('--name <name>', 'whose key it is', toKeyName)
    .action(async (key: string, flags: TrustKeyFlags) => {
      const { trustKeyCommand } = await import('../keys/trust-key-command.ts');
      await trustKeyCommand(key, flags);
    });
}

/** As `trusted_keys` takes it. */
function toKeyName(text: string): string {
  if (isKeyName(text)) return text;
  throw new InvalidArgumentError(keyNameForm);
}

const examples = `
Examples:
  flow keys new --name anna            once on each machine that shares results
  flow keys show                       its public key, and whom the workspace trusts
  flow keys trust ed25519:sQ9Jpr5Y4_tPgKOZTtS6eLDn2Fr0QmfbKp4lHuWc1xE --name anna
  FLOW_SIGNING_KEY=ci-key.pem flow keys show --json`;
