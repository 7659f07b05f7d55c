/** All transitions of a film, and where its shots begin. */
import { findDissolves } from './dissolves.ts';
import { type Fade, findFades, type Stretch } from './fades.ts';
import type { Film } from './film.ts';
import { hardCutConfidence, pickHardCuts } from './hard-cuts.ts';

/** Positions of samples, both included; for a hard cut both are the first sample of the new shot. */
export interface Transition extends Stretch {
  readonly type: 'hard' | 'fade_in' | 'fade_out' | 'dissolve';
  /** 0 to 1. */
  readonly confidence: number;
}

interface TransitionOptions {
  readonly hardThreshold: number;
  readonly dissolveThreshold: number;
  /** Of hard cuts nearer than this the surest stays; seconds. */
  readonly minShotSec: number;
  readonly maxFadeSec: number;
  readonly maxDissolveSec: number;
}

/**
 * Finds hard cuts first, then fades between them, then dissolves in what is left.
 *
 * @returns transitions in order of their middles; boundaries: positions of the first samples of the second and
 * later shots, rising
 */
export function findTransitions(
  film: Film,
  options: TransitionOptions,
): { transitions: Transition[]; boundaries: number[] } {
  const confidence = hardCutConfidence(film);
  const picked = pickHardCuts(film, confidence, { ...options, threshold: options.hardThreshold });
  const isCut = Array.from(confidence, () => false);
  for (const at of picked) isCut[at] = true;
  const fades = findFades(film, { isCut, maxSec: options.maxFadeSec });
  const cuts = picked.filter((at) => !fades.some(({ first, last }) => at > first && at <= last));
  const dissolves = findDissolves(film, {
    threshold: options.dissolveThreshold,
    maxSec: options.maxDissolveSec,
    isBarred: barrier(film.timesSec.length, [...cuts.map((at) => ({ first: at - 1, last: at })), ...fades]),
  });
  const transitions: Transition[] = [
    ...cuts.map((at) => ({ type: 'hard' as const, first: at, last: at, confidence: confidence[at]! })),
    ...fades.map(({ type, first, last, confidence: sureness }) => ({
      type,
      first,
      last,
      confidence: sureness,
    })),
    ...dissolves.map((dissolve) => ({ type: 'dissolve' as const, ...dissolve })),
  ];
  const boundaries = new Set([...cuts, ...dissolves.map(middleOf), ...blankBoundaries(film, fades, cuts)]);
  return {
    transitions: transitions.sort((a, b) => middleOf(a) - middleOf(b)),
    boundaries: [...boundaries].sort((a, b) => a - b),
  };
}

/** Whether a stretch shares a step from one sample to the next with any of those given. */
function barrier(count: number, stretches: readonly Stretch[]): (stretch: Stretch) => boolean {
  const isBarred = new Uint8Array(count);
  for (const { first, last } of stretches) isBarred.fill(1, first + 1, last + 1);
  const barredUntil = new Int32Array(count);
  for (let at = 1; at < count; at += 1) barredUntil[at] = barredUntil[at - 1]! + isBarred[at]!;
  return ({ first, last }) => barredUntil[last]! > barredUntil[first]!;
}

/** Position of the sample in the middle of a transition, the later one of two. */
export function middleOf({ first, last }: Stretch): number {
  return (first + last + 1) >> 1;
}

/** Middles of the blank stretches that fades lead to; none at the film's ends, or where a hard cut is at the blank. */
function blankBoundaries(film: Film, fades: readonly Fade[], cuts: readonly number[]): number[] {
  const lastSample = film.timesSec.length - 1;
  return fades
    .map(({ blank }) => blank)
    .filter(({ first, last }) => first > 0 && last < lastSample)
    .filter(({ first, last }) => !cuts.some((at) => at >= first && at <= last + 1))
    .map(middleOf);
}
