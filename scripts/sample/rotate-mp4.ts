/**
 * Writes a display rotation into an MP4 file that has none.
 *
 * ffmpeg's own way to do it changed between versions 5 and 6; the format has not. Method: ISO/IEC 14496-12, 8.3.2
 * (track header box) and 6.2.2 (its matrix). A player turns the picture clockwise before it shows it.
 */
import assert from 'node:assert/strict';

/**
 * @param mp4 a whole file with one video track; changed in place
 * @throws {AssertionError} if no track header has a picture size
 */
export function rotateQuarterTurn(mp4: Buffer): void {
  const headers = boxes(mp4, 'moov').flatMap((moov) =>
    boxes(moov, 'trak').flatMap((trak) => boxes(trak, 'tkhd')),
  );
  const matrices = headers.map((header) => header.subarray(header.length - matrixAndSizeBytes));
  const video = matrices.find((matrix) => matrix.readUInt32BE(heightAt) > 0);
  assert(video, 'a video track');
  writeMatrix(video, video.readUInt32BE(heightAt));
}

/** Nine 32-bit numbers of the matrix, then width and height: the track header ends with them in all its versions. */
const matrixAndSizeBytes = 44;
const heightAt = 40;

/** [0 1 0; -1 0 0; height 0 1]: a turn about the corner, then back into view. 16.16 fixed point, last column 2.30. */
function writeMatrix(at: Buffer, height: number): void {
  const rows = [0, 0x10000, 0, -0x10000, 0, 0, height, 0, 0x40000000];
  for (const [index, value] of rows.entries()) at.writeInt32BE(value, 4 * index);
}

/** Contents of the boxes of one type that lie directly in `parent`. ffmpeg writes 32-bit sizes for small files. */
function boxes(parent: Buffer, type: string): Buffer[] {
  const found: Buffer[] = [];
  for (let at = 0; at + 8 <= parent.length; at += parent.readUInt32BE(at)) {
    assert(parent.readUInt32BE(at) >= 8, 'a box with a 32-bit size');
    if (parent.toString('latin1', at + 4, at + 8) === type) {
      found.push(parent.subarray(at + 8, at + parent.readUInt32BE(at)));
    }
  }
  return found;
}
