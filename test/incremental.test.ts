import assert from 'node:assert/strict';
import { copyFileSync, readFileSync, renameSync, utimesSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { test } from 'node:test';
import { readNpz } from '../engine/core/npz.ts';
import { joinFilms, makeFilm, remux } from './make-film.ts';
import type { BuildRun } from './rig.ts';
import { Rig } from './rig.ts';

/** Actions on segments, by whether they ran: told by the number behind '#'. */
function segmentActions({ events }: BuildRun): { ran: number; all: number } {
  const isOfSegment = (event: BuildRun['events'][number]): boolean =>
    'segment' in event && event.segment !== undefined;
  const ran = events.filter(
    (event) => event.type === 'action_finished' && event.reason === 'new' && isOfSegment(event),
  ).length;
  const cached = events.filter((event) => event.type === 'action_cached' && isOfSegment(event)).length;
  return { ran, all: ran + cached };
}

test('ten seconds appended to ten minutes by stream copy run fewer than 5 % of the segment actions', async () => {
  using rig = new Rig();
  const film = makeFilm(rig.path('ten-minutes.mp4'), { seconds: 600 });
  const more = makeFilm(rig.path('more.mp4'), { seconds: 10, hue: 90 });
  assert.equal((await rig.build([`run:${film}`])).status, 0);
  const longer = await rig.build([`run:${joinFilms(rig.path('longer.mp4'), [film, more])}`]);
  assert.equal(longer.status, 0, longer.stderr);
  const { ran, all } = segmentActions(longer);
  assert.ok(all > 150 && ran > 0, `${ran} of ${all}`);
  assert.ok(ran / all < 0.05, `${ran} of ${all} segment actions ran`);
});

test('a remux to another container runs none of the actions of decode', async () => {
  using rig = new Rig();
  const film = makeFilm(rig.path('film.mp4'), { seconds: 40 });
  const first = await rig.build([`run:${film}`]);
  const again = await rig.build([`run:${remux(film, rig.path('film.mkv'))}`]);
  assert.equal(again.status, 0, again.stderr);
  assert.ok(first.ran.includes('decode'));
  assert.deepEqual(again.ran, ['render', 'segment_plan']); // The report tells the codecs and the length.
  assert.deepEqual(again.regenerated, []);
});

test('two films that share an intro share its actions', async () => {
  using rig = new Rig();
  const intro = makeFilm(rig.path('intro.mp4'), { seconds: 60 });
  const [a, b] = [10, 120].map((hue) => makeFilm(rig.path(`own-${hue}.mp4`), { seconds: 20, hue }));
  await rig.build([`run:${joinFilms(rig.path('a.mp4'), [intro, a!])}`]);
  const second = await rig.build([`run:${joinFilms(rig.path('b.mp4'), [intro, b!])}`]);
  assert.equal(second.status, 0, second.stderr);
  const decoded = second.ranActions.filter((action) => action.includes('//decode'));
  const shared = second.events.filter(
    (event) => event.type === 'action_cached' && event.component === 'decode',
  );
  const lastOfIntro = 60 / 16 - 1; // The last segment of the intro may reach into what follows.
  assert.ok(shared.length / 2 >= Math.floor(lastOfIntro), `${shared.length} shared, ran: ${decoded}`);
  assert.ok(decoded.length > 0);
});

test('a changed parameter of a merge runs that merge and what its output reaches, and no segment', async () => {
  using rig = new Rig(withProfile('cut_detection: { params: { min_shot_sec: 0.25 } }'));
  const film = makeFilm(rig.path('film.mp4'), { seconds: 30, hasSound: true });
  await rig.build([`run:${film}`]);
  rig.replace('profiles/default.yaml', 'min_shot_sec: 0.25', 'min_shot_sec: 0.3');
  const again = await rig.build([`run:${film}`]);
  assert.equal(again.status, 0, again.stderr);
  // The cuts are the same: nobody behind it runs, but the report, which tells the parameter.
  assert.deepEqual(again.ran, ['cut_detection', 'render']);
  assert.equal(segmentActions(again).ran, 0);
  assert.deepEqual(again.regenerated, []);
});

test('another sampling of one component decodes for it alone', async () => {
  using rig = new Rig(withProfile('shot_quality: { sampling: { fps: 1 } }'));
  const film = makeFilm(rig.path('film.mp4'), { seconds: 30, hasSound: true });
  await rig.build([`run:${film}`]);
  rig.replace('profiles/default.yaml', 'fps: 1', 'fps: 2');
  const again = await rig.build([`run:${film}`]);
  assert.deepEqual(again.ran, ['decode', 'render', 'shot_quality']);
  assert.ok(
    again.ranActions
      .filter((action) => action.includes('//decode'))
      .every((action) => action.includes('"fps":2')),
  );
});

test('a video that is touched, renamed or copied runs nothing', async () => {
  using rig = new Rig();
  const film = makeFilm(rig.path('film.mp4'), { seconds: 20 });
  await rig.build([`run:${film}`]);
  utimesSync(film, 1, 1);
  assert.deepEqual((await rig.build([`run:${film}`])).ran, []);
  renameSync(film, rig.path('renamed.mp4'));
  assert.deepEqual((await rig.build([`run:${rig.path('renamed.mp4')}`])).ran, []);
  copyFileSync(rig.path('renamed.mp4'), rig.path('copy.mp4'));
  assert.deepEqual((await rig.build([`run:${rig.path('copy.mp4')}`])).ran, []);
});

test('an edit of a built-in rule, replaced by one of the workspace, runs it and what its output reaches', async () => {
  using rig = new Rig();
  const film = makeFilm(rig.path('film.mp4'), { seconds: 20, hasSound: true });
  const before = rig.digests(await rig.build([`run:${film}`]));
  copyRule(rig, 'visual/video-pacing.ts');
  assert.deepEqual(
    (await rig.build([`run:${film}`])).ran,
    [],
    'the same code from another place is the same rule',
  );
  rig.write('rules/visual/video-pacing.ts', `// A remark.\n\n${rig.read('rules/visual/video-pacing.ts')}`);
  assert.deepEqual((await rig.build([`run:${film}`])).ran, [], 'a comment changes nothing');
  rig.write(
    'rules/visual/video-pacing.ts',
    rig.read('rules/visual/video-pacing.ts').replace(/version: '(\d+)'/, "version: '$1.1'"),
  );
  const edited = await rig.build([`run:${film}`]);
  assert.deepEqual(edited.ran, ['render', 'video_pacing']); // The report tells the version.
  const after = rig.digests(edited);
  assert.notEqual(after['video_pacing/pacing.npz'], before['video_pacing/pacing.npz'], 'meta names the rule');
});

test('two clean builds, with one worker and with two, give the same digest for every artifact', async () => {
  const all: Record<string, string>[] = [];
  for (const jobs of ['1', '2', '2']) {
    using rig = new Rig();
    const film = makeFilm(rig.path('film.mp4'), { seconds: 45, hasSound: true });
    const run = await rig.build([`run:${film}`, '--jobs', jobs]);
    assert.equal(run.status, 0, run.stderr);
    all.push(rig.digests(run));
  }
  assert.ok(Object.keys(all[0]!).length >= 10);
  assert.deepEqual(all[1], all[0]);
  assert.deepEqual(all[2], all[0]);
});

function withProfile(component: string): Record<string, string> {
  const text = `schema_version: 1\nname: default\nextends: without-models\ncomponents:\n  ${component}\n`;
  return { 'profiles/default.yaml': text };
}

/** A built-in rule as the workspace's own, importing what the built-in one imports. */
function copyRule(rig: Rig, name: string): void {
  const source = resolve(import.meta.dirname, '../rules', name);
  const folder = resolve(source, '..');
  rig.write(`rules/${name}`, '');
  copyFileSync(source, rig.path(`rules/${name}`));
  const text = rig
    .read(`rules/${name}`)
    .replace(/from '(\.[^']+)'/g, (_, path: string) => `from '${resolve(folder, path)}'`);
  rig.write(`rules/${name}`, text);
}

test('a rule of segments without a merge is joined along time, and empty where all of its parts are', async () => {
  const rule = (name: string, body: string): string => `import { defineRule, input, npz, vector } from 'flow';
import { z } from 'zod';

const frames = npz(
  { times_sec: { dtype: 'float64', shape: ['N'] }, frame_indices: { dtype: 'int32', shape: ['N'] } },
  { isEphemeral: true },
);

export const rule = defineRule({
  name: '${name}', version: '1', scope: 'segment', params: z.strictObject({}),
  inputs: { frames: input(frames, { request: ({ width, height }) => ({ fps: 1, width, height }) }) },
  outputs: {
    seen: npz({
      times_sec: { dtype: 'float64', shape: ['N'], isFinite: true, origin: 'segment_time' },
      frame_indices: { dtype: 'int32', shape: ['N'], origin: 'segment_frame' },
    }),
  },
  run({ inputs, empty }) { ${body} },
});
`;
  using rig = new Rig({
    'rules/seconds.ts': rule('seconds', 'empty.length; return { seen: inputs.frames };'),
    'rules/nothing.ts': rule(
      'nothing',
      "empty('nothing to see'); void inputs; return { seen: { times_sec: vector('float64', []), frame_indices: vector('int32', []) } };",
    ),
    'graphs/seconds.yaml': `schema_version: 1
components:
  seconds: { rule: seconds, inputs: { frames: decode.frames } }
  nothing: { rule: nothing, inputs: { frames: decode.frames } }
stages:
  both: { components: [seconds, nothing] }
`,
  });
  const film = makeFilm(rig.path('film.mp4'), { seconds: 30 });
  const run = await rig.build([`run:${film}`, '--stage', 'both']);
  assert.equal(run.status, 0, run.stderr);
  const statuses = rig
    .manifest(run)
    .components.map(({ name, status, empty_reason }) => [name, status, empty_reason]);
  assert.deepEqual(statuses.slice(-2).sort(), [
    ['nothing', 'empty', 'nothing to see'],
    ['seconds', 'success', undefined],
  ]);
  const manifest = run.summary.runs[0]!.manifest!;
  const { times_sec, frame_indices } = readNpz(readFileSync(join(dirname(manifest), 'seconds/seen.npz')));
  const seconds = Array.from({ length: 30 }, (_, second) => second);
  assert.deepEqual([...(times_sec!.data as Float64Array)], seconds);
  assert.deepEqual(
    [...(frame_indices!.data as Int32Array)],
    seconds.map((second) => second * 10),
  );
});
