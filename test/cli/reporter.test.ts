import assert from 'node:assert/strict';
import { test } from 'node:test';
import { wantsView } from '../../engine/cli/reporter.ts';

const terminal = { isTTY: true };

test('a view is for a terminal of which nothing says that lines are enough', () => {
  assert.equal(wantsView(terminal, {}, { TERM: 'xterm-256color' }), true);
  assert.equal(wantsView({ isTTY: false }, {}, {}), false);
  for (const flags of [{ plain: true }, { quiet: true }]) assert.equal(wantsView(terminal, flags, {}), false);
  for (const env of [{ CI: 'true' }, { NO_COLOR: '1' }, { TERM: 'dumb' }])
    assert.equal(wantsView(terminal, {}, env), false, JSON.stringify(env));
});
