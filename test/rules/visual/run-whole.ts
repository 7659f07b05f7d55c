/** Runs a rule of scope `whole`, and holds what it gives against what it declared, as the engine would. */
import { checkOutputs } from '../../../engine/core/check-output.ts';
import type { Rule, Values } from '../../../engine/core/rule.ts';
import { fakeContext, type Segmented } from './run-segmented.ts';

export async function runWhole(rule: Rule, inputs: Values, given: Values = {}): Promise<Segmented> {
  const params = rule.params.parse(given) as Values;
  const { context, reason } = fakeContext();
  const outputs = await rule.run({ ...context, inputs, params, models: {}, segment: undefined, halo: {} });
  checkOutputs(rule.name, rule.outputs(params), outputs);
  return { outputs, emptyReason: reason() };
}
