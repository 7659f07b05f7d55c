/** Sources of small rules, for workspaces that test the engine. */

/** What every rule of these tests begins with. */
export const imports = `import { z } from 'zod';
import { bytes, defineRule, file, input, npz, text } from 'flow';
`;

/** A copy of a file, with a suffix. */
export const copyRule = `${imports}
export const copy = defineRule({
  name: 'copy', version: '1', scope: 'whole', placement: 'engine',
  params: z.strictObject({ suffix: z.string().default('') }),
  inputs: { source: input(file()) },
  outputs: { text: text() },
  run: ({ inputs, params }) => ({ text: new TextDecoder().decode(inputs.source.read()) + params.suffix }),
});
`;

/** Its input in capitals, on a worker. */
export const upperRule = `${imports}
export const upper = defineRule({
  name: 'upper', version: '1', scope: 'whole', placement: 'worker',
  params: z.strictObject({}),
  inputs: { source: input(text()) },
  outputs: { text: text() },
  run: ({ inputs }) => ({ text: inputs.source.toUpperCase() }),
});
`;

/** Its input so often that it does not fit into an action result: 64 KiB and more. */
export const swellRule = `${imports}
export const swell = defineRule({
  name: 'swell', version: '1', scope: 'whole', placement: 'engine',
  params: z.strictObject({ times: z.number().default(1) }),
  inputs: { source: input(text()) },
  outputs: { text: text() },
  run: ({ inputs, params }) => ({ text: (inputs.source + '\\n').repeat(Math.ceil((65536 * params.times) / (inputs.source.length + 1))) }),
});
`;

/** The first ten characters: a consumer that makes little of much. */
export const headRule = `${imports}
export const head = defineRule({
  name: 'head', version: '1', scope: 'whole', placement: 'engine',
  params: z.strictObject({}),
  inputs: { source: input(text()) },
  outputs: { text: text() },
  run: ({ inputs }) => ({ text: inputs.source.slice(0, 10) }),
});
`;

/** A source, its copy, a large text of it, and the head of that. */
export const chain: Readonly<Record<string, string>> = {
  'rules/copy.ts': copyRule,
  'rules/upper.ts': upperRule,
  'rules/swell.ts': swellRule,
  'rules/head.ts': headRule,
  'in.txt': 'abcdefghij',
  'graphs/chain.yaml': `schema_version: 1
components:
  copied: { rule: copy, inputs: { source: file:in.txt } }
  large: { rule: swell, inputs: { source: copied.text } }
  short: { rule: head, inputs: { source: large.text } }
`,
};
