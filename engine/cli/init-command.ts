/** `flow init`: a workspace with one rule of the user's own, which builds. */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { FlowError } from '../core/errors.ts';
import { shown } from './shown-path.ts';

/** Belong to the whole project that a workspace may lie in: what is there stays. */
const sharedFiles = ['.gitignore', 'tsconfig.json'];

const files: Readonly<Record<string, string>> = {
  'flow.yaml': `# A workspace of flow. Paths are relative to this file.
schema_version: 1
profile: default
results: result_store
`,
  'profiles/default.yaml': `# What comes with flow, and your own settings over it.
schema_version: 1
name: default
extends: builtin:default
components:
  word_count: { params: { min_length: 4 } }
`,
  'graphs/workspace.yaml': `# Your own components. The built-in ones are there too: \`shots: cut_detection.shots\` is a valid input.
schema_version: 1
components:
  word_count:
    rule: word-count
    inputs: { source: "file:inputs/*.txt" }
`,
  'rules/word-count.ts': `/** Counts the words of text files: a first rule of your own. */
import { defineRule, files, input, json } from 'flow';
import { z } from 'zod';

export const wordCount = defineRule({
  name: 'word-count',
  version: '1',
  scope: 'whole',
  params: z.strictObject({
    min_length: z.number().int().min(1).default(1).describe('letters of the shortest word that counts'),
  }),
  inputs: { source: input(files()) },
  outputs: { counts: json(z.record(z.string(), z.number())) },
  run({ inputs, params }) {
    const counts: Record<string, number> = {};
    for (const { name, read } of inputs.source) {
      const words = new TextDecoder().decode(read()).match(/\\p{L}+/gu) ?? [];
      counts[name] = words.filter((word) => word.length >= params.min_length).length;
    }
    return { counts };
  },
});
`,
  // Rules are bundled, so imports are found as a bundler finds them.
  'tsconfig.json': `{
  "compilerOptions": {
    "target": "es2024",
    "lib": ["es2024", "dom"],
    "types": [],
    "module": "preserve",
    "strict": true,
    "noEmit": true,
    "allowImportingTsExtensions": true,
    "erasableSyntaxOnly": true,
    "skipLibCheck": true
  },
  "include": ["rules"]
}
`,
  'inputs/example.txt': 'The quick brown fox jumps over the lazy dog.\n',
  '.gitignore': '.flow/\nnode_modules/\nout/\nresult_store/\nstate/\n',
};

/** @throws {FlowError} `config_invalid` if a file is there already; nothing is written then */
export function initCommand(folder: string): void {
  const present = Object.keys(files).filter(
    (name) => !sharedFiles.includes(name) && existsSync(join(folder, name)),
  );
  if (present.length > 0) {
    throw new FlowError({
      code: 'config_invalid',
      blame: 'user',
      where: folder,
      message: `Cannot make a workspace here: ${present.join(', ')} ${present.length === 1 ? 'is' : 'are'} there already.`,
      fix: 'Name an empty folder: flow init FOLDER.',
    });
  }
  for (const [name, content] of Object.entries(files)) {
    const path = join(folder, name);
    if (existsSync(path)) continue;
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content);
  }
  const enter = folder === '.' ? '' : `cd ${shown(folder)} && `;
  process.stdout.write(
    `Made a workspace. Try:\n  ${enter}npx flow build //word_count\n  ${enter}npx flow build run:VIDEO\n`,
  );
}
