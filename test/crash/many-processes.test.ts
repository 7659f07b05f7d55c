/** Several processes build overlapping targets at once: each action is executed once among them, and all ends right. */
import assert from 'node:assert/strict';
import { readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { digestOf } from '../../engine/core/digest.ts';
import type { TimedEvent } from '../../engine/core/events.ts';
import { makeFilm } from '../make-film.ts';
import { randomNumbers, seed } from '../properties/seed.ts';
import type { Rig } from '../rig.ts';
import { buildHere } from '../trust/build-here.ts';
import { newKeys, runsOn, storedKeys, temporaries } from '../trust/run-on-disk.ts';
import { textRun } from '../trust/text-run.ts';
import { Builder } from './builder.ts';

const rounds = 20;
/** The first two are given out in each round twice: two processes build the very same run. */
const texts = ['run:clip.mp4', '//...', 'run:clip.mp4//large', '//left'];
const film = 'run:film.mp4//thumbnails';
/** A film takes its time: it comes with every fifth round. */
const filmEvery = 5;

/** Texts of a video and of the workspace, some of which are the very same actions, and thumbnails of a film. */
function overlappingRig(): Rig {
  const rig = textRun({
    'in.txt': 'not really a film',
    'profiles/default.yaml':
      'schema_version: 1\nname: default\nextends: builtin:default\ncomponents:\n  thumbnails: { sampling: { fps: 1, width: 32, height: 18 } }\n',
    'graphs/workspace.yaml': `schema_version: 1
components:
  left: { rule: copy, inputs: { source: file:in.txt } }
  wide: { rule: swell, inputs: { source: left.text } }
  loud: { rule: upper, inputs: { source: wide.text } }
  again: { rule: swell, inputs: { source: left.text } }
`,
  });
  rig.replace('graphs/texts.yaml', 'components: [', 'components: [segment_plan, decode, thumbnails, ');
  makeFilm(rig.path('film.mp4'), { seconds: 4, fps: 5 });
  return rig;
}
