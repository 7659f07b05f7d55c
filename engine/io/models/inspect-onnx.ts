/** What a model file says of itself. ONNX Runtime reads it in a process of its own: whatever is in it, flow lives on. */
import { execFile } from 'node:child_process';
import { closeSync, openSync, readSync, statSync } from 'node:fs';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { FlowError, fileReason } from '../../core/errors.ts';
import type { TensorFacts } from '../inference/fault-of-tensors.ts';
import type { OnnxFacts } from './onnx-facts.ts';

export interface InspectedModel {
  readonly inputs: readonly TensorFacts[];
  readonly outputs: readonly TensorFacts[];
}

/** What protobuf can hold in one message; larger models keep their weights in files beside the graph. */
const mostBytes = 2 ** 31 - 1;

const mostMs = 120_000;

const program = fileURLToPath(new URL(`./onnx-facts${extname(import.meta.filename)}`, import.meta.url));

/** @throws {FlowError} `config_invalid` if it is no file; `model_io_mismatch` if ONNX Runtime cannot load it */
export async function inspectOnnx(path: string): Promise<InspectedModel> {
  const sizeBytes = sizeOf(path);
  if (sizeBytes === 0) throw notLoadable(path, 'the file is empty');
  if (sizeBytes > mostBytes)
    throw notLoadable(path, `it has ${sizeBytes} bytes, and an ONNX file can have no more than ${mostBytes}`);
  if (beginsWith(path, 'version https://git-lfs'))
    throw notLoadable(path, 'it is a pointer of Git LFS and not the file itself');
  const facts = await run(path);
  if ('fault' in facts) throw notLoadable(path, reasonOf(facts.fault));
  return facts;
}

function sizeOf(path: string): number {
  try {
    const stats = statSync(path);
    if (stats.isFile()) return stats.size;
    throw noFile(path, stats.isDirectory() ? 'it is a folder' : 'it is no regular file');
  } catch (error) {
    throw error instanceof FlowError ? error : noFile(path, fileReason(error as NodeJS.ErrnoException));
  }
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

async function run(path: string): Promise<OnnxFacts> {
  try {
    const { stdout } = await promisify(execFile)(process.execPath, [program, path], {
      timeout: mostMs,
      maxBuffer: 16 * 2 ** 20,
    });
    return JSON.parse(stdout) as OnnxFacts; // What our own program has written.
  } catch (error) {
    const { signal, killed } = error as { signal?: string; killed?: boolean };
    if (killed) return { fault: `ONNX Runtime was still loading it after ${mostMs / 1000} s` };
    return { fault: `ONNX Runtime broke down over it${signal ? ` (${signal})` : ''}` };
  }
}

/** The sentence that says something to those who do not know the sources of ONNX Runtime. */
function reasonOf(fault: string): string {
  if (/Protobuf parsing failed/i.test(fault)) return 'it is no ONNX file, or not a whole one';
  if (/does not have a graph/i.test(fault)) return 'it holds no graph';
  const text = fault.split('\n', 1)[0]!.replace(/^.*? failed: ?/, '');
  return `ONNX Runtime says: ${text
    .replace(/^\/\S+:\d+ .*?\) /, '')
    .trim()
    .replace(/\.$/, '')}`.slice(0, 400);
}

function notLoadable(path: string, why: string): FlowError {
  return new FlowError({
    code: 'model_io_mismatch',
    blame: 'user',
    where: path,
    message: `Cannot use this file as a model: ${why}.`,
    fix: 'Fetch it again, or export it again as an ONNX file that ONNX Runtime loads.',
  });
}

function noFile(path: string, why: string): FlowError {
  return new FlowError({
    code: 'config_invalid',
    blame: 'user',
    where: path,
    message: `Cannot read the model: ${why}.`,
    fix: 'Name an .onnx file.',
  });
}
