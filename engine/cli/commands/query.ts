import type { Command } from 'commander';
import { toQueryFormat } from '../graph/graph-format.ts';
import type { QueryFlags } from '../graph/query-command.ts';
import { toText } from './option-values.ts';

/** Declares `flow query`. */
export function declareQuery(program: Command): void {
  program
    .command('query')
    .description('ask which components depend on what')
    .argument('<query>', 'see below; in quotes, so that the shell leaves it alone')
    .option('--profile <name>', 'profile, for affected(…) (default: "profile" of flow.yaml)', toText)
    .option('--format <format>', 'text, mermaid, dot or json', toQueryFormat, 'text')
    .option('--json', 'the same as --format json')
    .option('--verbose', 'show stacks of errors')
    .addHelpText('after', examples)
    .action(async (query: string, flags: QueryFlags) => {
      const { queryCommand } = await import('../graph/query-command.ts');
      await queryCommand(query, flags);
    });
}

const examples = `
Queries:
  NAME  //NAME  ...            a component; all components
  deps(x)   deps(x, depth)     x and what it depends on, in so many steps
  rdeps(x)  rdeps(x, depth)    x and what depends on it
  path(a, b)                   a shortest way between the two
  allpaths(a, b)               everything on any way between the two
  affected(file)               what a change of a rule, graph, profile or input reaches
  stage(name)  processor(name) the components of either
  x + y   x ^ y   x - y        union, intersect, except; from left to right
  (x)  "x"                     grouping; names with other characters

Examples:
  flow query 'deps(video_pacing)'
  flow query 'rdeps(cut_detection) - cut_detection'
  flow query 'affected(rules/dsp/histogram.ts) ^ stage(baseline)' --json
  flow query 'allpaths(decode, video_pacing)' --format mermaid`;
