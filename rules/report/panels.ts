/** The panels under the shots: sound, pulse, pace, motion and picture, all over the same seconds. */
import { type Curve, highest, usuallyBelow } from './curves.ts';
import { flowPanels } from './flow-panels.ts';
import { foundPanel } from './found-panel.ts';
import { signedText } from './number-text.ts';
import { drawPanel, emptyPanel, type Panel } from './panel.ts';
import type { ReportInputs } from './report-inputs.ts';
import { scenePanel } from './scene-panel.ts';
import { soundStrip } from './sound-strip.ts';
import { storyPanel } from './story-panel.ts';

/** A panel for each part that is there, in the order of the page. */
export function drawPanels(inputs: ReportInputs, durationSec: number): Panel[] {
  const { scenes, loudness, tempo, sound_embeddings, pacing, motion, frame_quality } = inputs;
  return [
    scenes && scenePanel(inputs, durationSec),
    loudness && loudnessPanel(loudness, durationSec),
    tempo && tempoPanel(tempo, durationSec),
    sound_embeddings && soundStrip(sound_embeddings, durationSec),
    pacing && pacingPanel(pacing, durationSec),
    storyPanel(inputs, durationSec),
    motion && motionPanel(motion, inputs.shots, durationSec),
    ...flowPanels(inputs, durationSec),
    foundPanel(inputs, durationSec),
    frame_quality && qualityPanel(frame_quality, inputs.shot_quality, durationSec),
  ].filter((panel) => panel !== undefined);
}

type Part<N extends keyof ReportInputs> = NonNullable<ReportInputs[N]>;

function loudnessPanel(loudness: Part<'loudness'>, durationSec: number): Panel {
  const title = 'Loudness';
  if (loudness.times_sec.data.length === 0)
    return emptyPanel(title, loudness.meta.empty_reason ?? 'too short');
  const integrated = loudness.integrated_lufs.data[0]!;
  const timesSec = loudness.times_sec.data;
  const lufs = { unit: 'LUFS', digits: 1, colour: 1 } as const;
  return drawPanel(
    {
      title,
      note: [
        Number.isNaN(integrated)
          ? 'below the gate throughout'
          : `integrated ${signedText(integrated, 1)} LUFS`,
        silenceText(loudness),
      ].join(', '),
      bottom: -60,
      top: 0,
      levels: [
        ...[-20, -40].map((value) => ({ value, label: signedText(value, 0) })),
        ...(Number.isNaN(integrated) ? [] : [{ value: integrated, label: '', isStrong: true }]),
      ],
      traces: [
        {
          ...lufs,
          name: 'momentary',
          look: 'faint',
          curve: { timesSec, values: loudness.momentary_lufs.data },
        },
        {
          ...lufs,
          name: 'short-term',
          look: 'line',
          curve: { timesSec, values: loudness.short_term_lufs.data },
        },
      ],
      spans: {
        startSec: loudness.silence_start_sec.data,
        endSec: loudness.silence_end_sec.data,
        name: 'silence',
      },
    },
    durationSec,
  );
}

function silenceText({ silence_start_sec, silence_end_sec }: Part<'loudness'>): string {
  const ends = silence_end_sec.data;
  const silentSec = silence_start_sec.data.reduce((sum, start, index) => sum + ends[index]! - start, 0);
  return silentSec === 0 ? 'never silent' : `${silentSec.toFixed(1)} s silent`;
}

function tempoPanel(tempo: Part<'tempo'>, durationSec: number): Panel {
  const title = 'Tempo';
  if (tempo.meta.status === 'empty') return emptyPanel(title, tempo.meta.empty_reason!);
  const curve: Curve = { timesSec: tempo.onset_times_sec.data, values: tempo.onset_strength.data };
  const bpm = tempo.tempo_bpm.data[0]!.toFixed(1);
  const beats = tempo.beats_sec.data.length;
  return drawPanel(
    {
      title,
      note: `${bpm} BPM, confidence ${tempo.confidence.data[0]!.toFixed(2)}, ${beats} beats`,
      bottom: 0,
      top: highest(curve),
      levels: [],
      traces: [{ name: 'onset strength', unit: '', digits: 2, colour: 2, look: 'area', curve }],
      marks: { timesSec: tempo.beats_sec.data, name: 'beats' },
    },
    durationSec,
  );
}

function pacingPanel(pacing: Part<'pacing'>, durationSec: number): Panel {
  const title = 'Pacing';
  if (pacing.meta.status === 'empty') return emptyPanel(title, pacing.meta.empty_reason!);
  const timesSec = pacing.times_sec.data;
  return drawPanel(
    {
      title,
      note: `shots of ${pacing.mean_shot_sec.data[0]!.toFixed(1)} s on average`,
      bottom: 0,
      top: 1,
      levels: [{ value: 0.5, label: '0.5' }],
      traces: [
        {
          name: 'pace',
          unit: '',
          digits: 2,
          colour: 3,
          look: 'area',
          curve: { timesSec, values: pacing.pacing.data },
        },
        {
          name: 'cuts',
          unit: '/min',
          digits: 1,
          colour: 3,
          look: 'none',
          curve: { timesSec, values: pacing.cuts_per_min.data },
        },
      ],
    },
    durationSec,
  );
}

function motionPanel(motion: Part<'motion'>, shots: ReportInputs['shots'], durationSec: number): Panel {
  const title = 'Motion';
  if (motion.times_sec.data.length === 0) return emptyPanel(title, shots?.meta.empty_reason ?? 'no frames');
  if (motion.motion_energy.data.every(Number.isNaN)) return emptyPanel(title, 'no two frames to compare');
  const curve: Curve = { timesSec: motion.times_sec.data, values: motion.motion_energy.data };
  return drawPanel(
    {
      title,
      note: 'change of brightness from sample to sample',
      bottom: 0,
      top: usuallyBelow(curve),
      levels: [],
      traces: [{ name: 'motion', unit: '', digits: 3, colour: 4, look: 'area', curve }],
    },
    durationSec,
  );
}

function qualityPanel(
  quality: Part<'frame_quality'>,
  shot_quality: ReportInputs['shot_quality'],
  durationSec: number,
): Panel {
  const title = 'Picture';
  if (quality.times_sec.data.length === 0)
    return emptyPanel(title, shot_quality?.meta.empty_reason ?? 'no frames');
  const timesSec = quality.times_sec.data;
  const share = { unit: '', digits: 2, look: 'line' } as const;
  return drawPanel(
    {
      title,
      note: '',
      bottom: 0,
      top: 1,
      levels: [{ value: 0.5, label: '0.5' }],
      traces: [
        { ...share, name: 'exposure', colour: 3, curve: { timesSec, values: quality.exposure.data } },
        { ...share, name: 'contrast', colour: 1, curve: { timesSec, values: quality.contrast.data } },
        { ...share, name: 'sharpness', colour: 2, curve: { timesSec, values: quality.sharpness.data } },
      ],
    },
    durationSec,
  );
}
