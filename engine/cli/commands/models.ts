import type { Command } from 'commander';
import type { AddFlags } from '../models/add-command.ts';
import type { ListFlags } from '../models/list-command.ts';
import type { LockFlags } from '../models/lock-command.ts';
import type { ModelsFlags } from '../models/open-models.ts';
import type { PullFlags } from '../models/pull-command.ts';
import type { RmFlags } from '../models/rm-command.ts';
import type { VerifyFlags } from '../models/verify-command.ts';
import { declareModelVersions } from './model-versions.ts';
import { toText } from './option-values.ts';

/** Declares `flow models`, whose subcommands each declare themselves. */
export function declareModels(program: Command): void {
  const models = program
    .command('models')
    .description('see, fetch, add and check the models that components run with')
    .addHelpText('after', examples);
  for (const declare of [declareList, declareInfo, declarePull, declareAdd]) declare(models);
  for (const declare of [declareLock, declareVerify, declareRm]) declare(models);
  declareModelVersions(models);
}

function declareList(models: Command): void {
  subcommand(models, 'list', 'list the models that there are entries for, and where their files are')
    .option('--task <task>', 'only those for a task, as face-detection', toText)
    .action(async (flags: ListFlags) => {
      const { listCommand } = await import('../models/list-command.ts');
      await listCommand(flags);
    });
}

function declareInfo(models: Command): void {
  subcommand(models, 'info', 'show all that is known of a model, and whether its file is as its entry says')
    .argument('<model>', 'NAME:VERSION, or NAME for all its versions')
    .action(async (model: string, flags: ModelsFlags) => {
      const { infoCommand } = await import('../models/info-command.ts');
      await infoCommand(model, flags);
    });
}

function declarePull(models: Command): void {
  subcommand(models, 'pull', 'fetch models; without names those of the profile')
    .argument('[models...]', 'NAME:VERSION, or NAME for all its versions')
    .option('--profile <name>', 'all that a profile names', toText)
    .option('--all', 'all that there are entries for')
    .option('--offline', 'ask no server: take what a mirror folder has, and tell what is missing')
    .addHelpText('after', pullExamples)
    .action(async (words: readonly string[], flags: PullFlags) => {
      const { pullCommand } = await import('../models/pull-command.ts');
      process.exitCode = await pullCommand(words, flags);
    });
}

function declareAdd(models: Command): void {
  subcommand(models, 'add', 'take in a model of your own, and write an entry for it to be completed')
    .argument('<file>', 'the ONNX file')
    .requiredOption('--task <task>', 'what it is for, as object-detection', toText)
    .option('--new-task', 'the task is one that no entry is for yet')
    .option('--name <name>', 'NAME or NAME:VERSION (default: that of the file, version 1)', toText)
    .option('--licence <licence>', 'SPDX, as MIT', toText)
    .option('--source <source>', 'where it is from', toText)
    .option('--url <url>', 'where other machines fetch it', toText)
    .option('--like <model>', 'make inputs and read outputs as a known model of the task does', toText)
    .option('--data <files...>', 'files that the graph refers to')
    .addHelpText('after', addExamples)
    .action(async (file: string, flags: AddFlags) => {
      const { addCommand } = await import('../models/add-command.ts');
      await addCommand(file, flags);
    });
}

function declareLock(models: Command): void {
  subcommand(models, 'lock', 'note what the files of models are whose entries name no digest')
    .argument('[models...]', 'NAME:VERSION, or NAME; without names those of the profile')
    .option('--profile <name>', 'those that a profile names', toText)
    .option('--check', 'change nothing; exit with 1 if something is not noted')
    .option('--renew', 'fetch the files again, and take what they are now')
    .action(async (words: readonly string[], flags: LockFlags) => {
      const { lockCommand } = await import('../models/lock-command.ts');
      process.exitCode = await lockCommand(words, flags);
    });
}

function declareVerify(models: Command): void {
  subcommand(models, 'verify', 'read the files of models again, and hold them against their digests')
    .argument('[models...]', 'NAME:VERSION, or NAME; without names everything that is here')
    .option('--repair', 'put whole files in the place of damaged ones')
    .action(async (words: readonly string[], flags: VerifyFlags) => {
      const { verifyCommand } = await import('../models/verify-command.ts');
      process.exitCode = await verifyCommand(words, flags);
    });
}

function declareRm(models: Command): void {
  subcommand(models, 'rm', 'remove the files of models from the store, which other workspaces may share')
    .argument('[models...]', 'NAME:VERSION, or NAME for all its versions')
    .option('--unused', 'what no entry of this workspace names, and what is left of downloads')
    .option('--dry-run', 'only show what would be removed')
    .option('-y, --yes', 'do not ask')
    .action(async (words: readonly string[], flags: RmFlags) => {
      const { rmCommand } = await import('../models/rm-command.ts');
      await rmCommand(words, flags);
    });
}

/** A subcommand with the flags that all of them have. */
function subcommand(models: Command, name: string, description: string): Command {
  return models
    .command(name)
    .description(description)
    .option(
      '--cache-dir <folder>',
      'the local cache, which has the store of models unless FLOW_MODELS_DIR names it',
      toText,
    )
    .option('--json', 'print one JSON document');
}

const pullExamples = `
Examples:
  flow models pull                     those of the workspace's profile
  flow models pull yunet yolox-nano
  FLOW_MODELS_MIRROR=/mnt/models flow models pull --profile production

Exit status:
  0 all are here   1 some could not be had, which are told`;

const addExamples = `
Examples:
  flow models add gate.onnx --task object-detection --like yolox-nano --licence MIT
  flow models add big.onnx --data big.onnx.data --task depth --name big-depth:2`;

const examples = `
Examples:
  flow models list --task face-detection
  flow models info yunet               pre-processing, tensors, licence, where it is from
  flow models pull                     what the profile names
  flow models add gate.onnx --task object-detection --like yolox-nano
  flow models lock --check             in CI: is every file that is fetched pinned?
  flow models verify --repair          after trouble with a disk
  flow models rm --unused --dry-run

FLOW_MODELS_DIR names the store, FLOW_MODELS_MIRROR a folder or server that is asked before the publisher.`;
