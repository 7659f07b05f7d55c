/** Sends a build's spans to a collector of OpenTelemetry, where the OTEL_* variables name one. */
import { setTimeout as delay } from 'node:timers/promises';
import { ROOT_CONTEXT, trace } from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import {
  defaultResource,
  detectResources,
  type Resource,
  resourceAttributesEnvDetector,
  resourceFromAttributes,
  serviceNameEnvDetector,
} from '@opentelemetry/resources';
import { BatchSpanProcessor, type SpanExporter, TracerProvider } from '@opentelemetry/sdk-trace';
import type { Listener } from '../../core/events.ts';
import { flowVersion } from '../version.ts';
import { warnAside } from '../warn-aside.ts';
import { BuildSpans } from './build-spans.ts';
import type { TelemetrySettings } from './telemetry-settings.ts';

/** The end of a build waits no longer for its collector. */
const mostWaitMs = 3000;
/** Of one attempt to send, with its retries: it has to end before the build does. */
const sendingMs = 2000;
/** What a collector that is slow may leave unsent; a span takes about a kilobyte. */
const mostHeldSpans = 16_384;
const mostLinks = 4096;

export class Telemetry {
  readonly #collector: string;
  readonly #provider: TracerProvider;
  readonly #spans: BuildSpans;
  #failure: string | undefined;

  constructor({ collector, parent }: TelemetrySettings) {
    this.#collector = collector;
    this.#provider = new TracerProvider({
      resource: resource(),
      spanLimits: { linkCountLimit: mostLinks },
      spanProcessors: [
        new BatchSpanProcessor({
          exporter: this.#heeded(new OTLPTraceExporter({ timeoutMillis: sendingMs })),
          maxQueueSize: mostHeldSpans,
        }),
      ],
    });
    const root = parent ? trace.setSpanContext(ROOT_CONTEXT, { ...parent, isRemote: true }) : ROOT_CONTEXT;
    this.#spans = new BuildSpans(this.#provider.getTracer('flow', flowVersion), root);
  }

  readonly listen: Listener = (event) => this.#spans.listen(event);

  /** Sends what is left, and tells once if spans could not be sent: that is no failure of the build. */
  async close(): Promise<void> {
    this.#spans.close(Date.now());
    const limit = new AbortController();
    const late = delay(mostWaitMs, 'it does not answer', { signal: limit.signal }).catch(() => undefined);
    const sent = this.#provider.shutdown().catch(() => undefined); // `#heeded` knows why.
    const reason = (await Promise.race([sent, late])) ?? this.#failure;
    limit.abort();
    if (reason !== undefined) warnAside(`Cannot send telemetry to ${this.#collector}: ${reason}.`);
  }

  /** The exporter, which is left alone once it has failed: a collector that is down is not asked again and again. */
  #heeded(exporter: SpanExporter): SpanExporter {
    return {
      shutdown: () => exporter.shutdown(),
      export: (spans, done) => {
        if (this.#failure !== undefined) return done({ code: 0 });
        exporter.export(spans, (result) => {
          if (result.code !== 0) this.#failure = reasonOf(result.error);
          done(result);
        });
      },
    };
  }
}

/** Not the message of an answer: nobody knows what a stranger's server repeats there. */
function reasonOf(error: Error & { code?: string | number } = new Error('unknown')): string {
  const status = typeof error.code === 'number' ? `it answers with status ${error.code}` : error.code;
  return status ?? (error.message.split('\n')[0] || error.name);
}

function resource(): Resource {
  const own = resourceFromAttributes({ 'service.name': 'flow', 'service.version': flowVersion });
  const detectors = [resourceAttributesEnvDetector, serviceNameEnvDetector]; // The later one wins.
  return defaultResource().merge(own).merge(detectResources({ detectors }));
}
