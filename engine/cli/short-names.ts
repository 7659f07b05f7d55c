/** Names of runs for the eye: only as much of their paths as tells them apart. */
import { printable } from '../core/errors.ts';

const longest = 48;

/**
 * @param labels labels of runs: `run:/videos/clip.mp4//decode`, or the empty text for workspace targets
 * @returns label → `clip.mp4`; with the component where one video has several runs
 */
export function shortNames(labels: readonly string[]): Map<string, string> {
  const runs = labels.filter((label) => label !== '').map(parse);
  const paths = shortPaths([...new Set(runs.map(({ path }) => path))]);
  const names = new Map(
    runs.map(({ label, path, component }) => {
      const isShared = runs.some((other) => other.path === path && other.label !== label);
      return [label, isShared ? paths.get(path)! + component : paths.get(path)!] as const;
    }),
  );
  const cut = new Map([...names].map(([label, name]) => [label, cutMiddle(name, longest)]));
  return new Set(cut.values()).size === cut.size ? cut : names;
}

function parse(label: string): { label: string; path: string; component: string } {
  if (label.startsWith('//')) return { label, path: label, component: '' };
  const [, path = label, component = ''] = /^run:(.*?)(\/\/[A-Za-z0-9_-]+)?$/s.exec(label) ?? [];
  return { label, path, component };
}

/** The last parts of each path, as many as it takes for all to differ. */
function shortPaths(paths: readonly string[]): Map<string, string> {
  const parts = paths.map((path) =>
    path.startsWith('//') ? [path] : path.split('/').filter((part) => part !== ''),
  );
  const most = Math.max(1, ...parts.map(({ length }) => length));
  for (let count = 1; count <= most; count += 1) {
    const names = parts.map((list) => oneLine(list.slice(-count).join('/')));
    if (new Set(names).size === names.length || count === most)
      return new Map(paths.map((path, index) => [path, names[index]!]));
  }
  return new Map();
}

/** A text that stays in its line and cannot move the cursor. */
export function oneLine(name: string): string {
  return printable(name).replaceAll('\n', '\\n').replaceAll('\t', '\\t');
}

/** @param most how many characters the name may have; 3 or more */
export function cutMiddle(name: string, most: number): string {
  if (name.length <= most) return name;
  const half = (most - 1) / 2;
  return `${name.slice(0, Math.ceil(half))}…${name.slice(-Math.floor(half))}`;
}
