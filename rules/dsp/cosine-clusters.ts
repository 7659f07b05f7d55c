/** Groups of things that look alike. */
import type { Embeddings } from './self-similarity.ts';

/** The sum of the embeddings of a cluster's members, and how many they are. */
interface Cluster {
  readonly sum: Float64Array;
  readonly count: number;
}

/**
 * Agglomerative clustering with average linkage (Sokal and Michener 1958): the two clusters whose members are most
 * alike on average become one, while that average is at least `minSimilarity`.
 *
 * The mean cosine between the members of two clusters is the product of their sums over that of their sizes, so no matrix is kept.
 * Clusters are joined along chains of nearest neighbours, which gives the same tree as joining the best pair each time
 * (Murtagh, The Computer Journal 26, 1983): S²·D steps. Of equally near ones the first is taken.
 *
 * @param embeddings float32 S×D, rows of length 1
 * @returns S numbers, by first appearance: 0 for the first row and those like it
 */
export function cosineClusters({ data, shape }: Embeddings, minSimilarity: number): Int32Array {
  const [count = 0, size = 0] = shape;
  const clusters: (Cluster | undefined)[] = Array.from({ length: count }, (_, row) => ({
    sum: Float64Array.from(data.subarray(row * size, (row + 1) * size)),
    count: 1,
  }));
  const joinedTo = Int32Array.from({ length: count }, (_, row) => row);
  for (let start = 0; start < count; start += 1) {
    let chain = [start];
    while (clusters[chain[0]!] !== undefined) {
      const last = chain.at(-1)!;
      const before = chain.at(-2);
      const next = nearest(clusters, last, { preferred: before, minSimilarity });
      if (next === undefined) {
        // Nothing is near enough to it, nor will be: a joined cluster is nearer to nobody than its nearer half was.
        clusters[last] = undefined;
      } else if (next === before) {
        const [kept, gone] = last < next ? [last, next] : [next, last];
        clusters[kept] = joined(clusters[kept]!, clusters[gone]!);
        clusters[gone] = undefined;
        joinedTo[gone] = kept;
        chain = chain.length > 2 ? chain.slice(0, -2) : [kept];
      } else {
        chain.push(next);
      }
    }
  }
  return numbered(joinedTo);
}

/** The cluster most like one of them, if one is alike enough; `preferred` wins where it is equally near, so that chains end. */
function nearest(
  clusters: readonly (Cluster | undefined)[],
  to: number,
  { preferred, minSimilarity }: { readonly preferred: number | undefined; readonly minSimilarity: number },
): number | undefined {
  let best = preferred;
  let similarity = preferred === undefined ? minSimilarity : meanCosine(clusters[to]!, clusters[preferred]!);
  for (const [at, cluster] of clusters.entries()) {
    if (cluster === undefined || at === to || at === preferred) continue;
    const own = meanCosine(clusters[to]!, cluster);
    if (own < similarity || (own === similarity && best !== undefined)) continue;
    [best, similarity] = [at, own];
  }
  return best;
}

function meanCosine(a: Cluster, b: Cluster): number {
  let product = 0;
  for (let at = 0; at < a.sum.length; at += 1) product += a.sum[at]! * b.sum[at]!;
  return product / (a.count * b.count);
}

function joined(a: Cluster, b: Cluster): Cluster {
  return { sum: a.sum.map((value, at) => value + b.sum[at]!), count: a.count + b.count };
}

/** Numbers by first appearance; each row is joined to an earlier one or itself. */
function numbered(joinedTo: Int32Array): Int32Array {
  const numbers = new Int32Array(joinedTo.length);
  let next = 0;
  for (const [row, parent] of joinedTo.entries()) {
    numbers[row] = parent === row ? next++ : numbers[parent]!;
  }
  return numbers;
}
