/** A collector of OpenTelemetry for tests: takes OTLP over HTTP as JSON, and keeps the spans. */
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

interface Value {
  readonly stringValue?: string;
  readonly intValue?: number;
  readonly doubleValue?: number;
  readonly boolValue?: boolean;
  readonly arrayValue?: { readonly values: readonly Value[] };
}

interface Attribute {
  readonly key: string;
  readonly value: Value;
}

export interface CollectedSpan {
  readonly name: string;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly attributes: readonly Attribute[];
  readonly status: { readonly code: number; readonly message?: string };
  readonly links?: readonly { readonly spanId: string }[];
}

interface Request {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: readonly Attribute[] };
    readonly scopeSpans: readonly { readonly spans: readonly CollectedSpan[] }[];
  }[];
}

export class Collector implements AsyncDisposable {
  readonly spans: CollectedSpan[] = [];
  readonly resource = new Map<string, unknown>();
  headers: IncomingHttpHeaders = {};
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  /** @param answer 'nothing' leaves every request waiting */
  static async start(answer: 200 | 403 | 'nothing' = 200): Promise<Collector> {
    const server = createServer();
    const collector = new Collector(server);
    server.on('request', async (request, response) => {
      collector.headers = request.headers;
      collector.#take(JSON.parse(await text(request)) as Request);
      if (answer !== 'nothing') response.writeHead(answer, { 'content-type': 'application/json' }).end('{}');
    });
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    return collector;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  #take({ resourceSpans }: Request): void {
    for (const { resource, scopeSpans } of resourceSpans) {
      for (const { key, value } of resource.attributes) this.resource.set(key, plain(value));
      this.spans.push(...scopeSpans.flatMap(({ spans }) => spans));
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((done) => this.#server.close(done));
  }
}

export function attribute({ attributes }: CollectedSpan, name: string): unknown {
  const found = attributes.find(({ key }) => key === name);
  return found && plain(found.value);
}

function plain({ stringValue, intValue, doubleValue, boolValue, arrayValue }: Value): unknown {
  return stringValue ?? intValue ?? doubleValue ?? boolValue ?? arrayValue?.values.map(plain);
}
