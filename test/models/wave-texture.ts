/** Smooth random pictures that are known between their pixels too, so that they can be moved by any amount. */
import { randomNumbers } from '../properties/random-numbers.ts';

/** Level at a place, from 0 to 1. */
export type Texture = (x: number, y: number) => number;

/** Forty waves of 6 to 90 pixels in all directions, the longer the stronger, as in pictures of the world. */
export function waveTexture(seed: number): Texture {
  const random = randomNumbers(seed * 7919 + 13);
  const waves = Array.from({ length: 40 }, () => {
    const wavelength = 6 * 15 ** random();
    const angle = 2 * Math.PI * random();
    const frequency = (2 * Math.PI) / wavelength;
    return {
      kx: frequency * Math.cos(angle),
      ky: frequency * Math.sin(angle),
      phase: 2 * Math.PI * random(),
      amplitude: wavelength ** 0.7,
    };
  });
  const strength = Math.sqrt(waves.reduce((sum, { amplitude }) => sum + amplitude ** 2 / 2, 0));
  return (x, y) => {
    let sum = 0;
    for (const { kx, ky, phase, amplitude } of waves) sum += amplitude * Math.cos(kx * x + ky * y + phase);
    return Math.min(1, Math.max(0, 0.5 + (0.2 * sum) / strength));
  };
}
