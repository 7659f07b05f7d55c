/** What `results` and `state` may name: a folder, or a place in a bucket with a working copy of it here. */
import { createHash } from 'node:crypto';
import { join, resolve } from 'node:path';
import { FlowError } from '../../core/errors.ts';
import { bucketSettings } from '../remote-settings.ts';
import { stateFolderOf } from '../workspace-root.ts';

export interface StoragePlace {
  /** Where the engine reads and writes. */
  readonly folder: string;
  /** `s3://bucket/prefix`, of which the folder is a working copy; undefined where the folder is all there is. */
  readonly url: string | undefined;
}

export interface Naming {
  /** Of the workspace. */
  readonly root: string;
  /** What relative folders are relative to. */
  readonly base: string;
  /** The flag or setting that names it. */
  readonly where: string;
}

/** @throws {FlowError} `config_invalid` for a URL that is not `s3://bucket/prefix` */
export function storagePlace(text: string, { root, base, where }: Naming): StoragePlace {
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(text)?.[1];
  if (scheme === undefined) return { folder: resolve(base, text), url: undefined };
  if (scheme !== 's3') throw badScheme(scheme, where);
  const url = bucketSettings(text, { where, env: process.env }).url.replace(/\/$/, '');
  return { folder: workingCopy(root, url), url };
}

/** Another server under the same name has another copy. */
function workingCopy(root: string, url: string): string {
  const hash = createHash('sha256')
    .update(`${process.env.S3_ENDPOINT ?? ''}\n${url}`)
    .digest('hex');
  return join(stateFolderOf(root), 'storage', hash.slice(0, 16), 'copy');
}

/** The rest of the URL may hold a password. */
function badScheme(scheme: string, where: string): FlowError {
  return new FlowError({
    code: 'config_invalid',
    blame: 'user',
    where,
    message: `Cannot keep runs at "${scheme}://…": flow knows folders and s3://BUCKET/PREFIX.`,
    fix: 'Write a folder, or an address like s3://team-results/videos.',
  });
}
