/** The file of an output that is named by its video and component. */
import { join } from 'node:path';
import { FlowError } from '../../core/errors.ts';
import { suggestion } from '../../core/nearest.ts';
import { findRun } from '../runs/find-run.ts';
import { readManifest } from '../runs/read-manifest.ts';
import { type RunStorages, storedRuns } from '../storage/run-storages.ts';

/**
 * `run:clip.mp4//loudness_extractor:loudness` → its file in the latest run of that video; `…:loudness:times_sec` → an array
 * of it. Where a component has one output its name may be left out. Any other word is left as it is.
 *
 * @throws {FlowError} `config_invalid` if there is no such run, component or output
 */
export async function findOutput(word: string, workspace: RunStorages): Promise<string> {
  const [, video, component = '', rest = ''] = /^(run:.+)\/\/([A-Za-z0-9_-]+)(?::(.*))?$/s.exec(word) ?? [];
  if (video === undefined) return word;
  using stored = await storedRuns(workspace);
  await stored?.bringManifests();
  const place = await findRun(video, workspace);
  const { components } = readManifest(place.manifestPath);
  const found = components.find(({ name }) => name === component);
  if (!found)
    throw noSuch(
      word,
      'component',
      component,
      components.map(({ name }) => name),
    );
  const { outputs } = found;
  const [name = '', ...array] = rest.split(':');
  const isNamed = outputs.some((output) => output.name === name);
  const output = isNamed
    ? outputs.find((one) => one.name === name)
    : outputs.length === 1
      ? outputs[0]
      : undefined;
  if (!output)
    throw noSuch(
      word,
      'output',
      name,
      outputs.map((one) => one.name),
    );
  await stored?.bringOutput(place, output);
  const selection = isNamed ? array : rest === '' ? [] : [rest];
  return [join(place.folder, output.path), ...selection].join(':');
}

function noSuch(word: string, what: string, name: string, known: readonly string[]): FlowError {
  return new FlowError({
    code: 'config_invalid',
    blame: 'user',
    where: word,
    message: `Cannot find this output: the run has no ${what} "${name}".`,
    fix: known.length > 0 ? suggestion(name, known) : 'It gave no outputs: see `flow show`.',
  });
}
