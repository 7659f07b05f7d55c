/** How an inference server is reached. */
import { FlowError } from '../../core/errors.ts';

export interface TritonSettings {
  /** Below which `v2/…` lies; may hold a name and a password. */
  readonly url: URL;
  /** Until the connection stands, encryption included. */
  readonly connectMs: number;
  /** From then until the answer begins, unless the model has a limit of its own. The server is told. */
  readonly firstByteMs: number;
  /** By names of models. */
  readonly firstByteMsOf: Readonly<Record<string, number>>;
  /** From the moment that the request has a connection until the answer is whole. */
  readonly overallMs: number;
  /** Most requests on their way at once; others wait for their turn. */
  readonly maxInFlight: number;
  /** After so long, what the server says of a model is read again before it runs: it may have been replaced. */
  readonly recheckMs: number;
}

const defaults = {
  connectMs: 5000,
  firstByteMs: 60_000,
  firstByteMsOf: {},
  overallMs: 120_000,
  maxInFlight: 16,
  recheckMs: 10_000,
} as const satisfies Omit<TritonSettings, 'url'>;

/**
 * @param env holds `TRITON_HTTP_URL`
 * @throws {FlowError} `config_invalid`
 */
export function tritonSettings(
  env: Readonly<Record<string, string | undefined>>,
  limits: Partial<Omit<TritonSettings, 'url'>> = {},
): TritonSettings {
  return { ...defaults, ...limits, url: parseServerUrl(env['TRITON_HTTP_URL']) };
}

function parseServerUrl(text: string | undefined): URL {
  if (!text) throw badAddress('it is not set');
  const url = URL.parse(text);
  // What cannot be read is not repeated: it may hold a password.
  if (!url || !isDecodable(url.username + url.password)) throw badAddress('it is not a URL');
  if (url.protocol !== 'http:' && url.protocol !== 'https:')
    throw badAddress(`"${url.protocol}" is neither http: nor https:`);
  if (url.search || url.hash) throw badAddress(`it ends in "${url.search}${url.hash}"`);
  if (!url.pathname.endsWith('/')) url.pathname += '/';
  return url;
}

function isDecodable(text: string): boolean {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}

function badAddress(reason: string): FlowError {
  return new FlowError({
    code: 'config_invalid',
    blame: 'user',
    where: 'TRITON_HTTP_URL',
    message: `Cannot reach an inference server: ${reason}.`,
    fix: 'Set TRITON_HTTP_URL to the address of its HTTP port, such as http://127.0.0.1:8000.',
  });
}
