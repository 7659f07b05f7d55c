/** A lineage in the form of OpenLineage: one RunEvent for each step. */
import { createHash } from 'node:crypto';
import type { Step, StepOutput } from '../../core/lineage.ts';
import { flowVersion } from '../version.ts';

const specification = 'https://openlineage.io/spec';
const producer = `urn:flow:${flowVersion}`;
const namespace = 'flow';

export interface RunEvent {
  readonly eventType: 'COMPLETE';
  readonly eventTime: string;
  readonly producer: string;
  readonly schemaURL: string;
  readonly run: { readonly runId: string };
  readonly job: { readonly namespace: string; readonly name: string };
  readonly inputs: readonly Dataset[];
  readonly outputs: readonly Dataset[];
}

interface Dataset {
  readonly namespace: string;
  readonly name: string;
  readonly facets: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

/**
 * One step as an event. Datasets are named by their content, so that the input of one is the output of another.
 *
 * @param contentOf the content of an artifact, whatever it is called by
 */
export function runEvent(
  { component, phase, key, storedAtMs, inputs, outputs }: Step,
  contentOf: (artifact: string) => string,
): RunEvent {
  return {
    eventType: 'COMPLETE',
    eventTime: new Date(storedAtMs).toISOString(),
    producer,
    schemaURL: `${specification}/2-0-2/OpenLineage.json#/definitions/RunEvent`,
    run: { runId: uuidOf([key, phase, ...outputs.map(({ digest }) => digest)].join(' ')) },
    job: { namespace, name: `${component}.${phase}` },
    inputs: inputs.map(({ artifact }) => dataset(contentOf(artifact), artifact)),
    outputs: outputs.map(outputDataset),
  };
}

function outputDataset({ content, digest }: StepOutput): Dataset {
  return dataset(content, digest);
}

function dataset(name: string, version: string): Dataset {
  const _schemaURL = `${specification}/facets/1-0-1/DatasetVersionDatasetFacet.json#/$defs/DatasetVersionDatasetFacet`;
  return {
    namespace,
    name,
    facets: { version: { _producer: producer, _schemaURL, datasetVersion: version } },
  };
}

/** OpenLineage wants UUIDs; one made of a name says the same each time (RFC 9562, version 8). */
function uuidOf(name: string): string {
  const bytes = createHash('sha256').update(name).digest().subarray(0, 16);
  bytes[6] = (bytes[6]! & 0x0f) | 0x80;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}
