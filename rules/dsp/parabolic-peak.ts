/**
 * Where the parabola through three neighbouring values has its top.
 *
 * @param values finite numbers
 * @param index of a value that is not below its neighbours
 * @returns `index` plus −0.5 to 0.5; `index` itself at either end of the values and on a plateau
 */
export function parabolicPeak(values: Float32Array | Float64Array, index: number): number {
  const left = values[index - 1];
  const middle = values[index];
  const right = values[index + 1];
  if (left === undefined || middle === undefined || right === undefined) return index;
  const curvature = left - 2 * middle + right;
  return curvature < 0 ? index + (left - right) / (2 * curvature) : index;
}
