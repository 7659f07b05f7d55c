import { FlowError } from '../../core/errors.ts';
import type { ModelCatalog } from '../../core/model-catalog.ts';
import { suggestion } from '../../core/nearest.ts';

export interface TaskUse {
  /** 'list models': what cannot be done for an unknown task. */
  readonly act: string;
  /** What else can be done about it, a sentence. */
  readonly otherwise?: string;
}

/** @param task of `--task` @throws {FlowError} `config_invalid` if no entry is for it */
export function refuseUnknownTask(task: string, { all }: ModelCatalog, { act, otherwise }: TaskUse): void {
  const tasks = [...new Set(all.map(({ entry }) => entry.task))].sort();
  if (tasks.includes(task)) return;
  throw new FlowError({
    code: 'config_invalid',
    blame: 'user',
    where: '--task',
    message: `Cannot ${act} for "${task}": no entry is for this task.`,
    fix: [suggestion(task, tasks), otherwise].filter(Boolean).join(' '),
  });
}
