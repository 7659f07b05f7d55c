/** The first version of a model's entry: what its file says of itself, and for the rest what is usual for its task. */
import { basename, extname } from 'node:path';
import { Document, isCollection, isPair, isScalar } from 'yaml';
import type { ModelEntry, ModelInput, PictureSpec, SoundSpec } from '../../core/model-entry.ts';
import type { TensorFacts } from '../../io/inference/fault-of-tensors.ts';
import type { InspectedModel } from '../../io/models/inspect-onnx.ts';
import { outputsLike } from './like-model.ts';

export interface EntryFile {
  readonly name: string;
  readonly sha256: string;
  readonly bytes: number;
}

export interface NewEntry {
  /** Of the graph. */
  readonly path: string;
  readonly task: string;
  readonly name?: string;
  readonly version?: string;
  readonly licence?: string;
  readonly source?: string;
  readonly url?: string;
  /** The graph's first. */
  readonly files: readonly EntryFile[];
  readonly facts: InspectedModel;
  /** An entry whose pre- and post-processing is taken over. */
  readonly like: ModelEntry | undefined;
}

/** An entry as it is written down; what it says has yet to be checked. */
export type EntryDocument = Readonly<Record<string, unknown>>;

/** @throws {FlowError} `config_invalid` if the file has not the outputs of the model that it is to be like */
export function newEntry(given: NewEntry): EntryDocument {
  const { path, task, version = '1', licence = 'unknown', url, facts, like } = given;
  const { name = nameFrom(path), source = `the file ${basename(path)}` } = given;
  const files = given.files.map((file, index) =>
    index === 0 && url !== undefined ? { ...file, url } : file,
  );
  return {
    schema_version: 1,
    ...{ name, version, task, licence, source, files },
    ...(like?.precision && { precision: like.precision }),
    inputs: facts.inputs.map((input, index) => ({
      ...tensorOf(input),
      ...makingOf(input, { task, like: like?.inputs[index] }),
    })),
    outputs: (like ? outputsLike(like, facts.outputs) : facts.outputs).map(tensorOf),
    ...(like?.decoder && { decoder: like.decoder }),
    ...(like?.classes && { classes: like.classes }),
    ...(like && { max_batch: like.max_batch, tolerance: like.tolerance }),
  };
}

/** 'Face Net (v2).onnx' is 'face-net-v2'. */
function nameFrom(path: string): string {
  const stem = basename(path, extname(path)).toLowerCase();
  return stem.replace(/[^a-z0-9._]+/g, '-').replace(/^[^a-z0-9]+|-+$/g, '');
}

function tensorOf({
  name,
  dtype,
  shape,
}: TensorFacts): Omit<TensorFacts, 'shape'> & { shape: (number | string)[] } {
  return { name, dtype, shape: shape.map((axis, at) => (isFixed(axis) ? axis : nameOfAxis(axis, at))) };
}

function isFixed(axis: number | string): axis is number {
  return typeof axis === 'number' && axis >= 0;
}

function nameOfAxis(axis: number | string, at: number): string {
  if (typeof axis === 'string' && axis !== '') return axis;
  return at === 0 ? 'N' : `axis${at}`;
}

/** How the input is made, where that can be guessed. */
function makingOf(
  input: TensorFacts,
  { task, like }: { readonly task: string; readonly like: ModelInput | undefined },
): { picture?: Partial<PictureSpec>; sound?: SoundSpec } {
  if (/audio|speech|voice|sound|music/.test(task)) return { sound: like?.sound ?? soundOf(input) };
  const place = placeOfPicture(input);
  if (!place) return {};
  const usual = like?.picture ?? { ...usualPicture, ...usualPictures[task] };
  return { picture: { ...place, ...usual, ...place } }; // The size stands first.
}

const imageNet = { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] };

const usualPicture = { resize: 'stretch', colour: 'rgb', scale: 1 / 255 } as const;

/** What most models of a task are trained with. */
const usualPictures: Readonly<Record<string, Partial<PictureSpec>>> = {
  'image-classification': { ...imageNet, resize: 'cover', short_side: 256 },
  'image-embedding': imageNet,
  'person-embedding': imageNet,
  'face-embedding': { mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5] },
  'object-detection': { resize: 'letterbox', fill: 114 },
};

/** Where models leave the size open. */
const usualSide = 224;

/** @returns undefined where the input is no picture */
function placeOfPicture({
  shape,
}: TensorFacts): (Pick<PictureSpec, 'width' | 'height' | 'layout'> & { colour?: 'luma' }) | undefined {
  if (shape.length !== 4) return undefined;
  const isChannels = (axis: number | string | undefined): boolean => axis === 1 || axis === 3;
  const layout = isChannels(shape[1]) ? 'nchw' : isChannels(shape[3]) ? 'nhwc' : undefined;
  if (layout === undefined) return undefined;
  const [height, width] = (layout === 'nchw' ? shape.slice(2) : shape.slice(1, 3)).map((axis) =>
    isFixed(axis) ? axis : usualSide,
  );
  const isGrey = shape[layout === 'nchw' ? 1 : 3] === 1;
  return { width: width!, height: height!, layout, ...(isGrey && { colour: 'luma' }) }; // Two axes of four.
}

function soundOf({ shape }: TensorFacts): SoundSpec {
  const samples = shape.at(-1);
  const window = samples !== undefined && isFixed(samples) && samples > 0 ? samples : 16_000;
  return { sample_rate: 16_000, window_samples: window, hop_samples: window, scale: 1 };
}

/** Where only the publisher knows: shown behind the value, unless that was given. */
const questions: Readonly<Record<string, string>> = {
  licence: 'SPDX, as MIT or Apache-2.0: see the page that it is from',
  source: 'repository, commit, path; paper; what it was made with',
  precision: 'what its weights are: fp32, fp16, bf16, int8 or mixed',
  resize: 'stretch, letterbox or cover (with short_side)',
  colour: 'rgb, bgr or luma',
  scale: 'values become (value of 0 to 255 · scale − mean) / std',
  mean: 'one a channel, in the order of colour; [0, 0, 0] if it is left out',
  sample_rate: 'Hz; mono',
  hop_samples: 'from the start of one window to that of the next',
};

/** @param like the model that it was made like; undefined if what is written has been guessed */
export function newEntryText(entry: EntryDocument, { like }: { readonly like: string | undefined }): string {
  const document = new Document(entry);
  const guessed = like === undefined ? 'usual for the task' : `taken from ${like}`;
  document.commentBefore = ` Names, types and shapes are from the file; how inputs are made is ${guessed}.\n Check it: a wrong one gives wrong results without an error.`;
  visitPairs(document.contents, (key, value) => {
    const isGiven =
      (key === 'licence' && entry['licence'] !== 'unknown') || (key === 'source' && !isGuess(entry));
    if (isCollection(value) && ['shape', 'mean', 'std', 'params'].includes(key)) value.flow = true;
    const question = questions[key];
    if (question === undefined || isGiven || !(isScalar(value) || isCollection(value))) return;
    value.comment = ` ${question}`;
  });
  if (!('decoder' in entry))
    document.comment = ` How outputs are read, for tasks that need it; \`flow models info\` shows what other models of the task say:
 decoder: { name: …, params: { … } }
 classes: [ … ]`;
  return document.toString({ lineWidth: 120, flowCollectionPadding: false, singleQuote: true });
}

function isGuess({ source }: EntryDocument): boolean {
  return String(source).startsWith('the file ');
}

function visitPairs(node: unknown, see: (key: string, value: unknown) => void): void {
  if (!isCollection(node)) return;
  for (const item of node.items) {
    if (!isPair(item)) visitPairs(item, see);
    else {
      see(String(item.key), item.value);
      visitPairs(item.value, see);
    }
  }
}
