/** Numbers from 0 to 1 that a seed repeats: the generator of Park and Miller, CACM 31 (1988). */
export function randomNumbers(start: number): () => number {
  let state = (start % 2_147_483_646) + 1;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}
