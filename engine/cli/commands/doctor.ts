import type { Command } from 'commander';
import type { DoctorFlags } from '../doctor/doctor-command.ts';
import { addRemoteChoice } from './build-options.ts';
import { toText } from './option-values.ts';

/** Declares `flow doctor`. */
export function declareDoctor(program: Command): void {
  const command = program
    .command('doctor')
    .description('look at all that flow needs here, and say how to mend what is wrong')
    .option('--profile <name>', 'profile, or the path of one (default: "profile" of flow.yaml)', toText)
    .option('--results <folder>', 'where the results of videos go (default: result_store)', toText)
    .option('--state <folder>', 'where the states of runs go (default: state)', toText)
    .option('--cache-dir <folder>', 'the local cache (default: $FLOW_CACHE_DIR, else ~/.cache/flow)', toText);
  addRemoteChoice(command)
    .option('--remote-read-only', 'look only whether it can be read')
    .option('--json', 'print one JSON document')
    .addHelpText('after', examples)
    .action(async (flags: DoctorFlags) => {
      const { doctorCommand } = await import('../doctor/doctor-command.ts');
      process.exitCode = await doctorCommand(flags);
    });
}

const examples = `
Levels:
  PASS  as it should be          WARN  works, with the drawback that is told
  INFO  worth knowing            FAIL  has to be mended before all works

Examples:
  flow doctor
  flow doctor --json --cache-dir cache
  flow doctor --remote s3://team-cache/flow      whether this machine can use that bucket

Exit status:
  0 nothing fails   1 something fails`;
