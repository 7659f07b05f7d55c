import { jointly, modelSignature, usedModel } from '../core/assigned-model.ts';
import { errorBody } from '../core/errors.ts';
import { type ManifestComponent, npzSchemaVersion } from '../core/manifest.ts';
import type { Tally } from './tally.ts';

/** A component that is over, as the manifest has it. */
export function manifestComponent(tally: Tally): ManifestComponent {
  const { component, error, status, executed, startedAtMs } = tally;
  const { rule, digest } = component.loaded;
  const isMade = status === 'success' || status === 'empty';
  const assigned = isMade ? component.models : [];
  const models = assigned.map(usedModel);
  const signature = modelSignature(assigned);
  return {
    name: component.name,
    processor: component.processor,
    status,
    required: component.isRequired,
    ...(status === 'empty' && { empty_reason: tally.emptyReason }),
    ...(error && { error_code: error.code, error: errorBody(error) }),
    ...(status === 'skipped' && { error: tally.skipReason }),
    warnings: [...tally.warnings],
    cache: tally.cache,
    action_key: tally.key ?? null,
    rule_digest: digest,
    schema_version: npzSchemaVersion,
    producer_version: rule.version,
    ...(signature !== null && { model_signature: signature }),
    models_used: models,
    device_used: jointly(models, 'device') ?? (executed > 0 ? 'cpu' : null),
    started_at: startedAtMs === undefined ? null : new Date(startedAtMs).toISOString(),
    finished_at: startedAtMs === undefined ? null : new Date().toISOString(),
    duration_ms: Math.round(tally.durationMs * 1000) / 1000,
    outputs: isMade ? [...tally.outputs] : [],
  };
}
