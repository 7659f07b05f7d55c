/** Holds a trace against the rules of its format, and against the events of the same build. */
import assert from 'node:assert/strict';
import type { TraceEvent } from '../../../engine/cli/trace/trace-events.ts';
import type { TimedEvent } from '../../../engine/core/events.ts';

type Span = TraceEvent & { readonly ts: number; readonly dur: number };

/** The trace of a file's text. @throws if it is not a document of the format */
export function parseTrace(text: string): TraceEvent[] {
  const { displayTimeUnit, traceEvents, ...rest } = JSON.parse(text) as Record<string, unknown>;
  assert.deepEqual([displayTimeUnit, rest], ['ms', {}]);
  assert.ok(Array.isArray(traceEvents));
  return traceEvents as TraceEvent[];
}

export function spansOf(trace: readonly TraceEvent[]): Span[] {
  return trace.filter((event): event is Span => event.ph === 'X');
}

/** The fields that each phase needs and may have; times that are no microseconds since the start are refused. */
export function checkForm(trace: readonly TraceEvent[]): void {
  const fields = {
    M: ['args'],
    X: ['args', 'cat', 'dur', 'ts'],
    b: ['args', 'cat', 'id', 'ts'],
    e: ['cat', 'id', 'ts'],
    s: ['cat', 'id', 'ts'],
    f: ['bp', 'cat', 'id', 'ts'],
    C: ['args', 'ts'],
    i: ['args', 'cat', 's', 'ts'],
  };
  for (const event of trace) {
    assert.deepEqual(Object.keys(event).sort(), ['name', 'ph', 'pid', 'tid', ...fields[event.ph]].sort());
    assert.ok(Number.isInteger(event.pid) && Number.isInteger(event.tid) && event.tid > 0);
    for (const us of [event.ts ?? 0, event.dur ?? 0]) assert.ok(Number.isInteger(us) && us >= 0, `${us}`);
    if (event.ph === 'X') assert.ok(event.dur! > 0);
    if (event.ph === 'C')
      for (const value of Object.values(event.args!)) assert.ok(typeof value === 'number' && value >= 0);
  }
  checkPairs(trace, 'b', 'e');
  checkPairs(trace, 's', 'f');
}

/** Every id opens once and closes once, not before it opened. */
function checkPairs(trace: readonly TraceEvent[], opens: string, closes: string): void {
  const starts = new Map(trace.filter(({ ph }) => ph === opens).map((event) => [event.id, event]));
  const ends = new Map(trace.filter(({ ph }) => ph === closes).map((event) => [event.id, event]));
  assert.equal(starts.size, trace.filter(({ ph }) => ph === opens).length);
  assert.equal(ends.size, trace.filter(({ ph }) => ph === closes).length);
  assert.deepEqual([...starts.keys()], [...ends.keys()]);
  for (const [id, { ts, name, cat }] of starts) {
    const end = ends.get(id)!;
    assert.deepEqual([name, cat], [end.name, end.cat]);
    assert.ok(ts! <= end.ts!, `${name} ${id} ends before it begins`);
  }
}

/** A viewer drops spans of one track that overlap without one being inside the other; here none may touch another. */
export function checkTracks(trace: readonly TraceEvent[]): void {
  for (const [tid, spans] of Map.groupBy(spansOf(trace), (span) => span.tid)) {
    assert.ok(trace.some((event) => event.ph === 'M' && event.tid === tid && event.name === 'thread_name'));
    const inOrder = spans.toSorted((a, b) => a.ts - b.ts);
    for (const [index, { ts, dur, name }] of inOrder.entries())
      assert.ok(ts + dur <= (inOrder[index + 1]?.ts ?? Infinity), `${name} overlaps on track ${tid}`);
  }
}

/** Every action that was executed has one span, its waiting ends there, and arrows lead to it from all that ran for it. */
export function checkActions(trace: readonly TraceEvent[], events: readonly TimedEvent[]): void {
  const spans = Map.groupBy(spansOf(trace), ({ args }) => args!.action as string);
  const finished = events.filter((event) => event.type === 'action_finished').map(({ action }) => action);
  assert.deepEqual([...spans.keys()].sort(), finished.toSorted());
  for (const [action, [span, ...others]] of spans) {
    assert.equal(others.length, 0, action);
    const ofAction = (event: TraceEvent): boolean => event.ph === 'b' && event.args!.action === action;
    const [{ id }] = trace.filter(ofAction) as [TraceEvent];
    assert.equal(trace.find((event) => event.ph === 'e' && event.id === id)!.ts, span!.ts, action);
  }
  assert.deepEqual(arrowsOf(trace), dependencies(events, new Set(finished)));
}

/** 'producer → consumer' of each arrow, by the spans that enclose its ends. */
function arrowsOf(trace: readonly TraceEvent[]): string[] {
  const spans = spansOf(trace);
  const at = ({ tid, ts }: TraceEvent): unknown =>
    spans.find((span) => span.tid === tid && span.ts <= ts! && ts! < span.ts + span.dur)?.args?.action;
  const heads = new Map(trace.filter(({ ph }) => ph === 'f').map((event) => [event.id, event]));
  const tails = trace.filter(({ ph }) => ph === 's');
  return tails.map((tail) => `${at(tail)} → ${at(heads.get(tail.id)!)}`).sort();
}

function dependencies(events: readonly TimedEvent[], executed: ReadonlySet<string>): string[] {
  return events
    .filter((event) => event.type === 'action_queued')
    .flatMap(({ action, needs }) =>
      needs.filter((need) => executed.has(need) && executed.has(action)).map((need) => `${need} → ${action}`),
    )
    .sort();
}
