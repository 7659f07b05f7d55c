import { execFileSync } from 'node:child_process';
import { mkdirSync, symlinkSync } from 'node:fs';
import type { Rig } from '../rig.ts';
import { type MessageCase, oneComponent, testMessages, tinyWav } from './test-messages.ts';

const clip = { 'clip.wav': tinyWav() };

function build(targets: readonly string[], status: 0 | 1 | 2, more: Partial<MessageCase> = {}): MessageCase {
  return { ...more, args: ['build', ...targets, '--plain'], status, files: { ...clip, ...more.files } };
}

function fifo(name: string): (rig: Rig) => void {
  return (rig) => execFileSync('mkfifo', [rig.path(name)]);
}

testMessages('targets', {
  'all that are no targets are told at once': build(['one', 'inputs/a.txt', 'run:', '//', '//a/b', ''], 2),
  'all unknown components are told at once': build(['//oen', 'run:clip.wav//segmet_plan'], 2),
  'a component on the wrong side of the video is told': build(['//segment_plan', 'run:clip.wav//one'], 2),
  'an unknown stage is told once for many videos': build(
    ['run:clip.wav', 'run:other.wav', '--stage', 'baselin'],
    2,
  ),
  'a name of JavaScript is no stage': build(['run:clip.wav', '--stage', 'constructor'], 2),
  'an unknown output is told with the nearest one': build(
    ['//one:cpy', 'run:clip.wav//segment_plan:metadata'],
    2,
  ),
  'an output that is no file is told': build(['run:clip.wav//decode:frames'], 2),
  'a colon without an output is told': build(['run:clip.wav//segment_plan:'], 1),
  'an output that is asked for is printed': build(['run:clip.wav//segment_plan:metadata', '--quiet'], 0),
  'the path of an output of the workspace is told': build(['//one:copy'], 0),
  'a missing video stops no other one': build(['run:nothing.mp4', 'run:clip.wav//segment_plan'], 1),
  'in a list all lines but the wrong ones are built': build(['run:@list.txt//segment_plan'], 1, {
    files: { 'list.txt': '\ufeff# videos\n\n  clip.wav \r\nnothing.mp4\n*.mkv\ninputs\n@list.txt\n' },
  }),
  'a video in the place of a list is told': build(['run:@clip.wav'], 1),
  'a missing list is told': build(['run:@list.txt'], 1),
  'an empty list is told': build(['run:@list.txt'], 1, { files: { 'list.txt': '\n# none\n' } }),
  'a folder in the place of a list is told': build(['run:@inputs'], 1),
  'a pipe in the place of a list does not hang': build(['run:@list'], 1, { prepare: fifo('list') }),
  'a video whose name looks like a list is named another way': build(['run:@odd.wav'], 1, {
    files: { '@odd.wav': tinyWav() },
  }),
  'a folder without videos is told': build(['run:inputs'], 1),
  'a glob without matches is told': build(['run:*.mkv', 'run:[*.mkv'], 1),
  'in a folder only files are videos': build(['run:videos//segment_plan'], 1, {
    files: { 'videos/a.wav': tinyWav(), 'videos/.hidden.wav': 'x' },
    prepare: (rig) => {
      mkdirSync(rig.path('videos/folder.mp4'));
      fifo('videos/pipe.mp4')(rig);
      symlinkSync('nothing', rig.path('videos/dangling.mp4'));
    },
  }),
  'one video under three names is built once': build(
    [
      'run:clip.wav//segment_plan',
      'run:./clip.wav//segment_plan',
      'run:cl*.wav//segment_plan',
      'run:same/clip.wav//segment_plan',
    ],
    0,
    { files: { 'same/clip.wav': tinyWav() } },
  ),
  'strange names are told in one line and build': build(['run:odd//segment_plan', '--quiet'], 0, {
    files: Object.fromEntries(
      [
        'a b.wav',
        '-dash.wav',
        'new\nline.wav',
        '"quotes\'.wav',
        'клип.wav',
        'a[1].wav',
        '....wav',
        `${'x'.repeat(250)}.wav`,
      ].map((name, index) => [`odd/${name}`, Buffer.concat([tinyWav(), Buffer.alloc(2 * index)])]),
    ),
  }),
  'a pipe as a video does not hang': build(['run:pipe.mp4'], 1, { prepare: fifo('pipe.mp4') }),
  'a device as a video does not hang': build(['run:/dev/zero'], 1),
  'a link that leads nowhere is told': build(['run:dangling.mp4'], 1, {
    prepare: (rig) => symlinkSync('nothing', rig.path('dangling.mp4')),
  }),
  'an empty file is told': build(['run:empty.mp4//segment_plan'], 1, { files: { 'empty.mp4': '' } }),
  'a file of one byte is told': build(['run:byte.mp4//segment_plan'], 1, { files: { 'byte.mp4': 'x' } }),
  'a text that is called a video is told': build(['run:text.mp4//segment_plan'], 1, {
    files: { 'text.mp4': 'hello '.repeat(1000) },
  }),
  'of two broken videos each is told by its name': build(
    ['run:a.mp4//segment_plan', 'run:b.mp4//segment_plan', '--jobs', '1'],
    1,
    {
      files: { 'a.mp4': 'a', 'b.mp4': 'b' },
    },
  ),
  'targets of a workspace without any are told': build(['//...'], 2, { files: { 'graphs/own.yaml': null } }),
  'wrong ids are told all at once': build(
    ['//one', '--video-id', '..', '--run-id', 'x'.repeat(129), '--platform-id', 'a/b'],
    2,
  ),
  'one id for several videos is told': build(
    ['run:clip.wav', 'run:other.wav', '--video-id', 'x', '--run-id', 'y'],
    2,
  ),
  'one id for several runs of a video is told': build(
    ['run:clip.wav//segment_plan', 'run:clip.wav//decode', '--run-id', 'y'],
    2,
  ),
});

testMessages('flags', {
  'without words flow tells what it can do': { args: [], status: 0 },
  'help is there for each command': { args: ['help', 'build'], status: 0 },
  'help on an unknown command is told': { args: ['help', 'bild'], status: 2 },
  'an unknown command is told with the nearest one': { args: ['bild', '//one'], status: 2 },
  'an unknown flag is told with the nearest one': { args: ['build', '//one', '--jbos', '1'], status: 2 },
  'a flag without its value is told': { args: ['build', '//one', '--stage'], status: 2 },
  'an empty value is told': { args: ['build', '//one', '--results', ''], status: 2 },
  'no target is told': { args: ['build'], status: 2 },
  'no jobs at all are told': { args: ['build', '//one', '--jobs', '0'], status: 2 },
  'negative jobs are told': { args: ['build', '//one', '--jobs', '-1'], status: 2 },
  'jobs in hexadecimal are told': { args: ['build', '//one', '-j', '0x10'], status: 2 },
  'too many words for init are told': { args: ['init', 'a', 'b'], status: 2 },
  'a file in the place of events is told': {
    args: ['build', '//one', '--events', 'inputs/a.txt/x'],
    status: 2,
  },
  'a folder in the place of events is told': { args: ['build', '//one', '--events', 'inputs'], status: 2 },
  'events and summary cannot share standard output': {
    args: ['build', '//one', '--json', '--events', '-'],
    status: 2,
  },
  'quiet is quiet, but for errors': {
    files: {
      'graphs/own.yaml': `${oneComponent}  ex: { rule: exec, params: { command: ["false"], outputs: { o: o } } }\n`,
    },
    args: ['build', '//one', '//ex', '--quiet'],
    status: 1,
  },
});
