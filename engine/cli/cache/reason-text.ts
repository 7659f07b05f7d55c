import type { EvictionRecord } from '../../core/store.ts';
import { timeText } from '../duration-text.ts';

const reasons: Readonly<Record<string, string>> = {
  age: 'it had not been used for longer than `max_age` allows',
  free_space: 'the disk had less free space than `min_free` asks for',
  ceiling: 'the cache was above its ceiling',
  removed: 'somebody asked for it with `flow cache rm`',
};

/** Why something was evicted, as a part of a sentence. */
export function reasonText(reason: string): string {
  return reasons[reason] ?? reason;
}

/** 'evicted on 2026-11-21 09:08:20, because the cache was above its ceiling'. */
export function evictedText({ reason, atMs }: EvictionRecord): string {
  return `evicted on ${timeText(atMs)}, because ${reasonText(reason)}`;
}
