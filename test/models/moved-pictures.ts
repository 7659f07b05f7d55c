/** Pairs of frames between which all that moves is known, as the models of motion take them. */
import { type Tensors, tensor } from '../../engine/core/tensor.ts';
import { joined } from './joined.ts';
import type { Texture } from './wave-texture.ts';

export const frame = { width: 256, height: 144 };

/** Where a place of the first frame is in the second one, and the other way round. */
export interface Motion {
  readonly to: (x: number, y: number) => readonly [number, number];
  readonly from: (x: number, y: number) => readonly [number, number];
}

/** About the middle of the frame. */
export function turn({ dx = 0, dy = 0, zoom = 1, degrees = 0 }): Motion {
  const angle = (degrees * Math.PI) / 180;
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
  const [middleX, middleY] = [(frame.width - 1) / 2, (frame.height - 1) / 2];
  return {
    to: (x, y) => {
      const [u, v] = [x - middleX, y - middleY];
      return [middleX + dx + zoom * (cos * u - sin * v), middleY + dy + zoom * (sin * u + cos * v)];
    },
    from: (x, y) => {
      const [u, v] = [(x - middleX - dx) / zoom, (y - middleY - dy) / zoom];
      return [middleX + cos * u + sin * v, middleY + cos * v - sin * u];
    },
  };
}

export function moved(texture: Texture, { from }: Motion): Texture {
  return (x, y) => texture(...from(x, y));
}

export function draw(texture: Texture, { width, height } = frame): Float32Array {
  return Float32Array.from({ length: width * height }, (_, at) =>
    texture(at % width, Math.floor(at / width)),
  );
}

export function pairOf(first: Float32Array, second: Float32Array): Tensors {
  return { pairs: tensor('float32', joined([first, second]), [1, 2, frame.height, frame.width]) };
}
