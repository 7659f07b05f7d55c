/** The names of videos and runs. */
import { type Digest, digestJson, hexOf } from './digest.ts';

const idPattern = /^[A-Za-z0-9._-]{1,128}$/;

/** True for a name that may become a folder of the result store. */
export function isId(text: string): boolean {
  return idPattern.test(text) && text !== '.' && text !== '..';
}

/** The file's name without its ending, slugged, and eight digits of its digest. */
export function videoIdOf(fileName: string, digest: Digest): string {
  const stem = fileName.replace(/\.[^.]*$/, '');
  const slug = stem
    .normalize('NFKD')
    .replace(/[^A-Za-z0-9._-]+/g, '-')
    .replace(/^[-.]+|[-.]+$/g, '');
  return `${slug.slice(0, 100) || 'video'}-${hexOf(digest).slice(0, 8)}`;
}

export interface RunFacts {
  readonly video: Digest;
  readonly stage: string;
  readonly configHash: Digest;
  readonly samplingPolicyVersion: string;
}

/** The same build of the same video has the same run. */
export function runIdOf({ video, stage, configHash, samplingPolicyVersion }: RunFacts): string {
  return `r-${hexOf(digestJson([video, stage, configHash, samplingPolicyVersion])).slice(0, 16)}`;
}
