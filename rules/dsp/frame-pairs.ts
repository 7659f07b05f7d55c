/** Consecutive frames as the input of a model for optical flow. */
import type { BoundModel } from '../../engine/core/bound-model.ts';
import type { FlowError } from '../../engine/core/errors.ts';
import type { PictureSpec } from '../../engine/core/model-entry.ts';
import { type Tensors, tensor } from '../../engine/core/tensor.ts';
import { modelMisfit } from './model-misfit.ts';
import { type PreparedInput, preparedInput } from './only-input.ts';
import { type Pictures, pictureTensor } from './picture-tensor.ts';

/**
 * Makes pairs of each frame and the one before. The model takes either the two pictures as two inputs, the earlier one
 * first, or both as the channels of one, the earlier one's first.
 */
export class FramePairs {
  /** How each of the two pictures is prepared. */
  readonly picture: PictureSpec;
  readonly #inputs: readonly PreparedInput<'picture'>[];
  /** The last frame that was seen, as the model takes it. */
  #earlier: Float32Array;

  /**
   * @param first one picture: the frame before the first pair's later one
   * @throws {FlowError} `model_io_mismatch` if the model takes pairs in another way
   */
  constructor(entry: BoundModel['entry'], first: Pictures) {
    this.#inputs = entry.inputs.map((input) => preparedInput(entry, input, 'picture'));
    this.picture = this.#inputs[0]!.picture; // An entry has at least one input.
    const isJoint = this.#inputs.length === 1 && this.picture.layout === 'nchw';
    if (!isJoint && this.#inputs.length !== 2) throw unknownPairs(entry);
    this.#earlier = pictureTensor(first, this.picture).data;
  }

  /** The pairs whose later frames are these: the frames that follow those of the call before. */
  next(later: Pictures): Tensors {
    const { data, shape } = pictureTensor(later, this.picture);
    const size = this.#earlier.length;
    const all = new Float32Array(size + data.length);
    all.set(this.#earlier);
    all.set(data, size);
    this.#earlier = data.slice(data.length - size);
    const [one, other] = this.#inputs;
    if (other) {
      const earlier = tensor('float32', all.slice(0, data.length), shape);
      return { [one!.name]: earlier, [other.name]: tensor('float32', data, shape) };
    }
    const [count = 0, channels = 0, ...rest] = shape;
    return { [one!.name]: tensor('float32', overlapping(all, size), [count, 2 * channels, ...rest]) };
  }
}

/** Each picture but the last, with the one after it. */
function overlapping(pictures: Float32Array, size: number): Float32Array {
  const count = pictures.length / size - 1;
  const pairs = new Float32Array(2 * size * count);
  for (let at = 0; at < count; at += 1) {
    pairs.set(pictures.subarray(at * size, (at + 2) * size), 2 * at * size);
  }
  return pairs;
}

function unknownPairs(entry: BoundModel['entry']): FlowError {
  const inputs = entry.inputs.map(({ name, shape }) => `${name} [${shape.join(', ')}]`).join(', ');
  return modelMisfit(entry, {
    reason: `it takes pairs of frames as ${inputs}`,
    fix: 'Use a model with two pictures as inputs, or with one input of layout nchw that has both as its channels.',
  });
}
