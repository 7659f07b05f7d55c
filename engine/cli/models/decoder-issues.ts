/** Whether the components of a workspace can read what a model gives: the graph names their rules, which know the decoders. */
import { join, sep } from 'node:path';
import type { LoadedRule } from '../../core/component.ts';
import type { Issue } from '../../core/issue.ts';
import type { CatalogModel } from '../../core/model-catalog.ts';
import { issuesOfDecoder } from '../../core/resolve-models.ts';
import { RealDisk } from '../../io/disk.ts';
import { loadGraph } from '../load-graph.ts';
import { packageRoot } from '../package-root.ts';
import { RuleRegistry } from '../rule-registry.ts';
import { openIndex } from '../session.ts';
import { makeFolder, type Workspace } from '../workspace.ts';

/**
 * @returns why no slot for the model's task can read it, as one of them says it; nothing if one can, or if that cannot be
 * known, as where the graph or a rule is wrong: that is for builds to tell
 */
export async function decoderIssues(model: CatalogModel, workspace: Workspace): Promise<readonly Issue[]> {
  if (model.file.startsWith(join(packageRoot, 'rules') + sep)) return []; // Tests see to the entries that come with flow.
  const rules = await rulesOf(workspace).catch(() => []);
  const slots = rules.flatMap(({ rule }) => Object.values(rule.models));
  const read = slots.flatMap(({ task, decoders }) =>
    task === model.entry.task && decoders ? [issuesOfDecoder(model, decoders)] : [],
  );
  return read.some((issues) => issues.length === 0) ? [] : (read[0] ?? []);
}

async function rulesOf(workspace: Workspace): Promise<LoadedRule[]> {
  makeFolder(workspace.stateFolder, 'Make this place writable.');
  using index = openIndex(workspace);
  const disk = new RealDisk();
  const { graph } = await loadGraph(workspace, index, disk);
  const loaded = await new RuleRegistry(workspace, index, disk).load(graph.components);
  return 'rules' in loaded ? [...loaded.rules.values()] : [];
}
