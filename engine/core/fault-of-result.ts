/** Can a result from elsewhere be one of this action? Its bytes are read only if it says what the rule declares. */
import type { ArraySpecs, Kind } from './kind.ts';
import type { Outputs } from './rule.ts';
import type { ActionResult, OutputRecord } from './store.ts';

/** Why a result cannot be one of an action with these outputs, as 'it …'; undefined if it can. */
export function faultOfResult(declared: Outputs, { outputs }: ActionResult): string | undefined {
  const unknown = Object.keys(outputs).find((name) => !Object.hasOwn(declared, name));
  if (unknown !== undefined) return `it has an output "${unknown}" that the rule does not declare`;
  for (const [name, kind] of Object.entries(declared)) {
    const record = Object.hasOwn(outputs, name) ? outputs[name] : undefined;
    if (!record) return `it lacks the output "${name}"`;
    const fault = kindFault(kind, record) ?? arraysFault(kind.arrays, record.arrays);
    if (fault !== undefined) return `its output "${name}" ${fault}`;
  }
  return undefined;
}

function kindFault(kind: Kind, record: OutputRecord): string | undefined {
  if (record.format !== kind.format) return `is ${record.format}, not ${kind.format}`;
  if (record.extension !== kind.extension)
    return `has the extension "${record.extension}", not "${kind.extension}"`;
  if (record.isEphemeral === kind.isEphemeral) return undefined;
  return kind.isEphemeral ? 'is kept, though it is ephemeral' : 'is not kept, though it is not ephemeral';
}

/** Consumers take the arrays that a kind declares as there; sizes show when they are read. */
function arraysFault(specs: ArraySpecs = {}, arrays: OutputRecord['arrays'] = {}): string | undefined {
  const extra = Object.keys(arrays).find((name) => !Object.hasOwn(specs, name));
  if (extra !== undefined) return `has an array "${extra}" that is not declared`;
  for (const [name, { dtype, shape }] of Object.entries(specs)) {
    const found = Object.hasOwn(arrays, name) ? arrays[name] : undefined;
    if (!found) return `lacks the array "${name}"`;
    if (found.dtype !== dtype) return `has array "${name}" of ${found.dtype}, not ${dtype}`;
    const fits =
      found.shape.length === shape.length &&
      shape.every((wanted, axis) => typeof wanted === 'string' || found.shape[axis] === wanted);
    if (!fits) return `has array "${name}" of shape [${found.shape.join(', ')}], not [${shape.join(', ')}]`;
  }
  return undefined;
}
