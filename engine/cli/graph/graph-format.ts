import { InvalidArgumentError } from 'commander';
import { suggestion } from '../../core/nearest.ts';

const graphFormats = ['text', 'mermaid', 'dot', 'svg', 'html', 'json', 'tui'] as const;
const queryFormats = ['text', 'mermaid', 'dot', 'json'] as const;

export type GraphFormat = (typeof graphFormats)[number];
export type QueryFormat = (typeof queryFormats)[number];

export function toGraphFormat(text: string): GraphFormat {
  return oneOf(graphFormats, text);
}

export function toQueryFormat(text: string): QueryFormat {
  return oneOf(queryFormats, text);
}

function oneOf<T extends string>(known: readonly T[], text: string): T {
  const found = known.find((one) => one === text);
  if (found !== undefined) return found;
  throw new InvalidArgumentError(suggestion(text, known));
}
