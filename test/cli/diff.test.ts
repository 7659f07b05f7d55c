/** `flow diff` and the words that name runs, on a small film that was built with two profiles. */
import assert from 'node:assert/strict';
import { cpSync, readFileSync, rmSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import type { Manifest } from '../../engine/core/manifest.ts';
import { scalar, vector } from '../../engine/core/nd-array.ts';
import { type NpzArrays, readNpz, writeNpz } from '../../engine/core/npz.ts';
import { makeFilm } from '../make-film.ts';
import { type FlowRun, Rig } from '../rig.ts';
import { FlowServer } from './flow-server.ts';

const strict = `schema_version: 1
name: strict
extends: default
components:
  cut_detection: { params: { hard_threshold: 0.9 } }
  shot_quality: { sampling: { fps: 4 } }
`;

/** A run is copied to change something in it; this is the folder of copies. */
const copies = 'copies';

describe('flow diff', () => {
  let rig: Rig;
  let first: string;
  let second: string;
  const server = new FlowServer();

  before(async () => {
    rig = new Rig({ 'profiles/strict.yaml': strict });
    makeFilm(rig.path('film.mp4'), { seconds: 3 });
    first = runFolder(await rig.build(['run:film.mp4']));
    second = runFolder(await rig.build(['run:film.mp4', '--profile', 'strict']));
  });
  after(() => {
    server.stop();
    rig[Symbol.dispose]();
  });

  function runFolder({ summary, stderr }: Awaited<ReturnType<Rig['build']>>): string {
    const path = summary.runs[0]?.manifest;
    assert.ok(path, stderr);
    return path.slice(rig.root.length + 1, -'/manifest.json'.length);
  }

  function flow(...args: string[]): Promise<FlowRun> {
    return server.flow({ args, cwd: rig.root, env: { FLOW_CACHE_DIR: rig.cacheDir, NO_COLOR: '1' } });
  }

  /** A copy of the first run, changed. */
  function changed(name: string, change: (folder: string) => void): string {
    const folder = `${copies}/${name}`;
    cpSync(rig.path(first), rig.path(folder), { recursive: true });
    change(folder);
    return folder;
  }

  function changeManifest(folder: string, change: (manifest: Manifest) => void): void {
    const manifest = JSON.parse(rig.read(`${folder}/manifest.json`)) as Manifest;
    change(manifest);
    rig.write(`${folder}/manifest.json`, JSON.stringify(manifest));
  }

  /** Writes other arrays in the place of an output, and another digest into the manifest. */
  function changeArrays(folder: string, path: string, change: (arrays: NpzArrays) => NpzArrays): void {
    rig.write(`${folder}/${path}`, writeNpz(change(readNpz(readFileSync(rig.path(`${folder}/${path}`))))));
    changeDigest(folder, path);
  }

  function changeDigest(folder: string, path: string): void {
    changeManifest(folder, ({ components }) => {
      const output = components.flatMap(({ outputs }) => outputs).find((one) => one.path === path)!;
      output.digest = `b3:${'0'.repeat(64)}`;
    });
  }

  test('a run does not differ from itself', async () => {
    const { status, stdout } = await flow('diff', first, first);
    assert.match(stdout, /\nnothing differs: \d+ outputs equal\n$/);
    assert.equal(status, 0);
  });

  test('of two profiles the params, and the arrays that follow from them, are told', async () => {
    const { status, stdout } = await flow('diff', first, second);
    assert.equal(status, 1);
    assert.match(stdout, /^ {2}profile +default → strict$/m);
    assert.match(stdout, /^ {2}params.hard_threshold {2}0.5 → 0.9$/m);
    assert.match(stdout, /^ {2}sampling.fps +1 → 4$/m);
    assert.match(stdout, /^ {2}cut_detection\/motion.npz {2}same arrays, other meta: params$/m);
    assert.match(stdout, /^ {4}times_sec +\[3\] → \[12\] +prefix /m);
    assert.match(stdout, /^ {4}sharpness +\[3\] → \[12\] +times +0 of 3 /m);
    assert.ok(
      stdout.split('\n').every((line) => line.length <= 80),
      stdout,
    );
  });

  test('the JSON has every difference, with its place and time', async () => {
    const other = changed('one-value', (folder) =>
      changeArrays(folder, 'shot_quality/frames.npz', (arrays) => {
        const sharpness = Float32Array.from(arrays['sharpness']!.data as Float32Array);
        sharpness[1] = 42;
        return { ...arrays, sharpness: vector('float32', sharpness), added: scalar('float64', 1) };
      }),
    );
    const { status, stdout } = await flow('diff', first, other, '--json');
    assert.equal(status, 1);
    const [{ name, outputs }] = (JSON.parse(stdout) as { components: [{ name: string; outputs: unknown[] }] })
      .components;
    assert.equal(name, 'shot_quality');
    const [{ arrays }] = outputs as [{ arrays: Record<string, unknown>[] }];
    assert.deepEqual(
      arrays.map((array) => array['name']),
      ['sharpness', 'added'],
    );
    const { differing_count, at, at_sec, nan_in_one_count } = arrays[0]!;
    assert.deepEqual(
      { differing_count, at, at_sec, nan_in_one_count },
      { differing_count: 1, at: [1], at_sec: 1, nan_in_one_count: 0 },
    );
  });

  test('components and outputs that only one run has are told, and changed documents by their paths', async () => {
    const other = changed('fewer', (folder) => {
      rig.write(
        `${folder}/segment_plan/metadata.json`,
        rig.read(`${folder}/segment_plan/metadata.json`).replace('"width":192', '"width":191'),
      );
      changeDigest(folder, 'segment_plan/metadata.json');
      changeManifest(folder, (manifest) => {
        manifest.components = manifest.components.filter(({ name }) => name !== 'tempo_extractor');
        const cuts = manifest.components.find(({ name }) => name === 'cut_detection')!;
        cuts.outputs = cuts.outputs.filter(({ name }) => name !== 'motion');
      });
    });
    const { stdout } = await flow('diff', first, other);
    assert.match(stdout, /^tempo_extractor {2}only in a$/m);
    assert.match(stdout, /^ {2}cut_detection\/motion.npz {2}only in a$/m);
    assert.match(stdout, /metadata.json {2}1 change\n {4}width {2}192 → 191\n/);
  });

  test('a damaged or missing output is told, the others are compared, and the status is 2', async () => {
    const damaged = changed('damaged', (folder) => {
      rig.write(`${folder}/video_pacing/pacing.npz`, 'no zip');
      changeDigest(folder, 'video_pacing/pacing.npz');
      rmSync(rig.path(`${folder}/shot_quality/shots.npz`));
      changeDigest(folder, 'shot_quality/shots.npz');
      changeDigest(folder, 'cut_detection/cuts.npz');
    });
    const { status, stdout, stderr } = await flow('diff', first, damaged);
    assert.equal(status, 2);
    assert.match(stderr, /Cannot read "copies\/damaged\/video_pacing\/pacing.npz": not a zip archive/);
    assert.match(stderr, /Cannot read "copies\/damaged\/shot_quality\/shots.npz": there is no such place/);
    assert.match(stdout, /cut_detection\/cuts.npz {2}same arrays, other bytes/);
  });

  test('a run is found by its id, the beginning of it, its path, and the latest one by its video', async () => {
    const id = second.split('/').at(-1)!;
    const name = second.split('/').slice(-3).join('/');
    const words = [
      id,
      id.slice(0, 8),
      name,
      name.split('/').slice(1).join('/'),
      `${second}/manifest.json`,
      'run:film.mp4',
      'run:film',
    ];
    for (const word of words) {
      const { status, stderr } = await flow('diff', word, second);
      assert.equal(status, 0, `${word}\n${stderr}`);
    }
  });

  test('a word that names no run, or several, is refused with those that there are', async () => {
    const refuse = async (word: string, pattern: RegExp): Promise<void> => {
      const { status, stderr } = await flow('diff', word, first);
      assert.match(stderr, pattern);
      assert.equal(status, 2);
    };
    await refuse(
      'r-nothing',
      /Cannot find the run "r-nothing": no run has this name.\n {2}Fix: Name one of:\n {4}local\/film-/,
    );
    await refuse('r-', /it could be any of 2 runs/);
    await refuse('run:other.mp4', /no video of this name has been built/);
    await refuse('missing/manifest.json', /Cannot read this manifest: there is no such place/);
    rig.write('text.json', 'no JSON');
    await refuse('text.json', /Cannot read this manifest: it is not JSON/);
    const wrong = changed('wrong', (folder) =>
      changeManifest(folder, ({ run }) => Object.assign(run, { stage: 7 })),
    );
    await refuse(wrong, /Cannot read "run.stage": it has to be text, and is the number 7/);
    const { status, stderr } = await flow('diff', 'x', 'y', '--results', 'nowhere');
    assert.match(stderr, /there are no runs in "nowhere"/);
    assert.equal(status, 2);
  });

  test('a film that has changed since is not taken for the one that was built', async () => {
    makeFilm(rig.path('changed-film.mp4'), { seconds: 1, hue: 90 });
    const { stderr } = await flow('diff', 'run:changed-film.mp4', first);
    assert.match(stderr, /what the file holds now has not been built/);
  });
});
