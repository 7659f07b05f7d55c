/** Places in bundles, as an error's stack has them, told as places in the sources that people write. */
import { readFileSync } from 'node:fs';
import { SourceMap, type SourceMapPayload } from 'node:module';
import { fileURLToPath } from 'node:url';
import { excerpt } from '../core/excerpt.ts';

/** `file:///…/bundles/1234.mjs:1:567`, or a path in the place of the URL. */
const bundlePlace = /(?:file:\/\/)?\/[^\s()]*\/bundles\/[0-9a-f]{64}\.mjs:\d+:\d+/g;

/** Where the map of a bundle lies. */
export function sourceMapPath(bundlePath: string): string {
  return `${bundlePath}.map`;
}

/** A source map with other paths of its sources. */
export function moveSources(map: string, move: (path: string) => string): string {
  const { sources, ...rest } = JSON.parse(map) as { sources: string[] }; // What esbuild has written.
  return JSON.stringify({ ...rest, sources: sources.map(move) });
}

/** The text with every place in a bundle replaced by that in its source: `rules/cuts.ts:12:5`. */
export function toSourcePlaces(text: string): string {
  return text.replace(bundlePlace, (place) => sourcePlace(place) ?? place);
}

/** The line of a place like `rules/cuts.ts:12:5`, with the column marked; undefined for what nobody has written. */
export function excerptOf(place: string): string | undefined {
  if (place.search(bundlePlace) >= 0) return undefined; // One long line.
  const [, path = '', line, column] = /^(.*):(\d+):(\d+)$/.exec(place) ?? [];
  try {
    const text = readFileSync(path, 'utf8').split('\n')[Number(line) - 1];
    return text === undefined
      ? undefined
      : excerpt(Number(line), text, { at: Number(column) - 1, length: 1 });
  } catch {
    return undefined; // It is no file, or not there any more.
  }
}

function sourcePlace(place: string): string | undefined {
  const [, where = '', line, column] = /^(.*):(\d+):(\d+)$/.exec(place) ?? [];
  const map = readMap(where.startsWith('file:') ? fileURLToPath(where) : where);
  const entry = map?.findEntry(Number(line) - 1, Number(column) - 1);
  if (!entry || !('originalSource' in entry)) return undefined;
  return `${entry.originalSource}:${entry.originalLine + 1}:${entry.originalColumn + 1}`;
}

/** Read anew each time: a comment moves places without another bundle, and a thread outlives that. */
function readMap(bundlePath: string): SourceMap | undefined {
  try {
    const payload = JSON.parse(readFileSync(sourceMapPath(bundlePath), 'utf8')) as SourceMapPayload; // What the bundler wrote.
    return new SourceMap(payload);
  } catch {
    return undefined; // Cleaned away: the place in the bundle is better than none.
  }
}
