/** The report of real runs, looked at in a browser as people do. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { type Browser, chromium, type Page } from 'playwright-core';
import { realData, realFile } from './real-data.ts';
import { Rig } from './rig.ts';
import { sampleFilm } from './sample-film.ts';

const browserPath = findBrowser();
const skip = browserPath === undefined && 'no Chromium on this machine: `apt-get install chromium`';

const desktop = { viewport: { width: 1280, height: 900 } };
const phone = { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true, deviceScaleFactor: 2 };

const rig = new Rig();
let browser: Browser;

before(async () => {
  if (browserPath === undefined) return;
  browser = await chromium.launch({ executablePath: browserPath, args: ['--no-sandbox'] });
});
after(async () => {
  await browser?.close();
  rig[Symbol.dispose]();
});

function findBrowser(): string | undefined {
  try {
    return execFileSync('which', ['chromium'], { encoding: 'utf8' }).trim();
  } catch {
    return undefined; // `which` found none.
  }
}

const reports = new Map<string, Promise<string>>();

/** The path of the report that a build of a video leaves. */
function reportOf(video: string): Promise<string> {
  const report = reports.get(video) ?? build(video);
  reports.set(video, report);
  return report;
}

async function build(video: string): Promise<string> {
  const run = await rig.build([`run:${video}//render`]);
  assert.equal(run.status, 0, run.stderr);
  return join(dirname(run.summary.runs[0]!.manifest!), 'render/report.html');
}

/** Opens a report, and holds that it complains of nothing and asks the network for nothing. */
async function opened(path: string, device: typeof desktop): Promise<{ page: Page; faults: string[] }> {
  const page = await (await browser.newContext({ ...device, reducedMotion: 'reduce' })).newPage();
  const faults: string[] = [];
  page.on('console', (message) => faults.push(`${message.type()}: ${message.text()}`));
  page.on('pageerror', (error) => faults.push(error.message));
  page.on('request', (request) => {
    if (!/^(file|data):/.test(request.url())) faults.push(`asked for ${request.url()}`);
  });
  await page.goto(pathToFileURL(path).href);
  return { page, faults };
}

async function texts(page: Page, selector: string): Promise<string[]> {
  return page.locator(selector).allTextContents();
}

// Code for the page is text: the types of this project know no `document`.
const overflowPx = 'document.documentElement.scrollWidth - innerWidth';
const shownPictures = `{
  const shown = [...document.images].filter((image) => image.getBoundingClientRect().left < innerWidth);
  shown.every(({ naturalWidth }) => naturalWidth > 0) && { count: shown.length };
}`;

/** Waits until every picture is there that is to be seen without scrolling sideways, and says how many are. */
async function picturesOf(page: Page): Promise<number> {
  const handle = await page.waitForFunction(shownPictures);
  return ((await handle.jsonValue()) as { count: number }).count;
}

for (const [name, device] of Object.entries({ desktop, phone })) {
  test(`the report of the sample film has pictures and a cursor on a ${name}, and fits it`, {
    skip,
  }, async () => {
    const film = await sampleFilm();
    const { page, faults } = await opened(await reportOf(join(film.dir, 'sample.mp4')), device);
    assert.ok((await picturesOf(page)) >= 8);
    assert.equal(await page.locator('.strip img').count(), film.truth.shots.length);
    const overflow = await page.evaluate(overflowPx);
    assert.equal(overflow, 0, 'pixels wider than the screen');

    const axis = page.locator('#axis');
    await axis.scrollIntoViewIfNeeded();
    const before = {
      values: await texts(page, '[data-value]'),
      picture: await page.locator('#preview').getAttribute('src'),
    };
    const { width } = (await axis.boundingBox())!;
    const position = { x: width / 2, y: 200 };
    await (device === phone ? axis.tap({ position }) : axis.hover({ position }));
    const half = film.truth.film.duration_sec / 2;
    assert.ok(Math.abs(Number(await axis.getAttribute('aria-valuenow')) - half) < 0.2);
    const values = await texts(page, '[data-value]');
    assert.notDeepEqual(values, before.values);
    assert.match(values[0]!, /^−\d+\.\d LUFS$/);
    assert.notEqual(await page.locator('#preview').getAttribute('src'), before.picture);
    assert.deepEqual(faults, []);
  });
}

test('arrow keys move the cursor, with Shift from shot to shot, and a click on a shot goes there', {
  skip,
}, async () => {
  const film = await sampleFilm();
  const { page, faults } = await opened(await reportOf(join(film.dir, 'sample.mp4')), desktop);
  const now = async (): Promise<number> => Number(await page.locator('#axis').getAttribute('aria-valuenow'));
  await page.locator('#axis').focus();
  await page.keyboard.press('ArrowRight');
  assert.ok((await now()) > 0);
  await page.keyboard.press('Shift+ArrowRight');
  assert.ok(Math.abs((await now()) - film.truth.cuts[0]!.time_sec) < 0.05, String(await now()));
  assert.match((await texts(page, '#where'))[0]!, /^Shot 2 of /);
  await page.keyboard.press('End');
  assert.ok(Math.abs((await now()) - film.truth.film.duration_sec) < 0.05);
  await page.locator('.strip button').first().click();
  assert.match((await texts(page, '#where'))[0]!, /^Shot 1 of /);
  assert.deepEqual(faults, []);
});

test('zoomed in, the panels scroll inside of the page, which stays as wide as it was', { skip }, async () => {
  const film = await sampleFilm();
  const { page, faults } = await opened(await reportOf(join(film.dir, 'sample.mp4')), phone);
  const width = async (): Promise<number> => (await page.locator('#axis').boundingBox())!.width;
  const before = await width();
  await page.locator('#in').tap();
  assert.ok(Math.abs((await width()) - 2 * before) < 1);
  assert.equal(await page.evaluate(overflowPx), 0);
  assert.deepEqual(faults, []);
});

test('a film without sound says so in the panels of loudness and tempo', { skip }, async () => {
  const film = await sampleFilm();
  const { page, faults } = await opened(await reportOf(join(film.dir, 'sample-silent.mp4')), phone);
  assert.deepEqual(await texts(page, '.panel .hollow'), ['no audio', 'no audio']);
  assert.deepEqual(faults, []);
});

const clips = ['audio/jfk.wav', 'videos/fades.mp4', 'videos/video_90.mov', 'videos/nasa_13013.mp4'];

for (const name of clips) {
  const without = realData === undefined && 'no shared/data folder';
  test(`the report of ${name} fits a phone and complains of nothing`, { skip: skip || without }, async () => {
    const { page, faults } = await opened(await reportOf(realFile(name)), phone);
    const pictures = await picturesOf(page);
    assert.equal(pictures > 0, !name.endsWith('.wav'));
    assert.equal(await page.evaluate(overflowPx), 0);
    assert.deepEqual(faults, []);
  });
}
