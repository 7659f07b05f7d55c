/** Where every shot, cut, text and flash of the sample film stands, in frames from the film's start. */
import { blackFrames, dissolveFrames, type FrameSpan, fadeFrames, type Shot, shots } from './shots.ts';

export const timeline: Timeline = layOut(shots);

export interface Timeline {
  readonly frames: number;
  readonly shots: readonly PlacedShot[];
  readonly cuts: readonly PlacedCut[];
  readonly texts: readonly (FrameSpan & { readonly string: string })[];
  readonly flashes: readonly FrameSpan[];
}

/** `from` to `to` is the shot from cut to cut; `headFrames` and `tailFrames` show beyond it, under a dissolve. */
export interface PlacedShot extends FrameSpan {
  readonly shot: Shot;
  readonly headFrames: number;
  readonly tailFrames: number;
}

/** `from` is the last frame of the old picture alone, `to` the first of the new; equal to `frame` for a hard cut. */
export interface PlacedCut extends FrameSpan {
  readonly type: 'hard' | 'dissolve' | 'fade_out' | 'fade_in';
  readonly frame: number;
  readonly remark?: string;
}

function layOut(list: readonly Shot[]): Timeline {
  const placed = place(list);
  return {
    frames: placed.at(-1)?.to ?? 0,
    shots: placed,
    cuts: placed.slice(1).flatMap(cutsInto),
    texts: placed.flatMap(({ shot, from }) => (shot.texts ?? []).map((text) => moved(text, from))),
    flashes: placed.flatMap(({ shot, from }) => (shot.flashes ?? []).map((flash) => moved(flash, from))),
  };
}

function place(list: readonly Shot[]): PlacedShot[] {
  let end = 0;
  return list.map((shot, index) => {
    const from = end + (shot.entry === 'dip_to_black' ? blackFrames : 0);
    end = from + shot.frames;
    const isNextDissolved = list[index + 1]?.entry === 'dissolve';
    const headFrames = shot.entry === 'dissolve' ? dissolveFrames / 2 : 0;
    return { shot, from, to: end, headFrames, tailFrames: isNextDissolved ? dissolveFrames / 2 : 0 };
  });
}

function cutsInto({ shot, from }: PlacedShot): PlacedCut[] {
  if (shot.entry === 'dissolve') {
    return [
      { type: 'dissolve', frame: from, from: from - dissolveFrames / 2, to: from + dissolveFrames / 2 },
    ];
  }
  if (shot.entry === 'dip_to_black') {
    const black = from - blackFrames;
    return [
      { type: 'fade_out', frame: black, from: black - fadeFrames, to: black },
      { type: 'fade_in', frame: from, from, to: from + fadeFrames },
    ];
  }
  return [{ type: 'hard', frame: from, from, to: from, ...(shot.cutRemark && { remark: shot.cutRemark }) }];
}

function moved<S extends FrameSpan>(span: S, byFrames: number): S {
  return { ...span, from: span.from + byFrames, to: span.to + byFrames };
}
