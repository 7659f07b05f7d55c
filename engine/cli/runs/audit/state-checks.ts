/** What must hold of a run's state, where it has one: it says what the manifest says. */
import type { Manifest } from '../../../core/manifest.ts';
import type { RunStateDocument } from '../../../core/run-state.ts';
import { type Check, unless } from './check.ts';

export interface StateSubject {
  readonly manifest: Manifest;
  /** Undefined where the run has none. */
  readonly state: RunStateDocument | undefined;
}

const path = 'run_state.json';

export const stateChecks: readonly Check<StateSubject>[] = [
  {
    id: 'state.run',
    sentence: 'The state of the run has the status of the manifest.',
    faultsOf: ({ manifest, state }) =>
      state && isOver(manifest)
        ? unless(state.run.status === manifest.run.status, {
            path: `${path}#run.status`,
            expected: manifest.run.status,
            found: state.run.status,
          })
        : undefined,
  },
  {
    id: 'state.components',
    sentence: 'The state has every component of the manifest, with its status.',
    faultsOf: ({ manifest, state }) =>
      state && isOver(manifest)
        ? manifest.components.flatMap(({ name, status }) => {
            const found = state.components[name]?.status ?? 'nothing';
            return unless(found === status, { path: `${path}#components.${name}`, expected: status, found });
          })
        : undefined,
  },
];

function isOver({ run }: Manifest): boolean {
  return run.status !== 'running';
}
