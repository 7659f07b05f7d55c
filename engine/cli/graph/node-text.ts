/** What the drawings say of a node in a few words. */
import { durationText, sizeText } from '../duration-text.ts';
import type { GraphNode } from './graph-view.ts';

/** What each status means, for legends and sums. */
export const statusMeanings: Readonly<Record<NonNullable<GraphNode['status']>, string>> = {
  cached: 'cached',
  to_run: 'to run',
  unknown: 'unknown until inputs are made',
};

/** 'cached', 'to run', '2 of 5 to run'. */
export function statusText({ status, actions, isEnabled }: GraphNode): string {
  if (!isEnabled) return 'disabled';
  if (!status) return '';
  const isPart = status === 'to_run' && actions !== undefined && actions.cached > 0;
  if (isPart) return `${actions.toRun} of ${actions.toRun + actions.cached} to run`;
  return status === 'unknown' ? status : statusMeanings[status];
}

/** The status with size and duration: 'cached · 1.2 MiB · 0.35 s'; without a status, the rule. */
export function detailText(node: GraphNode): string {
  const { bytes, lastDurationMs, rule } = node;
  const parts = [statusText(node), sizeOf(bytes), durationOf(lastDurationMs)].filter((part) => part !== '');
  return parts.length > 0 ? parts.join(' · ') : rule;
}

export function sizeOf(bytes: number | undefined): string {
  return bytes === undefined ? '' : sizeText(bytes);
}

export function durationOf(ms: number | undefined): string {
  return ms === undefined ? '' : durationText(ms);
}
