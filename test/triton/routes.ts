/** What the server answers to everything but inference, by method and path. */
import { configOf, type ModelRepository, type ReadyVersion } from './model-repository.ts';
import { Refusal } from './refusal.ts';

export interface Reply {
  readonly status: number;
  /** No body if undefined. */
  readonly json?: unknown;
  /** False where Triton forgets to say that an error is JSON. */
  readonly isTyped?: boolean;
}

export interface RouteContext {
  readonly repository: ModelRepository;
  readonly isLive: boolean;
  readonly isReady: boolean;
  /** Models may be loaded and unloaded by request. */
  readonly isExplicit: boolean;
}

interface Route {
  readonly method: 'GET' | 'POST';
  readonly path: RegExp;
  /** @param names what the path's groups matched; @param body parsed JSON, undefined if empty */
  readonly reply: (
    context: RouteContext,
    names: readonly (string | undefined)[],
    body: unknown,
  ) => Reply | Promise<Reply>;
}

export const inferPath = /^\/v2\/models\/([^/]+)(?:\/versions\/(\d+))?\/infer$/;

const extensions = [
  ...['model_repository', 'model_repository(unload_dependents)', 'model_configuration'],
  ...['binary_tensor_data', 'parameters', 'statistics'],
];

const routes: readonly Route[] = [
  {
    method: 'GET',
    path: /^\/v2\/?$/,
    reply: () => ({ status: 200, json: { name: 'triton', version: '2.60.0', extensions } }),
  },
  { method: 'GET', path: /^\/v2\/health\/live$/, reply: ({ isLive }) => ({ status: isLive ? 200 : 400 }) },
  {
    method: 'GET',
    path: /^\/v2\/health\/ready$/,
    reply: ({ isLive, isReady }) => ({ status: isLive && isReady ? 200 : 400 }),
  },
  {
    method: 'GET',
    path: /^\/v2\/models\/stats$/,
    reply: ({ repository }) => ({ status: 200, json: { model_stats: repository.ready.map(statsOf) } }),
  },
  {
    method: 'GET',
    path: /^\/v2\/models\/([^/]+)(?:\/versions\/(\d+))?$/,
    reply: ({ repository }, names) => ({ status: 200, json: repository.metadata(found(repository, names)) }),
  },
  {
    method: 'GET',
    path: /^\/v2\/models\/([^/]+)(?:\/versions\/(\d+))?\/config$/,
    reply: ({ repository }, names) => ({ status: 200, json: configOf(found(repository, names)) }),
  },
  {
    method: 'GET',
    path: /^\/v2\/models\/([^/]+)(?:\/versions\/(\d+))?\/stats$/,
    reply: ({ repository }, names) => ({
      status: 200,
      json: { model_stats: [statsOf(found(repository, names))] },
    }),
  },
  { method: 'GET', path: /^\/v2\/models\/([^/]+)(?:\/versions\/(\d+))?\/ready$/, reply: modelReady },
  { method: 'POST', path: /^\/v2\/repository\/index$/, reply: repositoryIndex },
  {
    method: 'POST',
    path: /^\/v2\/repository\/models\/([^/]+)\/(load|unload)$/,
    reply: async ({ repository, isExplicit }, [name, verb]) => {
      if (!isExplicit)
        throw new Refusal(503, `explicit model load / unload is not allowed if polling is enabled`);
      await (verb === 'load' ? repository.load(nameIn(name)) : repository.unload(nameIn(name)));
      return { status: 200 };
    },
  },
];

/** @throws {Refusal} */
export async function replyTo(
  context: RouteContext,
  { method, path, body }: { readonly method: string; readonly path: string; readonly body: Buffer },
): Promise<Reply> {
  const route = routes.find((one) => one.path.test(path));
  if (!route) throw new Refusal(404, 'Not Found');
  if (route.method !== method) throw new Refusal(405, 'Method Not Allowed');
  const [, ...names] = route.path.exec(path)!; // It matched.
  return route.reply(context, names, parseBody(body));
}

/** @throws {Refusal} */
export function found(
  repository: ModelRepository,
  [name, version]: readonly (string | undefined)[],
): ReadyVersion {
  return repository.find(nameIn(name), version);
}

function nameIn(part: string | undefined): string {
  return decodeURIComponent(part ?? '');
}

function statsOf({ model, version, statistics }: ReadyVersion): object {
  return { name: model.name, version, ...statistics.toJson() };
}

function modelReady({ repository }: RouteContext, names: readonly (string | undefined)[]): Reply {
  try {
    found(repository, names);
    return { status: 200 };
  } catch (error) {
    // Whatever is the matter: unknown, unloaded, still loading.
    if (!(error instanceof Refusal)) throw error;
    return { status: 400, json: { error: 'Model version not ready' }, isTyped: false };
  }
}

function repositoryIndex({ repository }: RouteContext, _: readonly unknown[], body: unknown): Reply {
  const { ready = false } = (body ?? {}) as { ready?: unknown }; // Looked at below.
  if (typeof ready !== 'boolean')
    throw new Refusal(400, "Unable to parse 'ready': attempt to access JSON non-boolean");
  return { status: 200, json: repository.index({ isReadyOnly: ready }) };
}

function parseBody(body: Buffer): unknown {
  if (body.length === 0) return undefined;
  try {
    return JSON.parse(body.toString());
  } catch (error) {
    throw new Refusal(400, `failed to parse the request JSON buffer: ${(error as SyntaxError).message}`); // It throws these.
  }
}
