import { copyRule, type MessageCase, testMessages } from './test-messages.ts';

function rule(text: string): MessageCase {
  return { files: { 'rules/copy.ts': text }, status: 2 };
}

/** The rule with something of it replaced. */
function with_(from: RegExp | string, to: string): MessageCase {
  return rule(copyRule.replace(from, () => to));
}

const segmentRule = `import { defineRule, file, input, npz, segments, vector } from 'flow';
import { z } from 'zod';

const values = npz({ x: { dtype: 'float32', shape: ['N'] } });
export const part = defineRule({
  name: 'part',
  version: '1',
  scope: 'segment',
  params: z.strictObject({}),
  inputs: {
    a: input(values, { isOptional: true }),
    b: input(values, { isOptional: true }),
    table: input(segments(), { isOptional: true }),
    video: input(file(), { isOptional: true }),
  },
  outputs: { values },
  run: () => ({ values: { x: vector('float32', []) } }),
});
`;

function segments(components: string, target: string): MessageCase {
  return {
    files: {
      'rules/part.ts': segmentRule,
      'graphs/own.yaml': `schema_version: 1\ncomponents:\n${components}`,
    },
    args: ['build', `run:clip.mp4//${target}`],
    status: 2,
  };
}

function exec(params: string, status: 1 | 2): MessageCase {
  const graph = `schema_version: 1
components:
  one: { rule: copy, inputs: { source: "file:inputs/a.txt" } }
  ex: { rule: exec, inputs: { a: "file:inputs/a.txt" }, params: ${params} }
`;
  return { files: { 'graphs/own.yaml': graph }, args: ['build', '//ex', '--plain'], status };
}

testMessages('rule', {
  'a syntax error is shown in its line': rule('export const x = {;\n'),
  'a syntax error of a helper is shown in the helper': {
    files: { 'rules/copy.ts': `import './helper.ts';\n${copyRule}`, 'rules/helper.ts': 'a b\n' },
    status: 2,
  },
  'all missing imports are told': rule(
    `import './no-file.ts';\nimport 'no-package';\nimport { nope } from 'flow';\n${copyRule}`,
  ),
  'a missing export of flow is told': rule(`import { nope } from 'flow';\nconsole.log(nope);\n${copyRule}`),
  'a missing module of Node is told': rule(`import 'node:nope';\n${copyRule}`),
  'a module that throws is told': rule(`${copyRule}throw new Error('boom');\n`),
  'a module that throws no Error is told': rule(`${copyRule}throw 'boom';\n`),
  'a module that waits for ever is told': {
    ...rule(`${copyRule}await new Promise(() => {});\n`),
    isAlone: true,
  },
  'a module that ends the process is no success': {
    ...rule(`${copyRule}process.exit(0);\n`),
    isAlone: true,
    status: 1,
  },
  'a module without a rule is told': rule('export const x = 1;\n'),
  'a module with two rules is told': rule(`${copyRule}export const other = { ...copy };\n`),
  'a rule that is exported under two names is one rule': {
    ...rule(`${copyRule}export default copy;\n`),
    args: ['build', '//one', '--quiet'],
    status: 0,
  },
  'an output that is declared twice is told': with_(
    'outputs: {',
    "outputs: {\n    copy: bytes({ extension: 'md' }),\n   ",
  ),
  'an output whose name leads elsewhere is told': with_('outputs: { copy:', "outputs: { '../copy':"),
  'missing outputs are told': with_(/ {2}outputs: .*\n/, ''),
  'missing inputs are told': with_(/ {2}inputs: .*\n/, ''),
  'missing params are told': with_(/ {2}params: .*\n/, ''),
  'an unknown scope is told': with_("'whole'", "'frame'"),
  'an output of no kind is told': with_(/bytes\(.*\)/, "'bytes'"),
  'bytes of segments without a merge are told': with_("'whole'", "'segment'"),
  'a folder in the place of a rule is told': {
    files: { 'rules/copy.ts': null, 'rules/copy.ts/index.ts': copyRule },
    status: 2,
  },
  'a rule that fails is told without a stack': {
    ...with_('inputs.source.read()', 'inputs.source.nope()'),
    status: 1,
  },
  'an output that was not declared is told': { ...with_('({ copy:', '({ copi:'), status: 1 },
  'a missing program is told with the component that needs it': with_(
    'placement:',
    "programs: ['no-such-program'],\n  placement:",
  ),
  'a rule of segments without a table of them is told': segments(
    '  one: { rule: part, inputs: { video: video } }\n',
    'one',
  ),
  'segments of two tables in one component are told': segments(
    `  other_plan: { rule: segmenter/segment-plan, inputs: { video: video } }
  a: { rule: part, inputs: { table: segment_plan.segments } }
  b: { rule: part, inputs: { table: other_plan.segments } }
  both: { rule: part, inputs: { a: a.values, b: b.values } }
`,
    'both',
  ),
  'wrong params of an open rule are told': exec('{ command: [], outputs: {} }', 2),
  'an open rule without outputs is told': exec('{ command: [cat], outputs: {} }', 2),
  'an output name of an open rule is checked': exec('{ command: [cat], outputs: { "../o": o.txt } }', 2),
  'an unknown placeholder is told as the graph’s fault': exec(
    '{ command: [cat, "{in.b}"], outputs: { o: o.txt } }',
    1,
  ),
  'an unknown output is told to an open rule': {
    files: {
      'graphs/own.yaml': `schema_version: 1
components:
  one: { rule: copy, inputs: { source: "file:inputs/a.txt" } }
  ex: { rule: exec, inputs: { "../a": one.cpy }, params: { command: [cat], outputs: { o: o.txt } } }
`,
    },
    args: ['build', '//ex'],
    status: 2,
  },
});
