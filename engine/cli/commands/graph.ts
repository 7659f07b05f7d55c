import type { Command } from 'commander';
import type { GraphFlags } from '../graph/graph-command.ts';
import { toGraphFormat } from '../graph/graph-format.ts';
import { toText } from './option-values.ts';

/** Declares `flow graph`. */
export function declareGraph(program: Command): void {
  program
    .command('graph')
    .description('draw the components; for a target, what is cached and what is to run')
    .argument('[target]', 'run:VIDEO, run:VIDEO//COMPONENT or //NAME (default: the stage alone)')
    .option('--stage <name>', 'stage of the graph (default: "stage" of flow.yaml, else baseline)', toText)
    .option('--profile <name>', 'profile, or the path of one (default: "profile" of flow.yaml)', toText)
    .option('--cache-dir <folder>', 'the local cache (default: $FLOW_CACHE_DIR, else ~/.cache/flow)', toText)
    .option('--format <format>', 'text, mermaid, dot, svg, html, json or tui', toGraphFormat, 'text')
    .option('--json', 'the same as --format json')
    .option('-o, --output <file>', 'write to a file (default: standard output)', toText)
    .option('--verbose', 'show stacks of errors')
    .addHelpText('after', examples)
    .action(async (target: string | undefined, flags: GraphFlags) => {
      const { graphCommand } = await import('../graph/graph-command.ts');
      await graphCommand(target, flags);
    });
}

const examples = `
Examples:
  flow graph                                        the components of the stage
  flow graph run:clip.mp4                           … cached or to run, sizes and last durations
  flow graph run:clip.mp4 --format html -o graph.html
  flow graph --stage baseline --format svg > baseline.svg
  flow graph --format dot | dot -Tpng > graph.png
  flow graph run:clip.mp4 --format tui              walk it with the arrow keys`;
