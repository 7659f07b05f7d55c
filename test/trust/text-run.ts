/** A workspace whose runs take a few milliseconds: its components read a video as text, in the engine's thread. */
import { Rig } from '../rig.ts';
import { copyRule, headRule, swellRule, upperRule } from './text-rules.ts';

export const textTargets: readonly string[] = ['run:clip.mp4'];

/** A copy of the video, a large text of it (a blob), and the head of that. */
export function textRun(more: Readonly<Record<string, string>> = {}): Rig {
  return new Rig({
    'flow.yaml': 'schema_version: 1\nstage: texts\n',
    'rules/copy.ts': copyRule,
    'rules/swell.ts': swellRule,
    'rules/head.ts': headRule,
    'rules/upper.ts': upperRule,
    'clip.mp4': 'not really a film',
    'graphs/texts.yaml': `schema_version: 1
components:
  copied: { processor: first, rule: copy, inputs: { source: video } }
  large: { processor: second, rule: swell, inputs: { source: copied.text } }
  short: { processor: second, rule: head, required: false, inputs: { source: large.text } }
stages:
  texts: { components: [copied, large, short] }
`,
    ...more,
  });
}
