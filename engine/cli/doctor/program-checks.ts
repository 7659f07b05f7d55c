/** The programs that flow starts, or that people use on its results. */
import { mediaAbilities } from '../../io/media/media-abilities.ts';
import { runSupervised } from '../../io/program.ts';
import type { Check, Finding } from './finding.ts';

export const programChecks: readonly Check[] = [
  { area: 'programs', name: 'ffmpeg', examine: examineFfmpeg },
  { area: 'programs', name: 'Python', examine: examinePython },
];

const oldestFfmpeg = [5, 1] as const;
const newer = `Install ffmpeg ${oldestFfmpeg.join('.')} or later, or name it in FLOW_FFMPEG and FLOW_FFPROBE.`;

async function examineFfmpeg(signal: AbortSignal): Promise<Finding[]> {
  const { ffmpeg, ffprobe, lacksNeeded, lacksUsual } = await mediaAbilities(signal);
  const versions = ffmpeg === ffprobe ? ffmpeg : `${ffmpeg}, but ffprobe ${ffprobe}`;
  return [
    isTooOld(ffmpeg) || isTooOld(ffprobe)
      ? { name: 'ffmpeg', level: 'fail', found: versions, fix: newer }
      : ffmpeg !== ffprobe
        ? { name: 'ffmpeg', level: 'warn', found: versions, fix: 'Let both be of one version.' }
        : { name: 'ffmpeg', level: 'pass', found: versions },
    ability('filters', lacksNeeded, 'all that flow uses'),
    ability('formats', lacksUsual, 'the usual codecs and containers'),
  ];
}

/** @param version as `5.1.9-0+deb12u1`; builds between releases are named otherwise, and are new enough */
function isTooOld(version: string): boolean {
  const [major = Infinity, minor = 0] = /^\d+(\.\d+)?/.exec(version)?.[0].split('.').map(Number) ?? [];
  return major < oldestFfmpeg[0] || (major === oldestFfmpeg[0] && minor < oldestFfmpeg[1]);
}

function ability(name: 'filters' | 'formats', lacking: readonly string[], all: string): Finding {
  if (lacking.length === 0) return { name, level: 'pass', found: all };
  const found = `this ffmpeg was built without ${lacking.join(', ')}`;
  return name === 'filters'
    ? { name, level: 'fail', found, fix: 'Install a full build of ffmpeg.' }
    : { name, level: 'warn', found, fix: 'Install a full build of ffmpeg, or do without such videos.' };
}

async function examinePython(signal: AbortSignal): Promise<Finding[]> {
  const script = 'import sys, numpy; print(sys.version.split()[0], numpy.__version__)';
  const { status, stdout } = await runSupervised(['python3', '-c', script], { signal });
  const [python, numpy] = stdout.trim().split(' ');
  if (status === 0) return [{ name: 'Python', level: 'pass', found: `${python}, NumPy ${numpy}` }];
  const found = status === 127 ? 'not installed' : 'NumPy is not installed';
  return [{ name: 'Python', level: 'info', found: `${found}: flow itself does without` }];
}
