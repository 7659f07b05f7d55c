/**
 * Real S3 servers, whose scripts are kept outside the repository; tests that need one skip without them:
 *
 *     describe('…', { skip: withoutS3 }, () => {
 *       let server: S3Server;
 *       before(async () => { server = await startS3({ kind: 'radosgw' }); });
 *       after(() => server.stop());
 *     });
 */
import { execFile, execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const scripts = process.env.FLOW_TEST_SERVERS ?? join(import.meta.dirname, '../../shared/servers');

/** The `skip` of tests that need a real server: why there is none, or false. */
export const withoutS3: string | false = existsSync(join(scripts, 's3.sh'))
  ? false
  : 'there are no scripts that start S3 servers: FLOW_TEST_SERVERS names their folder';

/** Where a server that serves several files of tests is told: JSON of its `env`, by its kind. */
export const sharedVariable = 'FLOW_TEST_S3';

const scriptOf = {
  /** Ceph's gateway: has conditional writes. */
  radosgw: 's3.sh',
  /** OpenStack Swift: answers 501 to conditional writes. */
  swift: 's3-swift.sh',
} as const;

export interface S3Server {
  /** `S3_ENDPOINT`, `S3_BUCKET`, `S3_ACCESS_KEY`, `S3_SECRET_KEY`, `S3_REGION`: what flow reads. Others may use the bucket. */
  readonly env: Readonly<Record<string, string>>;
  /** Ends it and removes its data, if it was started here; once is enough, twice is harmless. */
  stop(): Promise<void>;
}

/**
 * Starts a server, unless one runs for several files: some seconds, and a few more where its packages have to be installed
 * first. It ends with this process at the latest.
 */
export async function startS3({ kind }: { readonly kind: keyof typeof scriptOf }): Promise<S3Server> {
  const shared = sharedServers()[kind];
  if (shared) return { env: shared, stop: async () => undefined };
  const folder = mkdtempSync(join(tmpdir(), `flow-s3-${kind}-`));
  const call = (verb: string): [string, string[], { env: NodeJS.ProcessEnv }] => [
    'bash',
    [join(scripts, scriptOf[kind]), verb, '--dir', join(folder, 'server')],
    // Its data goes with it: it need not close it in good order, which takes a quarter of a minute.
    { env: { ...withoutSettings(process.env), STOP_SIGNAL: 'KILL' } },
  ];
  const onExit = (): void => {
    execFileSync(...call('stop'));
    rmSync(folder, { recursive: true, force: true });
  };
  process.once('exit', onExit);
  const { stdout } = await promisify(execFile)(...call('start'));
  const lines = stdout.trim().split('\n');
  return {
    env: Object.fromEntries(
      lines.map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
    ),
    stop: async () => {
      process.off('exit', onExit);
      await promisify(execFile)(...call('stop'));
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function sharedServers(): Partial<Record<keyof typeof scriptOf, S3Server['env']>> {
  return JSON.parse(process.env[sharedVariable] ?? '{}') as ReturnType<typeof sharedServers>;
}

/** What a person set for another server must not decide how this one is started. */
function withoutSettings(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !name.startsWith('S3_')));
}
