import { FlowError } from '../core/errors.ts';
import type { Scope } from '../core/plan.ts';

/** A run whose parts come from different states of its rules or inputs could not be trusted. */
export function keptChanged({ label }: Scope, component: string): FlowError {
  return new FlowError({
    code: 'config_invalid',
    blame: 'user',
    where: label,
    message: `Cannot heal this run: "${component}" would not be what it was when the run was built.`,
    fix: `Build the run anew: \`flow build ${label}\`; \`flow why ${label}//${component}\` says what has changed.`,
  });
}
