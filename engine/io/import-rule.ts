/** Imports a rule from its bundle, after checking that the file is the bundle that its name says. */
import { readFileSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { pathToFileURL } from 'node:url';
import type { BundleRef } from '../core/component.ts';
import { FlowError } from '../core/errors.ts';
import type { Rule } from '../core/rule.ts';
import { xxh64Of } from './xxh64.ts';

const imported = new Map<string, Promise<Rule>>();
const packageFolders = new Map<string, readonly string[]>();
let isHooked = false;

/** @throws {FlowError} `graph_invalid` if the module cannot be loaded or exports no rule */
export function importRule(bundle: BundleRef): Promise<Rule> {
  const known = imported.get(bundle.bundlePath);
  if (known) return known;
  const loading = load(bundle);
  imported.set(bundle.bundlePath, loading);
  return loading;
}

async function load({ bundlePath, checksum, packageFolders: folders }: BundleRef): Promise<Rule> {
  if ((await xxh64Of(readFileSync(bundlePath))) !== checksum)
    throw broken(bundlePath, new Error('the bundle was changed'));
  const url = pathToFileURL(bundlePath).href;
  packageFolders.set(url, folders);
  resolvePackagesOfBundles();
  const module = (await import(url).catch((error: Error) => {
    throw broken(bundlePath, error);
  })) as Record<string, unknown>;
  const rules = Object.values(module).filter(isRule);
  if (rules.length !== 1)
    throw broken(bundlePath, new Error(`the module exports ${rules.length} rules, not one`));
  return rules[0]!;
}

function isRule(value: unknown): value is Rule {
  const rule = value as Partial<Rule> | null;
  return (
    typeof rule === 'object' &&
    rule !== null &&
    typeof rule.run === 'function' &&
    typeof rule.outputs === 'function'
  );
}

/** Bundles lie in the workspace's state folder, far from any node_modules: their imports start elsewhere. */
function resolvePackagesOfBundles(): void {
  if (isHooked) return;
  isHooked = true;
  registerHooks({
    resolve(specifier, context, nextResolve) {
      const folders = packageFolders.get(context.parentURL ?? '');
      if (!folders || specifier.startsWith('node:') || specifier.startsWith('.'))
        return nextResolve(specifier, context);
      let failure: unknown;
      for (const folder of folders) {
        try {
          return nextResolve(specifier, { ...context, parentURL: pathToFileURL(`${folder}/bundle.js`).href });
        } catch (error) {
          failure ??= error;
        }
      }
      throw failure;
    },
  });
}

function broken(path: string, cause: Error): FlowError {
  return new FlowError({
    code: 'graph_invalid',
    blame: 'rule',
    message: `Cannot load a rule from ${path}: ${cause.message}.`,
    fix: 'Correct the rule: its module must export one `defineRule(…)` and must not fail when it is imported.',
    cause,
  });
}
