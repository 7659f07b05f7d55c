/** Explanations of a component's actions, as a person reads them and as data. */
import type { Cause, Explanation } from '../../core/explain.ts';
import type { EvictionRecord } from '../../core/store.ts';
import { evictedText } from '../cache/reason-text.ts';
import { counted, durationText, timeText } from '../duration-text.ts';
import { type Sources, tellCause } from './cause-text.ts';

/** Several actions for the same reasons are told together. */
export function explanationText(explanations: readonly Explanation[], sources: Sources): string[] {
  const groups = Map.groupBy(explanations, (one) => {
    const { node, verdict, isRemote, reason, since, eviction } = one;
    const evicted = eviction && evictedText(eviction);
    const told = bodyOf(one, sources);
    const past = [since?.outcome, since?.atMs, evicted];
    return JSON.stringify([node.phase, verdict, isRemote, reason, past, told]);
  });
  return [...groups.values()].flatMap((group) => [
    `  ${whoText(group)}${headText(group[0]!)}`,
    ...bodyOf(group[0]!, sources).map((line) => `    ${line}`),
  ]);
}

/** 'segments 0–3, 7: ', or nothing where the component has one action. */
function whoText(group: readonly Explanation[]): string {
  const indices = group.flatMap(({ node }) => node.segment?.index ?? []);
  if (indices.length === 0) return group[0]!.node.phase === 'merge' ? 'merge of its segments: ' : '';
  const distinct = [...new Set(indices)];
  const requests = indices.length / distinct.length;
  const several = requests > 1 ? ` (${indices.length} actions: others ask it for different things)` : '';
  return `${distinct.length === 1 ? 'segment' : 'segments'} ${ranges(distinct)}${several}: `;
}

function headText({ verdict, isRemote, reason, since, eviction }: Explanation): string {
  const isFirst = reason === 'first';
  switch (verdict) {
    case 'waits':
      return 'waits: its key is not known until what it reads has been made';
    case 'to_run':
      if (eviction) return `would run: its result was ${evictedText(eviction)}`;
      return `would run${isFirst ? ': never built here' : reason === 'lost' ? ': its result was stored and is gone' : ''}`;
    case 'ran':
      return `ran ${timeText(since!.atMs)} in ${durationText(since!.durationMs)}${isFirst ? ': first build here' : ''}`;
    case 'cached':
      return `cached (${isRemote ? 'remote' : 'local'})${cachedText(since)}`;
    default:
      throw new TypeError(`unknown verdict ${verdict satisfies never}`);
  }
}

function cachedText(since: Explanation['since']): string {
  if (!since) return ': made elsewhere from the same ingredients';
  const { outcome, atMs, durationMs } = since;
  return outcome === 'ran'
    ? `: nothing that it is made of has changed since it ran ${timeText(atMs)} in ${durationText(durationMs)}`
    : ` since ${timeText(atMs)}: built before with these ingredients`;
}

/** One line for each thing at the root, with the way from there to here. */
function bodyOf(explanation: Explanation, sources: Sources): string[] {
  const { node, causes } = explanation;
  const roots = causes.flatMap((cause) => rootsOf(cause, []));
  const lines = roots.map(({ cause, way }) => {
    const { text, where } = tellCause(cause, sources);
    const path = way.filter((name, index) => name !== (way[index + 1] ?? node.component.name));
    const from = path.length === 0 ? '' : `${path.join(' → ')}: `;
    return `because ${from}${text}${where === undefined ? '' : ` (${where})`}`;
  });
  return [...new Set([...lines, ...bytesText(explanation), ...unsentText(explanation)])];
}

/** A result stays known without its bytes. */
function bytesText({ verdict, eviction }: Explanation): string[] {
  return eviction && verdict !== 'to_run'
    ? [`its bytes were ${evictedText(eviction)}; they are made again when they are wanted`]
    : [];
}

function unsentText({ unsent }: Explanation): string[] {
  return unsent ? [`was not sent to the remote cache on ${timeText(unsent.atMs)}: ${unsent.reason}`] : [];
}

interface Root {
  readonly cause: Cause;
  /** Components from the root's own towards the one that is explained. */
  readonly way: readonly string[];
}

function rootsOf(cause: Cause, downstream: readonly string[]): Root[] {
  const way = [cause.node.component.name, ...downstream];
  return cause.upstream.length === 0
    ? [{ cause, way }]
    : cause.upstream.flatMap((inner) => rootsOf(inner, way));
}

/** [0, 1, 2, 5] → '0–2, 5'. */
function ranges(indices: readonly number[]): string {
  const sorted = [...indices].sort((a, b) => a - b);
  const runs: [number, number][] = [];
  for (const index of sorted) {
    const last = runs.at(-1);
    if (last && index === last[1] + 1) last[1] = index;
    else runs.push([index, index]);
  }
  return runs.map(([from, to]) => (from === to ? `${from}` : `${from}–${to}`)).join(', ');
}

export interface CauseDocument {
  readonly field: readonly string[];
  readonly from: unknown;
  readonly to: unknown;
  readonly text: string;
  readonly where?: string;
  readonly action: string;
  readonly upstream: readonly CauseDocument[];
}

export interface ExplanationDocument {
  readonly action: string;
  readonly component: string;
  readonly segment?: number;
  readonly key: string | null;
  readonly verdict: Explanation['verdict'];
  /** Of a cached result: it is on other machines alone. */
  readonly is_remote: boolean;
  readonly reason: Explanation['reason'];
  readonly since?: string;
  readonly duration_ms?: number;
  readonly previous_key?: string;
  readonly causes: readonly CauseDocument[];
  /** Of its result; or, where that is there, of its bytes. */
  readonly evicted?: RecordDocument;
  /** Why other machines do not find its result. */
  readonly not_uploaded?: RecordDocument;
}

interface RecordDocument {
  readonly at: string;
  readonly reason: string;
}

export function explanationDocument(explanation: Explanation, sources: Sources): ExplanationDocument {
  const { node, key, verdict, isRemote, reason, since, before, causes, eviction, unsent } = explanation;
  return {
    action: node.id,
    component: node.component.name,
    ...(node.segment && { segment: node.segment.index }),
    key: key ?? null,
    verdict,
    is_remote: isRemote,
    reason,
    ...(since && { since: new Date(since.atMs).toISOString(), duration_ms: since.durationMs }),
    ...(before && { previous_key: before.key }),
    causes: causes.map((cause) => causeDocument(cause, sources)),
    ...(eviction && { evicted: recordDocument(eviction) }),
    ...(unsent && { not_uploaded: recordDocument(unsent) }),
  };
}

function recordDocument({ atMs, reason }: EvictionRecord): RecordDocument {
  return { at: new Date(atMs).toISOString(), reason };
}

function causeDocument(cause: Cause, sources: Sources): CauseDocument {
  const { field, from, to, node, upstream } = cause;
  const { text, where } = tellCause(cause, sources);
  return {
    field,
    from: from ?? null,
    to: to ?? null,
    text,
    ...(where !== undefined && { where }),
    action: node.id,
    upstream: upstream.map((inner) => causeDocument(inner, sources)),
  };
}

/** 'cut_detection: 3 actions ran, 9 cached'. */
export function countText(explanations: readonly Explanation[]): string {
  const by = Map.groupBy(explanations, ({ verdict }) => verdict);
  const names = { ran: 'ran', cached: 'cached', to_run: 'to run', waits: 'waiting for others' } as const;
  const parts = Object.entries(names).flatMap(([verdict, name]) => {
    const count = by.get(verdict as Explanation['verdict'])?.length ?? 0; // A key of `names`.
    return count > 0 ? [`${count} ${name}`] : [];
  });
  return `${counted(explanations.length, 'action')}: ${parts.join(', ')}`;
}
