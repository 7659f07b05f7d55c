/** A server of model files that can misbehave. */
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A request as it came: what was asked for, and of which range. */
export interface Asked {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
}

export interface Served {
  readonly content: Buffer;
  readonly etag?: string;
  readonly ignoresRanges?: boolean;
  /** How many bytes each answer's body has before the connection is cut; the last one holds for all that follow. */
  readonly cutAfter?: readonly (number | undefined)[];
  /** Statuses of the first answers. */
  readonly statuses?: readonly number[];
  /** Says nothing of how long the content is. */
  readonly isChunked?: boolean;
  /** After how many bytes of the first answers it stops sending, and keeps the connection open. */
  readonly stallAfter?: readonly number[];
  readonly redirectTo?: string;
}

export class ModelServer implements AsyncDisposable {
  /** Path → what is there; may be changed at any time. */
  readonly files = new Map<string, Served>();
  readonly asked: Asked[] = [];
  readonly #server = createServer((request, response) => {
    const path = request.url ?? '';
    const count = this.asked.filter((one) => one.path === path).length;
    this.asked.push({ path, headers: request.headers });
    answer(this.files.get(path), { headers: request.headers, count }, response);
  });

  static async start(files: Readonly<Record<string, Served>> = {}): Promise<ModelServer> {
    const server = new ModelServer();
    for (const [path, served] of Object.entries(files)) server.files.set(path, served);
    await new Promise<void>((done) => server.#server.listen(0, '127.0.0.1', done));
    return server;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`; // It listens on TCP.
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((done) => this.#server.close(done));
  }
}

function answer(
  served: Served | undefined,
  { headers, count }: { headers: IncomingHttpHeaders; count: number },
  response: ServerResponse,
): void {
  if (!served) return void response.writeHead(404).end();
  if (served.redirectTo !== undefined)
    return void response.writeHead(302, { location: served.redirectTo }).end();
  const status = served.statuses?.[count];
  if (status !== undefined && status !== 200) return void response.writeHead(status).end();
  const { content, etag } = served;
  const from = served.ignoresRanges ? 0 : rangeOf(headers, etag);
  if (from >= content.length && from > 0)
    return void response.writeHead(416, { 'content-range': `bytes */${content.length}` }).end();
  const rest = content.subarray(from);
  response.writeHead(from > 0 ? 206 : 200, {
    ...(etag !== undefined && { etag }),
    ...(from > 0 && { 'content-range': `bytes ${from}-${content.length - 1}/${content.length}` }),
    ...(!served.isChunked && { 'content-length': rest.length }),
  });
  send(rest, served, count, response);
}

function send(rest: Buffer, served: Served, count: number, response: ServerResponse): void {
  const { stallAfter = [], cutAfter = [] } = served;
  const stall = stallAfter[count];
  if (stall !== undefined) return void response.write(rest.subarray(0, stall));
  const cut = cutAfter[Math.min(count, cutAfter.length - 1)];
  if (cut === undefined) return void response.end(rest);
  response.write(rest.subarray(0, cut), () => setImmediate(() => response.destroy()));
}

/** Where the wanted range begins; 0 where the server has other content by now. */
function rangeOf({ range, 'if-range': tag }: IncomingHttpHeaders, etag: string | undefined): number {
  const from = Number(/^bytes=(\d+)-$/.exec(range ?? '')?.[1] ?? 0);
  return tag === undefined || tag === etag ? from : 0;
}
