/** The external programs that the rules of a build use. */
import { type FlowError, toFlowError } from '../core/errors.ts';
import type { FileIndex } from '../io/file-index.ts';
import { findProgram, placesBefore, programIdentity } from '../io/program-identity.ts';
import type { Assembled } from './assemble.ts';
import { placed } from './refusals.ts';

/** What stands in the keys for the programs that the rules use, the files that these are, and where others would shadow them. */
export async function identifyPrograms(
  { specs }: Assembled,
  index: FileIndex,
): Promise<{
  identities: ReadonlyMap<string, string>;
  files: readonly string[];
  shadows: readonly string[];
}> {
  const components = specs.flatMap((spec) => spec.components);
  const users = new Map(
    components.flatMap(({ name, loaded, params }) =>
      loaded.rule.programs(params).map((program) => [program, name] as const),
    ),
  );
  const identities = new Map<string, string>();
  const missing: FlowError[] = [];
  for (const [program, user] of users) {
    try {
      identities.set(program, await programIdentity(program, index));
    } catch (thrown) {
      missing.push(placed({ name: user, error: toFlowError(thrown) }));
    }
  }
  if (missing.length > 0) throw new AggregateError(missing);
  const names = [...users.keys()];
  return { identities, files: names.map(findProgram), shadows: names.flatMap(placesBefore) };
}
