import { type Command, InvalidArgumentError, Option } from 'commander';
import type { BenchFlags } from '../model-versions/bench-command.ts';
import type { CompareFlags } from '../model-versions/compare-command.ts';
import type { ConvertHalfFlags } from '../model-versions/convert-half-command.ts';
import type { OptimizeFlags } from '../model-versions/optimize-command.ts';
import type { QuantizeFlags } from '../model-versions/quantize-command.ts';
import { toCount, toText } from './option-values.ts';

/** Declares the subcommands of `flow models` that make versions of models, and hold models against each other. */
export function declareModelVersions(models: Command): void {
  for (const declare of [declareOptimize, declareQuantize, declareConvertHalf]) declare(models);
  for (const declare of [declareBench, declareCompare]) declare(models);
}

function declareOptimize(models: Command): void {
  newVersion(models, 'optimize', 'make a version of a model as ONNX Runtime optimizes it')
    .addOption(
      new Option(
        '--level <level>',
        'how far; from extended on the version is bound to CPUs, with all to this kind',
      )
        .choices(['basic', 'extended', 'all'])
        .default('basic'),
    )
    .addOption(shownFilms())
    .addOption(frameCount())
    .addHelpText('after', optimizeExamples)
    .action(async (model: string, flags: OptimizeFlags) => {
      const { optimizeCommand } = await import('../model-versions/optimize-command.ts');
      await optimizeCommand(model, flags);
    });
}

function declareQuantize(models: Command): void {
  newVersion(models, 'quantize', 'make a version of a model with whole numbers of 8 bits')
    .option('--static', 'weights and what comes to them; needs --calibrate')
    .option('--dynamic', 'weights; the range of what comes to them is looked for in each run')
    .option('--calibrate <videos...>', 'films from which the ranges are seen')
    .option('--frames <count>', 'how many frames of them, in all', toCount, 32)
    .option(
      '--per-channel',
      'each channel of the weights has a scale of its own: closer, and a little larger',
    )
    .option(
      '--min-max',
      'ranges hold all that was seen; else a hundredth of a percent may lie outside at either end',
    )
    .option(
      '--full-range',
      'weights of 8 bits and not 7: closer, but processors without VNNI may give other results',
    )
    .addHelpText('after', quantizeExamples)
    .action(async (model: string, flags: QuantizeFlags) => {
      const { quantizeCommand } = await import('../model-versions/quantize-command.ts');
      await quantizeCommand(model, flags);
    });
}

function declareConvertHalf(models: Command): void {
  newVersion(models, 'convert-fp16', 'make a version of a model with fractions of 16 bits, for GPUs')
    .addOption(shownFilms())
    .addOption(frameCount())
    .action(async (model: string, flags: ConvertHalfFlags) => {
      const { convertHalfCommand } = await import('../model-versions/convert-half-command.ts');
      await convertHalfCommand(model, flags);
    });
}

function declareBench(models: Command): void {
  common(models.command('bench').description('measure how fast models are, on one core and on all'))
    .argument('<models...>', 'NAME:VERSION, or NAME for all its versions')
    .addOption(
      new Option('--device <device>', 'where').choices(['auto', 'cpu', 'cuda', 'webgpu']).default('auto'),
    )
    .option('--batch <count>', 'items at once', toCount, 1)
    .option('--seconds <seconds>', 'how long, for each of the two', toSeconds, 2)
    .action(async (words: readonly string[], flags: BenchFlags) => {
      const { benchCommand } = await import('../model-versions/bench-command.ts');
      await benchCommand(words, flags);
    });
}

function declareCompare(models: Command): void {
  common(models.command('compare').description('hold a model against another: size, speed, what they give'))
    .argument('<a>', 'the one that counts as right: NAME:VERSION, or NAME for the version made from no other')
    .argument('<b>', 'the other one')
    .addOption(shownFilms())
    .addOption(frameCount())
    .addOption(through())
    .option('--min-cosine <cosine>', 'exit with 1 if an output of an item agrees less', toCosine)
    .addHelpText('after', compareExamples)
    .action(async (a: string, b: string, flags: CompareFlags) => {
      const { compareCommand } = await import('../model-versions/compare-command.ts');
      process.exitCode = await compareCommand(a, b, flags);
    });
}

function newVersion(models: Command, name: string, description: string): Command {
  return common(models.command(name).description(description))
    .argument('<model>', 'NAME:VERSION, or NAME for the version made from no other')
    .option('--as <version>', 'what the new version is called', toText)
    .addOption(through());
}

function common(command: Command): Command {
  return command
    .option(
      '--cache-dir <folder>',
      'the local cache, which has the store of models unless FLOW_MODELS_DIR names it',
      toText,
    )
    .option('--json', 'print one JSON document');
}

function shownFilms(): Option {
  return new Option('--frames <videos...>', 'films on which the models are compared; without them noise');
}

function frameCount(): Option {
  return new Option('--count <count>', 'how many frames of them, in all').argParser(toCount).default(32);
}

function through(): Option {
  return new Option(
    '--through <component>',
    'the component that shows films to the model (default: the first that takes models of its task)',
  );
}

function toSeconds(text: string): number {
  const seconds = Number(text);
  if (seconds > 0 && seconds <= 600) return seconds;
  throw new InvalidArgumentError('Write seconds, from 0.1 to 600.');
}

function toCosine(text: string): number {
  const cosine = text.trim() === '' ? Number.NaN : Number(text);
  if (cosine >= -1 && cosine <= 1) return cosine;
  throw new InvalidArgumentError('Write a number from -1 to 1.');
}

const optimizeExamples = `
Examples:
  flow models optimize ultraface-rfb-320                 folds what is constant; runs everywhere
  flow models optimize yolox-nano --level all --as 1-here --frames street.mp4`;

const quantizeExamples = `
Examples:
  flow models quantize yolox-nano --static --per-channel --calibrate street.mp4 yard.mp4
  flow models quantize osnet-x0-25 --static --calibrate street.mp4 --through core_clip
  flow models quantize scatter-embed --dynamic

The new version is tried against the original on the same frames, and that is told. Name it in a profile to use it:
  models: { core_object_detections: { model: yolox-nano, version: '1-int8' } }`;

const compareExamples = `
Examples:
  flow models compare yolox-nano:1 yolox-nano:1-int8 --frames street.mp4
  flow models compare yunet:2023mar yunet:2023mar-fp16 --frames talk.mp4 --min-cosine 0.999

Exit status:
  0 compared   1 they agree less than --min-cosine asks for`;
