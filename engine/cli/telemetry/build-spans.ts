/**
 * A build as spans of OpenTelemetry: the build, in it its runs, in those their components, in those the actions that ran.
 * An action is linked to those whose outputs it read.
 */
import {
  type Attributes,
  type Context,
  type Link,
  type Span,
  type SpanContext,
  SpanStatusCode,
  type Tracer,
  trace,
} from '@opentelemetry/api';
import type { StartedComponent, TimedEvent } from '../../core/events.ts';
import { type ActionSpan, ActionSpans } from '../trace/action-spans.ts';

type EventOf<Type extends TimedEvent['type']> = Extract<TimedEvent, { type: Type }>;

interface OpenRun {
  readonly span: Span;
  readonly components: ReadonlyMap<string, StartedComponent>;
  readonly open: Map<string, Span>;
  /** Of the actions that ran, for the links of those that read from them. */
  readonly actions: Map<string, SpanContext>;
}

export class BuildSpans {
  readonly #tracer: Tracer;
  readonly #parent: Context;
  readonly #actions = new ActionSpans((span) => this.#tellAction(span));
  readonly #runs = new Map<string, OpenRun>();
  #build: Span | undefined;

  /** @param parent holds the span of whoever started the build, if there is one */
  constructor(tracer: Tracer, parent: Context) {
    this.#tracer = tracer;
    this.#parent = parent;
  }

  listen(event: TimedEvent): void {
    if ('action' in event) this.#componentSpan(event.run, event.component, event.atMs);
    this.#actions.listen(event);
    switch (event.type) {
      case 'build_started':
        return this.#startBuild(event);
      case 'run_started':
        return this.#startRun(event);
      case 'component_finished':
        return this.#endComponent(event);
      case 'run_finished':
        return this.#endRun(event);
      case 'build_finished':
        return this.#endBuild(event.status, event.atMs);
      default: // Is told by what it belongs to.
    }
  }

  /** Ends what a build left open that could not go on. */
  close(atMs: number): void {
    this.#endBuild('error', atMs);
  }

  #startBuild({ targets, jobs, atMs }: EventOf<'build_started'>): void {
    const attributes = { 'flow.targets': [...targets], 'flow.jobs': jobs };
    this.#build = this.#tracer.startSpan('build', { startTime: atMs, attributes }, this.#parent);
  }

  #startRun({ run, name, stage, profile, components, atMs }: EventOf<'run_started'>): void {
    const attributes = {
      'flow.run': run,
      'flow.stage': stage,
      'flow.profile': profile,
      ...(name && {
        'flow.platform_id': name.platformId,
        'flow.video_id': name.videoId,
        'flow.run_id': name.runId,
      }),
    };
    const span = this.#tracer.startSpan('run', { startTime: atMs, attributes }, this.#within(this.#build));
    const byName = new Map(components.map((component) => [component.name, component]));
    this.#runs.set(run, { span, components: byName, open: new Map(), actions: new Map() });
  }

  /** A component begins with the first thing that is heard of its actions. */
  #componentSpan(runLabel: string, name: string, atMs: number): Span | undefined {
    const run = this.#runs.get(runLabel);
    if (!run) return undefined;
    const known = run.open.get(name);
    if (known) return known;
    const { processor, isRequired } = run.components.get(name) ?? {};
    const attributes = {
      'flow.component': name,
      ...(processor !== undefined && { 'flow.processor': processor }),
      ...(isRequired !== undefined && { 'flow.required': isRequired }),
    };
    const span = this.#tracer.startSpan(name, { startTime: atMs, attributes }, this.#within(run.span));
    run.open.set(name, span);
    return span;
  }

  #tellAction({ ref, startedAtMs, ...span }: ActionSpan): void {
    const run = this.#runs.get(ref.run);
    if (!run || startedAtMs === undefined) return;
    const links = span.needs.flatMap((need): Link[] => {
      const context = run.actions.get(need);
      return context ? [{ context }] : [];
    });
    const attributes = actionAttributes({ ref, startedAtMs, ...span });
    const parent = this.#within(run.open.get(ref.component));
    const told = this.#tracer.startSpan('action', { startTime: startedAtMs, attributes, links }, parent);
    if (span.error) fail(told, span.error.code, span.error.message);
    told.end(span.endedAtMs);
    run.actions.set(ref.action, told.spanContext());
  }

  #endComponent(event: EventOf<'component_finished'>): void {
    const { run, component, status, cache, outputs, bytes, reason, errorCode, atMs } = event;
    const span = this.#componentSpan(run, component, atMs);
    if (!span) return;
    span.setAttributes({
      'flow.status': status,
      'flow.cache': cache,
      'flow.outputs': outputs,
      'flow.bytes': bytes,
      ...(reason !== undefined && { 'flow.reason': reason }),
    });
    if (status === 'error') fail(span, errorCode ?? 'internal', reason);
    span.end(atMs);
  }

  #endRun({ run: label, status, atMs }: Pick<EventOf<'run_finished'>, 'run' | 'status' | 'atMs'>): void {
    const run = this.#runs.get(label);
    if (!run) return;
    for (const span of run.open.values()) if (span.isRecording()) span.end(atMs);
    finish(run.span, status, atMs);
    this.#runs.delete(label);
  }

  #endBuild(status: 'success' | 'error' | 'cancelled', atMs: number): void {
    for (const run of [...this.#runs.keys()]) this.#endRun({ run, status, atMs });
    if (this.#build) finish(this.#build, status, atMs);
    this.#build = undefined;
  }

  #within(span: Span | undefined): Context {
    return span ? trace.setSpan(this.#parent, span) : this.#parent;
  }
}

function actionAttributes(span: ActionSpan & { readonly startedAtMs: number }): Attributes {
  const { ref, key, reason, attempt, end, bytes, worker, queuedAtMs, startedAtMs } = span;
  return {
    'flow.action': ref.action,
    'flow.component': ref.component,
    ...(ref.segment !== undefined && { 'flow.segment': ref.segment }),
    ...(ref.frames !== undefined && { 'flow.frames': ref.frames }),
    'flow.key': key,
    'flow.reason': reason,
    'flow.attempt': attempt,
    'flow.status': end,
    'flow.bytes': bytes,
    'flow.waited_ms': startedAtMs - queuedAtMs,
    ...(worker !== undefined && { 'flow.worker': worker }),
  };
}

function finish(span: Span, status: string, atMs: number): void {
  span.setAttribute('flow.status', status);
  if (status === 'error' || status === 'cancelled') span.setStatus({ code: SpanStatusCode.ERROR });
  span.end(atMs);
}

function fail(span: Span, errorType: string, message?: string): void {
  span.setAttribute('error.type', errorType);
  span.setStatus({ code: SpanStatusCode.ERROR, ...(message !== undefined && { message }) });
}
