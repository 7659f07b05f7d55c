import { z } from 'zod';
import { text } from '../../engine/core/kind.ts';
import { defineRule } from '../../engine/core/rule.ts';
import { drawPage } from './page.ts';
import { reportInputs } from './report-inputs.ts';

/**
 * Writes what is known of a video as one page of HTML that needs no network: its shots with a picture each, scenes, sound,
 * pace, story, motion of picture and camera, and what was found, over one time axis; pictures with boxes, and of depth; a map
 * of the frames and their similarity; the quality of each shot, and where all of it comes from. What is not there leaves
 * its name in one line.
 *
 * The page holds no time, name or path: the same artifacts give the same page.
 */
export const render = defineRule({
  name: 'report/render',
  version: '3',
  scope: 'whole',
  params: z.strictObject({}),
  inputs: reportInputs,
  outputs: { report: text({ extension: 'html' }) },
  run: async ({ inputs }) => ({ report: await drawPage(inputs) }),
});
