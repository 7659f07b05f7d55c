/** What must hold of each output's file, whatever is in it. */
import { digestOf } from '../../../core/digest.ts';
import type { Manifest, ManifestComponent, ManifestOutput } from '../../../core/manifest.ts';
import { type Check, type Fault, unless } from './check.ts';

export interface OutputSubject {
  readonly run: Manifest['run'];
  readonly component: ManifestComponent;
  readonly output: ManifestOutput;
  /** Undefined where there is no such file in the run's folder. */
  readonly bytes: Uint8Array | undefined;
}

export interface FileSubject extends OutputSubject {
  readonly bytes: Uint8Array;
}

/** Of every output that the manifest lists. */
export const outputChecks: readonly Check<OutputSubject>[] = [
  {
    id: 'output.path',
    sentence: 'Every output lies at COMPONENT/OUTPUT.ENDING in the folder of the run.',
    faultsOf: (subject) =>
      unless(isAtItsPlace(subject), {
        path: subject.output.path,
        expected: `${subject.component.name}/${subject.output.name}.ENDING`,
        found: `"${subject.output.path}"`,
      }),
  },
  {
    id: 'output.kind',
    sentence: 'The ending of a file tells its kind.',
    faultsOf: ({ output: { path, kind } }) => {
      const ending = endings[kind];
      if (ending === undefined) return undefined;
      return unless(path.endsWith(ending), { path, expected: `${kind}: ${ending}`, found: `"${path}"` });
    },
  },
  {
    id: 'output.present',
    sentence: 'Every output of the manifest is a file.',
    faultsOf: ({ output: { path }, bytes }) =>
      unless(bytes !== undefined, { path, expected: 'a file in the folder of the run', found: 'none' }),
  },
];

/** Of every output whose file is there. */
export const fileChecks: readonly Check<FileSubject>[] = [
  {
    id: 'file.size',
    sentence: 'Every file has the size in the manifest.',
    faultsOf: ({ output: { path, bytes: size }, bytes }) =>
      unless(bytes.length === size, { path, expected: `${size} bytes`, found: `${bytes.length} bytes` }),
  },
  {
    id: 'file.digest',
    sentence: 'Every file has the digest in the manifest.',
    faultsOf: ({ output: { path, digest }, bytes }) => {
      const found = digestOf(bytes);
      return unless(found === digest, { path, expected: digest, found });
    },
  },
  {
    id: 'file.content',
    sentence: 'JSON parses; HTML, PNG, WAV and text are what their endings say.',
    faultsOf: ({ output: { path }, bytes }) => {
      const expected = contents.find(({ ending }) => path.endsWith(ending));
      return expected && faultOfContent(path, bytes, expected);
    },
  },
];

/** By the kinds whose ending is not the rule's own. */
const endings: Readonly<Record<string, string>> = { npz: '.npz', json: '.json', segments: '.json' };

export function isAtItsPlace({ component, output }: Pick<OutputSubject, 'component' | 'output'>): boolean {
  const stem = `${component.name}/${output.name}`;
  return output.path.startsWith(`${stem}.`) && /^\.[A-Za-z0-9]+$/.test(output.path.slice(stem.length));
}

interface Content {
  readonly ending: string;
  readonly expected: string;
  readonly fits: (bytes: Uint8Array) => boolean;
}

const contents: readonly Content[] = [
  {
    ending: '.json',
    expected: 'a JSON document in UTF-8',
    fits: (bytes) => succeeds(() => JSON.parse(textOf(bytes))),
  },
  {
    ending: '.html',
    expected: 'a page, in UTF-8',
    fits: (bytes) => succeeds(() => textOf(bytes)) && /^\s*<(!doctype|html)\b/i.test(textOf(bytes)),
  },
  { ending: '.txt', expected: 'text in UTF-8', fits: (bytes) => succeeds(() => textOf(bytes)) },
  { ending: '.png', expected: 'a PNG image', fits: (bytes) => startsWith(bytes, 'PNG\r\n', 1) },
  {
    ending: '.wav',
    expected: 'a WAVE file',
    fits: (bytes) => startsWith(bytes, 'RIFF', 0) && startsWith(bytes, 'WAVE', 8),
  },
];

function faultOfContent(path: string, bytes: Uint8Array, { expected, fits }: Content): Fault[] {
  const beginning = JSON.stringify(Buffer.from(bytes.subarray(0, 24)).toString('latin1'));
  const found = bytes.length === 0 ? 'an empty file' : `${bytes.length} bytes that begin with ${beginning}`;
  return unless(fits(bytes), { path, expected, found });
}

function textOf(bytes: Uint8Array): string {
  return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
}

function startsWith(bytes: Uint8Array, text: string, at: number): boolean {
  return Buffer.from(bytes.subarray(at, at + text.length)).toString('latin1') === text;
}

function succeeds(work: () => unknown): boolean {
  try {
    work();
    return true;
  } catch {
    return false;
  }
}
