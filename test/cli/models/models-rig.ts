/** A workspace with a store of models of its own. */
import { createHash } from 'node:crypto';
import { stringify } from 'yaml';
import { type FlowRun, Rig } from '../../rig.ts';

export interface EntryParts {
  readonly name?: string;
  readonly version?: string;
  readonly file?: Readonly<Record<string, unknown>>;
}

/** An entry for the model of `tinyOnnx`. */
export function tinyEntry({ name = 'tiny', version = '1', file = {} }: EntryParts = {}): string {
  const tensor = { dtype: 'float32', shape: ['N', 3, 8, 8] };
  return stringify({
    schema_version: 1,
    ...{ name, version, task: 'brightening', licence: 'MIT', source: 'made by a test' },
    files: [{ name: 'tiny.onnx', ...file }],
    inputs: [{ name: 'picture', ...tensor, picture: { width: 8, height: 8 } }],
    outputs: [{ name: 'brighter', ...tensor }],
  });
}

export function sha256Of(content: Uint8Array): string {
  return createHash('sha256').update(content).digest('hex');
}

export class ModelsRig extends Rig {
  /** `flow models …`, with no mirror unless one is named. */
  models(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<FlowRun> {
    return this.flow(['models', ...args], {
      FLOW_MODELS_DIR: this.path('store'),
      FLOW_MODELS_MIRROR: '',
      ...env,
    });
  }

  async json(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Answer> {
    const { stdout, stderr } = await this.models([...args, '--json'], env);
    if (stdout === '') throw new Error(stderr);
    return JSON.parse(stdout) as Answer;
  }

  /** Path in the store of a file with this content. */
  stored(content: Uint8Array): string {
    const sha256 = sha256Of(content);
    return this.path(`store/sha256/${sha256.slice(0, 2)}/${sha256}`);
  }
}

/** What `--json` prints, as far as tests look at it. */
export interface Answer {
  readonly models?: readonly Readonly<Record<string, unknown>>[];
  readonly [key: string]: unknown;
}
