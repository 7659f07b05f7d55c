/** A model of a few bytes, a rule that runs it, and workspaces with both. */
import { createHash } from 'node:crypto';
import { GraphBuilder } from '../../engine/io/onnx/graph-builder.ts';
import { writeOnnx } from '../../engine/io/onnx/onnx-file.ts';

/** Multiplies every number. */
export function timesModel(factor: number): Uint8Array {
  const graph = new GraphBuilder('times');
  const numbers = graph.input('x', ['N', 1]);
  graph.output('y', graph.node('Mul', [numbers, factor]), ['N', 1]);
  return writeOnnx(graph.model({ producer: 'a test', description: 'multiplies' }));
}

export function sha256Of(content: Uint8Array): string {
  return createHash('sha256').update(content).digest('hex');
}

export interface TinyEntry {
  readonly version?: string;
  /** How the file is named in the entry. */
  readonly file?: string;
  readonly task?: string;
  /** Lines of its own. */
  readonly more?: string;
  /** Where the file is; beside the entry where it is not given. */
  readonly url?: string;
  readonly isPinned?: boolean;
}

export function tinyEntry(content: Uint8Array, options: TinyEntry = {}): string {
  const { version = '1', file = 'times.onnx', task = 'scoring', more = '', url, isPinned = true } = options;
  return `schema_version: 1
name: times
version: "${version}"
task: ${task}
licence: Apache-2.0
source: this test
files:
  - { name: ${file}, ${url === undefined ? `path: ${file}` : `url: "${url}"`}${isPinned ? `, sha256: ${sha256Of(content)}` : ''} }
inputs: [{ name: x, dtype: float32, shape: [N, 1] }]
outputs: [{ name: y, dtype: float32, shape: [N, 1] }]
${more}`;
}

const scoreRule = `import { array, defineRule, file, input, npz, tensor } from 'flow';
import { z } from 'zod';
export const score = defineRule({
  name: 'score', version: '1', scope: 'whole', placement: 'worker',
  params: z.strictObject({}),
  inputs: { source: input(file()) },
  models: { scorer: { task: 'scoring' } },
  outputs: { scores: npz({ values: { dtype: 'float32', shape: ['N'] } }) },
  async run({ inputs, models }) {
    const numbers = Float32Array.from(new TextDecoder().decode(inputs.source.read()).trim().split(' '), Number);
    const { y } = await models.scorer.infer({ x: tensor('float32', numbers, [numbers.length, 1]) });
    return { scores: { values: array('float32', y.data, [y.shape[0]]) } };
  },
});
`;

const graph = `schema_version: 1
components:
  scored: { rule: score, inputs: { source: file:in.txt } }
  copied: { rule: exec, inputs: { scores: scored.scores }, params: { command: [sh, -c, "cat in/scores* | wc -c > size.txt"], outputs: { size: size.txt } } }
  other: { rule: exec, inputs: { source: file:in.txt }, params: { command: [sh, -c, "cp in/source.txt out.txt"], outputs: { text: out.txt } } }
`;

export function profile(
  models: string,
  { isRequired = true }: { readonly isRequired?: boolean } = {},
): string {
  return `schema_version: 1
name: tiny
components: { scored: { required: ${isRequired} }, copied: { required: false } }
models:
  ${models}
`;
}

/** A workspace that scores three numbers. */
export function tinyFiles(content = timesModel(10)): Record<string, string | Uint8Array> {
  return {
    'flow.yaml': 'schema_version: 1\nprofile: tiny\n',
    'in.txt': '1 2 3\n',
    'rules/score.ts': scoreRule,
    'graphs/tiny.yaml': graph,
    'profiles/tiny.yaml': profile('scored: { model: times, version: "1" }'),
    'models/times.yaml': tinyEntry(content),
    'models/times.onnx': content,
  };
}

/** Graph and profile for two components that score what is in a film. */
export const twoOfFilm = {
  'graphs/tiny.yaml': `schema_version: 1
components:
  one: { rule: score, inputs: { source: video } }
  two: { rule: score, inputs: { source: video } }
stages: { all: { components: [one, two] } }
`,
  'profiles/tiny.yaml': `schema_version: 1
name: tiny
models:
  one: { model: times, version: "1" }
  two: { model: times, version: "1" }
`,
};
