import { readFileSync } from 'node:fs';
import type { Manifest, ManifestComponent } from '../../core/manifest.ts';

/** What a list of runs needs of their manifests. */
export interface RunHead {
  readonly run: Manifest['run'];
  readonly components: readonly Pick<ManifestComponent, 'status' | 'outputs'>[];
}

/**
 * Reads a manifest as far as a list needs it: thousands of them, in a command that has to start before zod is loaded.
 *
 * @returns undefined where something of that is not as it should be: `readManifest` tells what
 */
export function readHead(path: string): RunHead | undefined {
  try {
    const manifest: unknown = JSON.parse(readFileSync(path, 'utf8'));
    return isHead(manifest) ? manifest : undefined;
  } catch {
    return undefined;
  }
}

const texts = ['platform_id', 'video_id', 'run_id', 'stage', 'profile', 'created_at'];
const runStatuses = new Set(['running', 'success', 'partial', 'error', 'cancelled']);
const componentStatuses = new Set(['success', 'empty', 'error', 'skipped']);

function isHead(value: unknown): value is RunHead {
  if (!isRecord(value) || value.schema_version !== 1 || !isRecord(value.run)) return false;
  const { run, components } = value;
  return (
    texts.every((name) => typeof run[name] === 'string') &&
    runStatuses.has(String(run.status)) &&
    (run.finished_at === null || typeof run.finished_at === 'string') &&
    isRecord(run.source) &&
    typeof run.source.name === 'string' &&
    Array.isArray(components) &&
    components.every(isComponentHead)
  );
}

function isComponentHead(value: unknown): boolean {
  return (
    isRecord(value) &&
    componentStatuses.has(String(value.status)) &&
    Array.isArray(value.outputs) &&
    value.outputs.every((output) => isRecord(output) && typeof output.bytes === 'number')
  );
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
