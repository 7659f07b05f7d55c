/** Where the time of a build went, in two lines. */
import type { ActionTime, Timing } from './build-analysis.ts';
import { counted, durationText } from './duration-text.ts';

/** Who waits for less asks nothing. */
const worthTellingMs = 1000;
const mostComponents = 3;
const mostSteps = 5;
/** A step that took less of the whole path explains nothing. */
const negligible = 0.01;

/**
 * @param names label of a run → its short name
 * @returns no line of what took less than a second
 */
export function timingLines(
  { slowest_components, critical_path }: Timing,
  names: ReadonlyMap<string, string>,
): string[] {
  const slow = slowest_components.filter(({ duration_ms }) => duration_ms >= worthTellingMs);
  const texts = slow
    .slice(0, mostComponents)
    .map(
      ({ component, actions, duration_ms }) =>
        `${component} ${durationText(duration_ms)}${actions > 1 ? ` in ${counted(actions, 'action')}` : ''}`,
    );
  const lines = texts.length > 0 ? [`slowest: ${texts.join(', ')}`] : [];
  const { duration_ms, actions } = critical_path;
  if (duration_ms < worthTellingMs || actions.length < 2) return lines;
  const name = names.size > 1 ? names.get(actions[0]!.target) : undefined;
  const of = name === undefined ? '' : ` of ${name}`;
  return [...lines, `critical path${of}, ${durationText(duration_ms)}: ${pathText(actions)}`];
}

/** The steps that take the longest, in their order: 'decode #3 2.10 s → … → tempo 0.80 s'. */
function pathText(actions: readonly ActionTime[]): string {
  const sumMs = actions.reduce((sum, { duration_ms }) => sum + duration_ms, 0);
  const longest = actions
    .filter(({ duration_ms }) => duration_ms > sumMs * negligible)
    .sort((a, b) => b.duration_ms - a.duration_ms)
    .slice(0, mostSteps);
  const steps = actions.map((action) => (longest.includes(action) ? stepText(action) : '…'));
  return steps.filter((step, index) => step !== '…' || steps[index - 1] !== '…').join(' → ');
}

function stepText({ component, segment, duration_ms }: ActionTime): string {
  return `${component}${segment === undefined ? '' : ` #${segment}`} ${durationText(duration_ms)}`;
}
