/** The report of real runs, looked at in a browser as people do. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { statSync } from 'node:fs';
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

/** Models that need no download, at as few frames as show that all is drawn. */
const fewFrames = `schema_version: 1
name: few-frames
extends: builtin:offline
components:
  core_object_detections: { sampling: { fps: 1 } }
  core_optical_flow: { sampling: { fps: 1 } }
`;

const rig = new Rig({ 'profiles/few-frames.yaml': fewFrames });
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
function reportOf(video: string, profile = 'default'): Promise<string> {
  const report = reports.get(profile + video) ?? build(video, profile);
  reports.set(profile + video, report);
  return report;
}

/** Of the sample film, with models. */
async function sampleReport(): Promise<string> {
  return reportOf(join((await sampleFilm()).dir, 'sample.mp4'), 'few-frames');
}

async function build(video: string, profile: string): Promise<string> {
  const run = await rig.build([`run:${video}//render`, '--profile', profile]);
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
  const isShown = ({ left, top, width }) => width > 0 && left < innerWidth && top < innerHeight;
  const shown = [...document.images].filter((image) => isShown(image.getBoundingClientRect()));
  shown.every(({ naturalWidth }) => naturalWidth > 0) ? shown.length : -1;
}`;

/** Of the matrix: one frame and itself are as bright as the map of colours goes, and some pair is dark. */
const diagonalAndDarkest = `{
  const { width, height } = document.querySelector('#matrix canvas');
  const pixels = document.querySelector('#matrix canvas').getContext('2d').getImageData(0, 0, width, height).data;
  const green = (x, y) => pixels[4 * (y * width + x) + 1];
  const all = Array.from({ length: width * height }, (_, at) => pixels[4 * at + 1]);
  const diagonal = Array.from({ length: width }, (_, at) => green(at, at));
  ({ isDiagonalBrightest: diagonal.every((one) => one === Math.max(...diagonal)), hasDark: Math.min(...diagonal) > 2 * all.reduce((a, b) => Math.min(a, b)) });
}`;

/** Waits until every picture is there that is to be seen without scrolling, and says how many are. */
async function picturesOf(page: Page): Promise<number> {
  // Not `waitForFunction`: it asks again by `eval`, which the page's policy forbids.
  for (let tries = 0; tries < 500; tries += 1) {
    const count = Number(await page.evaluate(shownPictures));
    if (count >= 0) return count;
    await page.waitForTimeout(20);
  }
  return assert.fail('some picture does not load');
}

for (const [name, device] of Object.entries({ desktop, phone })) {
  test(`the report of the sample film has pictures and a cursor on a ${name}, and fits it`, {
    skip,
  }, async () => {
    const film = await sampleFilm();
    const { page, faults } = await opened(await sampleReport(), device);
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
    assert.ok(values.some((value) => /^−\d+\.\d LUFS$/.test(value)));
    assert.notEqual(await page.locator('#preview').getAttribute('src'), before.picture);
    assert.deepEqual(faults, []);
  });
}

test('arrow keys move the cursor, with Shift from shot to shot, and a click on a shot goes there', {
  skip,
}, async () => {
  const film = await sampleFilm();
  const { page, faults } = await opened(await sampleReport(), desktop);
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
  const { page, faults } = await opened(await sampleReport(), phone);
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
  assert.match((await texts(page, '#missing'))[0]!, /^Not there: Scenes, Sound embeddings, Story, /);
  assert.deepEqual(faults, []);
});

test('with the models that flow brings along, the report has boxes on its pictures, and stays small', {
  skip,
}, async () => {
  const path = await sampleReport();
  assert.ok(statSync(path).size < 600 * 1024, `${statSync(path).size} bytes`);
  const { page, faults } = await opened(path, desktop);
  assert.match((await texts(page, '#missing'))[0]!, /^Not there: Faces, Depth\./);
  await page
    .locator('.gallery button', { has: page.locator('g.object') })
    .first()
    .click();
  assert.ok((await page.locator('#boxes path').count()) > 0);
  assert.match((await texts(page, '#found'))[0]!, /moving_object \(0\.\d\d/);
  assert.deepEqual(faults, []);
});

test('on the map of frames arrow keys go from frame to frame, whose picture appears; on the matrix they choose two', {
  skip,
}, async () => {
  const film = await sampleFilm();
  const { page, faults } = await opened(await sampleReport(), phone);
  const now = async (): Promise<number> => Number(await page.locator('#axis').getAttribute('aria-valuenow'));
  await page.locator('#map').focus();
  await page.keyboard.press('End');
  assert.ok((await now()) > film.truth.film.duration_sec - 2);
  assert.ok(await page.locator('#peek').isVisible());
  await page.keyboard.press('ArrowLeft');
  assert.ok((await now()) < film.truth.film.duration_sec - 1);

  assert.deepEqual(await page.evaluate(diagonalAndDarkest), { isDiagonalBrightest: true, hasDark: true });
  await page.locator('#matrix').focus();
  await page.keyboard.press('ArrowDown');
  assert.match((await texts(page, '#pair'))[0]!, /^0:00\.0 and 0:0\d\.\d: cosine −?\d\.\d\d$/);
  assert.equal(await now(), 0);
  assert.equal(await page.evaluate(overflowPx), 0);
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
