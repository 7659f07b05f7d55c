/** Where a build's events go besides the terminal: a file of events, a trace, a collector of telemetry. */
import type { Listener } from '../core/events.ts';
import { EventFile } from './event-file.ts';
import { telemetrySettings } from './telemetry/telemetry-settings.ts';
import { TraceFile } from './trace/trace-file.ts';
import { warnAside } from './warn-aside.ts';

export interface EventOutput {
  readonly listen: Listener;
  close(): void | Promise<void>;
}

/** @throws {FlowError} `config_invalid` if a file cannot be written */
export async function openOutputs({
  events,
  trace,
}: {
  readonly events?: string;
  readonly trace?: string;
}): Promise<EventOutput[]> {
  return [
    ...(events === undefined ? [] : [new EventFile(events)]),
    ...(trace === undefined ? [] : [new TraceFile(trace)]),
    ...(await openTelemetry()),
  ];
}

/** Loads OpenTelemetry only where it is wanted. */
async function openTelemetry(): Promise<EventOutput[]> {
  const settings = telemetrySettings(process.env);
  if (typeof settings === 'string') warnAside(`Cannot send telemetry: ${settings}.`);
  if (typeof settings !== 'object') return [];
  const { Telemetry } = await import('./telemetry/telemetry.ts');
  return [new Telemetry(settings)];
}
