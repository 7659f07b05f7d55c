/**
 * A proxy in front of a real S3 server that spoils what a test wants spoiled. Requests are passed on as they are, their
 * `Host` included, so that their signatures stay valid.
 *
 *     await using proxy = await startFaultProxy(server.env.S3_ENDPOINT!, ({ count }) =>
 *       count % 3 === 0 ? { type: 'status', status: 503 } : undefined,
 *     );
 *     await rig.flow(['build', …], { ...server.env, S3_ENDPOINT: proxy.url });
 */
import { once } from 'node:events';
import {
  Agent,
  createServer,
  type IncomingMessage,
  request as openRequest,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { setTimeout as delay } from 'node:timers/promises';

export interface ProxiedRequest {
  readonly method: string;
  /** `/bucket/prefix/key`, without the query. */
  readonly path: string;
  /** With its question mark; empty if there is none. */
  readonly query: string;
  /** From 1, over all requests. */
  readonly count: number;
}

/**
 * Without asking the server: `refuse` breaks the connection, `status` answers as S3 does, `hang` never answers, `echo`
 * answers with the headers of the request wherever an answer may hold a text.
 * `lose`: the server does as it is asked, but the connection breaks instead of its answer. `delay`: everything is late.
 *
 * Of an answer with a body (others are left as they are): `cutBody` breaks the connection after half of it, `truncate`
 * sends half of it as if that were all, `flip` changes a bit in its middle, `swap` sends another content in its place.
 * `wrongEtag`: of any answer that names one, it names another. `skew`: of any answer, the server's clock is wrong.
 */
export type Fault =
  | { readonly type: 'refuse' }
  | { readonly type: 'hang' }
  | StatusFault
  | { readonly type: 'echo'; readonly status: number }
  | { readonly type: 'delay'; readonly ms: number }
  | { readonly type: 'lose' }
  | BadAnswer;

interface StatusFault {
  readonly type: 'status';
  readonly status: keyof typeof codeOf;
  /** Instead of the one that is usual. */
  readonly code?: string;
}

type BadAnswer =
  | { readonly type: 'cutBody' | 'truncate' | 'flip' | 'wrongEtag' }
  | { readonly type: 'swap'; readonly content: Uint8Array }
  | { readonly type: 'skew'; readonly ms: number };

export type FaultPlan = (request: ProxiedRequest) => Fault | undefined;

/** The name that S3 gives a status, where it is the server or the keys that are at fault. */
const codeOf = {
  403: 'ExpiredToken',
  404: 'NoSuchBucket',
  500: 'InternalError',
  501: 'NotImplemented',
  503: 'SlowDown',
} as const;

/** @param upstream URL of the server, without a path */
export async function startFaultProxy(
  upstream: string,
  plan: FaultPlan = () => undefined,
): Promise<FaultProxy> {
  const proxy = new FaultProxy(new URL(upstream), plan);
  await proxy.up();
  return proxy;
}

export class FaultProxy implements AsyncDisposable {
  /** All so far, in the order in which they came; those while it was down never came. */
  readonly requests: ProxiedRequest[] = [];
  readonly #upstream: URL;
  readonly #server: Server;
  readonly #agent = new Agent({ keepAlive: true });
  #plan: FaultPlan;
  #port = 0;

  constructor(upstream: URL, plan: FaultPlan) {
    this.#upstream = upstream;
    this.#plan = plan;
    this.#server = createServer((request, response) => {
      // Whatever breaks off on the way breaks off on both sides.
      this.#answer(request, response).catch(() => response.destroy());
    });
  }

  /** What takes the place of `S3_ENDPOINT`; the same before and after it was down. */
  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** For all requests from now on. */
  setPlan(plan: FaultPlan): void {
    this.#plan = plan;
  }

  /** How many requests have come. @param path what their path has to match */
  count(method: string, path = /(?:)/): number {
    return this.requests.filter((request) => request.method === method && path.test(request.path)).length;
  }

  /** Breaks all connections and accepts no more. */
  async down(): Promise<void> {
    if (!this.#server.listening) return;
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }

  async up(): Promise<void> {
    this.#server.listen(this.#port, '127.0.0.1');
    await once(this.#server, 'listening');
    this.#port = (this.#server.address() as AddressInfo).port; // It listens on a port, so it is no path.
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.down();
    this.#agent.destroy();
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const fault = this.#plan(this.#note(request));
    if (fault?.type === 'hang') return;
    if (fault?.type === 'refuse') return void response.destroy();
    if (fault?.type === 'status') return answerStatus(request, response, fault);
    if (fault?.type === 'echo') return echo(request, response, fault.status);
    if (fault?.type === 'delay') await delay(fault.ms, undefined, { ref: false });
    const answer = await this.#ask(request);
    if (!fault || fault.type === 'delay') {
      response.writeHead(answer.statusCode!, answer.statusMessage, answer.rawHeaders);
      return pipeline(answer, response);
    }
    const body = await buffer(answer);
    if (fault.type === 'lose') response.destroy();
    else sendSpoiled(response, answer, { fault, body, isHead: request.method === 'HEAD' });
  }

  #note({ method, url }: IncomingMessage): ProxiedRequest {
    const { pathname: path, search: query } = new URL(url!, this.url);
    const noted = { method: method!, path, query, count: this.requests.length + 1 };
    this.requests.push(noted);
    return noted;
  }

  async #ask(request: IncomingMessage): Promise<IncomingMessage> {
    const { hostname, port } = this.#upstream;
    const { method, url, rawHeaders } = request;
    const asked = openRequest({
      ...{ hostname, port, method, path: url },
      headers: rawHeaders,
      setHost: false,
      agent: this.#agent,
    });
    // A server may answer before it has read everything.
    const [[answer]] = await Promise.all([once(asked, 'response'), pipeline(request, asked)]);
    return answer as IncomingMessage; // Of this event.
  }
}

async function answerStatus(
  request: IncomingMessage,
  response: ServerResponse,
  { status, code = codeOf[status] }: StatusFault,
): Promise<void> {
  await buffer(request); // Some clients take an early answer for a broken connection.
  const text = `<?xml version="1.0" encoding="UTF-8"?>
<Error><Code>${code}</Code><Message>${code}, as a test wants it.</Message><RequestId>fault</RequestId></Error>`;
  response.writeHead(status, { 'content-type': 'application/xml', 'content-length': text.length });
  response.end(request.method === 'HEAD' ? undefined : text);
}

async function echo(request: IncomingMessage, response: ServerResponse, status: number): Promise<void> {
  await buffer(request); // As above.
  const { authorization = '', 'x-amz-security-token': token = '' } = request.headers;
  const names = Object.values(request.headers).map((value) => [value, value]);
  const json = JSON.stringify(Object.fromEntries(names));
  const xml = `<Error><Code>${token}</Code><Message>${authorization}</Message></Error>`;
  const text = status < 300 ? json : xml;
  response.writeHead(status, authorization, {
    'content-length': text.length,
    etag: authorization,
    'x-amz-request-id': authorization,
    'x-amz-meta-encoding': authorization,
    'x-amz-meta-size': token,
  });
  response.end(request.method === 'HEAD' ? undefined : text);
}

interface Spoiling {
  readonly fault: BadAnswer;
  readonly body: Buffer;
  readonly isHead: boolean;
}

function sendSpoiled(
  response: ServerResponse,
  { statusCode, headers }: IncomingMessage,
  { fault, body, isHead }: Spoiling,
): void {
  const spoiled = body.length > 0 ? spoil(body, fault) : body;
  const isEtagWrong = fault.type === 'wrongEtag' && headers.etag !== undefined;
  delete headers['transfer-encoding']; // Its length is known now.
  response.writeHead(statusCode!, {
    ...headers,
    ...(!isHead && { 'content-length': (fault.type === 'cutBody' ? body : spoiled).length }),
    ...(isEtagWrong && { etag: `"${'0'.repeat(32)}"` }),
    ...(fault.type === 'skew' && { date: new Date(Date.now() + fault.ms).toUTCString() }),
  });
  if (spoiled.length < body.length && fault.type === 'cutBody')
    response.write(spoiled, () => response.destroy());
  else response.end(spoiled);
}

function spoil(body: Buffer, fault: BadAnswer): Uint8Array {
  const half = Math.floor(body.length / 2);
  switch (fault.type) {
    case 'cutBody':
    case 'truncate':
      return body.subarray(0, half);
    case 'flip':
      return body.with(half, body[half]! ^ 1);
    case 'swap':
      return fault.content;
    case 'wrongEtag':
    case 'skew':
      return body;
    default:
      return fault satisfies never;
  }
}
