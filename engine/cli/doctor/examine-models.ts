/** Whether the models that a profile names are here, are to be pulled, or cannot be had. */
import type { CatalogModel } from '../../core/model-catalog.ts';
import { modelName } from '../../core/model-entry.ts';
import { isEnabled, type Profile } from '../../core/profile.ts';
import type { ModelStore } from '../../io/models/model-store.ts';
import { sizeText } from '../duration-text.ts';
import { loadProfile } from '../load-profile.ts';
import { modelsNamedIn } from '../models/choose-models.ts';
import { loadCatalog } from '../models/load-catalog.ts';
import { modelBytes } from '../models/model-bytes.ts';
import { openModelStore } from '../models/open-model-store.ts';
import type { Workspace } from '../workspace.ts';
import type { Finding } from './finding.ts';

/** @param name undefined for the workspace's own choice @throws {FlowError} or an AggregateError of all that is wrong with entries */
export async function examineModels(workspace: Workspace, name: string | undefined): Promise<Finding[]> {
  const profile = legibleProfile(workspace, name);
  if (!profile) return [];
  const models = modelsNamedIn(profile, loadCatalog(workspace));
  // What is wrong with the folder of the store is told where folders are looked at.
  using store = openModelStore(workspace, { isOffline: false, onTrouble: () => undefined });
  const findings: Finding[] = [];
  for (const model of models) findings.push(await examineModel(model, store));
  return namesServer(profile) && !process.env.TRITON_HTTP_URL ? [...findings, noServer] : findings;
}

const noServer: Finding = {
  name: 'triton',
  level: 'warn',
  found: 'the profile names models on an inference server, and TRITON_HTTP_URL is not set',
  fix: 'Set TRITON_HTTP_URL to the address of its HTTP port, such as http://127.0.0.1:8000.',
};

function namesServer(profile: Profile): boolean {
  return Object.entries(profile.models).some(
    ([key, { engine }]) => engine === 'triton' && isEnabled(profile, key.split('.')[0]!),
  );
}

/** Undefined for one that cannot be read, which is told where the graph is looked at. */
function legibleProfile(workspace: Workspace, name: string | undefined): Profile | undefined {
  try {
    return loadProfile(name, workspace).profile;
  } catch {
    return undefined;
  }
}

async function examineModel(model: CatalogModel, store: ModelStore): Promise<Finding> {
  const name = modelName(model.entry);
  const fault = await store.faultOf(model);
  if (fault) return { name, level: 'fail', found: fault.message, fix: fault.fix };
  const bytes = modelBytes(model, store.files);
  const size = bytes === undefined ? '' : `, ${sizeText(bytes)}`;
  switch (await store.find(model)) {
    case 'bundled':
      return { name, level: 'pass', found: `beside its entry${size}` };
    case 'here':
      return { name, level: 'pass', found: `here${size}` };
    case 'mirror':
      return { name, level: 'info', found: `in the mirror${size}: the first build copies it` };
    default:
      return { name, level: 'info', found: `not here${size}: the first build pulls it` }; // No fault has been found.
  }
}
