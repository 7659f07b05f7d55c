/** What the benches build: workspaces of trivial components, and films of a given length. */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { measure } from './measure.ts';

const copyRule = `import { bytes, defineRule, file, input } from 'flow';
import { z } from 'zod';

export const copy = defineRule({
  name: 'copy',
  version: '1',
  scope: 'whole',
  placement: 'engine',
  params: z.strictObject({}),
  inputs: { source: input(file()) },
  outputs: { copy: bytes({ extension: 'txt' }) },
  run: ({ inputs }) => ({ copy: inputs.source.read() }),
});
`;

/** A workspace of `count` components, each of which copies a file of its own. */
export function trivialWorkspace(folder: string, count: number): void {
  for (const name of ['rules', 'graphs', 'inputs', 'profiles'])
    mkdirSync(join(folder, name), { recursive: true });
  writeFileSync(join(folder, 'flow.yaml'), 'schema_version: 1\nprofile: plain\n');
  writeFileSync(join(folder, 'profiles/plain.yaml'), 'schema_version: 1\nname: plain\n');
  writeFileSync(join(folder, 'rules/copy.ts'), copyRule);
  let graph = 'schema_version: 1\ncomponents:\n';
  for (let index = 0; index < count; index += 1) {
    writeFileSync(join(folder, `inputs/${index}.txt`), `input ${index}\n`);
    graph += `  c${index}: { rule: copy, inputs: { source: "file:inputs/${index}.txt" } }\n`;
  }
  writeFileSync(join(folder, 'graphs/trivial.yaml'), graph);
}

/**
 * A 720p film with sound, quickly made: one minute of moving pictures, repeated by stream copy. A remark in each minute's
 * bitstream makes its packets, and so its segments, different from every other's: nothing is decoded less often than in a real film.
 */
export async function film(folder: string, minutes: number): Promise<string> {
  const path = join(folder, `film-${minutes}.mp4`);
  if (existsSync(path)) return path;
  const list = join(folder, `film-${minutes}.txt`);
  const parts: string[] = [];
  for (let minute = 0; minute < minutes; minute += 1) parts.push(await markedMinute(folder, minute));
  writeFileSync(list, parts.map((part) => `file '${part}'\n`).join(''));
  await measure(['ffmpeg', '-v', 'error', '-f', 'concat', '-safe', '0', '-i', list, '-c', 'copy', path]);
  return path;
}

async function markedMinute(folder: string, minute: number): Promise<string> {
  const plain = join(folder, 'minute.mp4');
  if (!existsSync(plain)) await measure(['ffmpeg', '-v', 'error', ...minuteOptions, plain]);
  const path = join(folder, `minute-${minute}.mp4`);
  const remark = `h264_metadata=sei_user_data=086f3693-b7b3-4f2c-9653-21492feee5b8+${minute}`;
  if (!existsSync(path))
    await measure(['ffmpeg', '-v', 'error', '-i', plain, '-c', 'copy', '-bsf:v', remark, path]);
  return path;
}

const minuteOptions = [
  ...[
    '-f',
    'lavfi',
    '-i',
    'testsrc2=s=1280x720:r=30:d=60',
    '-f',
    'lavfi',
    '-i',
    'sine=f=440:b=2:r=48000:d=60',
  ],
  // Headers before every key frame, since the remark is put where headers are.
  ...['-c:v', 'libx264', '-preset', 'veryfast', '-g', '60', '-b:v', '2M', '-x264-params', 'repeat-headers=1'],
  ...['-c:a', 'aac', '-ac', '2', '-shortest'],
];

/** Films of different content and the same length: nothing of one serves another. */
export async function differentFilms(folder: string, count: number): Promise<string[]> {
  const paths: string[] = [];
  for (let index = 0; index < count; index += 1) {
    const path = join(folder, `different-${index}.mp4`);
    const source = `testsrc2=s=640x360:r=30:d=20,hue=h=${index * 7}`;
    const options = ['-f', 'lavfi', '-i', source, '-c:v', 'libx264', '-preset', 'veryfast', '-g', '60'];
    if (!existsSync(path)) await measure(['ffmpeg', '-v', 'error', ...options, path]);
    paths.push(path);
  }
  return paths;
}

/** A cheap rule that reads the pictures of each segment. @returns its file and source */
export function brightnessRule(workspace: string): [path: string, source: string] {
  const source = `import { defineRule, input, npz, vector } from 'flow';
import { z } from 'zod';

const frames = npz({ rgb: { dtype: 'uint8', shape: ['N', 'H', 'W', 3] }, frame_indices: { dtype: 'int32', shape: ['N'] } }, { isEphemeral: true });
const gain = 1;

export const brightness = defineRule({
  name: 'brightness',
  version: '1',
  scope: 'segment',
  params: z.strictObject({}),
  inputs: { frames: input(frames, { request: ({ width, height }) => ({ fps: 1, width, height }) }) },
  outputs: { mean: npz({ mean: { dtype: 'float32', shape: ['S'] } }) },
  run({ inputs }) {
    let sum = 0;
    const { data } = inputs.frames.rgb;
    for (let at = 0; at < data.length; at += 64) sum += data[at]!;
    return { mean: { mean: vector('float32', [(gain * 64 * sum) / data.length]) } };
  },
});
`;
  for (const name of ['rules', 'graphs']) mkdirSync(join(workspace, name), { recursive: true });
  const path = join(workspace, 'rules/brightness.ts');
  writeFileSync(path, source);
  writeFileSync(
    join(workspace, 'graphs/brightness.yaml'),
    'schema_version: 1\ncomponents:\n  brightness: { rule: brightness, inputs: { frames: decode.frames } }\n',
  );
  return [path, source];
}
