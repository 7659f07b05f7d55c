import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { makeFilm } from './make-film.ts';
import { Rig } from './rig.ts';

test('an interrupt while a film is decoded ends in 130 and a cancelled manifest, and the next build goes on', async () => {
  using rig = new Rig();
  const film = makeFilm(rig.path('film.mp4'), { seconds: 120, hasSound: true });
  const events = rig.path('events.ndjson');
  const child = rig.start(['build', `run:${film}`, '--plain', '--events', events]);
  child.stderr!.resume();
  child.stdout!.resume();
  const isDecoding = (): boolean =>
    existsSync(events) && /"action_finished".*"decode"/.test(readFileSync(events, 'utf8'));
  for (let tries = 0; !isDecoding() && tries < 3000; tries += 1) await delay(10);
  child.kill('SIGINT');
  const [status] = (await once(child, 'close')) as [number];
  assert.equal(status, 130);
  const told = readFileSync(events, 'utf8')
    .trimEnd()
    .split('\n')
    .map(
      (line) =>
        JSON.parse(line) as {
          type: string;
          status?: string;
          manifest?: string;
          component?: string;
          reason?: string;
          action?: string;
        },
    );
  const finished = told.find((event) => event.type === 'run_finished');
  assert.equal(finished?.status, 'cancelled');
  assert.match(readFileSync(finished!.manifest!, 'utf8'), /"status": "cancelled"/);
  const next = await rig.build([`run:${film}`]);
  assert.equal(next.status, 0, next.stderr);
  const before = new Set(
    told.filter((event) => event.type === 'action_finished').map((event) => event.action),
  );
  assert.deepEqual(
    next.ranActions.filter((action) => before.has(action)),
    [],
  );
  const { source } = rig.manifest(next).run;
  assert.deepEqual(
    [source.duration_sec, source.width, source.height, source.fps, source.has_audio],
    [120, 192, 108, 10, true],
  );
});
