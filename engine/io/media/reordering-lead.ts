/** How far ffmpeg's own seek lies before the time that it is asked for. */
import { open } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { mediaUrl, readerOptions, runFfprobe } from './ffmpeg-program.ts';

/**
 * Seconds to add to a seek, so that it finds the keyframe at that time and not the one before.
 *
 * In containers that it believes to be indexed by decoding time, ffmpeg seeks 3/23 s early if a stream reorders
 * its frames. Matroska is indexed by presentation time, so that this only costs the decoding of one more GOP.
 */
export async function reorderingLeadSec(path: string, signal: AbortSignal): Promise<number> {
  if (!(await isMatroska(path))) return 0;
  const known = reordering.get(path);
  if (known !== undefined) return known ? leadSec : 0;
  const args = [...readerOptions, '-show_entries', 'stream=has_b_frames', '-of', 'csv=p=0', mediaUrl(path)];
  const { said } = await runFfprobe(args, signal, text);
  const reorders = said.split('\n').some((line) => Number.parseInt(line, 10) > 0);
  reordering.set(path, reorders);
  return reorders ? leadSec : 0;
}

const leadSec = 0.130434; // 3/23 s in whole microseconds, as in ffmpeg.

/** Only speed hangs on this, so that it may be stale when a file changes. */
const reordering = new Map<string, boolean>();

const ebmlMagic = 0x1a45dfa3;

async function isMatroska(path: string): Promise<boolean> {
  await using file = await open(path);
  const { buffer, bytesRead } = await file.read(Buffer.alloc(4), 0, 4, 0);
  return bytesRead === 4 && buffer.readUInt32BE() === ebmlMagic;
}
