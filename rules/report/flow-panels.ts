/** Optical flow: how fast the picture moves, and what of it a camera explains. */
import { vector } from '../../engine/core/nd-array.ts';
import { usuallyBelow } from './curves.ts';
import { drawPanel, emptyPanel, type Panel, type Trace } from './panel.ts';
import type { ReportInputs } from './report-inputs.ts';

type Flow = NonNullable<ReportInputs['flow']>;

/** Flow over a change of shot means nothing: it is left out. @returns none without flow */
export function flowPanels({ flow, shots }: ReportInputs, durationSec: number): Panel[] {
  if (!flow) return [];
  if (flow.times_sec.data.length === 0)
    return [emptyPanel('Optical flow', flow.meta.empty_reason ?? 'one frame alone: nothing to move from')];
  const within = withinShots(flow, shots?.start_sec.data ?? new Float64Array(0));
  const speed = speedPanel(within, durationSec);
  if (within.camera_pan.data.every(Number.isNaN))
    return [speed, emptyPanel('Camera', 'too little in the pictures that can be followed')];
  return [speed, panPanel(within, durationSec), zoomPanel(within, durationSec)];
}

const measures = [
  ...(['magnitude_p95', 'magnitude_median'] as const),
  ...(['camera_pan', 'camera_tilt', 'camera_zoom', 'camera_roll'] as const),
];

/** With NaN for pairs of frames with the start of a shot between them. */
function withinShots(flow: Flow, startsSec: Float64Array): Flow {
  const timesSec = flow.times_sec.data;
  const shotOf = (sec: number) => startsSec.findLastIndex((start) => start <= sec);
  const isOver = Array.from(timesSec, (sec, at) => {
    return shotOf(sec) !== shotOf(timesSec[at - 1] ?? startsSec[0] ?? 0);
  });
  const masked = measures.map((name) => {
    return [
      name,
      vector(
        'float32',
        flow[name].data.map((value, at) => (isOver[at] ? Number.NaN : value)),
      ),
    ];
  });
  return { ...flow, ...(Object.fromEntries(masked) as Pick<Flow, (typeof measures)[number]>) }; // One for each name.
}

function speedPanel(flow: Flow, durationSec: number): Panel {
  const timesSec = flow.times_sec.data;
  const fast = { timesSec, values: flow.magnitude_p95.data };
  const top = niceTop(usuallyBelow(fast));
  const speed = { unit: 'px/s', digits: 1, colour: 2 } as const;
  return drawPanel(
    {
      title: 'Optical flow',
      note: `how fast the picture moves, px/s${sizeText(flow)}`,
      bottom: 0,
      top,
      levels: [{ value: top / 2, label: numberText(top / 2) }],
      traces: [
        { ...speed, name: 'fastest 5 %', look: 'faint', curve: fast },
        {
          ...speed,
          name: 'median',
          look: 'area',
          curve: { timesSec, values: flow.magnitude_median.data },
        },
      ],
    },
    durationSec,
  );
}

/** Pixels are those of the frames that were looked at. */
function sizeText({ meta: { analysis } }: Flow): string {
  return analysis ? ` of pictures within ${analysis.width} × ${analysis.height}` : '';
}

function panPanel(flow: Flow, durationSec: number): Panel {
  return balancedPanel(
    {
      title: 'Camera: pan and tilt',
      note: 'how the picture moves, px/s: right and down are above 0',
      traces: [
        trace(flow, { name: 'pan', unit: 'px/s', digits: 1, colour: 1 }, flow.camera_pan.data),
        trace(flow, { name: 'tilt', unit: 'px/s', digits: 1, colour: 3 }, flow.camera_tilt.data),
      ],
    },
    durationSec,
  );
}

function zoomPanel(flow: Flow, durationSec: number): Panel {
  const percent = flow.camera_zoom.data.map((share) => 100 * share);
  const degrees = flow.camera_roll.data.map((radians) => (180 * radians) / Math.PI);
  return balancedPanel(
    {
      title: 'Camera: zoom and roll',
      note: 'how the picture grows and turns, % and degrees a second: clockwise is above 0',
      traces: [
        trace(flow, { name: 'zoom', unit: '%/s', digits: 1, colour: 2 }, percent),
        trace(flow, { name: 'roll', unit: '°/s', digits: 1, colour: 4 }, degrees),
      ],
    },
    durationSec,
  );
}

function trace(
  flow: Flow,
  names: Pick<Trace, 'name' | 'unit' | 'digits' | 'colour'>,
  values: Float32Array,
): Trace {
  return { ...names, look: 'line', curve: { timesSec: flow.times_sec.data, values } };
}

interface Balanced {
  readonly title: string;
  readonly note: string;
  readonly traces: readonly Trace[];
}

/** A panel with 0 in its middle, as high as its traces need but for single flashes. */
function balancedPanel({ title, note, traces }: Balanced, durationSec: number): Panel {
  const sizes = traces.map(({ curve }) =>
    usuallyBelow({ timesSec: curve.timesSec, values: Float64Array.from(curve.values, Math.abs) }),
  );
  const top = niceTop(Math.max(...sizes));
  const levels = [
    { value: top / 2, label: numberText(top / 2) },
    { value: 0, label: '0' },
    { value: -top / 2, label: `−${numberText(top / 2)}` },
  ];
  return drawPanel({ title, note, bottom: -top, top, levels, traces }, durationSec);
}

/** Less than this in any of the units is rounding, not motion. */
const leastTop = 2;

/** The next of 2, 4 and 10 times a power of ten: half of it is a round number, too. */
function niceTop(value: number): number {
  const power = 10 ** Math.floor(Math.log10(Math.max(value, leastTop)));
  return [2, 4, 10].map((step) => step * power).find((top) => top >= value)!;
}

function numberText(value: number): string {
  return String(Number(value.toPrecision(3)));
}
