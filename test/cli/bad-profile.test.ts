import { type MessageCase, oneComponent, testMessages } from './test-messages.ts';

const head = 'schema_version: 1\nname: default\n';

function profile(text: string): MessageCase {
  return { files: { 'profiles/default.yaml': text }, status: 2 };
}

function settings(text: string): MessageCase {
  return { files: { 'flow.yaml': text }, status: 2 };
}

const taking = `import { bytes, defineRule, input } from 'flow';
import { z } from 'zod';
export const take = defineRule({
  name: 'take', version: '1', scope: 'whole', placement: 'engine', params: z.strictObject({}),
  inputs: { source: input(bytes()) }, outputs: { copy: bytes() }, run: ({ inputs }) => ({ copy: inputs.source }),
});
`;

testMessages('profile', {
  'an unknown profile is told with the nearest one': {
    args: ['build', '//one', '--profile', 'defualt'],
    status: 2,
  },
  'a missing file of a profile is told': { args: ['build', '//one', '--profile', 'x/y.yaml'], status: 2 },
  'a profile that extends itself is told': profile(`${head}extends: default\n`),
  'profiles that extend each other are told with the whole way round': {
    files: {
      'profiles/default.yaml': `${head}extends: a.yaml\n`,
      'profiles/a.yaml': 'schema_version: 1\nname: a\nextends: default\n',
    },
    status: 2,
  },
  'an unknown parent is told where it is named': profile(`${head}extends: builtin:defalt\n`),
  'unknown keys and wrong values are told in the order of lines': profile(`${head}analisys: {}
analysis: { fsp: 1, fps: 0, width: -1, height: 1.5 }
sampling_policy_version: 1
components:
  one: { enabeld: true, sampling: { fps: .nan, max_frames: 0 } }
  two: { enabled: on, sampling: { fps: keyframe } }
  three: { sampling: { fps: -1 } }
  four: { sampling: { fps: .inf } }
failure: { retries: 1.5, grace_sec: -1 }
`),
  'sizes without a known unit are told': profile(`${head}resources:
  one: { memory_per_task: 512MiB, gpu_memory_per_task: 512 mib }
  two: { memory_per_task: -1 }
  three: { memory_per_task: 12 elephants, cpu_cores_per_task: -1 }
  four: { memory_per_task: 0.5 GiB }
  five: { memory_per_task: true }
`),
  'settings of components that are not there are told': profile(`${head}components: { oen: {} }
resources: { oen: { memory_per_task: 1 } }
models: { oen: { model: a, version: "1", engine: onnx, precision: fp32, device: cpu } }
`),
  'a wrong param is told where it stands: in a parent, in the profile, in the graph': {
    files: {
      'profiles/default.yaml': `${head}extends: parent\ncomponents: { one: { params: { lvel: 2 } } }\n`,
      'profiles/parent.yaml':
        'schema_version: 1\nname: parent\ncomponents: { one: { params: { level: ten } } }\n',
      'graphs/own.yaml': oneComponent.replace('" } }', '" }, params: { levle: 3 } }'),
    },
    status: 2,
  },
  'an empty profile is told': profile(''),
  'a disabled target is told': profile(`${head}components: { one: { enabled: false } }\n`),
  'a disabled component that another one needs is told': {
    files: {
      'profiles/default.yaml': `${head}components: { one: { enabled: false } }\n`,
      'rules/take.ts': taking,
      'graphs/own.yaml': `${oneComponent}  two: { rule: take, inputs: { source: one.copy } }\n  ex: { rule: exec, inputs: { a: one.copy }, params: { command: [cat], outputs: { o: o } } }\n`,
    },
    args: ['build', '//two', '//ex'],
    status: 2,
  },
  'a stage with nothing enabled is told': {
    files: {
      'profiles/default.yaml': `${head}components: { one: { enabled: false } }\n`,
      'graphs/own.yaml': `${oneComponent}stages: { small: { components: [one] } }\n`,
    },
    args: ['build', 'run:clip.mp4', '--stage', 'small'],
    status: 2,
  },
});

testMessages('settings', {
  'unknown keys and wrong values of flow.yaml are told': settings(
    'schema_version: 1\nresult: x\njobs: 0\nprofile: 3\nout: ""\n',
  ),
  'an empty flow.yaml is told': settings(''),
  'broken syntax of flow.yaml is told': settings('a: [\n'),
  'a folder called flow.yaml is told': { files: { 'flow.yaml': null, 'flow.yaml/x': '' }, status: 2 },
  'an unknown profile of flow.yaml is told there': settings('schema_version: 1\nprofile: defalt\n'),
  'an unknown stage of flow.yaml is told there': {
    ...settings('schema_version: 1\nstage: baselin\n'),
    args: ['build', 'run:clip.mp4'],
  },
  'a file in the place of the cache is told': {
    env: { FLOW_CACHE_DIR: 'inputs/a.txt' },
    status: 2,
  },
  'a file in the place of the results is told': {
    args: ['build', 'run:clip.mp4//segment_plan', '--results', 'inputs/a.txt'],
    status: 2,
  },
  'a file in the place of out is told': { files: { out: 'x' }, status: 2 },
  'a file in the place of the state folder is told': { files: { '.flow': 'x' }, status: 2 },
  'a place where no folder can be made is told at once': {
    args: ['build', 'run:clip.mp4//segment_plan', '--results', '/proc/results'],
    status: 2,
  },
});
