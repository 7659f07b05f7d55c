/** Made-up inputs for a model, where no film is at hand: for how fast it is, and hardly more. */
import { FlowError } from '../../core/errors.ts';
import { type ModelEntry, type ModelInput, modelName } from '../../core/model-entry.ts';
import { elementCount } from '../../core/nd-array.ts';
import { type Tensor, type Tensors, tensor } from '../../core/tensor.ts';

/** Noise of levels from 0 to 255 (of −1 to 1 for sound), as a picture would be put in. @returns the same each time */
export function noiseFeeds(entry: ModelEntry, items: number): Tensors {
  return Object.fromEntries(entry.inputs.map((input) => [input.name, noise(entry, input, items)]));
}

function noise(entry: ModelEntry, input: ModelInput, items: number): Tensor {
  const shape = shapeOf(entry, input, items);
  const length = elementCount(shape);
  const random = generator();
  const real = Float64Array.from({ length }, () => levelOf(input, random()));
  switch (input.dtype) {
    case 'float32':
      return tensor('float32', Float32Array.from(real), shape);
    case 'float64':
      return tensor('float64', real, shape);
    case 'int64':
      return tensor('int64', new BigInt64Array(length), shape);
    case 'int32':
      return tensor('int32', new Int32Array(length), shape);
    case 'uint8':
    case 'bool':
      return tensor(input.dtype, new Uint8Array(length), shape);
    default:
      throw new TypeError(`unknown type ${input.dtype satisfies never}`);
  }
}

/** @param random from 0 to 1 */
function levelOf({ picture, sound }: ModelInput, random: number): number {
  if (picture) return (random * 255 * picture.scale - picture.mean[0]!) / picture.std[0]!;
  return sound ? (2 * random - 1) * sound.scale : random;
}

function shapeOf(entry: ModelEntry, { name, shape, picture, sound }: ModelInput, items: number): number[] {
  return shape.map((axis, at) => {
    if (typeof axis === 'number') return axis;
    if (at === 0) return items;
    const sides = picture && { height: picture.height, width: picture.width };
    const [high, wide] = picture?.layout === 'nhwc' ? [1, 2] : [2, 3];
    const length = at === high ? sides?.height : at === wide ? sides?.width : undefined;
    const known = length ?? (at === shape.length - 1 ? sound?.window_samples : undefined);
    if (known !== undefined) return known;
    throw new FlowError({
      code: 'config_invalid',
      blame: 'user',
      where: modelName(entry),
      message: `Cannot make up an input for ${modelName(entry)}: its entry does not say how long the axis "${axis}" of "${name}" is.`,
      fix: 'Write a number in its entry.',
    });
  });
}

/** Numbers from 0 to 1 (Park and Miller, "Random number generators: good ones are hard to find", CACM 31, 1988). */
function generator(): () => number {
  let state = 1;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}
