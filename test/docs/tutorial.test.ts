/** The walk of docs/tutorial.md, walked: its commands are run, its files written and edited, its output compared. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import test from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';

const root = resolve(import.meta.dirname, '../..');
const cli = process.env.FLOW_TEST_CLI ?? join(root, 'engine/cli/flow.ts');
const tutorial = readFileSync(join(root, 'docs/tutorial.md'), 'utf8');

/** One fenced block: a command (`sh`), output (no language), an edit (`diff PATH`), or a file (`LANGUAGE PATH`). */
interface Block {
  readonly language: string;
  readonly path: string;
  readonly text: string;
  readonly line: number;
  /** The prose that leads to it. */
  readonly before: string;
}

const blocks: readonly Block[] = [...tutorial.matchAll(/^```(\w*)(?: (\S+))?\n(.*?)^```$/gms)].map(
  ({ 1: language, 2: path, 3: text, index }) => {
    const above = tutorial.slice(0, index);
    const before = above.slice(above.lastIndexOf('```') + 3);
    return { language: language!, path: path ?? '', text: text!, line: above.split('\n').length, before };
  },
);

test('the tutorial names each file that it writes or edits in the words before it', () => {
  for (const { path, before, line } of blocks)
    if (path) assert.ok(before.includes(`\`${path}\``), `docs/tutorial.md:${line}: ${path}`);
});

test('every command of the tutorial prints what the tutorial shows', { timeout: 180_000 }, async () => {
  await using walk = new Walk();
  for (const block of blocks) await walk.take(block);
});

/** A new user in an empty folder. `npx flow` is the program under test; test/package.test.ts installs the real package. */
class Walk implements AsyncDisposable {
  readonly #base = realpathSync(mkdtempSync(join(tmpdir(), 'flow-tutorial-')));
  readonly #folder = join(this.#base, 'films');
  readonly #env = {
    ...process.env,
    FLOW_CACHE_DIR: join(this.#base, 'cache'),
    NO_COLOR: '1',
    node: process.execPath,
    cli,
  };
  #watch: ChildProcess | undefined;
  /** Of the last command; of the watch, since the last that was shown of it. */
  #output = '';

  constructor() {
    mkdirSync(this.#folder);
  }

  async take(block: Block): Promise<void> {
    const where = `docs/tutorial.md:${block.line}`;
    if (block.language === 'sh') this.#run(block.text, where);
    else if (block.language === 'diff') this.#edit(block, where);
    else if (block.path) this.#write(block.path, block.text);
    else await this.#compare(block.text, where);
  }

  #run(command: string, where: string): void {
    if (command.startsWith('npx flow watch ')) return this.#startWatch(command.trim().split(' ').slice(2));
    const stubs = 'npm() { :; }; npx() { shift; "$node" "$cli" "$@"; }; exec 2>&1\n';
    const { status, stdout } = spawnSync('sh', ['-c', stubs + command], {
      cwd: this.#folder,
      env: this.#env,
      encoding: 'utf8',
    });
    assert.equal(status, 0, `${where}: ${stdout}`);
    this.#output = stdout;
  }

  #startWatch(args: readonly string[]): void {
    this.#output = '';
    this.#watch = spawn(process.execPath, [cli, ...args], { cwd: this.#folder, env: this.#env });
    for (const stream of [this.#watch.stdout!, this.#watch.stderr!])
      stream.on('data', (chunk: Buffer) => {
        this.#output += chunk.toString('utf8');
      });
  }

  #write(path: string, text: string): void {
    mkdirSync(dirname(join(this.#folder, path)), { recursive: true });
    writeFileSync(join(this.#folder, path), text);
  }

  #edit({ path, text }: Block, where: string): void {
    const lines = text.split('\n');
    const side = (sign: string): string =>
      lines
        .filter((line) => line.startsWith(' ') || line.startsWith(sign))
        .map((line) => `${line.slice(1)}\n`)
        .join('');
    const source = readFileSync(join(this.#folder, path), 'utf8');
    assert.equal(source.split(side('-')).length, 2, `${where}: ${path} does not hold this once:\n${source}`);
    this.#write(
      path,
      source.replace(side('-'), () => side('+')),
    );
  }

  async #compare(shown: string, where: string): Promise<void> {
    for (let tries = 0; this.#watch && missingFrom(this.#output, shown) && tries < 1000; tries += 1)
      await delay(20);
    const missing = missingFrom(this.#output, shown);
    if (missing) assert.fail(`${where}: "${missing}" is not in, or not in this order:\n${this.#output}`);
    if (this.#watch) this.#output = '';
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#watch) {
      const closed = once(this.#watch, 'close');
      this.#watch.kill('SIGINT');
      await closed;
    }
    rmSync(this.#base, { recursive: true, force: true });
  }
}

/** The first of the shown lines that the output does not have behind the ones before it. `…` stands for anything. */
function missingFrom(output: string, shown: string): string | undefined {
  const lines = output.split('\n').map(steady);
  let from = 0;
  return linesOf(shown).find((line) => {
    const words = steady(line).split(/ *… */).map(literal);
    const pattern = new RegExp(`^${words.join('.*')}$`);
    const at = lines.findIndex((actual, index) => index >= from && pattern.test(actual));
    if (at !== -1) from = at + 1;
    return at === -1;
  });
}

function literal(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}

function linesOf(shown: string): string[] {
  return shown.split('\n').filter((line) => line !== '' && line !== '…');
}

/** Without what differs from machine to machine and from day to day. */
function steady(line: string): string {
  return line
    .replace(/\d{4}-\d\d-\d\d[T ][\d:.]+Z?|\b\d\d:\d\d:\d\d\b/g, 'TIME')
    .replace(/b3:[0-9a-f]{8,}…?/g, 'DIGEST')
    .replace(/\b(r|clip)-[0-9a-f]{8,16}\b/g, '$1-ID')
    .replace(/\b\d+(\.\d+)? (s|ms|min|B|KiB|MiB|GiB)\b/g, 'QUANTITY')
    .replace(/[▁-█▉-▏]+/g, '')
    .replace(/ +/g, ' ')
    .trim();
}
