import { statfs } from 'node:fs/promises';

export interface DiskSpace {
  /** What this user may still write; bytes. */
  readonly freeBytes: number;
  readonly totalBytes: number;
}

/** The space of the file system that a folder lies in; undefined where it does not say. */
export async function diskSpace(folder: string): Promise<DiskSpace | undefined> {
  try {
    const { bavail, blocks, bsize } = await statfs(folder);
    return blocks > 0 ? { freeBytes: bavail * bsize, totalBytes: blocks * bsize } : undefined;
  } catch {
    return undefined; // Some file systems of networks have no such numbers: then there is no limit to hold.
  }
}
