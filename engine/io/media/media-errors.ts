/** The errors of media files: each names the file and says what to do. */
import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { FlowError } from '../../core/errors.ts';

/**
 * Refuses what is not a readable file with content.
 *
 * @throws {FlowError} `input_not_found` or `input_unreadable`
 */
export async function requireFile(path: string): Promise<void> {
  const status = await stat(path).catch((error: NodeJS.ErrnoException) => {
    throw error.code === 'ENOENT' || error.code === 'ENOTDIR' ? notFound(path) : unreadable(path, error);
  });
  if (status.isDirectory()) throw notAFile(path, 'it is a folder', 'Name a file inside it, or use a glob.');
  if (!status.isFile()) throw notAFile(path, 'it is not a regular file', 'Save its content to a file first.');
  if (status.size === 0) throw notAFile(path, 'it is empty (0 bytes)', 'Copy or download it again.');
  await access(path, constants.R_OK).catch((error: Error) => {
    throw unreadable(path, error);
  });
}

function notFound(path: string): FlowError {
  return new FlowError({
    code: 'input_not_found',
    blame: 'user',
    message: `Cannot read "${path}": there is no such file.`,
    fix: 'Check the path.',
  });
}

function unreadable(path: string, cause: Error): FlowError {
  return new FlowError({
    code: 'input_unreadable',
    blame: 'user',
    message: `Cannot read "${path}": ${cause.message}.`,
    fix: 'Check the permissions of the file and of the folders above it.',
    cause,
  });
}

function notAFile(path: string, reason: string, fix: string): FlowError {
  const message = `Cannot read "${path}": ${reason}.`;
  return new FlowError({ code: 'input_unreadable', blame: 'user', message, fix });
}

/** The file is no audio or video that can be used. */
export function unsupportedMedia(path: string, reason: string, stderr = ''): FlowError {
  return new FlowError({
    code: 'unsupported_media',
    blame: 'user',
    message: `Cannot use "${path}": ${reason}.`,
    fix: 'Give a video or sound file (mp4, mkv, webm, mov, wav, …); ffprobe shows what a file holds.',
    ...causedBy(stderr),
  });
}

/** Nothing of what was asked for could be decoded. */
export function decodeFailed(path: string, reason: string, stderr: string): FlowError {
  return new FlowError({
    code: 'decode_failed',
    blame: 'user',
    message: `Cannot decode "${path}": ${reason}.`,
    fix: 'The file is damaged or incomplete: copy or download it again, or encode it anew.',
    ...causedBy(stderr),
  });
}

/** Something outside ended ffmpeg (as the system does when memory runs out): trying again may help. */
export function programKilled(path: string, program: string, signal: string): FlowError {
  return new FlowError({
    code: 'worker_lost',
    blame: 'machine',
    message: `Cannot finish reading "${path}": ${program} was ended by ${signal}.`,
    fix: 'Look for a lack of memory (dmesg), then build again: finished work is kept.',
  });
}

function causedBy(stderr: string): { cause?: Error } {
  const said = lastLines(stderr);
  return said === '' ? {} : { cause: new Error(said) };
}

/** The last lines of what a program said, fit to be shown. */
export function lastLines(stderr: string): string {
  return stderr.trimEnd().split('\n').slice(-5).map(withoutAddress).join('\n').trim();
}

/** ffmpeg marks a line with the address of a structure, which differs from run to run. */
function withoutAddress(line: string): string {
  return line.replace(/^\[(\S+) @ 0x[0-9a-f]+\]/, '[$1]');
}
