import assert from 'node:assert/strict';
import test from 'node:test';
import type { Issue } from '../../../engine/core/issue.ts';
import { parseModelEntry } from '../../../engine/core/model-entry.ts';

type Picture = Readonly<Record<string, unknown>>;

function issuesOf(picture: Picture, shape: readonly (number | string)[] = ['N', 3, 4, 4]): readonly Issue[] {
  const read = parseModelEntry('m.yaml', {
    schema_version: 1,
    name: 'm',
    version: '1',
    task: 'depth',
    licence: 'MIT',
    source: 'this test',
    files: [{ name: 'm.onnx' }],
    inputs: [{ name: 'x', dtype: 'float32', shape, picture: { width: 4, height: 4, ...picture } }],
    outputs: [{ name: 'y', dtype: 'float32', shape: ['N', 4, 4] }],
  });
  return 'issues' in read ? read.issues : [];
}

function faultsOf(picture: Picture): string[] {
  return issuesOf(picture).map(({ message }) => message);
}

test('a picture has one mean and one deviation for each channel', () => {
  assert.match(faultsOf({ mean: [127] }).join(), /one number a channel/);
  assert.match(faultsOf({ std: [1, 2] }).join(), /one number a channel/);
  assert.deepEqual(
    faultsOf({ mean: [127], std: [128], colour: 'luma' }).filter((fault) => /mean/.test(fault)),
    [],
  );
  assert.deepEqual(faultsOf({}), []);
});

test('a picture that is not of the shape of its input is told where it says so', () => {
  const cases: readonly (readonly [Picture, readonly (number | string)[], string | undefined, RegExp?])[] = [
    [{ width: 6 }, [1, 3, 4, 4], 'width', /^Write 4,/],
    [{ height: 6 }, [1, 3, 4, 4], 'height', /^Write 4,/],
    [{ layout: 'nhwc' }, [1, 3, 4, 4], 'layout', /^Write "nchw"\.$/],
    [{ colour: 'luma' }, [1, 3, 4, 4], 'colour', /luma has 1/],
    [{ colour: 'luma' }, ['N', 2, 4, 4], undefined],
    [{ layout: 'nhwc' }, ['N', 4, 4, 3], undefined],
    [{ width: 6 }, ['N', 'channels', 'height', 'width'], undefined],
  ];
  for (const [picture, shape, key, fix] of cases) {
    const [issue] = issuesOf(picture, shape);
    assert.deepEqual(issue?.path, key && ['inputs', 0, 'picture', key]);
    if (fix) assert.match(issue!.fix, fix);
  }
});
