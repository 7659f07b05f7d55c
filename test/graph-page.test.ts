/** The page of `flow graph --format html` in a real browser. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Page } from 'playwright-core';
import { noChromium, withPage } from './chromium.ts';
import { Rig } from './rig.ts';
import { chain } from './trust/text-rules.ts';

/** A chain, and what has no part in it. */
const graph = `schema_version: 1
components:
  copied: { rule: copy, inputs: { source: file:in.txt } }
  large: { rule: swell, inputs: { source: copied.text } }
  short: { rule: head, inputs: { source: large.text } }
  shout: { rule: upper, required: false, inputs: { source: copied.text } }
`;

function named(page: Page, className: string): Promise<string[]> {
  return page.$$eval(`.node.${className}`, (boxes) =>
    boxes.map((box) => box.getAttribute('data-name') ?? '').sort(),
  );
}

function viewBox(page: Page): Promise<string | null> {
  return page.getAttribute('#drawing svg', 'viewBox');
}

const rig = new Rig({ ...chain, 'graphs/chain.yaml': graph });
const file = rig.path('graph.html');

before(async () => {
  const run = await rig.flow(['graph', '//...', '--format', 'html', '--output', file]);
  assert.equal(run.status, 0, run.stderr);
});
after(() => rig[Symbol.dispose]());

test('the page lights what is up- and downstream, finds, zooms, and tells facts', {
  skip: noChromium,
}, async () => {
  await withPage(file, { viewport: { width: 1200, height: 700 } }, async (page, errors) => {
    await page.click('.node[data-name=large]');
    assert.deepEqual(await named(page, 'upstream'), ['copied']);
    assert.deepEqual(await named(page, 'downstream'), ['short']);
    assert.deepEqual(await named(page, 'chosen'), ['large']);
    const facts = await page.textContent('#facts');
    for (const fact of ['large', 'swell, version 1', 'required', 'text: text', 'times: 1', '← copied.text'])
      assert.ok(facts?.includes(fact), `${fact} is not in: ${facts}`);

    await page.keyboard.press('ArrowRight');
    assert.deepEqual(await named(page, 'chosen'), ['short']);
    await page.keyboard.press('Escape');
    assert.deepEqual(await named(page, 'chosen'), []);

    await page.hover('.node[data-name=shout]');
    assert.deepEqual(await named(page, 'upstream'), ['copied']);
    await page.mouse.move(2, 690);

    await page.keyboard.press('/');
    await page.keyboard.type('sho');
    assert.deepEqual(await named(page, 'match'), ['short', 'shout']);
    assert.equal(await page.textContent('#count'), '2 found');
    await page.keyboard.press('Enter');
    assert.deepEqual(await named(page, 'chosen'), ['shout']);
    assert.deepEqual(await named(page, 'match'), []);

    const whole = await viewBox(page);
    await page.keyboard.press('+');
    const zoomed = await viewBox(page);
    assert.notEqual(zoomed, whole);
    await page.mouse.move(600, 300);
    await page.mouse.wheel(0, -200);
    await page.waitForSelector(`#drawing svg:not([viewBox="${zoomed}"])`);
    const wheeled = await viewBox(page);
    await page.mouse.move(300, 600);
    await page.mouse.down();
    await page.mouse.move(380, 640, { steps: 4 });
    await page.mouse.up();
    assert.notEqual(await viewBox(page), wheeled);
    assert.deepEqual(await named(page, 'chosen'), ['shout'], 'dragging does not choose');
    await page.click('#zoom-fit');
    assert.equal(await viewBox(page), whole);
    assert.deepEqual(errors, []);
  });
});

for (const colorScheme of ['light', 'dark'] as const) {
  test(`names can be read on a ${colorScheme} page, and no text leaves its box`, {
    skip: noChromium,
  }, async () => {
    await withPage(file, { colorScheme, viewport: { width: 1200, height: 700 } }, async (page, errors) => {
      // As text: the functions that a browser has are not among those that the tests are typed with.
      const colours = await page.evaluate<string[]>(`[
        getComputedStyle(document.querySelector('.node .name')).fill,
        getComputedStyle(document.querySelector('.node .box')).fill,
        getComputedStyle(document.body).backgroundColor,
      ]`);
      const [name, box, ground] = colours.map((colour) => Number(/\d+/.exec(colour)![0]));
      const isDark = colorScheme === 'dark';
      assert.deepEqual(
        [name! > 128, box! > 128, ground! > 128],
        [isDark, !isDark, !isDark],
        colours.join(' '),
      );
      const sticking = await page.$$eval(
        '.node',
        (nodes) =>
          nodes.filter((node) => {
            const right = (selector: string): number =>
              node.querySelector(selector)!.getBoundingClientRect().right;
            return right('.name') > right('.box') || right('.detail') > right('.box');
          }).length,
      );
      assert.equal(sticking, 0);
      assert.deepEqual(errors, []);
    });
  });
}
