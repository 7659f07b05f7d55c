/** The system ends ffmpeg in the middle of its work, as it does when memory runs out: the action is tried again. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { makeFilm } from '../make-film.ts';
import { Rig } from '../rig.ts';
import { until } from '../trust/until.ts';

interface Case {
  /** The component whose action loses its ffmpeg. */
  readonly component: string;
  readonly components: string;
  /** What only that ffmpeg has in its command line. */
  readonly mark: string;
}

const cases: Readonly<Record<string, Case>> = {
  'decodes pictures': { component: 'decode', components: 'decode, thumbnails', mark: 'rawvideo' },
  'decodes sound': {
    component: 'audio_decode',
    components: 'audio_decode, tempo_extractor',
    mark: 'pcm_f32le',
  },
  'decodes sound for a meter': {
    component: 'loudness_extractor',
    components: 'loudness_extractor',
    mark: 'pcm_f32le',
  },
  'measures loudness': {
    component: 'loudness_extractor',
    components: 'loudness_extractor',
    mark: 'ebur128',
  },
};

function filmRig(components: string): Rig {
  const rig = new Rig({
    'flow.yaml': 'schema_version: 1\nstage: small\n',
    'graphs/small.yaml': `schema_version: 1\nstages:\n  small: { components: [segment_plan, ${components}] }\n`,
  });
  makeFilm(rig.path('film.mp4'), { seconds: 6, hasSound: true });
  return rig;
}

/**
 * A folder with an `ffmpeg` that writes its number into a file when it does a certain work for the first time, and then
 * takes its time: as long as the film lasts.
 */
function slowFfmpeg(rig: Rig, mark: string): { path: string; pidFile: string } {
  const folder = join(dirname(rig.root), 'bin');
  const pidFile = join(folder, 'pid');
  const real = execFileSync('sh', ['-c', 'command -v ffmpeg'], { encoding: 'utf8' }).trim();
  mkdirSync(folder);
  writeFileSync(
    join(folder, 'ffmpeg'),
    `#!/bin/sh
case "$*" in *${mark}*) if [ ! -e ${pidFile} ]; then
  echo $$ >${pidFile}
  exec ${real} -readrate 1 "$@"
fi ;; esac
exec ${real} "$@"
`,
  );
  chmodSync(join(folder, 'ffmpeg'), 0o755);
  return { path: `${folder}:${process.env.PATH}`, pidFile };
}

/** Ends a process that is ffmpeg, and nothing else. */
function endFfmpeg(pid: number): void {
  assert.equal(readFileSync(`/proc/${pid}/comm`, 'utf8').trim(), 'ffmpeg');
  process.kill(pid, 'SIGKILL');
}

for (const [what, { component, components, mark }] of Object.entries(cases))
  test(`an ffmpeg that is killed while it ${what} is started again, and the result is the same`, {
    skip: !existsSync('/proc') && 'no /proc here',
  }, async () => {
    using rig = filmRig(components);
    const { path, pidFile } = slowFfmpeg(rig, mark);
    const building = rig.build(['run:film.mp4'], { PATH: path });
    await until(() => existsSync(pidFile) && readFileSync(pidFile, 'utf8').endsWith('\n'), 'ffmpeg works');
    await delay(500); // So that it has begun to tell what it decodes.
    endFfmpeg(Number(readFileSync(pidFile, 'utf8')));
    const built = await building;
    assert.equal(built.status, 0, built.stderr);
    const retried = built.events.flatMap((event) => (event.type === 'action_retried' ? [event] : []));
    assert.ok(retried.length > 0, 'nothing was tried again');
    for (const event of retried) {
      assert.equal(event.component, component);
      assert.equal(event.error.code, 'worker_lost');
      assert.match(event.error.message, /ffmpeg was ended by SIGKILL/);
    }
    using clean = filmRig(components);
    assert.deepEqual(rig.digests(built), clean.digests(await clean.build(['run:film.mp4'])));
  });
