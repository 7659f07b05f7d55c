import { mkdirSync } from 'node:fs';
import { oneComponent, testMessages } from './test-messages.ts';

const head = 'schema_version: 1\ncomponents:\n';
const source = 'inputs: { source: "file:inputs/a.txt" }';

function graph(text: string | Uint8Array): { files: Record<string, string | Uint8Array>; status: 2 } {
  return { files: { 'graphs/own.yaml': text }, status: 2 };
}

function more(text: string): ReturnType<typeof graph> {
  return graph(oneComponent + text);
}

/** Ten lists of ten of the list before: 10^10 entries, if they were written out. */
function aliasBomb(): string {
  const lists = Array.from('bcdefghij', (name, index) => {
    const before = 'abcdefghij'[index]!;
    return `${name}: &${name} [${Array(10).fill(`*${before}`).join(', ')}]`;
  });
  return `schema_version: 1\na: &a [x, x]\n${lists.join('\n')}\n`;
}

testMessages('graph', {
  'a missing quote is shown where the text ends': graph(
    `${head}  one: { rule: copy, inputs: { source: "file\n`,
  ),
  'of broken syntax the first fault is told, of each file': {
    files: { 'graphs/own.yaml': `${head}  one: [\n`, 'graphs/more.yaml': 'a: }\n' },
    status: 2,
  },
  'a tab is told from spaces': graph(`${head}\tone: {}\n`),
  'all keys that are there twice are told': graph(
    `${oneComponent}  one: { rule: copy }\n  one: { rule: copy }\n`,
  ),
  'a component in two files is told with both places': {
    files: { 'graphs/second.yaml': oneComponent },
    status: 2,
  },
  'a component of the built-in graph cannot be redefined': more(`  decode: { rule: copy, ${source} }\n`),
  'all unknown keys are told with the nearest known ones': graph(
    `${head}  one: { rule: copy, inptus: {}, requird: true }\nstags: {}\n`,
  ),
  'a misspelt key is one error, not a missing key as well': graph(`${head}  one: { rul: copy }\n`),
  'wrong types are told in the words of YAML': graph(
    `${head}  one: { rule: 3, inputs: [a], required: "yes" }\n  two: hello\n  three: { rule: copy, params: }\n`,
  ),
  'an empty file is told': graph(''),
  'a key with nothing after it is told': graph('schema_version: 1\ncomponents:\n'),
  'a list is no graph': graph('- a\n- b\n'),
  'a missing schema_version is told': graph('components: {}\n'),
  'a schema_version in quotes is told': graph('schema_version: "1"\n'),
  'a schema_version of the future is told': graph('schema_version: 2\n'),
  'an unknown rule is told with the nearest one': graph(`${head}  one: { rule: copi, ${source} }\n`),
  'a rule outside of the folder of rules is unknown': graph(`${head}  one: { rule: ../copy, ${source} }\n`),
  'a misspelt input is one error, not a missing input as well': graph(
    `${head}  one: { rule: copy, inputs: { sorce: "file:inputs/a.txt" } }\n`,
  ),
  'a missing input is told': graph(`${head}  one: { rule: copy }\n`),
  'an unknown output is told with the nearest one': {
    ...more('  two: { rule: copy, inputs: { source: one.cpy } }\n'),
    args: ['build', '//two'],
  },
  'a name of JavaScript is no output': {
    ...more('  two: { rule: copy, inputs: { source: one.constructor } }\n'),
    args: ['build', '//two'],
  },
  'an unknown component is told with the nearest one': more(
    '  two: { rule: copy, inputs: { source: on.copy } }\n',
  ),
  'an output of the wrong kind is told': {
    ...more('  two: { rule: copy, inputs: { source: one.copy } }\n'),
    args: ['build', '//two'],
  },
  'what is no reference is told with the forms that there are': more(
    '  two: { rule: copy, inputs: { source: a.b.c } }\n  three: { rule: copy, inputs: { source: "file:" } }\n',
  ),
  'a cycle is told whole, from its first component': graph(
    `${head}  a: { rule: copy, inputs: { source: c.copy } }
  b: { rule: copy, inputs: { source: a.copy } }
  c: { rule: copy, inputs: { source: b.copy } }
  behind: { rule: copy, inputs: { source: c.copy } }
`,
  ),
  'each of two cycles is told': graph(
    `${head}  a: { rule: copy, inputs: { source: a.copy } }\n  b: { rule: copy, inputs: { source: b.copy } }\n`,
  ),
  'wrong stages are told each once': more(`stages:
  s: { components: [one, oen], extends: baselin }
  t: { extends: t }
  u: { extends: v }
  v: { extends: u }
  w: { extends: u }
`),
  'wrong names are told': graph(
    `${head}  "o ne": { rule: copy }\n  "": { rule: copy }\n  a.b: { rule: copy }\n  toString: { rule: copy }\n  ${'x'.repeat(101)}: { rule: copy }\n`,
  ),
  'a component called __proto__ does not vanish': graph(`${head}  __proto__: { rule: copy }\n`),
  'a file outside of the workspace is told': graph(
    `${head}  one: { rule: copy, inputs: { source: "file:../x" } }\n  two: { rule: copy, inputs: { source: "file:/etc/passwd" } }\n`,
  ),
  'a name with a zero byte is told': graph(`${head}  one: { rule: copy, inputs: { source: "file:\\0" } }\n`),
  'a glob where one file is wanted is told': graph(
    `${head}  one: { rule: copy, inputs: { source: "file:inputs/*" } }\n`,
  ),
  'a missing file is told with the input that names it': {
    files: { 'inputs/a.txt': null },
    status: 1,
  },
  'a folder as a file is told': {
    files: { 'inputs/a.txt': null, 'inputs/a.txt/b': '' },
    status: 1,
  },
  'of two targets the one whose file is there is built': {
    files: {
      'graphs/own.yaml': `${oneComponent}  two: { rule: copy, inputs: { source: "file:nothing.txt" } }\n`,
    },
    args: ['build', '//...', '--plain'],
    status: 1,
  },
  'merge keys and aliases are understood': {
    files: {
      'graphs/own.yaml': `${head}  one: &one { rule: copy, ${source} }\n  two: { <<: *one, required: false }\n  three: *one\n`,
    },
    args: ['build', '//two', '//three', '--quiet'],
    status: 0,
  },
  'an alias of nothing is told': graph(`${head}  one: *nope\n`),
  'an alias inside of what it stands for is told': graph(
    `${head}  one: { rule: copy, ${source}, params: &a { x: *a } }\n`,
  ),
  'an alias bomb does not go off': graph(aliasBomb()),
  'nesting without end is told': graph(`components: ${'['.repeat(20_000)}`),
  'text that is not UTF-8 is told with its line': graph(Buffer.from(`${oneComponent}# caf\xe9\n`, 'latin1')),
  'UTF-16 is told': graph(Buffer.from(`\ufeff${oneComponent}`, 'utf16le')),
  'a file with the ends of lines of Windows is read': {
    files: { 'graphs/own.yaml': `\ufeff${oneComponent}`.replaceAll('\n', '\r\n') },
    args: ['build', '//one', '--quiet'],
    status: 0,
  },
  'a file that ends in .yml is read': {
    files: { 'graphs/own.yaml': null, 'graphs/own.yml': oneComponent },
    args: ['build', '//one', '--quiet'],
    status: 0,
  },
  'several documents in a file are told': graph(`${oneComponent}---\nschema_version: 1\n`),
  'an unknown tag is told': graph(`${head}  one: !copy { rule: copy }\n`),
  'control characters do not reach the terminal': graph(`${head}  "\x1b[31m": { rule: copy }\n`),
  'a folder called x.yaml is told': { prepare: (rig) => mkdirSync(rig.path('graphs/x.yaml')), status: 2 },
  'wrong params of the graph are told there': graph(
    `${head}  one: { rule: copy, ${source}, params: { level: 12, lvel: 3 } }\n`,
  ),
  'errors of several files come in the order of files and lines': {
    files: {
      'graphs/own.yaml': `${oneComponent}  b: { rule: copy, inputs: { source: oen.x } }\n  a: { rule: copy, inputs: { source: oen.y } }\nstages: { s: { components: [oen] } }\n`,
      'graphs/first.yaml': `${head}  z: { rule: copy, inputs: { source: oen.z } }\n`,
    },
    status: 2,
  },
  'of a very long line the neighbourhood of the fault is shown': more(
    `  two: { rule: copy, params: { text: "${'x'.repeat(300)}" }, inptus: {}, inputs: { source: "${'y'.repeat(300)}" } }\n`,
  ),
});
