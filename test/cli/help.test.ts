import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Command } from 'commander';
import { commands } from '../../engine/cli/main.ts';
import { Rig } from '../rig.ts';

const shown = commands([]).commands.filter((command) => !command.name().startsWith('__'));

/** The whole help of a command, with what comes after its flags. */
function helpOf(command: Command): string {
  let text = '';
  command.configureOutput({ writeOut: (part) => (text += part) }).outputHelp();
  return text;
}

/** The command lines of the examples, without what is said of them; `cuts=$(flow build -q …)` holds one, too. */
function examplesOf(command: Command): string[] {
  const [, section = ''] = /\nExamples:\n((?: {2,}.*\n?)+)/.exec(helpOf(command)) ?? [];
  const substituted = /[$<]\((flow [^)]*)\)/g;
  return section
    .split('\n')
    .flatMap((line) => [
      line.replace(substituted, 'x'),
      ...[...line.matchAll(substituted)].map(([, inner]) => inner!),
    ])
    .flatMap((line) => /^ *flow (.*?)(?: {2}.*| [|>] .*)?$/.exec(line)?.[1] ?? []);
}

/** As a shell splits them: quotes hold words together. */
function wordsOf(line: string): string[] {
  return [...line.matchAll(/(?:'[^']*'|"[^"]*"|[^\s'"])+/g)].map(([word]) => word.replace(/['"]/g, ''));
}

/** Reads a command line with the parser of the program itself, and does nothing. @throws as it would for a user */
async function parse(words: readonly string[]): Promise<void> {
  const program = commands(words);
  for (const command of program.commands)
    for (const one of command.commands.length > 0 ? command.commands : [command]) one.action(() => undefined);
  await program.parseAsync([...words], { from: 'user' });
}

for (const command of shown) {
  const name = command.name();

  test(`flow ${name} says in a line what it does, and so do its flags`, () => {
    assert.match(command.description(), /^[a-z].{15,90}$/s);
    for (const { flags, description } of command.options)
      assert.ok(description.length > 3, `${name} ${flags}`);
  });

  test(`the examples of flow ${name} are command lines that it takes`, async () => {
    const examples = examplesOf(command);
    const own = examples.filter((example) => wordsOf(example)[0] === name);
    assert.ok(own.length >= 2, `flow ${name} has ${own.length} examples in its help`);
    for (const example of examples) {
      const words = wordsOf(example);
      await parse(words).catch((error: Error) => assert.fail(`flow ${example}: ${error.message}`));
    }
  });
}

test('an example with a flag that is not there would be found', async () => {
  await assert.rejects(parse(['build', 'run:clip.mp4', '--stge', 'v1']), /unknown option '--stge'/);
  await assert.rejects(parse(['biuld', 'run:clip.mp4']), /unknown command 'biuld'/);
});

test('the general help names every command, each in a group', () => {
  const help = helpOf(commands([]));
  for (const command of shown) assert.match(help, new RegExp(`^ {2}${command.name()} `, 'm'));
  assert.doesNotMatch(help, /^Commands:/m); // Where commander puts those without a group.
});

test('help of a subcommand shows its own options, and one that is not there is an error', async () => {
  using rig = new Rig();
  const shown = await rig.flow(['help', 'cache', 'gc']);
  assert.equal(shown.status, 0, shown.stderr);
  assert.match(shown.stdout, /^Usage: flow cache gc \[options\]\n(.*\n)+.*--older-than/);
  const wrong = await rig.flow(['help', 'cache', 'gx']);
  assert.equal(wrong.status, 2);
  assert.match(wrong.stderr, /there is no command "gx"\.\n {2}Fix: Write "gc"/);
});
