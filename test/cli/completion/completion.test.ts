import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { test } from 'node:test';
import { complete } from '../../../engine/cli/completion/complete.ts';
import { shellScripts, shells } from '../../../engine/cli/completion/shell-scripts.ts';
import { commands } from '../../../engine/cli/main.ts';
import { Rig } from '../../rig.ts';
import { copyRule, oneComponent } from '../test-messages.ts';

const cli = process.env.FLOW_TEST_CLI ?? join(import.meta.dirname, '../../../engine/cli/flow.ts');

/** A workspace, and a `flow` that a shell finds. */
function workspace(): Rig {
  const rig = new Rig({
    'rules/copy.ts': copyRule,
    'inputs/a.txt': 'hello\n',
    'graphs/own.yaml': `${oneComponent}  of_film: { rule: copy, inputs: { source: video } }\nstages: { nightly: { components: [of_film] } }\n`,
    'profiles/fast.yaml': 'schema_version: 1\nname: fast\n',
    'clip.mp4': '',
    'clip two.mov': '',
    'notes.txt': '',
    'films/long.mkv': '',
    'bin/flow': `#!/bin/sh\nexec '${process.execPath}' '${cli}' "$@"\n`,
  });
  chmodSync(rig.path('bin/flow'), 0o755);
  return rig;
}

/** The words that may stand at the end of a command line, as the scripts of all shells get them. */
async function offered(rig: Rig, ...words: string[]): Promise<string[]> {
  const { status, stdout, stderr } = await rig.flow(['__complete', '--', ...words]);
  assert.deepEqual([status, stderr], [0, '']);
  return stdout
    .split('\n')
    .slice(0, -1)
    .map((line) => line.split('\t')[0]!);
}

test('subcommands are completed, and then what belongs to them', async () => {
  const words = async (...line: string[]): Promise<string[]> =>
    (await complete(commands([]), line)).map(({ word }) => word);
  const offered = await words('cache', '');
  for (const name of ['stats', 'gc', 'verify', 'ls', 'rm']) assert.ok(offered.includes(name), name);
  assert.deepEqual(await words('cache', 'g'), ['gc']);
  assert.deepEqual(await words('cache', 'gc', '--d'), ['--dry-run']);
});

test('targets, stages, profiles, files and choices are completed', async () => {
  using rig = workspace();
  assert.deepEqual(await offered(rig, 'build', 'r'), ['run:']);
  assert.deepEqual(
    await offered(rig, 'build', 'run:'),
    [
      'run:clip two.mov',
      'run:clip.mp4',
      'run:films/',
      'run:bin/',
      'run:graphs/',
      'run:inputs/',
      'run:profiles/',
      'run:rules/',
    ].sort(),
  );
  assert.deepEqual(await offered(rig, 'build', 'run:films/'), ['run:films/long.mkv']);
  assert.deepEqual(await offered(rig, 'build', 'run:@no'), ['run:@notes.txt']);
  assert.deepEqual(await offered(rig, 'build', '-q', 'run:clip.mp4', '//o'), ['//one']);
  assert.deepEqual(await offered(rig, 'build', 'run:clip.mp4//of'), ['run:clip.mp4//of_film']);
  assert.deepEqual(await offered(rig, 'build', '--stage', 'n'), ['nightly']);
  assert.deepEqual(await offered(rig, 'build', '--profile=f'), ['--profile=fast']);
  assert.deepEqual(await offered(rig, 'runs', '--status', 'p'), ['partial']);
  assert.deepEqual(await offered(rig, 'inspect', 'no'), ['notes.txt']);
  assert.deepEqual(await offered(rig, 'completion', ''), ['bash', 'zsh', 'fish']);
});

test('names come from the graph that the last build remembers, unless a file is younger', async () => {
  using rig = workspace();
  await rig.flow(['build', '//one']);
  assert.deepEqual(await offered(rig, 'build', '//o'), ['//one']);
  rig.write('graphs/own.yaml', rig.read('graphs/own.yaml').replace('  one:', '  other:'));
  assert.deepEqual(await offered(rig, 'build', '//o'), ['//other']);
});

test('a broken graph, and a place that is no workspace, still complete flags', async () => {
  using rig = new Rig({ 'graphs/own.yaml': 'components: { x' });
  rig.remove('flow.yaml');
  assert.deepEqual(await offered(rig, 'build', '--keep'), ['--keep-going']);
  assert.ok((await offered(rig, 'build', '--stage', '')).includes('baseline'));
});

test('every command and every flag of every command is offered, but none twice', async () => {
  const program = commands([]);
  const words = async (...before: string[]): Promise<string[]> =>
    (await complete(program, before)).map(({ word }) => word);
  const names = program.commands.map((command) => command.name()).filter((name) => !name.startsWith('__'));
  assert.deepEqual((await words('')).sort(), [...names, 'help'].sort());
  for (const command of program.commands.filter((one) => names.includes(one.name()))) {
    const flags = await words(command.name(), '-');
    assert.deepEqual(flags.sort(), [...command.options.map(({ long }) => long!), '--help'].sort());
    for (const { long, short } of command.options) {
      const after = [long, short].filter((flag) => flag !== undefined);
      for (const flag of after)
        assert.ok(!(await words(command.name(), flag, 'value', '-')).includes(long!), flag);
    }
  }
  assert.deepEqual(await words('build', '--', '-'), []);
  assert.deepEqual(await words('nonsense', ''), []);
  assert.deepEqual(await words('help', 'do'), ['doctor']);
});

/** What bash would put on the command line, with its own way to split words. */
function inBash(rig: Rig, line: string): string[] {
  const breaks = `"'><=;|&(:@`;
  const script = `source <(flow completion bash)
COMP_LINE=$1 COMP_POINT=\${#1}
shift
COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
_flow flow
printf '%s\\n' "\${COMPREPLY[@]}"`;
  const words = line.split(/([:=])|(?=@)|\s+/).filter((word) => word !== undefined && word !== '');
  const ended = /\s$/.test(line) ? [...words, ''] : words;
  const { stdout, stderr, status } = spawnSync('bash', ['-c', script, 'bash', line, ...ended], {
    cwd: rig.root,
    encoding: 'utf8',
    env: {
      ...process.env,
      PATH: `${rig.path('bin')}${delimiter}${process.env.PATH}`,
      COMP_WORDBREAKS: breaks,
    },
  });
  assert.deepEqual([status, stderr], [0, '']);
  return stdout.split('\n').filter((word) => word !== '');
}

const hasShell = (shell: string): boolean => spawnSync(shell, ['-c', ':']).status === 0;

test('bash completes commands, flags, and what stands behind ":" and "="', {
  skip: !hasShell('bash') && 'no bash here',
}, () => {
  using rig = workspace();
  assert.deepEqual(inBash(rig, 'flow comp'), ['completion']);
  assert.deepEqual(inBash(rig, 'flow build --keep'), ['--keep-going']);
  assert.deepEqual(inBash(rig, 'flow build --stage '), ['baseline', 'nightly']);
  assert.deepEqual(inBash(rig, 'flow build --stage=n'), ['nightly']);
  assert.deepEqual(inBash(rig, 'flow build run:cl'), ['clip\\ two.mov', 'clip.mp4']);
  assert.deepEqual(inBash(rig, 'flow build run:clip.mp4//of'), ['clip.mp4//of_film']);
  assert.deepEqual(inBash(rig, 'flow build run:@no'), ['@notes.txt']);
  assert.deepEqual(inBash(rig, 'flow build //o'), ['//one']);
});

for (const shell of shells) {
  const skip = !hasShell(shell) && `no ${shell} here`;
  test(`the script for ${shell} is printed, and ${shell} can read it`, { skip }, async () => {
    using rig = new Rig();
    const { stdout } = await rig.flow(['completion', shell]);
    assert.equal(stdout, shellScripts[shell]);
    rig.write('script', stdout);
    const { status, stderr } = spawnSync(shell, ['-n', rig.path('script')], { encoding: 'utf8' });
    assert.deepEqual([status, stderr], [0, '']);
  });
}

test('an unknown shell is told with those that there are', async () => {
  using rig = new Rig();
  const { status, stderr } = await rig.flow(['completion', 'tcsh']);
  assert.equal(status, 2);
  assert.match(stderr, /tcsh.*bash, zsh, fish/s);
});
