/** The devices of this machine on which ONNX Runtime can run models. */
import { existsSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { DeviceName } from '../../core/assigned-model.ts';

/** Version of ONNX Runtime that may change results: `1.30`. */
export function ortVersion(): string {
  const [major, minor] = packageOfOrt().version.split('.');
  return `${major}.${minor}`;
}

/** What seems to be there, the best first: whether it works shows when a model is loaded. */
export function likelyDevices(): DeviceName[] {
  return [...(hasCuda() ? (['cuda'] as const) : []), ...(hasGpu() ? (['webgpu'] as const) : []), 'cpu'];
}

function hasCuda(): boolean {
  const { folder } = packageOfOrt();
  const provider = join(
    folder,
    'bin/napi-v6',
    process.platform,
    process.arch,
    'libonnxruntime_providers_cuda.so',
  );
  return existsSync(provider) && existsSync('/dev/nvidiactl');
}

/** A device node of a graphics driver; other systems than Linux always have one. */
function hasGpu(): boolean {
  if (process.platform !== 'linux') return true;
  const nodes = existsSync('/dev/dri') ? readdirSync('/dev/dri') : [];
  return nodes.some((name) => name.startsWith('renderD')) || existsSync('/dev/nvidiactl');
}

function packageOfOrt(): { folder: string; version: string } {
  const require = createRequire(import.meta.url);
  const file = join(dirname(require.resolve('onnxruntime-node')), '../package.json');
  return { folder: dirname(file), version: (require(file) as { version: string }).version }; // As npm has it.
}
