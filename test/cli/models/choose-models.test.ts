import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chooseModel, chooseModels } from '../../../engine/cli/models/choose-models.ts';
import { loadCatalog } from '../../../engine/cli/models/load-catalog.ts';
import { ModelsRig, tinyEntry } from './models-rig.ts';

const made = `made_from: { model: tiny, version: "1", sha256: ${'a'.repeat(64)}, by: flow models optimize }\n`;

test('a bare name is the version that was made from no other, as long as there is one such version', () => {
  using rig = new ModelsRig({
    'models/tiny.yaml': tinyEntry(),
    'models/fp16.yaml': tinyEntry({ version: '1-fp16' }) + made,
  });
  assert.equal(chooseModel('tiny', loadCatalog(rig)).entry.version, '1');
  assert.equal(chooseModel('tiny:1-fp16', loadCatalog(rig)).entry.version, '1-fp16');
  rig.write('models/second.yaml', tinyEntry({ version: '2' }));
  assert.throws(() => chooseModel('tiny', loadCatalog(rig)), {
    message: 'Cannot tell which "tiny" is meant: it has 3 versions.',
    fix: 'Write one of: tiny:1, tiny:1-fp16, tiny:2.',
  });
  rig.remove('models/tiny.yaml');
  rig.remove('models/second.yaml');
  assert.equal(chooseModel('tiny', loadCatalog(rig)).entry.version, '1-fp16');
});

test('whoever names a version that is not there is told of those that are', () => {
  using rig = new ModelsRig({ 'models/tiny.yaml': tinyEntry() });
  const fixOf = (word: string): string => {
    try {
      chooseModels([word], loadCatalog(rig));
      return 'none';
    } catch (error) {
      return (error as { fix: string }).fix;
    }
  };
  assert.equal(fixOf('tiny:seventh'), 'Write "tiny:1".');
  rig.write('models/second.yaml', tinyEntry({ version: '2' }));
  assert.equal(fixOf('tiny:seventh'), 'Use one of: tiny:1, tiny:2.');
  assert.equal(fixOf('tyni:1'), 'Write "tiny:1".');
});
