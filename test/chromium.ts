/** Pages in the system's Chromium, where there is one. */
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { type BrowserContextOptions, chromium, type Page } from 'playwright-core';

const programs = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];
const executablePath = (process.env.PATH ?? '')
  .split(delimiter)
  .flatMap((folder) => programs.map((program) => join(folder, program)))
  .find(isExecutable);

export const noChromium = executablePath === undefined ? 'Chromium is not installed' : false;

/** Opens a file in a browser of its own. @param work is given the page, and the errors that the page has had so far */
export async function withPage(
  file: string,
  options: BrowserContextOptions,
  work: (page: Page, errors: readonly string[]) => Promise<void>,
): Promise<void> {
  const browser = await chromium.launch({ executablePath: executablePath!, args: ['--no-sandbox'] });
  try {
    const page = await browser.newPage(options);
    const errors: string[] = [];
    page.on('console', (message) => {
      if (['error', 'warning'].includes(message.type())) errors.push(message.text());
    });
    page.on('pageerror', (error) => errors.push(error.message));
    page.on('request', (request) => {
      if (!/^(file|data):/.test(request.url())) errors.push(`asks the network for ${request.url()}`);
    });
    await page.goto(`file://${file}`);
    await work(page, errors);
  } finally {
    await browser.close();
  }
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
