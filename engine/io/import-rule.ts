/** Imports a rule from its bundle, after checking that the file is the bundle that its name says. */
import { readFileSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { pathToFileURL } from 'node:url';
import { faultOfRule, isRule } from '../core/check-rule.ts';
import type { BundleRef } from '../core/component.ts';
import { digestOf } from '../core/digest.ts';
import { FlowError } from '../core/errors.ts';
import type { Rule } from '../core/rule.ts';
import { quickestZod } from './built-zod.ts';

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

async function load({ bundlePath, codeDigest, packageFolders: folders }: BundleRef): Promise<Rule> {
  if (digestOf(readFileSync(bundlePath)) !== codeDigest) throw broken(`the bundle ${bundlePath} was changed`);
  const url = pathToFileURL(bundlePath).href;
  packageFolders.set(url, folders);
  resolvePackagesOfBundles();
  const rules = [...new Set(Object.values(await importModule(url)).filter(isRule))];
  if (rules.length === 0) throw broken('its module exports no rule');
  if (rules.length > 1) throw broken(`its module exports ${rules.length} rules, not one`);
  const fault = faultOfRule(rules[0]!);
  if (fault !== undefined) throw broken(fault);
  return rules[0]!;
}

/** A module that waits at its top for what never comes would else end the process, which has nothing left to do. */
async function importModule(url: string): Promise<Record<string, unknown>> {
  const idle = Promise.withResolvers<never>();
  const onIdle = (): void => idle.reject(new Error('its module waits for something that never comes'));
  process.once('beforeExit', onIdle);
  try {
    return (await Promise.race([import(url), idle.promise])) as Record<string, unknown>;
  } catch (thrown) {
    throw broken(thrown instanceof Error ? thrown.message : `its module throws ${String(thrown)}`, thrown);
  } finally {
    process.off('beforeExit', onIdle);
  }
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
          const parentURL = pathToFileURL(`${folder}/bundle.js`).href;
          const resolved = nextResolve(specifier, { ...context, parentURL });
          return specifier === 'zod' ? { ...resolved, url: quickestZod(resolved.url, folder) } : resolved;
        } catch (error) {
          failure ??= error;
        }
      }
      throw failure;
    },
  });
}

function broken(why: string, cause?: unknown): FlowError {
  return new FlowError({
    code: 'graph_invalid',
    blame: 'rule',
    message: `Cannot load the rule: ${why}.`,
    fix: 'Correct the rule: its module must export one `defineRule(…)` and must not fail when it is imported.',
    cause,
  });
}
