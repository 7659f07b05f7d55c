/** What must hold of each component in the manifest. */
import { errorCodes } from '../../../core/errors.ts';
import { faultOfName } from '../../../core/fault-of-name.ts';
import { type ManifestComponent, npzSchemaVersion } from '../../../core/manifest.ts';
import { type Check, type Fault, unless } from './check.ts';

type Component = ManifestComponent;

export const componentChecks: readonly Check<Component>[] = [
  {
    id: 'component.names',
    sentence: 'Components and outputs have names that may become folders and files.',
    faultsOf: (component) =>
      [component.name, ...component.outputs.map(({ name }) => name)].flatMap((name) => {
        const fault = faultOfName(name);
        return unless(fault === undefined, faultAt(component, 'name', 'a name', `"${name}": ${fault}`));
      }),
  },
  {
    id: 'component.error_code',
    sentence: 'A component that failed has a known error code and a message; no other has a code.',
    faultsOf: faultsOfError,
  },
  {
    id: 'component.reason',
    sentence: 'A component that is empty or skipped says why.',
    faultsOf: faultsOfReason,
  },
  {
    id: 'component.outputs',
    sentence: 'One that failed or was skipped has no outputs.',
    faultsOf: (component) => {
      if (hasResult(component)) return undefined;
      const { length } = component.outputs;
      return unless(length === 0, faultAt(component, 'outputs', 'none', `${length}`));
    },
  },
  {
    id: 'component.key',
    sentence: 'A component with outputs names the key of the action that made them.',
    faultsOf: (component) =>
      component.outputs.length === 0
        ? undefined
        : unless(component.action_key !== null, faultAt(component, 'action_key', 'a digest', 'null')),
  },
  {
    id: 'component.schema_version',
    sentence: 'Components are written in a version that this flow knows.',
    faultsOf: (component) =>
      unless(
        component.schema_version === npzSchemaVersion,
        faultAt(component, 'schema_version', `${npzSchemaVersion}`, `${component.schema_version}`),
      ),
  },
  {
    id: 'component.models',
    sentence: 'A component that used models has their signature, and one that used none has none.',
    faultsOf: (component) => {
      const { models_used: models, model_signature: signature } = component;
      if (models.length === 0 && signature === undefined) return undefined;
      return unless(
        models.length > 0 && signature !== undefined,
        faultAt(
          component,
          'model_signature',
          'models and a signature',
          `${models.length} models, signature ${signature}`,
        ),
      );
    },
  },
  {
    id: 'component.timing',
    sentence: 'A component has both a start and an end, or neither.',
    faultsOf: (component) =>
      unless(
        (component.started_at === null) === (component.finished_at === null),
        faultAt(
          component,
          'finished_at',
          'an instant exactly where it was started',
          String(component.finished_at),
        ),
      ),
  },
];

function faultsOfError(component: Component): Fault[] {
  const { status, error_code: code, error } = component;
  if (status !== 'error')
    return unless(
      code === undefined,
      faultAt(component, 'error_code', `none, for its status is ${status}`, `"${code}"`),
    );
  const isKnown = code !== undefined && (errorCodes as readonly string[]).includes(code);
  return [
    ...unless(isKnown, faultAt(component, 'error_code', 'a known error code', quoted(code))),
    ...unless(Boolean(error), faultAt(component, 'error', 'a message', quoted(error))),
  ];
}

function faultsOfReason(component: Component): Fault[] | undefined {
  const { status, empty_reason: reason, error } = component;
  if (status === 'empty')
    return unless(Boolean(reason), faultAt(component, 'empty_reason', 'a reason', quoted(reason)));
  if (status === 'skipped')
    return unless(Boolean(error), faultAt(component, 'error', 'a reason', quoted(error)));
  if (reason === undefined) return undefined;
  return [faultAt(component, 'empty_reason', `none, for its status is ${status}`, `"${reason}"`)];
}

function quoted(text: string | undefined): string {
  return text === undefined ? 'nothing' : `"${text}"`;
}

function hasResult({ status }: Component): boolean {
  return status === 'success' || status === 'empty';
}

function faultAt({ name }: Component, field: string, expected: string, found: string): Fault {
  return { path: `manifest.json#${name}.${field}`, expected, found };
}
