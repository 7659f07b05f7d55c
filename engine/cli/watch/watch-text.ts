/** What a watch says after each build. */
import type { RunOutcome } from '../../run/build.ts';
import type { OutputDiff } from '../diff/compare-outputs.ts';
import { outputLines } from '../diff/diff-text.ts';
import { counted, durationText } from '../duration-text.ts';
import type { Screen } from '../screen.ts';
import { oneLine } from '../short-names.ts';
import { shown } from '../shown-path.ts';

const mostNames = 3;

/** '09:31:02  rules/pacing.ts changed'. */
export function changedText(paths: ReadonlySet<string>, at: Date): string {
  const names = [...paths].map((path) => oneLine(shown(path)));
  const more = names.length > mostNames ? ` and ${names.length - mostNames} more` : '';
  return `${at.toTimeString().slice(0, 8)}  ${names.slice(0, mostNames).join(', ')}${more} changed`;
}

/** In what results differ from those of the build before: arrays and documents, not what is made for the eye. */
export function changesText(diffs: readonly OutputDiff[], screen: Screen): string {
  const lines = diffs.filter(({ what }) => what !== 'bytes').flatMap((diff) => outputLines(diff, screen));
  return lines.map((line) => `${line}\n`).join('');
}

interface WatchCounts {
  readonly executed: number;
  readonly cached: number;
  /** Targets that could not even be begun. */
  readonly refused: number;
  readonly durationMs: number;
}

/** 'up to date in 0.18 s: 2 actions ran, 20 cached'. */
export function doneText(
  outcomes: readonly RunOutcome[],
  { executed, cached, refused, durationMs }: WatchCounts,
): string {
  const failed = outcomes.filter(({ status }) => status === 'error').length + refused;
  const what = failed > 0 ? `${counted(failed, 'target')} failed` : 'up to date';
  return `${what} in ${durationText(durationMs)}: ${counted(executed, 'action')} ran, ${cached} cached\n`;
}
