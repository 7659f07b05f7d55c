import { z } from 'zod';
import { npz, type ValueOf } from '../../engine/core/kind.ts';
import { array, type NdArray, vector } from '../../engine/core/nd-array.ts';
import { defineRule, input, type PartOrigin } from '../../engine/core/rule.ts';
import { type Classified, classifierDecoders, classifyItems } from '../dsp/classify-items.ts';
import { cosineClusters } from '../dsp/cosine-clusters.ts';
import { unitVector } from '../dsp/embed-items.ts';
import { meansOfShots } from '../dsp/means-of-shots.ts';
import { onlyInput } from '../dsp/only-input.ts';
import { pictureTensor } from '../dsp/picture-tensor.ts';
import { picturesBetween } from '../dsp/pictures-between.ts';
import { frames, pictureEmbeddings, scenes, shots } from '../kinds.ts';

/** What the classifier says of each sampled frame of a segment; T is 0 where there is no classifier. */
const verdicts = npz({
  times_sec: { dtype: 'float64', shape: ['N'], isFinite: true, origin: 'segment_time' },
  probabilities: { dtype: 'float32', shape: ['N', 'T'], isFinite: true, doc: '0 to 1' },
  class_names: { dtype: 'unicode', shape: ['T'] },
});

/**
 * Says what each shot shows: labels from a classifier, where the profile names one, and which shots look alike.
 *
 * A label's probability is its mean over the shot's sampled frames. Shots look alike whose mean embeddings fall into one
 * cluster (average linkage over cosines, `rules/dsp/cosine-clusters.ts`): takes of one set-up get one number wherever in the film
 * they are. A shot too short to hold a sample is judged by the last one before it. Without frames the result is empty.
 */
export const sceneClassification = defineRule({
  name: 'visual/scene-classification',
  version: '1',
  scope: 'segment',
  params: z.strictObject({
    cluster_similarity: z
      .number()
      .min(0)
      .max(1)
      .default(0.85)
      .describe('least mean cosine between the shots of two clusters that become one; no unit'),
    top_labels: z.number().int().positive().default(5).describe('labels for each shot, at most'),
  }),
  mergeParams: ['cluster_similarity', 'top_labels'],
  inputs: {
    frames: input(frames, { request: ({ fps, width, height }) => ({ fps, width, height }) }),
    embeddings: input(pictureEmbeddings, { phase: 'merge' }),
    shots: input(shots, { phase: 'merge' }),
  },
  models: {
    classifier: {
      task: 'image-classification',
      decoders: classifierDecoders,
      takes: 'picture',
      isOptional: true,
    },
  },
  parts: { verdicts },
  outputs: { scenes },

  async run({ inputs, models: { classifier }, signal }) {
    const { rgb, times_sec } = inputs.frames;
    if (!classifier) return { verdicts: verdictsOf(times_sec, noVerdicts(times_sec.data.length)) };
    const { name, picture } = onlyInput(classifier.entry, 'picture');
    const classified = await classifyItems(classifier, {
      count: times_sec.data.length,
      signal,
      prepare: (first, end) => ({ [name]: pictureTensor(picturesBetween(rgb, { first, end }), picture) }),
    });
    return { verdicts: verdictsOf(times_sec, classified) };
  },

  merge({ inputs, parts, params, empty }) {
    const film = joined(parts);
    if (film.times_sec.data.length === 0 || inputs.embeddings.times_sec.data.length === 0) {
      empty('no frames');
      return { scenes: noScenes() };
    }
    const spans = { startSec: inputs.shots.start_sec.data, endSec: inputs.shots.end_sec.data };
    const looks = meansOfShots(inputs.embeddings.embeddings, inputs.embeddings.times_sec.data, spans);
    const hasLabels = film.class_names.data.length > 0;
    const likelihoods = meansOfShots(film.probabilities, film.times_sec.data, spans);
    return {
      scenes: {
        labels_source: array('unicode', [hasLabels ? 'classifier' : 'clusters'], []),
        ...topLabels(likelihoods, film.class_names.data, params.top_labels),
        cluster_ids: vector('int32', cosineClusters(unitRows(looks), params.cluster_similarity)),
      },
    };
  },
});

type Verdicts = ValueOf<typeof verdicts>;
type Scenes = ValueOf<typeof scenes>;

interface Part {
  readonly origin: PartOrigin;
  readonly values: { readonly verdicts: Verdicts };
}

function noVerdicts(count: number): Classified {
  return { probabilities: array('float32', new Float32Array(0), [count, 0]), classNames: [] };
}

function verdictsOf(times: NdArray<'float64'>, { probabilities, classNames }: Classified): Verdicts {
  return { times_sec: times, probabilities, class_names: vector('unicode', classNames) };
}

/** The verdicts on all frames of the film, with its times. */
function joined(parts: readonly Part[]): Verdicts {
  const looked = parts.filter(({ values }) => values.verdicts.times_sec.data.length > 0);
  const classNames = looked[0]?.values.verdicts.class_names ?? vector('unicode', []);
  const count = looked.reduce((sum, { values }) => sum + values.verdicts.times_sec.data.length, 0);
  const timesSec = new Float64Array(count);
  const probabilities = new Float32Array(count * classNames.data.length);
  let at = 0;
  for (const { origin, values } of looked) {
    timesSec.set(
      values.verdicts.times_sec.data.map((sec) => origin.startSec + sec),
      at,
    );
    probabilities.set(values.verdicts.probabilities.data, at * classNames.data.length);
    at += values.verdicts.times_sec.data.length;
  }
  return {
    times_sec: vector('float64', timesSec),
    probabilities: array('float32', probabilities, [count, classNames.data.length]),
    class_names: classNames,
  };
}

function unitRows({ data, shape }: NdArray<'float32'>): NdArray<'float32'> {
  const [count = 0, size = 0] = shape;
  const rows = new Float32Array(data.length);
  for (let row = 0; row < count; row += 1) {
    rows.set(unitVector(data.subarray(row * size, (row + 1) * size)), row * size);
  }
  return array('float32', rows, shape);
}

/** The most probable classes of each shot; of equally probable ones the one with the lower number. */
function topLabels(
  { data, shape }: NdArray<'float32'>,
  classNames: readonly string[],
  most: number,
): Pick<Scenes, 'labels' | 'probabilities'> {
  const [count = 0, classes = 0] = shape;
  const kept = Math.min(most, classes);
  const labels: string[] = [];
  const probabilities: number[] = [];
  for (let shot = 0; shot < count; shot += 1) {
    const own = data.subarray(shot * classes, (shot + 1) * classes);
    const best = [...own.keys()].sort((a, b) => own[b]! - own[a]! || a - b).slice(0, kept);
    labels.push(...best.map((id) => classNames[id]!));
    probabilities.push(...best.map((id) => own[id]!));
  }
  return {
    labels: array('unicode', labels, [count, kept]),
    probabilities: array('float32', Float32Array.from(probabilities), [count, kept]),
  };
}

function noScenes(): Scenes {
  return {
    labels_source: array('unicode', ['clusters'], []),
    labels: array('unicode', [], [0, 0]),
    probabilities: array('float32', new Float32Array(0), [0, 0]),
    cluster_ids: vector('int32', []),
  };
}
