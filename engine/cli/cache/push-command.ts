/** `flow cache push`: sees to it that results of the local cache are in the bucket. Nothing is executed. */
import type { RemoteCache } from '../../../cache/remote/remote-cache.ts';
import type { Digest } from '../../core/digest.ts';
import { printable } from '../../core/errors.ts';
import { EventStream } from '../../core/events.ts';
import { RealDisk } from '../../io/disk.ts';
import type { BuildFlags } from '../build-flags.ts';
import { digestText } from '../digest-text.ts';
import { counted, sizeText } from '../duration-text.ts';
import { type Foreseen, foreseeBuild } from '../explain/foresee-build.ts';
import { jsonLine } from '../json-line.ts';
import { tellRefused } from '../refusals.ts';
import { drainUploads } from '../remote/drain-uploads.ts';
import { needRemote } from '../remote/need-remote.ts';
import { asCommandError } from '../remote/remote-errors.ts';
import { ReadingLine } from '../terminal/reading-line.ts';
import { Workbench } from '../workbench.ts';
import { openWorkspace, type Workspace } from '../workspace.ts';
import { firstLines } from './first-lines.ts';

export interface PushFlags extends BuildFlags {
  readonly all?: boolean;
}

/** @returns the exit status: 1 if something could not be sent, 130 if it was interrupted @throws {FlowError} `config_invalid`, as `lostRemote` */
export async function pushCommand(words: readonly string[], flags: PushFlags): Promise<number> {
  using push = new Push(flags);
  if (words.length === 0) return await push.sendCache();
  return await foreseeBuild(words, flags, (foreseen) => push.sendRuns(foreseen), {
    sightOf: async (workbench, workspace) => {
      await push.open(workbench, workspace);
      return { actions: workbench.actions, blobs: workbench.blobs };
    },
  });
}

interface Skipped {
  readonly key: Digest;
  readonly component: string | undefined;
  readonly reason: string;
}

class Push implements Disposable {
  readonly #flags: PushFlags;
  readonly #line = process.stderr.isTTY ? new ReadingLine(process.stderr, { act: 'sending to' }) : undefined;
  readonly #skipped: Skipped[] = [];
  /** Set by `open`. */
  #remote!: RemoteCache;
  /** Results that were there already. */
  #present = 0;
  /** Of those: the ones that nobody vouches for. */
  #unsigned = 0;
  /** Results of targets that no build on this machine has made or taken yet. */
  #unmade = 0;
  /** Targets that are none. */
  #refused = 0;

  constructor(flags: PushFlags) {
    this.#flags = flags;
  }

  /** From here on what earlier builds have left is sent, too. */
  async open(workbench: Workbench, workspace: Workspace): Promise<void> {
    const { actions } = workbench;
    const events = new EventStream(Date.now);
    if (this.#line) events.listen(this.#line.listen);
    const onSkipped = (key: Digest, reason: string): void => {
      const component = actions.ingredientsOf(key)?.component;
      this.#skipped.push({ key, component: component === undefined ? undefined : String(component), reason });
    };
    this.#remote = await needRemote({ workspace, workbench, flags: this.#flags, events, onSkipped });
    workbench.shared = this.#remote;
  }

  /** What earlier builds have left; and all of the local cache, if that is wanted. */
  async sendCache(): Promise<number> {
    const workspace = openWorkspace(this.#flags);
    await using workbench = new Workbench(workspace, { disk: new RealDisk(), jobs: this.#flags.jobs });
    await this.open(workbench, workspace);
    if (this.#flags.all) {
      const keys = [...workbench.actions.stored()].flatMap(({ key, result }) => (result ? [key] : []));
      await this.#ensure(keys);
    }
    return await this.#conclude(); // The stores stay open until it is done.
  }

  async sendRuns({ outlooks, prepared }: Foreseen): Promise<number> {
    tellRefused(prepared.assembled);
    this.#refused = prepared.assembled.refused.length;
    for (const { spec, forecast } of outlooks) {
      const made = forecast.actions.filter(({ result }) => result);
      const unmade = forecast.actions.length - made.length;
      this.#unmade += unmade;
      const keys = [...new Set(made.map(({ key }) => key!.key))]; // What has a result has a key.
      // A list of a part of the run would stand in the place of a whole one that others have sent.
      const isWhole = unmade === 0 && forecast.isComplete;
      await this.#ensure(keys, isWhole ? spec.subject : undefined);
    }
    return this.#conclude();
  }

  async #ensure(keys: readonly Digest[], run?: Digest): Promise<void> {
    try {
      const { present, unsigned } = await this.#remote.ensure(keys, run);
      this.#present += present;
      this.#unsigned += unsigned;
    } catch (error) {
      throw asCommandError(this.#remote.url, error);
    }
  }

  async #conclude(): Promise<number> {
    const { json, quiet } = this.#flags;
    const end = await drainUploads(this.#remote, { isQuiet: quiet });
    this.#line?.[Symbol.dispose]();
    this.#remote.conclude();
    const pushed = this.#outcome;
    process.stdout.write(json ? jsonLine(pushed) : printable(`${textOf(pushed).join('\n')}\n`));
    if (end === 'interrupted') return 130;
    const lacking = pushed.unsent + pushed.skipped.length + pushed.unmade;
    return lacking + this.#refused > 0 ? 1 : 0;
  }

  get #outcome(): PushDocument {
    const { sent, bytesSent, waiting, unsent } = this.#remote.counts;
    return {
      url: this.#remote.url,
      sent,
      bytes_sent: bytesSent,
      present: this.#present,
      unsigned: this.#unsigned,
      unsent: waiting + unsent,
      lost: this.#remote.lost?.reason,
      unmade: this.#unmade,
      skipped: this.#skipped,
    };
  }

  [Symbol.dispose](): void {
    this.#line?.[Symbol.dispose]();
  }
}

interface PushDocument {
  readonly url: string;
  readonly sent: number;
  readonly bytes_sent: number;
  readonly present: number;
  readonly unsigned: number;
  readonly unsent: number;
  /** Why the bucket could not be used any more. */
  readonly lost: string | undefined;
  readonly unmade: number;
  readonly skipped: readonly Skipped[];
}

function textOf(pushed: PushDocument): string[] {
  const { url, sent, bytes_sent, present, unsigned, unsent, lost, unmade, skipped } = pushed;
  if (sent + present + unsent + unmade + skipped.length === 0) return [`${url}: there was nothing to send`];
  const size = bytes_sent > 0 ? `, ${sizeText(bytes_sent)}` : '';
  const there =
    present > 0 ? `; ${present} there already${unsigned > 0 ? `, ${unsigned} of them unsigned` : ''}` : '';
  return [
    `${url}: ${counted(sent, 'result')} sent${size}${there}`,
    ...(unmade > 0 ? [`${counted(unmade, 'result')} or more not in the local cache: build first`] : []),
    ...firstLines(
      skipped.map(
        ({ key, component, reason }) => `not sent: ${component ?? 'a result'} ${digestText(key)}: ${reason}`,
      ),
    ),
    ...(unsent > 0
      ? [
          `${counted(unsent, 'result')} left${lost === undefined ? '' : `, because ${lost}`}: the next build or push sends them`,
        ]
      : []),
  ];
}
