/** The seed of all random tests: `FLOW_SEED=7` repeats what a failure has printed. */
export const seed = Number(process.env.FLOW_SEED ?? Date.now() % 1_000_000);
