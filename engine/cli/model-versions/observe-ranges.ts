/** Which numbers the tensors of a model hold while it looks at films: what a static quantization rests on. */
import { FlowError } from '../../core/errors.ts';
import { type ModelEntry, modelName } from '../../core/model-entry.ts';
import type { Tensors } from '../../core/tensor.ts';
import { PlainSession } from '../../io/inference/plain-session.ts';
import { OpenedUp } from '../../io/models/opened-up.ts';
import { quantizedTensors } from '../../io/onnx/quantize-static.ts';
import type { Range } from '../../io/onnx/quantized-numbers.ts';
import type { Film } from './film-inputs.ts';
import { Levels } from './levels.ts';
import type { ModelUser } from './model-user.ts';

export interface ObserveSetting {
  readonly user: ModelUser;
  readonly films: readonly Film[];
  /** All that was seen counts; else a few numbers in 10,000 at either end do not. */
  readonly isMinMax: boolean;
}

export interface Observed {
  readonly ranges: ReadonlyMap<string, Range>;
  /** How often the model was asked. */
  readonly items: number;
}

/** @throws {FlowError} of model and films; `output_invalid` if the films give nothing to ask the model about */
export async function observeRanges(
  { entry, path }: { readonly entry: ModelEntry; readonly path: string },
  { user, films, isMinMax }: ObserveSetting,
): Promise<Observed> {
  const names = new Set<string>();
  using opened = await OpenedUp.create(path, 'quantize the model', (graph) => {
    for (const name of quantizedTensors(graph)) names.add(name);
    const own = entry.outputs.map(({ name }) => name); // The component reads these.
    return [...new Set([...own, ...names])].filter((name) => !graph.inputs.includes(name));
  });
  await using session = await PlainSession.open(opened.path);
  const levels = new Map<string, Levels>();
  let items = 0;
  const observe = async (feeds: Tensors): Promise<Tensors> => {
    const values = await session.run(feeds);
    for (const name of names) {
      const seen = levels.get(name) ?? new Levels();
      seen.add((values[name] ?? feeds[name])!.data as Float32Array); // What is quantized is float32.
      levels.set(name, seen);
    }
    items += 1;
    return Object.fromEntries(entry.outputs.map(({ name }) => [name, values[name]!]));
  };
  for (const film of films) await user.use({ entry, run: observe }, film);
  if (items === 0) throw nothingAsked(entry, user.component);
  const ranges = [...levels].map(([name, seen]) => [name, isMinMax ? seen.all : seen.most] as const);
  return { ranges: new Map(ranges), items };
}

function nothingAsked(entry: ModelEntry, component: string): FlowError {
  return new FlowError({
    code: 'output_invalid',
    blame: 'user',
    message: `Cannot observe ${modelName(entry)}: "${component}" found nothing in these films to ask it about.`,
    fix: 'Name films that show what the model is for.',
  });
}
