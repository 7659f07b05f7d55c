/** Why a file cannot be loaded as a model, in words for those who do not know the sources of ONNX Runtime. */
import { closeSync, openSync, readSync, statSync } from 'node:fs';

/** What protobuf can hold in one message; larger models keep their weights in files beside the graph. */
const mostBytes = 2 ** 31 - 1;

/** @returns a clause; undefined where only ONNX Runtime can tell */
export function faultOfModelFile(path: string): string | undefined {
  const { size } = statSync(path);
  if (size === 0) return 'the file is empty';
  if (size > mostBytes) return `it has ${size} bytes, and an ONNX file can have no more than ${mostBytes}`;
  return beginsWith(path, 'version https://git-lfs')
    ? 'it is a pointer of Git LFS and not the file itself'
    : undefined;
}

function beginsWith(path: string, text: string): boolean {
  const head = Buffer.alloc(text.length);
  const descriptor = openSync(path, 'r');
  try {
    readSync(descriptor, head, 0, head.length, 0);
  } finally {
    closeSync(descriptor);
  }
  return head.toString('latin1') === text;
}

/** @param message of ONNX Runtime @returns a clause */
export function loadFault(message: string): string {
  if (/Protobuf parsing failed/i.test(message)) return 'it is no ONNX file, or not a whole one';
  if (/does not have a graph/i.test(message)) return 'it holds no graph';
  const text = message.split('\n', 1)[0]!.replace(/^.*? failed: ?/, '');
  return `ONNX Runtime says: ${text
    .replace(/^\/\S+:\d+ .*?\) /, '')
    .trim()
    .replace(/\.$/, '')}`.slice(0, 400);
}
