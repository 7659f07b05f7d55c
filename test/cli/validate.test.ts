import assert from 'node:assert/strict';
import {
  cpSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { digestOf } from '../../engine/core/digest.ts';
import type { Manifest, ManifestComponent } from '../../engine/core/manifest.ts';
import { array, type NdArray, vector } from '../../engine/core/nd-array.ts';
import { readNpz, writeNpz } from '../../engine/core/npz.ts';
import type { RunStateDocument } from '../../engine/core/run-state.ts';
import { makeFilm } from '../make-film.ts';
import { realData, realFile } from '../real-data.ts';
import { Rig } from '../rig.ts';
import { sampleFilm } from '../sample-film.ts';
import { FlowServer } from './flow-server.ts';

interface Report {
  readonly status: string;
  readonly runs: readonly {
    readonly run: string;
    readonly status: string;
    readonly checks: readonly {
      readonly id: string;
      readonly status: string;
      readonly faults: readonly {
        readonly path: string;
        readonly expected: string;
        readonly found: string;
      }[];
    }[];
  }[];
}

const server = new FlowServer();
const rig = new Rig();
after(() => {
  server.stop();
  rig[Symbol.dispose]();
});

const env = { FLOW_CACHE_DIR: rig.cacheDir, NO_COLOR: '1' };

async function validate(...args: string[]): Promise<{ status: number | null; report: Report }> {
  const { status, stdout, stderr } = await server.flow({
    args: ['validate', ...args, '--json'],
    cwd: rig.root,
    env,
  });
  assert.equal(stderr, '');
  return { status, report: JSON.parse(stdout) as Report };
}

/** The ids of the checks that fail. */
function failures({ runs }: Report): string[] {
  return runs.flatMap(({ checks }) => checks.filter(({ status }) => status === 'FAIL').map(({ id }) => id));
}

/** A copy of the good run, to be spoiled. */
class Copy {
  readonly folder: string;
  readonly manifest: Manifest;
  /** The state that goes with it, as far as a spoiler has written one. */
  readonly stateFolder = rig.path('spoilt-state');

  constructor(from: string, to: string) {
    rmSync(this.stateFolder, { recursive: true, force: true });
    cpSync(from, to, { recursive: true });
    this.folder = to;
    this.manifest = JSON.parse(readFileSync(join(from, 'manifest.json'), 'utf8')) as Manifest;
  }

  save(): void {
    writeFileSync(this.path('manifest.json'), JSON.stringify(this.manifest));
  }

  component(name: string): ManifestComponent {
    return this.manifest.components.find((component) => component.name === name)!;
  }

  path(name: string): string {
    return join(this.folder, name);
  }

  /** A copy of the run's state, with another status of the run or of a component. */
  state(change: (state: RunStateDocument) => void): void {
    const name = this.folder.split('/').slice(-3).join('/');
    const state = JSON.parse(rig.read(`state/${name}/run_state.json`)) as RunStateDocument;
    change(state);
    const folder = join(this.stateFolder, name);
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'run_state.json'), JSON.stringify(state));
  }

  /** Writes other bytes, of which the manifest knows size and digest. */
  write(path: string, bytes: Uint8Array): void {
    writeFileSync(this.path(path), bytes);
    const output = this.manifest.components
      .flatMap(({ outputs }) => outputs)
      .find((candidate) => candidate.path === path)!;
    Object.assign(output, { digest: digestOf(bytes), bytes: bytes.length });
  }

  /** Puts other bytes in the place of some that are there once. */
  patch(path: string, change: (bytes: Buffer) => void): void {
    const bytes = readFileSync(this.path(path));
    change(bytes);
    this.write(path, bytes);
  }

  /** Changes arrays of an NPZ; the manifest knows their new types and shapes. */
  arrays(path: string, change: (arrays: Record<string, NdArray>) => void): void {
    const arrays = readNpz(readFileSync(this.path(path)));
    change(arrays);
    this.write(path, writeNpz(arrays));
    const output = this.manifest.components
      .flatMap(({ outputs }) => outputs)
      .find((one) => one.path === path)!;
    const listed = Object.entries(arrays).filter(([name]) => name !== 'meta');
    output.arrays = Object.fromEntries(
      listed.map(([name, { dtype, shape }]) => [name, { dtype, shape: [...shape] }]),
    );
  }

  meta(path: string, change: (meta: Record<string, unknown>) => unknown): void {
    this.arrays(path, (arrays) => {
      const meta = JSON.parse(String(arrays.meta!.data[0])) as Record<string, unknown>;
      arrays.meta = array('unicode', [JSON.stringify(change(meta))], []);
    });
  }
}

const motion = 'cut_detection/motion.npz';
const shots = 'cut_detection/shots.npz';
const quality = 'shot_quality/frames.npz';

/** Where a member's central record is, by its name; the last place where the name stands. */
function centralOf(bytes: Buffer, member: string): number {
  return bytes.lastIndexOf(member) - 46;
}

function localOf(bytes: Buffer, member: string): number {
  return bytes.indexOf(member) - 30;
}

interface Fault {
  readonly spoil: (copy: Copy) => void;
  readonly fails: readonly string[];
}

const faults: Readonly<Record<string, Fault>> = {
  'a manifest with a field of its own': {
    spoil: ({ manifest }) => Object.assign(manifest.run, { colour: 'red' }),
    fails: ['manifest.schema'],
  },
  'an id that leads out of the store': {
    spoil: ({ manifest }) => Object.assign(manifest.run, { platform_id: '..' }),
    fails: ['run.ids', 'run.folders'],
  },
  'a folder with another name than its run': {
    spoil: ({ manifest }) => Object.assign(manifest.run, { video_id: 'other-video' }),
    fails: ['run.folders'],
  },
  'another stage than the one that made the id': {
    spoil: ({ manifest }) => Object.assign(manifest.run, { stage: 'v2' }),
    fails: ['run.run_id'],
  },
  'success with a component that failed': {
    spoil: (copy) =>
      Object.assign(copy.component('decode'), {
        status: 'error',
        error_code: 'rule_failed',
        error: 'Cannot run.',
      }),
    fails: ['run.status'],
  },
  'partial with nothing lost': {
    spoil: ({ manifest }) => Object.assign(manifest.run, { status: 'partial' }),
    fails: ['run.status'],
  },
  'error with no required component that failed': {
    spoil: ({ manifest }) => Object.assign(manifest.run, { status: 'error' }),
    fails: ['run.status'],
  },
  'a run that is over and has no end': {
    spoil: ({ manifest }) => Object.assign(manifest.run, { finished_at: null }),
    fails: ['run.times'],
  },
  'a time that is no instant': {
    spoil: ({ manifest }) => Object.assign(manifest.run, { created_at: 'yesterday' }),
    fails: ['run.times'],
  },
  'a source with the path of a machine': {
    spoil: ({ manifest }) => Object.assign(manifest.run.source, { name: '/videos/film.mp4' }),
    fails: ['run.source'],
  },
  'a component that is listed twice': {
    spoil: ({ manifest }) => manifest.components.push(manifest.components[0]!),
    fails: ['run.components'],
  },
  'a link that leads out of the run': {
    spoil: ({ folder }) => symlinkSync('/', join(folder, 'elsewhere')),
    fails: ['folder.entries'],
  },
  'an output that is a link to a file elsewhere': {
    spoil({ folder }) {
      renameSync(join(folder, shots), join(dirname(folder), 'shots.npz'));
      symlinkSync('../../shots.npz', join(folder, shots));
    },
    fails: ['folder.entries', 'output.present'],
  },
  'a file that nobody lists': {
    spoil: ({ folder }) => writeFileSync(join(folder, 'cut_detection/old.npz'), ''),
    fails: ['folder.listed'],
  },
  'a state that says another status of the run': {
    spoil: (copy) => copy.state(({ run }) => Object.assign(run, { status: 'error' })),
    fails: ['state.run'],
  },
  'a state that does not know a component': {
    spoil: (copy) => copy.state(({ components }) => delete components.decode),
    fails: ['state.components'],
  },
  'a component whose name is no folder': {
    spoil: (copy) => Object.assign(copy.component('decode'), { name: 'de/code' }),
    fails: ['component.names'],
  },
  'an error without a code': {
    spoil: (copy) => {
      Object.assign(copy.component('decode'), { status: 'error', error: 'Cannot run.' });
      Object.assign(copy.manifest.run, { status: 'error' });
    },
    fails: ['component.error_code'],
  },
  'an error code that nobody knows': {
    spoil: (copy) => {
      Object.assign(copy.component('decode'), {
        status: 'error',
        error_code: 'bad_luck',
        error: 'Cannot run.',
      });
      Object.assign(copy.manifest.run, { status: 'error' });
    },
    fails: ['component.error_code'],
  },
  'a component that is empty for no reason': {
    spoil: (copy) => Object.assign(copy.component('decode'), { status: 'empty' }),
    fails: ['component.reason'],
  },
  'a component that was skipped and has outputs': {
    spoil: (copy) => Object.assign(copy.component('video_pacing'), { status: 'skipped', error: 'no reason' }),
    fails: ['component.outputs', 'meta.agrees'],
  },
  'outputs that no action has made': {
    spoil: (copy) => Object.assign(copy.component('video_pacing'), { action_key: null }),
    fails: ['component.key'],
  },
  'a component in a version of the future': {
    spoil: (copy) => Object.assign(copy.component('decode'), { schema_version: 9 }),
    fails: ['component.schema_version'],
  },
  'a model without a signature': {
    spoil: (copy) => Object.assign(copy.component('decode'), { models_used: [{ model: 'clip' }] }),
    fails: ['component.models'],
  },
  'a component that has ended and never begun': {
    spoil: (copy) => Object.assign(copy.component('decode'), { started_at: null }),
    fails: ['component.timing'],
  },
  'a path that leads out of the run': {
    spoil(copy) {
      writeFileSync(join(dirname(copy.folder), 'pacing.npz'), 'secret');
      Object.assign(copy.component('video_pacing').outputs[0]!, { path: '../pacing.npz' });
    },
    fails: ['folder.listed', 'output.path', 'output.present'],
  },
  'an absolute path': {
    spoil: (copy) => Object.assign(copy.component('video_pacing').outputs[0]!, { path: '/etc/hosts' }),
    fails: ['folder.listed', 'output.path', 'output.kind', 'output.present'],
  },
  'an array file that is called JSON': {
    spoil(copy) {
      renameSync(copy.path(motion), copy.path('cut_detection/motion.json'));
      const output = copy.component('cut_detection').outputs.find(({ path }) => path === motion)!;
      Object.assign(output, { path: 'cut_detection/motion.json' });
    },
    fails: ['output.kind', 'file.content'],
  },
  'an output that is gone': {
    spoil: (copy) => rmSync(copy.path(motion)),
    fails: ['output.present'],
  },
  'an output that is cut off': {
    spoil: (copy) => truncateSync(copy.path(motion), 500),
    fails: ['file.size', 'file.digest', 'npz.readable', 'npz.archive'],
  },
  'a bit that has flipped': {
    spoil(copy) {
      const bytes = readFileSync(copy.path(motion));
      bytes[bytes.indexOf('motion_energy.npy') + 200]! ^= 1;
      writeFileSync(copy.path(motion), bytes);
    },
    fails: ['file.digest', 'npz.archive'],
  },
  'JSON that does not parse': {
    spoil: (copy) => copy.write('segment_plan/metadata.json', Buffer.from('{')),
    fails: ['file.content'],
  },
  'arrays that are no archive': {
    spoil: (copy) => copy.write(motion, Buffer.from('no archive at all, but long enough to look like one')),
    fails: ['npz.readable', 'npz.archive'],
  },
  'bytes between the members of an archive': {
    spoil(copy) {
      const bytes = readFileSync(copy.path(motion));
      const start = bytes.readUInt32LE(bytes.length - 6);
      const longer = Buffer.concat([bytes.subarray(0, start), Buffer.from('payload'), bytes.subarray(start)]);
      longer.writeUInt32LE(start + 7, longer.length - 6);
      copy.write(motion, longer);
    },
    fails: ['npz.archive'],
  },
  'a member that is compressed': {
    spoil: (copy) => copy.patch(motion, (bytes) => bytes.writeUInt16LE(8, centralOf(bytes, 'meta.npy') + 10)),
    fails: ['npz.readable', 'npz.stored'],
  },
  'a member with the date of its making': {
    spoil: (copy) =>
      copy.patch(motion, (bytes) => bytes.writeUInt16LE(0x5b21, centralOf(bytes, 'meta.npy') + 14)),
    fails: ['npz.dates'],
  },
  'members that are not sorted': {
    spoil: (copy) =>
      copy.patch(motion, (bytes) => {
        for (const at of [localOf(bytes, 'meta.npy') + 30, centralOf(bytes, 'meta.npy') + 46])
          bytes.write('zeta.npy', at);
      }),
    fails: ['npz.order', 'arrays.listed', 'meta.keys'],
  },
  'an array in the order of Fortran': {
    spoil: (copy) =>
      copy.patch(motion, (bytes) => {
        const at = bytes.indexOf("'fortran_order': False");
        bytes.write("'fortran_order': True ", at);
      }),
    fails: ['npz.readable', 'npz.archive', 'npz.npy'],
  },
  'a pickle': {
    spoil: (copy) => copy.patch(motion, (bytes) => bytes.write("'|O1'", bytes.indexOf("'<f4'"))),
    fails: ['npz.readable', 'npz.archive', 'npz.npy'],
  },
  'another shape than the manifest says': {
    spoil(copy) {
      const output = copy.component('cut_detection').outputs.find(({ path }) => path === motion)!;
      Object.assign(output.arrays!.times_sec!, { shape: [3] });
    },
    fails: ['arrays.listed'],
  },
  'an array that the manifest does not list': {
    spoil(copy) {
      const output = copy.component('cut_detection').outputs.find(({ path }) => path === motion)!;
      delete output.arrays!.times_sec;
    },
    fails: ['arrays.listed'],
  },
  'arrays without meta': {
    spoil: (copy) =>
      copy.arrays(motion, (arrays) => {
        delete arrays.meta;
      }),
    fails: ['meta.keys'],
  },
  'meta that lacks a key': {
    spoil: (copy) => copy.meta(motion, ({ rule_digest: _, ...meta }) => meta),
    fails: ['meta.keys'],
  },
  'meta that is a list': {
    spoil: (copy) => copy.meta(motion, () => []),
    fails: ['meta.keys'],
  },
  'meta of another component': {
    spoil: (copy) => copy.meta(motion, (meta) => ({ ...meta, component: 'shot_quality' })),
    fails: ['meta.agrees'],
  },
  'meta of another sampling policy': {
    spoil: (copy) => copy.meta(motion, (meta) => ({ ...meta, sampling: { fps: 4, count: 3, policy: '0' } })),
    fails: ['meta.agrees'],
  },
  'times of single precision': {
    spoil: (copy) =>
      copy.arrays(motion, (arrays) => {
        arrays.times_sec = vector('float32', arrays.times_sec!.data as Float64Array);
      }),
    fails: ['times.type'],
  },
  'a time that is missing': {
    spoil: (copy) =>
      copy.arrays(motion, ({ times_sec }) => {
        (times_sec!.data as Float64Array)[2] = Number.NaN;
      }),
    fails: ['times.type'],
  },
  'a time beyond the end': {
    spoil: (copy) =>
      copy.arrays(quality, ({ times_sec }) => {
        (times_sec!.data as Float64Array)[times_sec!.data.length - 1] = 99;
      }),
    fails: ['times.range'],
  },
  'times that go back': {
    spoil: (copy) => copy.arrays(motion, ({ times_sec }) => void (times_sec!.data as Float64Array).reverse()),
    fails: ['times.order'],
  },
  'a frame before the first': {
    spoil: (copy) =>
      copy.arrays(quality, ({ frame_indices }) => {
        (frame_indices!.data as Int32Array)[0] = -1;
      }),
    fails: ['frames.type'],
  },
  'frames without their times': {
    spoil: (copy) =>
      copy.arrays(quality, (arrays) => {
        arrays.frame_indices = vector('int32', [0]);
      }),
    fails: ['frames.times'],
  },
  'a shot that ends before it starts': {
    spoil: (copy) =>
      copy.arrays(shots, ({ end_frames }) => {
        (end_frames!.data as Int32Array)[0] = 0;
      }),
    fails: ['spans.order'],
  },
  'shots with a gap': {
    spoil: (copy) =>
      copy.arrays(shots, (arrays) => {
        arrays.start_sec = vector('float64', [0, 2]);
        arrays.end_sec = vector('float64', [1, 3]);
      }),
    fails: ['shots.contiguous'],
  },
  'a missing value that is -1': {
    spoil: (copy) =>
      copy.arrays(quality, ({ sharpness }) => {
        (sharpness!.data as Float32Array)[1] = -1;
      }),
    fails: ['missing.nan'],
  },
  'an empty component with values': {
    spoil(copy) {
      makeEmpty(copy);
    },
    fails: ['empty.arrays'],
  },
};

function makeEmpty(copy: Copy): void {
  const empty = { status: 'empty', empty_reason: 'no shots' };
  Object.assign(copy.component('video_pacing'), empty);
  copy.meta('video_pacing/pacing.npz', (meta) => ({ ...meta, ...empty }));
}

describe('a run of a small film', () => {
  let folder: string;
  let ids: string[];

  before(async () => {
    makeFilm(rig.path('film.mp4'), { seconds: 4, hasSound: true });
    const built = await rig.flow(['build', 'run:film.mp4', '--json']);
    assert.equal(built.status, 0, built.stderr);
    folder = dirname((JSON.parse(built.stdout) as { runs: { manifest: string }[] }).runs[0]!.manifest);
  });

  test('passes the audit', async () => {
    const { status, report } = await validate(folder);
    assert.deepEqual([status, report.status, failures(report)], [0, 'PASS', []]);
    ids = report.runs[0]!.checks.map(({ id }) => id);
  });

  for (const [what, { spoil, fails }] of Object.entries(faults)) {
    test(`${what} fails ${fails.join(', ')}`, async () => {
      const place = rig.path(`spoilt/local/${basename(dirname(folder))}`);
      rmSync(rig.path('spoilt'), { recursive: true, force: true });
      const copy = new Copy(folder, join(place, basename(folder)));
      spoil(copy);
      copy.save();
      const { status, report } = await validate(copy.folder, '--state', copy.stateFolder);
      assert.deepEqual(failures(report), fails);
      assert.equal(status, 1);
      const evidence = report.runs[0]!.checks.flatMap(({ faults }) => faults);
      assert.ok(
        evidence.every(({ path, expected, found }) => path && expected && found && expected !== found),
      );
    });
  }

  test('an empty component may tell at which frames it looked', async () => {
    const place = rig.path(`looked/local/${basename(dirname(folder))}`);
    const copy = new Copy(folder, join(place, basename(folder)));
    makeEmpty(copy);
    copy.arrays('video_pacing/pacing.npz', (arrays) => {
      for (const [name, { dtype, shape }] of Object.entries(arrays))
        if (shape.length === 1) arrays[name] = vector(dtype, []);
      arrays.sampled_times_sec = vector('float64', [0, 1]);
    });
    copy.save();
    const { status, report } = await validate(copy.folder, '--state', copy.stateFolder);
    assert.deepEqual([failures(report), status], [[], 0]);
  });

  test('a manifest that is cut off fails, and nothing else can be examined', async () => {
    rmSync(rig.path('spoilt'), { recursive: true, force: true });
    const copy = new Copy(folder, rig.path('spoilt/local/film/run'));
    truncateSync(copy.path('manifest.json'), 300);
    const { report } = await validate(copy.folder);
    const statuses = report.runs[0]!.checks.map(({ status }) => status);
    assert.deepEqual([statuses[0], new Set(statuses.slice(1))], ['FAIL', new Set(['SKIP'])]);
  });

  test('the text tells only what fails, with the evidence, in 80 columns', async () => {
    rmSync(rig.path('spoilt'), { recursive: true, force: true });
    const copy = new Copy(folder, rig.path(`spoilt/${folder.split('/').slice(-3).join('/')}`));
    truncateSync(copy.path(motion), 500);
    const { stdout, status } = await server.flow({
      args: ['validate', '*', '--results', 'spoilt'],
      cwd: rig.root,
      env,
    });
    assert.equal(status, 1);
    assert.match(
      stdout,
      /^FAIL {2}local\/film-[0-9a-f]{8}\/r-[0-9a-f]{16} {2}4 failed, \d+ passed, \d+ skipped\n/,
    );
    assert.match(
      stdout,
      /\n {2}FAIL {2}file\.size .*\n {4}cut_detection\/motion\.npz\n {4}expected \d+ bytes\n {4}found {4}500 bytes\n/,
    );
    assert.doesNotMatch(stdout, /PASS/);
    assert.ok(stdout.split('\n').every((line) => line.length <= 80));
  });

  test('a run is found by a glob, and a glob that finds none is a usage error', async () => {
    const { report } = await validate('film-*/*');
    assert.equal(report.runs.length, 1);
    const { status, stderr } = await server.flow({ args: ['validate', 'other-*'], cwd: rig.root, env });
    assert.equal(status, 2);
    assert.match(stderr, /Cannot find the run "other-\*"/);
  });

  test('each check is seen to fail', () => {
    const seen = new Set(['manifest.schema', ...Object.values(faults).flatMap(({ fails }) => fails)]);
    assert.deepEqual(
      ids.filter((id) => !seen.has(id)),
      [],
    );
  });
});

test('the sample film passes', async () => {
  const { dir } = await sampleFilm();
  const built = await rig.flow(['build', `run:${dir}/sample.mp4`, '--results', 'samples', '--plain']);
  assert.equal(built.status, 0, built.stderr);
  const { report } = await validate('*', '--results', 'samples');
  assert.deepEqual([report.runs.length, failures(report)], [1, []]);
});

const clips = [
  'cursed-vfr.mp4',
  'video_desks.3gp',
  'flower.mp4',
  'no_duration.webm',
  'invalid-bitstream.webm',
];

test('real clips pass, good and bad', {
  skip: realData === undefined && 'no shared/data folder',
}, async () => {
  const targets = [...clips.map((name) => `videos/${name}`), 'audio/jfk.wav'].map(
    (name) => `run:${realFile(name)}`,
  );
  await rig.flow(['build', ...targets, '--results', 'real', '--plain']); // One of them cannot be decoded.
  const { report } = await validate('*', '--results', 'real');
  assert.deepEqual([report.runs.length, failures(report)], [targets.length, []]);
});
