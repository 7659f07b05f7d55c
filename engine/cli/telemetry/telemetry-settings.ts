/** The standard OTEL_* variables, as far as it takes to decide whether anything is sent. Loads nothing. */

export type Environment = Readonly<Record<string, string | undefined>>;

export interface TelemetrySettings {
  /** Host and port of the collector: all that may be told of its address, which can hold a password. */
  readonly collector: string;
  /** The span of whoever started this build. */
  readonly parent: ParentSpan | undefined;
}

export interface ParentSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly traceFlags: number;
}

/**
 * Spans are sent where an endpoint is named and nothing says otherwise.
 *
 * @returns undefined where none are wanted; a text where they are wanted and cannot be sent
 */
export function telemetrySettings(env: Environment): TelemetrySettings | string | undefined {
  const endpoint = env.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT || env.OTEL_EXPORTER_OTLP_ENDPOINT;
  const exporter = env.OTEL_TRACES_EXPORTER || 'otlp';
  if (!endpoint || env.OTEL_SDK_DISABLED?.toLowerCase() === 'true' || exporter !== 'otlp') return undefined;
  const protocol = env.OTEL_EXPORTER_OTLP_TRACES_PROTOCOL || env.OTEL_EXPORTER_OTLP_PROTOCOL;
  if (protocol === 'grpc') return 'it speaks OTLP over HTTP, and OTEL_EXPORTER_OTLP_PROTOCOL asks for gRPC';
  if (!/^https?:$/.test(URL.parse(endpoint)?.protocol ?? ''))
    return 'the endpoint is no http:// or https:// address';
  return { collector: new URL(endpoint).host, parent: parentSpan(env.TRACEPARENT) };
}

/** W3C Trace Context, as CI systems pass it on. */
function parentSpan(text: string | undefined): ParentSpan | undefined {
  const [, traceId, spanId, flags] =
    /^[\da-f]{2}-([\da-f]{32})-([\da-f]{16})-([\da-f]{2})$/.exec(text ?? '') ?? [];
  return traceId === undefined
    ? undefined
    : { traceId, spanId: spanId!, traceFlags: Number.parseInt(flags!, 16) };
}
