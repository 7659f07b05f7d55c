/**
 * An inference server for tests: it speaks the Open Inference Protocol (KServe v2) over HTTP with Triton's extensions for
 * binary tensors, repositories, configurations and statistics, really runs its models, and does wrong what a test wants.
 *
 *     await using server = await ConformanceServer.start([
 *       { name: 'echo', versions: { 1: identity('FP32') } },
 *     ]);
 *     server.setPlan(({ path }) => (path.endsWith('/infer') ? { type: 'hang' } : undefined));
 *
 * What it leaves out it does not list in its extensions: shared memory, tracing, logging, sequences, classification,
 * `generate`; and gRPC.
 */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { deflateSync, gunzipSync, gzipSync, inflateSync } from 'node:zlib';
import type { Fault, FaultPlan, SeenRequest } from './fault.ts';
import { type InferAnswer, inferAnswer } from './infer-answer.ts';
import { readInferRequest } from './infer-request.ts';
import { metricsText } from './metrics-text.ts';
import { ModelRepository, type ReadyVersion, type RepositoryModel } from './model-repository.ts';
import { Refusal } from './refusal.ts';
import { found, inferPath, type Reply, replyTo } from './routes.ts';

export interface ServerOptions {
  /** Models may be loaded and unloaded by request; true unless said. */
  readonly isExplicit?: boolean;
  readonly mostJsonBytes?: number;
}

const lengthHeader = 'inference-header-content-length';

export class ConformanceServer implements AsyncDisposable {
  readonly repository = new ModelRepository();
  /** All so far, in the order in which they came. */
  readonly requests: SeenRequest[] = [];
  /** Requests of inference that have come and have not been answered; and the most of them at one time. */
  readonly inFlight = { now: 0, most: 0 };
  /** Those whose connection was closed before they were answered. */
  abandoned = 0;
  /** Connections that were ever made. */
  connections = 0;
  isLive = true;
  /** Beside what its models say. */
  isReady = true;
  readonly #options: Required<ServerOptions>;
  readonly #server: Server;
  readonly #metrics: Server;
  #plan: FaultPlan = () => undefined;
  #port = 0;

  /** With its models loaded. */
  static async start(
    models: readonly RepositoryModel[] = [],
    options: ServerOptions = {},
  ): Promise<ConformanceServer> {
    const server = new ConformanceServer(options);
    for (const model of models) await server.replace(model);
    await server.up();
    server.#metrics.listen(0, '127.0.0.1');
    await once(server.#metrics, 'listening');
    return server;
  }

  constructor({ isExplicit = true, mostJsonBytes = 64 * 1024 * 1024 }: ServerOptions) {
    this.#options = { isExplicit, mostJsonBytes };
    this.#server = createServer((request, response) => {
      // Whatever breaks on the way breaks the connection, as it would there.
      this.#answer(request, response).catch(() => response.destroy());
    });
    this.#server.on('connection', () => {
      this.connections += 1;
    });
    this.#metrics = createServer((request, response) => {
      const isKnown = request.url === '/metrics';
      response.writeHead(isKnown ? 200 : 404, { 'content-type': 'text/plain; charset=utf-8' });
      response.end(isKnown ? metricsText(this.repository.ready) : '');
    });
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  get metricsUrl(): string {
    return `http://127.0.0.1:${portOf(this.#metrics)}/metrics`;
  }

  /** For all requests from now on. */
  setPlan(plan: FaultPlan): void {
    this.#plan = plan;
  }

  /** Loads a model in the place of the one that has its name. */
  async replace(model: RepositoryModel): Promise<void> {
    this.repository.put(model);
    await this.repository.load(model.name);
  }

  /** Breaks all connections and accepts no more. */
  async down(): Promise<void> {
    await close(this.#server);
  }

  /** On the same port as before. */
  async up(): Promise<void> {
    this.#server.listen(this.#port, '127.0.0.1');
    await once(this.#server, 'listening');
    this.#port = portOf(this.#server);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([this.down(), close(this.#metrics)]);
    await this.repository.close();
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname: path } = new URL(request.url!, this.url); // Requests have one.
    const { authorization } = request.headers;
    const seen = { method: request.method!, path, count: this.requests.length + 1, authorization }; // And a method.
    this.requests.push(seen);
    const fault = this.#plan(seen);
    const isInference = inferPath.test(path);
    if (isInference) this.#count(response);
    if (fault?.type === 'refuse') return void response.destroy();
    const body = Buffer.concat(await request.toArray());
    if (fault?.type === 'hang') return;
    if (fault?.type === 'delay') await delay(fault.ms, undefined, { ref: false });
    try {
      if (fault?.type === 'status') throw new Refusal(fault.status, fault.message);
      if (isInference) await this.#infer(request, response, { path, body, fault });
      else send(request, response, await replyTo(this.#context(), { ...seen, body }));
    } catch (error) {
      if (response.headersSent) throw error;
      const { message } = error as Error; // All that is thrown here is one.
      refuse(request, response, error instanceof Refusal ? error : new Refusal(500, message));
    }
  }

  #count(response: ServerResponse): void {
    this.inFlight.now += 1;
    this.inFlight.most = Math.max(this.inFlight.most, this.inFlight.now);
    response.once('close', () => {
      this.inFlight.now -= 1;
      if (!response.writableFinished) this.abandoned += 1;
    });
  }

  #context(): Parameters<typeof replyTo>[0] {
    const { repository, isLive } = this;
    const isReady = this.isReady && repository.isReady;
    return { repository, isLive, isReady, isExplicit: this.#options.isExplicit };
  }

  async #infer(
    request: IncomingMessage,
    response: ServerResponse,
    { path, body, fault }: { path: string; body: Buffer; fault: Fault | undefined },
  ): Promise<void> {
    const version = this.#findForInference(request, path);
    const length = request.headers[lengthHeader];
    const headerLength = length === undefined ? undefined : String(length);
    const { mostJsonBytes } = this.#options;
    const bytes = decompressed(body, request.headers['content-encoding']);
    const asked = readInferRequest({ bytes, headerLength, mostJsonBytes }, version);
    const gone = new AbortController();
    response.once('close', () => gone.abort());
    const computed = await version.batcher.run(asked.inputs, {
      timeoutUs: asked.timeoutUs,
      signal: gone.signal,
    });
    const answer = inferAnswer(asked, version, computed);
    await sendInference(request, response, { answer, fault });
  }

  #findForInference({ method }: IncomingMessage, path: string): ReadyVersion {
    try {
      if (method !== 'POST') throw new Refusal(405, 'Method Not Allowed');
      return found(this.repository, inferPath.exec(path)!.slice(1)); // It matched.
    } catch (error) {
      throw error instanceof Refusal ? new Refusal(error.status, error.message, { isTyped: false }) : error;
    }
  }
}

function portOf(server: Server): number {
  return (server.address() as AddressInfo).port; // It listens on a port, so it is no path.
}

async function close(server: Server): Promise<void> {
  if (!server.listening) return;
  const closed = once(server, 'close');
  server.close();
  server.closeAllConnections();
  await closed;
}

function decompressed(body: Buffer, encoding: string | undefined): Buffer {
  switch (encoding) {
    case undefined:
    case 'identity':
      return body;
    case 'gzip':
      return gunzipSync(body);
    case 'deflate':
      return inflateSync(body);
    default:
      throw new Refusal(501, `Unsupported Content-Encoding: '${encoding}'`);
  }
}

function compressed(
  body: Buffer,
  { headers }: IncomingMessage,
): { body: Buffer; headers: Record<string, string> } {
  const accepted = String(headers['accept-encoding'] ?? '');
  if (/\bgzip\b/.test(accepted)) return { body: gzipSync(body), headers: { 'content-encoding': 'gzip' } };
  if (/\bdeflate\b/.test(accepted))
    return { body: deflateSync(body), headers: { 'content-encoding': 'deflate' } };
  return { body, headers: {} };
}

function send(
  request: IncomingMessage,
  response: ServerResponse,
  { status, json, isTyped = true }: Reply,
): void {
  const text = Buffer.from(json === undefined ? '' : JSON.stringify(json));
  const { body, headers } = text.length > 0 ? compressed(text, request) : { body: text, headers: {} };
  response.writeHead(status, {
    ...headers,
    ...(isTyped && json !== undefined && { 'content-type': 'application/json' }),
    'content-length': body.length,
  });
  response.end(body);
}

function refuse(
  request: IncomingMessage,
  response: ServerResponse,
  { status, message, isTyped }: Refusal,
): void {
  if (status === 501) response.setHeader('accept-encoding', 'gzip, deflate');
  send(request, response, { status, json: { error: message }, isTyped });
}

async function sendInference(
  request: IncomingMessage,
  response: ServerResponse,
  { answer: right, fault }: { readonly answer: InferAnswer; readonly fault: Fault | undefined },
): Promise<void> {
  const { json, raw } = fault?.type === 'spoil' ? fault.spoil(right) : right;
  const text = Buffer.from(JSON.stringify(json));
  const { body, headers } = compressed(Buffer.concat([text, raw]), request);
  const usual = raw.length > 0 ? String(text.length) : undefined;
  const length = fault?.type === 'headerLength' ? fault.value : usual;
  response.writeHead(200, {
    ...headers,
    ...(length !== undefined && { 'Inference-Header-Content-Length': length }),
    'content-type': raw.length > 0 ? 'application/octet-stream' : 'application/json',
    'content-length': body.length,
  });
  const half = Math.floor(body.length / 2);
  if (fault?.type === 'cutBody') return void response.write(body.subarray(0, half), () => response.destroy());
  if (fault?.type === 'slowBody') {
    response.write(body.subarray(0, half));
    await delay(fault.ms, undefined, { ref: false });
    response.end(body.subarray(half));
  } else response.end(body);
}
