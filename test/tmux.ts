/** A terminal to drive programs in: a tmux server of its own for each, which nobody else sees. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

export const noTmux = spawnSync('tmux', ['-V']).status === 0 ? false : 'tmux is not installed';

export interface Size {
  readonly columns: number;
  readonly rows: number;
}

export class Tmux implements Disposable {
  readonly #folder = mkdtempSync(join(tmpdir(), 'flow-tmux-'));
  readonly #socket = join(this.#folder, 'socket');

  /** Starts a shell in a folder, with an environment that says nothing of CI or colours. */
  constructor(folder: string, { columns, rows }: Size, env: Readonly<Record<string, string>> = {}) {
    const { CI: _ci, NO_COLOR: _noColor, TMUX: _tmux, ...rest } = process.env;
    const options = ['set-option', '-g', 'history-limit', '20000'];
    const session = ['new-session', '-d', '-x', String(columns), '-y', String(rows), '-c', folder];
    const shell = ['env', 'PS1=$ ', 'bash', '--norc', '--noprofile'];
    execFileSync('tmux', ['-S', this.#socket, '-f', '/dev/null', ...options, ';', ...session, ...shell], {
      env: { ...rest, ...env, HISTFILE: '/dev/null', LC_ALL: 'C.UTF-8' },
    });
  }

  /** Types a line. */
  type(line: string): void {
    this.#tmux('send-keys', '-l', line);
    this.#tmux('send-keys', 'Enter');
  }

  /** Presses keys by tmux's names of them: `Down`, `Enter`, `q`. */
  press(...keys: readonly string[]): void {
    this.#tmux('send-keys', ...keys);
  }

  interrupt(): void {
    this.#tmux('send-keys', 'C-c');
  }

  resize({ columns, rows }: Size): void {
    this.#tmux('resize-window', '-x', String(columns), '-y', String(rows));
  }

  /** Copies all that is written to the terminal from now on into a file. */
  record(path: string): void {
    this.#tmux('pipe-pane', '-o', `cat >'${path}'`);
  }

  /** What can be seen. */
  screen(): string {
    return this.#tmux('capture-pane', '-p');
  }

  /** What can be seen and all that has scrolled away; lines that the terminal has wrapped are whole again. */
  history(): string {
    return this.#tmux('capture-pane', '-p', '-J', '-S', '-');
  }

  get isCursorShown(): boolean {
    return this.#tmux('display-message', '-p', '#{cursor_flag}').trim() === '1';
  }

  /** Waits until the screen shows something. @throws {Error} with the screen, if it never does */
  async shows(pattern: RegExp): Promise<string> {
    for (let tries = 0; tries < 600; tries += 1) {
      const screen = this.screen();
      if (pattern.test(screen)) return screen;
      await delay(50);
    }
    throw new Error(`The terminal never showed ${pattern}:\n${this.history()}`);
  }

  [Symbol.dispose](): void {
    spawnSync('tmux', ['-S', this.#socket, 'kill-server']);
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #tmux(...args: readonly string[]): string {
    return execFileSync('tmux', ['-S', this.#socket, ...args], { encoding: 'utf8' });
  }
}
