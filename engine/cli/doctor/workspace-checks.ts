/** Whether the workspace's files can be read, and say something that can be built. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { counted } from '../duration-text.ts';
import { shown } from '../shown-path.ts';
import type { Workspace } from '../workspace.ts';
import type { Check, Finding } from './finding.ts';

export function workspaceChecks(workspace: Workspace, profile: string | undefined): Check[] {
  return [
    { area: 'workspace', name: 'flow.yaml', examine: () => [settings(workspace)] },
    { area: 'workspace', name: 'graph', examine: () => examineGraph(workspace, profile) },
  ];
}

function settings({ settingsFile, root }: Workspace): Finding {
  if (settingsFile !== undefined) return { name: 'flow.yaml', level: 'pass', found: shown(settingsFile) };
  const found = `none here or above: the workspace is ${root}, and all settings are the usual ones`;
  return { name: 'flow.yaml', level: 'info', found };
}

/** Reads the graph, the profile and the rules of the stage as a build would; what it remembers is thrown away. */
async function examineGraph(found: Workspace, profileName: string | undefined): Promise<Finding[]> {
  // These load the native hashing: where that is broken, its own check says so.
  const { openIndex, openSession } = await import('../session.ts');
  const { loadComponents } = await import('../load-components.ts');
  const stateFolder = mkdtempSync(join(tmpdir(), 'flow-doctor-'));
  try {
    const workspace = { ...found, stateFolder };
    using index = openIndex(workspace);
    const session = await openSession(workspace, index, profileName);
    const { graph, profile } = session;
    const components = await loadComponents(session, graph.stages[workspace.stage] ?? []);
    const count = counted(graph.components.length, 'component');
    return [
      { name: 'graph', level: 'pass', found: `${count}, stages ${Object.keys(graph.stages).join(', ')}` },
      { name: 'profile', level: 'pass', found: profile.name },
      stage(workspace.stage, components.length),
    ];
  } finally {
    rmSync(stateFolder, { recursive: true, force: true });
  }
}

function stage(name: string, count: number): Finding {
  const found = `${name}, with the rules of ${counted(count, 'component')}`;
  if (count > 0) return { name: 'stage', level: 'pass', found };
  const fix = 'Set "stage" in flow.yaml to one that is there, or build with --stage.';
  return { name: 'stage', level: 'warn', found: `there is no stage "${name}"`, fix };
}
