/** What the server does wrong when a test wants it. */
import type { InferAnswer } from './infer-answer.ts';

export interface SeenRequest {
  readonly method: string;
  readonly path: string;
  /** From 1, over all requests. */
  readonly count: number;
  readonly authorization: string | undefined;
}

/**
 * Without doing what is asked: `refuse` breaks the connection, `hang` never answers, `status` answers with an error.
 * `delay`: the first byte is late. Of an answer to a request of inference: `slowBody` sends half of the body late, `cutBody`
 * breaks the connection there, `headerLength` says another length of JSON or none, `spoil` changes the answer.
 */
export type Fault =
  | { readonly type: 'refuse' | 'hang' | 'cutBody' }
  | { readonly type: 'status'; readonly status: number; readonly message: string }
  | { readonly type: 'delay' | 'slowBody'; readonly ms: number }
  | { readonly type: 'headerLength'; readonly value: string | undefined }
  | { readonly type: 'spoil'; readonly spoil: (answer: InferAnswer) => InferAnswer };

export type FaultPlan = (request: SeenRequest) => Fault | undefined;

/** For `spoil`: one output, with something else said of it. */
export function saying(of: string, change: Record<string, unknown>): (answer: InferAnswer) => InferAnswer {
  return ({ json, raw }) => ({
    json: {
      ...json,
      outputs: outputsOf(json).map((output) => (output['name'] === of ? { ...output, ...change } : output)),
    },
    raw,
  });
}

/** For `spoil`: without one output, its bytes included. */
export function without(of: string): (answer: InferAnswer) => InferAnswer {
  return ({ json, raw }) => {
    let at = 0;
    const kept = outputsOf(json).flatMap((output) => {
      const { binary_data_size: size = 0 } = (output['parameters'] ?? {}) as { binary_data_size?: number }; // As answers are made.
      at += size;
      return output['name'] === of ? [] : [{ output, bytes: raw.subarray(at - size, at) }];
    });
    return {
      json: { ...json, outputs: kept.map(({ output }) => output) },
      raw: Buffer.concat(kept.map(({ bytes }) => bytes)),
    };
  };
}

function outputsOf(json: InferAnswer['json']): Record<string, unknown>[] {
  return json['outputs'] as Record<string, unknown>[]; // As answers are made.
}
