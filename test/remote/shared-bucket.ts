/** A bucket for the tests of a file, and workspaces that share it, each with a cache of its own. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import type { BuildRun, Rig } from '../rig.ts';
import { type S3Server, startS3 } from '../s3-server.ts';

export class SharedBucket implements AsyncDisposable {
  readonly server: S3Server;
  readonly url: string;
  /** What a build needs to reach it. */
  readonly env: Readonly<Record<string, string>>;

  constructor(server: S3Server, env: Readonly<Record<string, string>>) {
    this.server = server;
    this.env = env;
    this.url = env.FLOW_REMOTE!;
  }

  static async start(kind: 'radosgw' | 'swift' = 'radosgw'): Promise<SharedBucket> {
    const server = await startS3({ kind });
    return new SharedBucket(server, environment(server, randomUUID()));
  }

  /** The same bucket, but a part of it where nothing is yet. */
  fresh(): SharedBucket {
    return new SharedBucket(this.server, environment(this.server, randomUUID()));
  }

  /** The same part of the bucket, reached through another address. */
  via(endpoint: string): SharedBucket {
    return new SharedBucket(this.server, { ...this.env, S3_ENDPOINT: endpoint });
  }

  /** A build that has to end well. */
  async build(
    rig: Rig,
    args: readonly string[],
    env: Readonly<Record<string, string>> = {},
  ): Promise<BuildRun> {
    const run = await rig.build(args, { ...this.env, ...env });
    assert.equal(run.status, 0, run.stderr);
    return run;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.server.stop();
  }
}

function environment(server: S3Server, prefix: string): Record<string, string> {
  return { ...server.env, FLOW_REMOTE: `s3://${server.env.S3_BUCKET}/${prefix}` };
}

/** Of a build: what it executed, anew or again. */
export function executions({ ranActions, regenerated }: BuildRun): string[] {
  return [...ranActions, ...regenerated];
}
