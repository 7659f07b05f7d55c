/**
 * Requests to an inference server, over connections that are kept open.
 *
 * By `node:http` and not by `fetch`: a body goes out as the list of buffers that it is, with its length; an aborted
 * request closes its connection; connecting and waiting have limits of their own; and the agent's limit of connections
 * is the limit of requests on their way.
 */
import type * as http from 'node:http';
import type * as https from 'node:https';
import type { Socket } from 'node:net';
import { type Asked, tooLate, unavailable } from './triton-error.ts';
import type { TritonSettings } from './triton-settings.ts';

export interface TritonRequest {
  /** After the base URL: `v2/models/…`. */
  readonly path: string;
  /** Makes it a POST. */
  readonly body?: readonly Uint8Array[];
  readonly headers?: Readonly<Record<string, string | number>>;
  readonly firstByteMs?: number;
  /** What cannot be done without an answer. */
  readonly asked: Asked;
}

export interface TritonAnswer {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  /** The body, as it came. */
  readonly chunks: readonly Uint8Array[];
}

/** Connections that nobody uses are closed before a proxy on the way would do so in the middle of a request. */
const idleMs = 15_000;

const mostWords = 500;

export class TritonClient {
  readonly #settings: TritonSettings;
  readonly #agent: http.Agent;
  readonly #protocol: typeof http | typeof https;
  /** Sent with every request, where the URL holds a name. */
  readonly #authorization: string | undefined;
  /** In every way in which a server could repeat it. */
  readonly #secrets: readonly string[];
  /** The address without credentials. */
  readonly server: string;

  constructor(settings: TritonSettings) {
    const { url, maxInFlight } = settings;
    this.#settings = settings;
    this.#protocol = protocolOf(url);
    this.#agent = new this.#protocol.Agent({ keepAlive: true, maxSockets: maxInFlight, timeout: idleMs });
    this.server = `${url.origin}${url.pathname}`;
    const [name, password] = [decodeURIComponent(url.username), decodeURIComponent(url.password)];
    const token = Buffer.from(`${name}:${password}`).toString('base64');
    this.#authorization = name || password ? `Basic ${token}` : undefined;
    this.#secrets = password ? [url.password, password, token] : [];
  }

  close(): void {
    this.#agent.destroy();
  }

  /**
   * Asks once. Its time runs from when it is its turn.
   *
   * @throws {FlowError} `triton_unavailable`, `triton_timeout`
   * @throws the signal's reason, when it fires
   */
  async ask(request: TritonRequest, signal: AbortSignal): Promise<TritonAnswer> {
    signal.throwIfAborted();
    const stop = Promise.withResolvers<never>();
    const sent = this.#open(request);
    const timers = new Set<NodeJS.Timeout>();
    const limit = (ms: number, error: () => Error): NodeJS.Timeout => {
      const timer = setTimeout(() => stop.reject(error()), ms);
      timers.add(timer);
      return timer;
    };
    this.#watch(sent, { firstByteMs: this.#settings.firstByteMs, ...request }, limit);
    const onAbort = (): void => stop.reject(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
    try {
      const answered = this.#receive(sent, request.asked);
      answered.catch(() => undefined); // It fails with the connection, after the reason for which that was closed.
      return await Promise.race([answered, stop.promise]);
    } catch (error) {
      sent.destroy();
      throw error;
    } finally {
      signal.removeEventListener('abort', onAbort);
      for (const timer of timers) clearTimeout(timer);
    }
  }

  /** What the server says in an answer that is none; without our credentials, should it repeat them. */
  words({ chunks }: TritonAnswer): string {
    const said = errorIn(Buffer.concat(chunks).toString());
    return this.#secrets.reduce((text, secret) => text.replaceAll(secret, '***'), said).slice(0, mostWords);
  }

  #open({ path, body, headers }: TritonRequest): http.ClientRequest {
    const sent = this.#protocol.request(new URL(path, this.server), {
      agent: this.#agent,
      method: body ? 'POST' : 'GET',
      headers: {
        ...headers,
        ...(body && { 'content-length': sizeOf(body) }),
        ...(this.#authorization && { authorization: this.#authorization }),
      },
    });
    sent.cork(); // One write for all parts.
    for (const part of body ?? []) sent.write(part);
    sent.end();
    sent.uncork();
    return sent;
  }

  /** Starts each limit when its time comes. */
  #watch(
    sent: http.ClientRequest,
    { asked, firstByteMs }: Required<Pick<TritonRequest, 'asked' | 'firstByteMs'>>,
    limit: (ms: number, error: () => Error) => NodeJS.Timeout,
  ): void {
    const { connectMs, overallMs, url } = this.#settings;
    const onConnected = (): void => {
      const waiting = limit(firstByteMs, () => tooLate(asked, 'the answer did not begin', firstByteMs));
      sent.once('response', () => clearTimeout(waiting));
    };
    sent.once('socket', (socket: Socket) => {
      limit(overallMs, () => tooLate(asked, 'the answer was not whole', overallMs));
      if (!socket.connecting) return onConnected();
      const connecting = limit(connectMs, () =>
        unavailable(asked, `there is no connection to the server after ${connectMs / 1000} s`),
      );
      socket.once(url.protocol === 'https:' ? 'secureConnect' : 'connect', () => {
        clearTimeout(connecting);
        onConnected();
      });
    });
  }

  async #receive(sent: http.ClientRequest, asked: Asked): Promise<TritonAnswer> {
    let hasBegun = false;
    try {
      const answer = await begun(sent);
      hasBegun = true;
      const chunks: Uint8Array[] = [];
      for await (const chunk of answer) chunks.push(chunk);
      return { status: answer.statusCode!, headers: answer.headers, chunks }; // An answer has a status.
    } catch (error) {
      const { code = 'no code' } = error as NodeJS.ErrnoException; // Of the connection; these have codes.
      const when = hasBegun ? 'in the middle of the answer' : 'before the answer began';
      throw unavailable(asked, `the connection failed ${when} (${code})`, error);
    }
  }
}

/** Empty where the body is not the protocol's: a page of a proxy tells nothing that its status does not. */
function errorIn(body: string): string {
  try {
    const { error } = JSON.parse(body) as { error?: unknown }; // Whatever else it is has no error either.
    return typeof error === 'string' ? error : '';
  } catch {
    return '';
  }
}

/** Not imported: an `import` of `node:http` makes Node load all that it has for the web, 40 ms for every command. */
function protocolOf({ protocol }: URL): typeof http | typeof https {
  return process.getBuiltinModule(protocol === 'https:' ? 'node:https' : 'node:http');
}

function begun(sent: http.ClientRequest): Promise<http.IncomingMessage> {
  const { promise, resolve, reject } = Promise.withResolvers<http.IncomingMessage>();
  sent.once('response', resolve);
  sent.on('error', reject); // Not once: what comes later is the answer's business, and must not end the process.
  return promise;
}

function sizeOf(parts: readonly Uint8Array[]): number {
  return parts.reduce((sum, part) => sum + part.byteLength, 0);
}
