/** Holds a value against a JSON Schema, as far as the project's own schemas go; a keyword that it does not know is refused. */
import assert from 'node:assert/strict';

export type JsonSchema = Readonly<Record<string, unknown>>;

const annotations = new Set(['$schema', '$defs', 'title', 'description', 'id']);

/** @returns what is wrong, by the place in the value; nothing if it fits */
export function faultsOf(value: unknown, schema: JsonSchema, root: JsonSchema = schema, at = '$'): string[] {
  return Object.entries(schema)
    .filter(([keyword]) => !annotations.has(keyword))
    .flatMap(([keyword, operand]) => {
      const check = keywords[keyword];
      assert.ok(check, `the schema uses "${keyword}", which this check does not know`);
      return check({ value, operand, schema, root, at });
    });
}

interface Use {
  readonly value: unknown;
  /** What stands behind the keyword. */
  // biome-ignore lint/suspicious/noExplicitAny: each keyword has an operand of its own form
  readonly operand: any;
  readonly schema: JsonSchema;
  readonly root: JsonSchema;
  readonly at: string;
}

type Fields = Readonly<Record<string, unknown>>;

const keywords: Readonly<Record<string, (use: Use) => string[]>> = {
  $ref: ({ value, operand, root, at }) => faultsOf(value, resolve(root, operand), root, at),
  oneOf: ({ value, operand, root, at }) => {
    const faults = (operand as JsonSchema[]).map((one) => faultsOf(value, one, root, at));
    const fits = faults.filter((list) => list.length === 0).length;
    // Of several forms the nearest one tells most.
    return fits === 1
      ? []
      : (faults.toSorted((a, b) => a.length - b.length)[0] ?? [`${at}: fits ${fits} forms`]);
  },
  type: ({ value, operand, at }) => (typeOf(value, operand) ? [] : [`${at}: is no ${operand}`]),
  const: ({ value, operand, at }) => (value === operand ? [] : [`${at}: is not ${operand}`]),
  enum: ({ value, operand, at }) => (operand.includes(value) ? [] : [`${at}: is none of ${operand}`]),
  minimum: ({ value, operand, at }) => ((value as number) >= operand ? [] : [`${at}: is below ${operand}`]),
  pattern: ({ value, operand, at }) =>
    new RegExp(operand).test(value as string) ? [] : [`${at}: does not match ${operand}`],
  items: ({ value, operand, root, at }) =>
    Array.isArray(value)
      ? value.flatMap((item, index) => faultsOf(item, operand, root, `${at}[${index}]`))
      : [],
  required: ({ value, operand, at }) =>
    (operand as string[])
      .filter((name) => !Object.hasOwn(value as object, name))
      .map((name) => `${at}.${name}: is missing`),
  properties: ({ value, operand, root, at }) =>
    Object.entries(value as Fields)
      .filter(([name]) => Object.hasOwn(operand, name))
      .flatMap(([name, field]) => faultsOf(field, operand[name], root, `${at}.${name}`)),
  propertyNames: ({ value, operand, root, at }) =>
    Object.keys(value as Fields).flatMap((name) => faultsOf(name, operand, root, `${at}.${name}`)),
  additionalProperties: ({ value, operand, schema, root, at }) =>
    Object.entries(value as Fields)
      .filter(([name]) => !Object.hasOwn((schema.properties ?? {}) as Fields, name))
      .flatMap(([name, field]) =>
        operand === false ? [`${at}.${name}: is not known`] : faultsOf(field, operand, root, `${at}.${name}`),
      ),
};

function resolve(root: JsonSchema, pointer: string): JsonSchema {
  const [, ...path] = pointer.split('/');
  return path.reduce<unknown>((node, key) => (node as Fields)[key], root) as JsonSchema;
}

function typeOf(value: unknown, type: string): boolean {
  switch (type) {
    case 'object':
      return typeof value === 'object' && value !== null && !Array.isArray(value);
    case 'array':
      return Array.isArray(value);
    case 'integer':
      return Number.isInteger(value);
    default:
      return typeof value === type;
  }
}
