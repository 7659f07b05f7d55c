/** `flow cache push`: sees to it that results of the local cache are in the bucket. Nothing is executed. */
import type { RemoteCache } from '../../../cache/remote/remote-cache.ts';
import type { Digest } from '../../core/digest.ts';
import { printable } from '../../core/errors.ts';
import { EventStream } from '../../core/events.ts';
import { RealDisk } from '../../io/disk.ts';
import type { BuildFlags } from '../build-flags.ts';
import { digestText } from '../digest-text.ts';
import { counted, sizeText } from '../duration-text.ts';
import { foreseeBuild } from '../explain/foresee-build.ts';
import { jsonLine } from '../json-line.ts';
import { drainUploads } from '../remote/drain-uploads.ts';
import { needRemote } from '../remote/need-remote.ts';
import { asCommandError } from '../remote/remote-errors.ts';
import { ReadingLine } from '../terminal/reading-line.ts';
import { Workbench } from '../workbench.ts';
import { openWorkspace, type Workspace } from '../workspace.ts';

export interface PushFlags extends BuildFlags {
  readonly all?: boolean;
}

interface Pushed {
  /** Results that were there already. */
  present: number;
  /** Results that no build has made yet: of targets. */
  unmade: number;
  readonly skipped: {
    readonly key: Digest;
    readonly component: string | undefined;
    readonly reason: string;
  }[];
}

/** @returns the exit status: 1 if something could not be sent @throws {FlowError} `remote_unavailable`, `config_invalid` */
export async function pushCommand(words: readonly string[], flags: PushFlags): Promise<number> {
  const pushed: Pushed = { present: 0, unmade: 0, skipped: [] };
  if (words.length === 0) return pushFrom(flags, pushed);
  const finish = async (remote: RemoteCache): Promise<number> => conclude(remote, pushed, flags);
  return foreseeBuild(
    words,
    flags,
    async ({ workbench, outlooks }) => {
      const remote = workbench.shared!; // `open` has opened it.
      for (const { spec, forecast } of outlooks) {
        const made = forecast.actions.filter(({ result }) => result);
        pushed.unmade += forecast.actions.length - made.length;
        const keys = [...new Set(made.map(({ key }) => key!.key))]; // What has a result has a key.
        await ensure(remote, pushed, keys, spec.subject);
      }
      return finish(remote);
    },
    {
      sightOf: async (workbench, workspace) => {
        await open(workbench, workspace, flags, pushed);
        return { actions: workbench.actions, blobs: workbench.blobs };
      },
    },
  );
}

/** What earlier builds have left, which goes on by itself; and all of the local cache, if that is wanted. */
async function pushFrom(flags: PushFlags, pushed: Pushed): Promise<number> {
  const workspace = openWorkspace(flags);
  await using workbench = new Workbench(workspace, { disk: new RealDisk(), jobs: flags.jobs });
  const remote = await open(workbench, workspace, flags, pushed);
  if (flags.all) {
    const keys = [...workbench.actions.stored()].flatMap(({ key, result }) => (result ? [key] : []));
    await ensure(remote, pushed, keys);
  }
  return conclude(remote, pushed, flags);
}

async function open(
  workbench: Workbench,
  workspace: Workspace,
  flags: PushFlags,
  { skipped }: Pushed,
): Promise<RemoteCache> {
  const { actions } = workbench;
  const events = new EventStream(Date.now);
  if (process.stderr.isTTY) events.listen(new ReadingLine(process.stderr, { act: 'sending to' }).listen);
  const remote = await needRemote({
    workspace,
    workbench,
    flags,
    events,
    onSkipped: (key, reason) => {
      const component = actions.ingredientsOf(key)?.component;
      skipped.push({ key, component: component === undefined ? undefined : String(component), reason });
    },
  });
  workbench.shared = remote;
  return remote;
}

async function ensure(
  remote: RemoteCache,
  pushed: Pushed,
  keys: readonly Digest[],
  run?: Digest,
): Promise<void> {
  try {
    pushed.present += await remote.ensure(keys, run);
  } catch (error) {
    throw asCommandError(remote.url, error);
  }
}

async function conclude(remote: RemoteCache, pushed: Pushed, { json, quiet }: PushFlags): Promise<number> {
  await drainUploads(remote, { isQuiet: quiet });
  remote.conclude();
  const { sent, bytesSent, waiting, unsent } = remote.counts;
  const left = waiting + unsent;
  const { present, unmade, skipped } = pushed;
  const document = { url: remote.url, sent, bytes_sent: bytesSent, present, unsent: left, unmade, skipped };
  process.stdout.write(json ? jsonLine(document) : printable(`${textOf(document).join('\n')}\n`));
  return left + skipped.length > 0 ? 1 : 0;
}

type PushDocument = Pick<Pushed, 'present' | 'unmade' | 'skipped'> & {
  readonly url: string;
  readonly sent: number;
  readonly bytes_sent: number;
  readonly unsent: number;
};

function textOf({ url, sent, bytes_sent, present, unsent, unmade, skipped }: PushDocument): string[] {
  const size = bytes_sent > 0 ? `, ${sizeText(bytes_sent)}` : '';
  const there = present > 0 ? `; ${counted(present, 'result')} there already` : '';
  return [
    `${url}: ${counted(sent, 'result')} sent${size}${there}`,
    ...(unmade > 0 ? [`${counted(unmade, 'result')} not made yet: build first`] : []),
    ...skipped.map(
      ({ key, component, reason }) => `not sent: ${component ?? 'a result'} ${digestText(key)}: ${reason}`,
    ),
    ...(unsent > 0
      ? [`${counted(unsent, 'result')} could not be sent now: the next build or push sends the rest`]
      : []),
  ];
}
