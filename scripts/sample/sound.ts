/**
 * The sample film's sound, 48 kHz stereo: a soft chord throughout; over it a spoken sentence, then clicks at an
 * even tempo, with bass notes under their second half; between the two a span without any sound.
 */
import { join } from 'node:path';
import { decodeAudio, ffmpeg, sameBytes } from './ffmpeg.ts';
import { fps } from './shots.ts';
import { timeline } from './timeline.ts';

export const sampleRate = 48_000;
export const tempoBpm = 120;
export const targetLufs = -20;
export const spokenText = 'Flow keeps what it has made, and makes only what has changed.';

/** All of it zero, before it is encoded. */
export const silence = { from: 8 * sampleRate, to: 10.5 * sampleRate };
const beatSamples = (60 / tempoBpm) * sampleRate;
/** First click, and one beat after the last. */
export const clicks = { from: 12 * sampleRate, to: 12 * sampleRate + 64 * beatSamples };

/** Sample numbers of the clicks' attacks. */
export const clickSamples: readonly number[] = Array.from(
  { length: 64 },
  (_, beat) => clicks.from + beat * beatSamples,
);

const voiceFrom = 1.5 * sampleRate;
const windowSamples = sampleRate / 100;
/** RMS of a window below which the voice's head and tail are lost in the chord: -36 dBFS before the mix. */
const voiceFloor = 10 ** (-36 / 20);

export interface Sound {
  /** Where the voice is heard, in samples, to 10 ms. */
  readonly voice: { readonly from: number; readonly to: number };
}

/** Loudness of a whole file by EBU R 128, from two filters of ffmpeg that share no code. */
export interface Loudness {
  readonly ebur128Lufs: number;
  readonly loudnormLufs: number;
}

/**
 * Writes the sound as AAC. Its loudness is brought to the target by one linear gain, measured beforehand.
 *
 * @param folder gets `sound.m4a`, and the mix before its gain as `mix.wav`
 */
export async function makeSound(folder: string): Promise<Sound> {
  const mixed = join(folder, 'mix.wav');
  const draw = ['-filter_complex', mix(), '-map', '[mix]', '-c:a', 'pcm_f32le', ...sameBytes, mixed];
  const [voice] = await Promise.all([voiceSpan(), ffmpeg(['-v', 'error', ...draw])]);
  const gainDb = targetLufs - (await ebur128(mixed));
  const gain = ['-af', `volume=${gainDb.toFixed(4)}dB:precision=float`];
  const encode = [...gain, '-c:a', 'aac', '-b:a', '160k', ...sameBytes, join(folder, 'sound.m4a')];
  await ffmpeg(['-v', 'error', '-i', mixed, ...encode]);
  return { voice };
}

/** @param path a file with audio */
export async function measureLoudness(path: string): Promise<Loudness> {
  const [ebur128Lufs, loudnormLufs] = await Promise.all([ebur128(path), loudnorm(path)]);
  return { ebur128Lufs, loudnormLufs };
}

/** The filter prints the loudness of all that it has heard so far; the last value is that of the whole. */
async function ebur128(path: string): Promise<number> {
  const filter = 'ebur128=metadata=1,ametadata=mode=print:key=lavfi.r128.I:file=-';
  const { stdout } = await ffmpeg(['-v', 'error', ...throughFilter(path, filter)]);
  return Number(stdout.toString().trim().split('lavfi.r128.I=').at(-1));
}

async function loudnorm(path: string): Promise<number> {
  const { stderr } = await ffmpeg(throughFilter(path, 'loudnorm=print_format=json'));
  return Number(/"input_i" : "(.+)"/.exec(stderr)?.[1]);
}

function throughFilter(path: string, filter: string): string[] {
  return ['-i', path, '-map', '0:a:0', '-af', filter, '-f', 'null', '-'];
}

async function voiceSpan(): Promise<{ from: number; to: number }> {
  const samples = await decodeAudio(['-f', 'lavfi', '-i', voiceSource()]);
  const windows = Array.from({ length: Math.floor(samples.length / windowSamples) }, (_, index) =>
    samples.subarray(index * windowSamples, (index + 1) * windowSamples),
  );
  const isHeard = (window: Float32Array): boolean => rms(window) > voiceFloor;
  const [first, last] = [windows.findIndex(isHeard), windows.findLastIndex(isHeard)];
  return { from: voiceFrom + first * windowSamples, to: voiceFrom + (last + 1) * windowSamples };
}

function rms(samples: Float32Array): number {
  return Math.sqrt(samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length);
}

function mix(): string {
  const length = (timeline.frames / fps) * sampleRate;
  return [
    `${voiceSource()},adelay=${voiceFrom}S,volume=0.6,pan=stereo|c0=c0|c1=c0[voice]`,
    `${expression([chord(220, 277.18, 329.63), chord(220, 277.18, 440)])}[chord]`,
    `${expression([beats()])},pan=stereo|c0=c0|c1=c0[beats]`,
    `[chord][beats][voice]amix=inputs=3:duration=first:normalize=0,atrim=end_sample=${length}[mix]`,
  ].join(';');
}

function voiceSource(): string {
  return `flite=voice=slt:text='${spokenText.replaceAll(',', '\\,')}',aresample=${sampleRate}`;
}

function expression(channels: readonly string[]): string {
  const seconds = timeline.frames / fps;
  return `aevalsrc=exprs='${channels.join('|')}':s=${sampleRate}:d=${seconds}`;
}

/**
 * Three sines that ramp for 50 ms beside the silence: a hard edge would be heard, and found, as a click.
 *
 * At 0.01 the chord alone lies 5 LU below the relative gate of EBU R 128. At the gate itself, meters that differ in the
 * last bit would count it or not, and be 0.3 LU apart.
 */
function chord(...pitchesHz: readonly number[]): string {
  const waves = pitchesHz.map((pitch) => `sin(2*PI*${pitch}*t)`).join('+');
  const distance = `max(${silence.from}-n,n-${silence.to})/${0.05 * sampleRate}`;
  return `0.01*clip(${distance},0,1)*(${waves})`;
}

/** Each click is a sine that starts at zero at full strength and dies away; every fourth is higher. */
function beats(): string {
  const since = `mod(n-${clicks.from},${beatSamples})/${sampleRate}`;
  const pitch = `if(lt(mod(n-${clicks.from},${4 * beatSamples}),${beatSamples}),1800,1200)`;
  const click = `0.6*exp(-60*${since})*sin(2*PI*${pitch}*${since})`;
  const bass = `0.25*gte(n,${(clicks.from + clicks.to) / 2})*exp(-6*${since})*sin(2*PI*110*${since})`;
  return `if(gte(n,${clicks.from})*lt(n,${clicks.to}),${click}+${bass},0)`;
}
