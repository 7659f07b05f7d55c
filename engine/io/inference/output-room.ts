/**
 * Memory for the outputs of one run after the other. A model that writes into the same place each time leaves nothing to
 * the garbage collector, and touches no new pages.
 *
 * ONNX Runtime aligns what it allocates itself to 64 bytes, and kernels may compute other bits at the edges of memory that
 * is not aligned. Of all memory that JavaScript can have only that of WebAssembly has a promised start: that of a page.
 */
import type { ModelEntry } from '../../core/model-entry.ts';
import type { Tensor, Tensors } from '../../core/tensor.ts';

declare global {
  namespace WebAssembly {
    /** Left out of Node's types. */
    class Memory {
      constructor(size: { readonly initial: number });
      readonly buffer: ArrayBuffer;
    }
  }
}

const alignment = 64;
const pageBytes = 65_536;

export class OutputRoom {
  #memory: ArrayBuffer = new ArrayBuffer(0);

  /** Tensors like these, to be written over; those given before are no longer to be read. */
  like(outputs: Tensors): Tensors {
    const sizes = Object.values(outputs).map(({ data }) => aligned(data.byteLength));
    this.#makeRoom(sizes.reduce((sum, size) => sum + size, 0));
    let offset = 0;
    const places = Object.entries(outputs).map(([name, tensor], index): [string, Tensor] => {
      const place = { ...tensor, data: viewOf(this.#memory, { like: tensor.data, offset }) } as Tensor; // Of the same dtype.
      offset += sizes[index]!;
      return [name, place];
    });
    return Object.fromEntries(places);
  }

  #makeRoom(bytes: number): void {
    if (bytes <= this.#memory.byteLength) return;
    this.#memory = new WebAssembly.Memory({ initial: Math.ceil(bytes / pageBytes) }).buffer;
  }
}

/** Whether outputs have the same shapes each time, as many items as there are. */
export function hasFixedOutputs({ outputs }: ModelEntry): boolean {
  return outputs.every(({ shape }) => shape.slice(1).every((axis) => typeof axis === 'number'));
}

function viewOf(
  memory: ArrayBuffer,
  { like, offset }: { readonly like: Tensor['data']; readonly offset: number },
): Tensor['data'] {
  const Kind = like.constructor as Float32ArrayConstructor; // Whichever it is: all take a place in a buffer.
  return new Kind(memory, offset, like.length);
}

function aligned(bytes: number): number {
  return Math.ceil(bytes / alignment) * alignment;
}
