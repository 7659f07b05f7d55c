/** What can go wrong with a model, one function an error. */
import type { DeviceName } from '../../core/assigned-model.ts';
import { FlowError } from '../../core/errors.ts';

/** @param why a clause @param as the model that the file should be; undefined where it is to become one */
export function badFile(path: string, why: string, as?: string): FlowError {
  return new FlowError({
    code: 'model_io_mismatch',
    blame: 'user',
    where: path,
    message: `Cannot use this file as ${as === undefined ? 'a model' : `the model "${as}"`}: ${why}.`,
    fix: 'Fetch it again, or export it again as an ONNX file that ONNX Runtime loads.',
  });
}

/** @param why a part of a sentence */
export function badGraph(model: string, why: string): FlowError {
  return new FlowError({
    code: 'model_io_mismatch',
    blame: 'user',
    where: model,
    message: `Cannot load the model "${model}": ${why}.`,
    fix: 'Correct its entry, or name the file that the entry is about. `flow models info` shows both.',
  });
}

export function badInputs(model: string, why: string): FlowError {
  return new FlowError({
    code: 'model_io_mismatch',
    blame: 'rule',
    where: model,
    message: `Cannot run the model "${model}": ${why}.`,
    fix: 'Let the rule make its tensors as the entry of the model describes them.',
  });
}

export function badOutputs(
  model: string,
  { output, expected, found }: { readonly output: string; readonly expected: string; readonly found: string },
): FlowError {
  return new FlowError({
    code: 'model_io_mismatch',
    blame: 'user',
    where: model,
    message: `Cannot use what the model "${model}" gives: its output "${output}" is ${found}, not ${expected}.`,
    fix: 'Correct the outputs in its entry.',
  });
}

export function notFinite(model: string, output: string): FlowError {
  return new FlowError({
    code: 'output_invalid',
    blame: 'user',
    where: model,
    message: `Cannot use what the model "${model}" gives: its output "${output}" holds NaN or infinity.`,
    fix: 'Check the pre-processing in its entry (scale, mean, std, colour); a half-precision version may overflow.',
  });
}

export function badRun(model: string, why: string): FlowError {
  return new FlowError({
    code: 'model_io_mismatch',
    blame: 'user',
    where: model,
    message: `Cannot run the model "${model}": ONNX Runtime says: ${why}`,
    fix: 'Check that the shapes in its entry are those that the model takes.',
  });
}

/** @param why what ONNX Runtime says */
export function deviceMissing(model: string, device: DeviceName, why: string): FlowError {
  return new FlowError({
    code: 'dependency_missing',
    blame: 'machine',
    where: model,
    message: `Cannot run the model "${model}" on ${device}: ONNX Runtime finds no such device here (${reasonIn(why)}).`,
    fix: 'Say "device: auto" in the profile, or build where there is one. `flow doctor` shows the devices of a machine.',
  });
}

/** The first line, without the place in ONNX Runtime's sources and the condition that did not hold there. */
function reasonIn(message: string): string {
  return message
    .trim()
    .split('\n', 1)[0]!
    .replace(/^.* was false\. /, '');
}

export function outOfMemory(model: string, device: DeviceName): FlowError {
  return new FlowError({
    code: 'gpu_oom',
    blame: 'machine',
    where: model,
    message: `Cannot run the model "${model}": the memory of ${device} does not do, even for one item.`,
    fix: 'Close what else uses the device, or name a smaller model.',
  });
}

/** Whether that is what ONNX Runtime means to say. */
export function isOutOfMemory(message: string): boolean {
  return /out of memory|failed to allocate|bad allocation|CUDA_ERROR_OUT_OF_MEMORY|ALLOC_FAILED/i.test(
    message,
  );
}

export function laneLost(device: DeviceName, cause?: Error): FlowError {
  return new FlowError({
    code: 'worker_lost',
    blame: 'machine',
    message: `Cannot finish the inference: the thread that runs models on ${device} has ended.`,
    fix: 'Build again. If it goes on like that, find the model at fault with `flow models verify`.',
    cause,
  });
}

export function stuck(model: string, sec: number): FlowError {
  return new FlowError({
    code: 'rule_timeout',
    blame: 'machine',
    where: model,
    message: `Cannot finish the inference: the model "${model}" was still running after ${sec} s.`,
    fix: 'Name a smaller model, or another device.',
  });
}
