import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { parse } from 'yaml';
import { parseModelEntry } from '../../engine/core/model-entry.ts';
import { objectDecoders } from '../../rules/dsp/detectors/detector-of-model.ts';

const text = readFileSync(new URL('../../docs/models.md', import.meta.url), 'utf8');

test('the entry that docs/models.md shows can be read, and so can the outputs that it names', () => {
  const [, yaml] = /```yaml\n(schema_version[\s\S]*?)```/.exec(text)!;
  const parsed = parseModelEntry('docs/models.md', parse(yaml!));
  assert.ok('entry' in parsed, JSON.stringify(parsed));
  const { inputs, outputs, decoder, classes } = parsed.entry;
  const known = objectDecoders.get(decoder!.name)!;
  assert.ok(known.params.safeParse(decoder!.params).success);
  const [wanted] = known.outputs(inputs[0]!.picture!, classes!.length);
  assert.deepEqual(outputs[0]!.shape, [1, ...wanted!]);
});
