/** Numbers as colours: equal steps of a number look like equal steps. */

/** Red, green and blue, 0 to 255. */
export type Rgb = readonly [red: number, green: number, blue: number];

/**
 * The colour of a share: from dark violet (0) by teal to bright yellow (1).
 *
 * Lightness L* of CIELAB (CIE 15:2018; white D65) rises evenly from 24 to 92, so that the order of two colours shows without
 * any sense of hue, and on paper; the hue turns beside it. Colours that sRGB (IEC 61966-2-1) cannot show are cut off at its edge.
 *
 * @param share 0 to 1; what lies beyond is drawn as the nearer end
 */
export function colourOf(share: number): Rgb {
  const t = Math.min(1, Math.max(0, share));
  const hue = ((305 - 205 * t) * Math.PI) / 180;
  const chroma = 40 + 20 * t;
  return rgbOfLab(24 + 68 * t, chroma * Math.cos(hue), chroma * Math.sin(hue));
}

/** The colour as CSS has it: '#1f9e89'. */
export function cssColour(share: number): string {
  return `#${colourOf(share)
    .map((level) => level.toString(16).padStart(2, '0'))
    .join('')}`;
}

/** Colours from 0 to 1 in equal steps. */
export function ramp(steps: number): string[] {
  return Array.from({ length: steps }, (_, step) => cssColour(step / (steps - 1)));
}

/** The whole map as a background, for legends. */
export const rampGradient = `linear-gradient(to right,${ramp(9).join(',')})`;

function rgbOfLab(lightness: number, a: number, b: number): Rgb {
  const middle = (lightness + 16) / 116;
  const x = 0.95047 * linearOf(middle + a / 500);
  const y = linearOf(middle);
  const z = 1.08883 * linearOf(middle - b / 200);
  return [
    levelOf(3.2406 * x - 1.5372 * y - 0.4986 * z),
    levelOf(-0.9689 * x + 1.8758 * y + 0.0415 * z),
    levelOf(0.0557 * x - 0.204 * y + 1.057 * z),
  ];
}

function linearOf(t: number): number {
  return t > 6 / 29 ? t ** 3 : 3 * (6 / 29) ** 2 * (t - 4 / 29);
}

function levelOf(linear: number): number {
  const light = Math.min(1, Math.max(0, linear));
  const coded = light <= 0.0031308 ? 12.92 * light : 1.055 * light ** (1 / 2.4) - 0.055;
  return Math.round(255 * coded);
}
