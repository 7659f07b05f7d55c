/** What a build says of actions that failed without an error of their own. */
import { FlowError } from '../core/errors.ts';
import type { ActionNode } from '../core/plan.ts';

export function nondeterministic(node: ActionNode): FlowError {
  return new FlowError({
    code: 'nondeterministic',
    blame: 'rule',
    message: `Cannot trust ${node.id}: run again on the same inputs it gave other bytes.`,
    fix: 'Make the rule deterministic, or declare `isDeterministic: false`.',
  });
}

/** @param holder number of the process that makes it, if it is known */
export function notArrived(node: ActionNode, waitedSec: number, holder: number | undefined): FlowError {
  const who = holder === undefined ? 'another process' : `process ${holder}`;
  return new FlowError({
    code: 'dependency_missing',
    blame: 'machine',
    message: `Cannot go on without ${node.id}: ${who} has been making it for ${waitedSec} s, longer than its rule may take.`,
    fix: `See what ${who} does, end it if it hangs, and build again.`,
  });
}

export function bytesLost(node: ActionNode, producer: ActionNode): FlowError {
  return new FlowError({
    code: 'dependency_failed',
    blame: 'user',
    message: `Cannot run ${node.id}: the bytes of ${producer.id} are gone and could not be made again.`,
    fix: 'See the error of the action that failed.',
  });
}

/** True where a model is neither here nor to be had. */
export function isModelAbsent({ code }: FlowError): boolean {
  return code === 'model_fetch_failed' || code === 'model_not_found';
}
