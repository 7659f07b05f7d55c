/** Runs in a bucket of a real server: built in one workspace, read in another that shares nothing but the bucket. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { rmSync } from 'node:fs';
import { type ClientRequest, createServer, type IncomingMessage, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { ObjectStorage } from '../../../cache/remote/object-storage.ts';
import { type OpenedObjects, openObjects } from '../../../cache/remote/open-objects.ts';
import type { Examined } from '../../../engine/cli/doctor/examine.ts';
import { bucketSettings } from '../../../engine/cli/remote-settings.ts';
import type { FlowRun, Rig } from '../../rig.ts';
import { type S3Server, startS3, withoutS3 } from '../../s3-server.ts';
import { testStorage } from '../../storage-contract.ts';
import { textRun } from '../../trust/text-run.ts';
import { FlowServer } from '../flow-server.ts';

/** Stands before a server, and does to chosen requests what networks do. */
class Network {
  readonly #server: Server;
  /** What becomes of a request: passed on, never answered, or cut off. */
  treat: (incoming: IncomingMessage) => 'pass' | 'hold' | 'cut' = () => 'pass';

  constructor(endpoint: string) {
    this.#server = createServer((incoming, outgoing) => {
      const treatment = this.treat(incoming);
      if (treatment === 'cut') incoming.socket.destroy();
      if (treatment !== 'pass') return;
      const { method = 'GET', url = '/', headers } = incoming; // The host is signed: it is passed on as it came.
      const onward: ClientRequest = request(
        new URL(url, endpoint),
        { method, headers, agent: false },
        (answer) => {
          outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
          answer.pipe(outgoing);
        },
      );
      onward.on('error', () => incoming.socket.destroy());
      incoming.pipe(onward);
    });
  }

  async listen(): Promise<string> {
    await new Promise<void>((done) => this.#server.listen(0, '127.0.0.1', done));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`; // It listens on a port.
  }

  stop(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }
}

describe('runs on S3', { skip: withoutS3 }, () => {
  let server: S3Server;
  let network: Network;
  let env: Record<string, string>;
  let opened: OpenedObjects;
  const ownPart = randomUUID();
  const rigs: Rig[] = [];
  const commands = new FlowServer();

  before(async () => {
    server = await startS3({ kind: 'radosgw' });
    network = new Network(server.env.S3_ENDPOINT!);
    env = { ...server.env, S3_ENDPOINT: await network.listen() };
    opened = await openObjects(bucketSettings(url(''), { where: 'test', env: server.env }));
  });

  after(async () => {
    for (const rig of rigs) rig[Symbol.dispose]();
    commands.stop();
    opened.close();
    network.stop();
    await server.stop();
  });

  /** In a part of the bucket where nothing is yet. */
  function url(path: string): string {
    return `s3://${server.env.S3_BUCKET}/${ownPart}/${path}`;
  }

  /** A workspace whose results and states are below a prefix. */
  function workspace(prefix: string): Rig {
    const rig = textRun({
      'flow.yaml': `schema_version: 1\nstage: texts\nresults: ${url(`${prefix}/results`)}\nstate: ${url(`${prefix}/state`)}\n`,
    });
    rigs.push(rig);
    return rig;
  }

  async function keysBelow(prefix: string): Promise<string[]> {
    return (await Array.fromAsync(opened.objects.list(`${prefix}/`))).map(({ key }) =>
      key.slice(prefix.length + 1),
    );
  }

  async function flow(rig: Rig, ...args: string[]): Promise<string> {
    const here = { ...env, FLOW_CACHE_DIR: rig.cacheDir, NO_COLOR: '1' };
    const { status, stdout, stderr } = await commands.flow({ args, cwd: rig.root, env: here });
    assert.equal(status, 0, `${args.join(' ')}: ${stderr}`);
    return stdout;
  }

  test('what one workspace builds another one lists, shows, validates, inspects and pulls', async () => {
    const [a, b] = [workspace('shared'), workspace('shared')];
    await flow(a, 'build', 'run:clip.mp4');
    const [{ name, folder }] = JSON.parse(`[${await flow(a, 'show', '--json')}]`) as [
      { name: string; folder: string },
    ];
    assert.equal(folder, url(`shared/results/${name}`));
    assert.deepEqual(await keysBelow(`shared/results/${name}`), [
      'copied/text.txt',
      'large/text.txt',
      'manifest.json',
      'short/text.txt',
    ]);
    assert.deepEqual(await keysBelow(`shared/state/${name}`), [
      'run_state.json',
      'state_events.jsonl',
      'state_first.json',
      'state_second.json',
    ]);

    const listed = JSON.parse(await flow(b, 'runs', '--json')) as {
      runs: { name: string; status: string }[];
    };
    assert.deepEqual(
      listed.runs.map((run) => [run.name, run.status]),
      [[name, 'success']],
    );
    assert.match(await flow(b, 'show', 'run:clip.mp4'), /^clip\.mp4 {2}success/);
    assert.match(await flow(b, 'validate', 'latest'), /^PASS/);
    assert.match(await flow(b, 'diff', 'latest', name), /nothing differs: 3 outputs equal/);
    await flow(b, 'pull', 'latest', '--to', 'here', '--state-to', 'here-state');
    const outside = ['--results', 'here', '--state', 'here-state'];
    assert.match(await flow(b, 'validate', 'latest', ...outside), /^PASS/);
    assert.equal(b.read(`here/${name}/copied/text.txt`), a.read('clip.mp4'));

    const again = await b.build(['run:clip.mp4'], { ...env, FLOW_CACHE_DIR: a.cacheDir });
    assert.deepEqual([again.status, again.ran], [0, []]);
    assert.match(again.stderr, /published 1 run to .*: nothing new/);
  });

  test('a build that changes an output puts the new one in place, and removes what the run no longer gives', async () => {
    const rig = workspace('changed');
    await flow(rig, 'build', 'run:clip.mp4', '--run-id', 'mine');
    rig.replace('graphs/texts.yaml', '[copied, large, short]', '[copied, large]');
    const run = await rig.build(['run:clip.mp4', '--run-id', 'mine'], env);
    assert.equal(run.status, 0, run.stderr);
    const names = (await keysBelow('changed/results')).map((key) => key.split('/').slice(3).join('/'));
    assert.deepEqual(names, ['copied/text.txt', 'large/text.txt', 'manifest.json']);
    assert.match(await flow(workspace('changed'), 'validate', 'mine'), /^PASS/);
  });

  test('a server that goes away fails the run, loses nothing, and the next build publishes it', async () => {
    const rig = workspace('away');
    network.treat = ({ method }) => (method === 'PUT' ? 'cut' : 'pass');
    const run = await rig.build(['run:clip.mp4'], env);
    assert.deepEqual(
      [run.status, run.summary.status, run.summary.errors[0]?.code],
      [1, 'error', 'remote_unavailable'],
    );
    assert.match(run.stderr, /Cannot write this: .*\n.*Fix: /s);
    assert.deepEqual(await keysBelow('away'), []);
    assert.deepEqual(
      (await rig.flow(['show'], env)).status,
      0,
      'what is not published yet is shown all the same',
    );

    network.treat = () => 'pass';
    const next = await rig.build(['run:clip.mp4'], env);
    assert.deepEqual([next.status, next.ran], [0, []]);
    assert.match(await flow(workspace('away'), 'validate', 'latest'), /^PASS/);
  });

  test('a server that is not there from the start fails the build before anything is done', async () => {
    const rig = workspace('down');
    network.treat = () => 'cut';
    const run = await rig.build(['run:clip.mp4'], env);
    network.treat = () => 'pass';
    assert.deepEqual([run.status, run.summary.errors[0]?.code, run.ran], [1, 'remote_unavailable', []]);
  });

  test('wrong keys and a missing bucket are errors that say so, and show no secret', async () => {
    const rig = workspace('refused');
    const wrong = await rig.flow(['build', 'run:clip.mp4'], { ...env, S3_SECRET_KEY: 'planted-secret' });
    assert.equal(wrong.status, 1);
    assert.match(wrong.stderr, /auth_failed\n {2}Cannot .*\n {2}Fix: Check S3_ACCESS_KEY/s);
    assert.ok(!`${wrong.stdout}${wrong.stderr}`.includes('planted-secret'));
    const missing = await rig.flow(['runs', '--results', 's3://no-such-bucket-here/x'], env);
    assert.equal(missing.status, 2);
    assert.match(missing.stderr, /s3:\/\/no-such-bucket-here\/x: config_invalid\n.*Fix: Make the bucket/s);
  });

  test('flow doctor tries the buckets of results and states, and tells what is wrong with them', async () => {
    const rig = workspace('doctor');
    const told = async (more: Record<string, string>, ...args: string[]): Promise<string[]> => {
      const { stdout } = await rig.flow(['doctor', '--json', ...args], { ...env, ...more });
      const { findings } = JSON.parse(stdout) as { findings: Examined[] };
      return findings.flatMap(({ area, level, name }) =>
        area === 'results' || area === 'states' ? [`${area}: ${level} ${name}`] : [],
      );
    };
    const sound = ['server', 'clock', 'credentials', 'reading', 'listing', 'writing', 'contents', 'deleting'];
    const ofEach = (area: string): string[] => [
      `${area}: info ${area}`,
      ...sound.map((name) => `${area}: pass ${name}`),
    ];
    assert.deepEqual(await told({}), [...ofEach('results'), ...ofEach('states')]);
    assert.deepEqual(await keysBelow('doctor'), []);
    const wrong = await told({ S3_SECRET_KEY: 'wrong' });
    assert.deepEqual(
      wrong.filter((line) => line.includes('fail')),
      ['results: fail credentials', 'states: fail credentials'],
    );
    const missing = await told({}, '--results', 's3://no-such-bucket-here/x');
    assert.ok(missing.includes('results: fail bucket'), missing.join());
  });

  test('a build killed while it publishes leaves nothing that looks whole, and the next one completes it', async () => {
    const rig = workspace('killed');
    const held = new Promise<void>((done) => {
      network.treat = ({ method, url: path = '' }) => {
        const isHeld = method === 'PUT' && path.includes('/large/');
        if (isHeld) done();
        return isHeld ? 'hold' : 'pass';
      };
    });
    const child = rig.start(['build', 'run:clip.mp4'], env);
    await held;
    child.kill('SIGKILL');
    await new Promise((done) => child.on('close', done));
    network.treat = () => 'pass';
    const reader = workspace('killed');
    const { runs } = JSON.parse(await flow(reader, 'runs', '--json')) as { runs: { name: string }[] };
    for (const { name } of runs) await flow(reader, 'pull', name, '--to', 'partial'); // What is listed is whole.

    rig.write('other.mp4', 'another film');
    const next = await rig.flow(['build', 'run:other.mp4', 'run:clip.mp4'], env);
    assert.equal(next.status, 0, next.stderr);
    assert.match(await flow(reader, 'validate', '*/*/*'), /2 runs: 2 PASS, 0 FAIL/);
  });

  /** Other bytes, as many as there were, with all that is noted beside them. @returns the key of the object */
  async function damage(prefix: string, ending: string): Promise<string> {
    const [found] = await Array.fromAsync(opened.objects.list(`${prefix}/results/`)).then((all) =>
      all.filter(({ key }) => key.endsWith(ending)),
    );
    const { notes } = (await opened.objects.head(found!.key))!;
    await opened.objects.put(found!.key, Buffer.alloc(found!.sizeBytes, '?'), { notes });
    return found!.key;
  }

  async function failing(rig: Rig, ...args: string[]): Promise<FlowRun> {
    const here = { ...env, FLOW_CACHE_DIR: rig.cacheDir, NO_COLOR: '1' };
    return commands.flow({ args, cwd: rig.root, env: here });
  }

  for (const { name, forgets } of [
    { name: 'that has forgotten what it published', forgets: true },
    { name: 'that remembers what it published', forgets: false },
  ])
    test(`a damaged output fails the audit and the pull, which name it, and a build ${name} mends it`, async () => {
      const prefix = `damaged-${forgets}`;
      const [a, b] = [workspace(prefix), workspace(prefix)];
      await flow(a, 'build', 'run:clip.mp4');
      await flow(b, 'diff', 'latest', 'latest'); // The sound files are in its working copy now.
      const key = await damage(prefix, 'copied/text.txt');
      const audit = await failing(b, 'validate', 'latest');
      assert.equal(audit.status, 1);
      assert.match(audit.stdout, /^FAIL .*\n.*\n +copied\/text\.txt\n/);
      const pulled = await failing(b, 'pull', 'latest', '--to', 'here');
      assert.equal(pulled.status, 1);
      assert.ok(pulled.stderr.startsWith(`${url(key)}: output_invalid\n`), pulled.stderr);

      if (forgets) rmSync(a.path('.flow/storage'), { recursive: true });
      const mended = await failing(a, 'build', 'run:clip.mp4');
      assert.match(mended.stderr, /published 1 run to .*: 1 new file/);
      assert.match(await flow(b, 'validate', 'latest'), /^PASS/);
      assert.match((await failing(a, 'build', 'run:clip.mp4')).stderr, /: nothing new/);
    });

  test('an output that is gone fails the audit, whoever still has a copy of it, and is healed', async () => {
    const rig = workspace('gone');
    await flow(rig, 'build', 'run:clip.mp4');
    await opened.objects.delete(await damage('gone', 'large/text.txt'));
    const audit = await failing(rig, 'validate', 'latest');
    assert.equal(audit.status, 1);
    assert.match(audit.stdout, /large\/text\.txt/);
    assert.match((await failing(rig, 'heal', 'run:clip.mp4')).stderr, /: 1 new file/);
    assert.match(await flow(rig, 'validate', 'latest'), /^PASS/);
    assert.match((await failing(rig, 'heal', 'run:clip.mp4')).stderr, /has no holes/);
  });

  test('a run whose manifest is damaged is said to be that, and built again it is sound', async () => {
    const rig = workspace('manifest');
    await flow(rig, 'build', 'run:clip.mp4');
    await damage('manifest', 'manifest.json');
    for (const word of ['run:clip.mp4', 'run:clip', 'latest']) {
      const { status, stderr } = await failing(rig, 'show', word);
      assert.equal(status, 2);
      assert.match(stderr, /: the manifest of "local\/clip-\w{8}\/r-\w{16}" is damaged\.\n {2}Fix: Build it/);
    }
    await flow(rig, 'build', 'run:clip.mp4');
    assert.match(await flow(workspace('manifest'), 'validate', 'latest'), /^PASS/);
  });

  test('a working copy that was removed is fetched again', async () => {
    const rig = workspace('forgotten');
    await flow(rig, 'build', 'run:clip.mp4');
    rmSync(rig.path('.flow'), { recursive: true });
    assert.match(await flow(rig, 'validate', 'latest'), /^PASS/);
  });

  describe('as a storage', () => {
    let count = 0;
    testStorage('a bucket', async () => {
      count += 1;
      const place = url(`contract-${count}`);
      const { objects } = await openObjects(bucketSettings(place, { where: 'test', env: server.env }));
      return new ObjectStorage(objects, place);
    });
  });
});
