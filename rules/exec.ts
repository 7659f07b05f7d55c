/**
 * Any command as a component: declared inputs, outputs, environment and tools, run in an empty folder that holds
 * only its inputs.
 *
 * In `command`, `{in.NAME}` stands for an input's file (a glob: for its files), `{out.NAME}` for an output's file,
 * and `{param.NAME}` for a value of `values`.
 */
import { z } from 'zod';
import { FlowError } from '../engine/core/errors.ts';
import { bytes } from '../engine/core/kind.ts';
import { defineOpenRule, type Values } from '../engine/core/rule.ts';

const fileName = z
  .string()
  .regex(/^[A-Za-z0-9._-]+(\/[A-Za-z0-9._-]+)*$/, 'a relative path of letters, digits, ".", "_" and "-"');

const params = z.strictObject({
  command: z.array(z.string()).min(1).describe('program and arguments; no shell reads them'),
  outputs: z.record(z.string(), fileName).describe('output name → the file that the command writes'),
  env: z
    .record(z.string(), z.string())
    .default({})
    .describe('environment of the command, beside PATH, HOME, TMPDIR and LANG'),
  tools: z
    .array(z.string())
    .default([])
    .describe('programs whose files are in the key; the command itself always is'),
  values: z
    .record(z.string(), z.union([z.string(), z.number(), z.boolean()]))
    .default({})
    .describe('values for {param.NAME}'),
});

export const exec = defineOpenRule({
  name: 'exec',
  version: '1',
  params,
  // It waits for a child, and the child has the core.
  placement: 'engine',
  outputs: ({ outputs }) =>
    Object.fromEntries(
      Object.entries(outputs).map(([name, path]) => [name, bytes({ extension: extensionOf(path) })]),
    ),
  programs: ({ command, tools }) => [...new Set([command[0]!, ...tools])],
  async run({ inputs, params: { command, outputs, env, values }, program, signal }) {
    const { files, names } = furnish(inputs);
    const argv = command.flatMap((word) =>
      fill(word, { in: names, out: single(outputs), param: single(values) }),
    );
    const result = await program.run({ argv, env, files, outputs: Object.values(outputs) }, signal);
    return Object.fromEntries(
      Object.entries(outputs).map(([name, path]) => [name, result.outputs.get(path)!]),
    );
  },
});

function extensionOf(path: string): string {
  return /\.([A-Za-z0-9]+)$/.exec(path)?.[1] ?? 'bin';
}

type Names = Readonly<Record<string, readonly string[]>>;

/** Where each input lies in the folder: `in/NAME` and the ending of its file, or `in/NAME/…` for the files of a glob. */
function furnish(inputs: Values): { files: Record<string, string | Uint8Array>; names: Names } {
  const files: Record<string, string | Uint8Array> = {};
  const names: Record<string, string[]> = {};
  for (const [input, value] of Object.entries(inputs)) {
    for (const { name, content } of filesOf(input, value)) {
      files[name] = content;
      names[input] = [...(names[input] ?? []), name];
    }
  }
  return { files, names };
}

function filesOf(input: string, value: unknown): { name: string; content: string | Uint8Array }[] {
  if (value instanceof Uint8Array) return [{ name: `in/${input}`, content: value }];
  if (Array.isArray(value)) {
    const files = value as { name: string; path: string }[]; // The kind `files`.
    return files.map(({ name, path }) => ({ name: `in/${input}/${name}`, content: path }));
  }
  const { path } = value as { path: string }; // The kind `file`.
  return [{ name: `in/${input}.${extensionOf(path)}`, content: path }];
}

function single(record: Readonly<Record<string, string | number | boolean>>): Names {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, [String(value)]]));
}

/** A word with its placeholders filled in; a word that is one placeholder of several files becomes several words. */
function fill(word: string, names: { in: Names; out: Names; param: Names }): string[] {
  const whole = /^\{in\.([A-Za-z0-9_-]+)\}$/.exec(word)?.[1];
  if (whole !== undefined && names.in[whole]) return [...names.in[whole]];
  return [
    word.replace(
      /\{(in|out|param)\.([A-Za-z0-9_-]+)\}/g,
      (placeholder, group: 'in' | 'out' | 'param', name: string) => {
        const found = names[group][name];
        if (found) return found.join(' ');
        throw unknownPlaceholder(placeholder, names[group]);
      },
    ),
  ];
}

function unknownPlaceholder(placeholder: string, known: Names): FlowError {
  return new FlowError({
    code: 'config_invalid',
    blame: 'user',
    message: `Cannot run the command: "${placeholder}" names nothing that the component has.`,
    fix: `Use one of: ${Object.keys(known).join(', ') || '(none)'}.`,
  });
}
