/** `flow graph --format tui` in a real terminal. */
import assert from 'node:assert/strict';
import { resolve } from 'node:path';
import { test } from 'node:test';
import { Rig } from './rig.ts';
import { noTmux, Tmux } from './tmux.ts';
import { chain } from './trust/text-rules.ts';

const cli = process.env.FLOW_TEST_CLI ?? resolve(import.meta.dirname, '../engine/cli/flow.ts');
const walk = `${process.execPath} ${cli} graph //short --format tui`;

test('arrow keys walk the graph, and the terminal is left as it was', { skip: noTmux }, async () => {
  using rig = new Rig(chain);
  using terminal = new Tmux(rig.root, { columns: 80, rows: 24 }, { FLOW_CACHE_DIR: rig.cacheDir });
  terminal.type('stty -a > before; echo ready');
  await terminal.shows(/^ready$/m);
  terminal.type(walk);
  assert.match(await terminal.shows(/› copied/), /↓ large .*\n↓ short/);
  assert.doesNotMatch(terminal.screen(), /ready/, 'it has a screen of its own');
  terminal.press('Right', 'Right');
  await terminal.shows(/↑ copied.*\n↑ large.*\n› short/);
  terminal.press('Left');
  await terminal.shows(/› large/);
  terminal.press('Enter');
  await terminal.shows(/param +times: 1/);
  terminal.press('Up', '/', 's', 'h', 'o');
  await terminal.shows(/› short[\s\S]*\/sho/);
  terminal.press('Enter', 'Down', 'q');
  await terminal.shows(/ready[\s\S]*^\$ *$/m);
  terminal.type('stty -a | diff before - && echo unchanged');
  await terminal.shows(/^unchanged$/m);
  assert.ok(terminal.isCursorShown);
});

test('an interrupted walk leaves the terminal as it was', { skip: noTmux }, async () => {
  using rig = new Rig(chain);
  using terminal = new Tmux(rig.root, { columns: 40, rows: 8 }, { FLOW_CACHE_DIR: rig.cacheDir });
  terminal.type('stty -a > before');
  terminal.type(walk);
  await terminal.shows(/› copied/);
  terminal.interrupt();
  await terminal.shows(/^\$ *$/m);
  terminal.type('stty -a | diff before - && echo unchanged');
  await terminal.shows(/^unchanged$/m);
  assert.ok(terminal.isCursorShown);
});
