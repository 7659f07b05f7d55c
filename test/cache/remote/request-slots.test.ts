import assert from 'node:assert/strict';
import test from 'node:test';
import { RequestSlots } from '../../../cache/remote/request-slots.ts';

async function round(slots: RequestSlots, { throttled }: { readonly throttled: number }): Promise<void> {
  const ends = await Promise.all(Array.from({ length: slots.limit }, () => slots.take()));
  for (const [index, end] of ends.entries()) end({ wasThrottled: index < throttled });
}

test('a round in which the server says that it is too much halves the places, however often it says so', async () => {
  const slots = new RequestSlots(16);
  await round(slots, { throttled: 1 });
  assert.equal(slots.limit, 9); // Half of 16, and one more for a round's successes.
  await round(slots, { throttled: 9 });
  assert.equal(slots.limit, 4);
});

test('one place always stays, and a good round adds one, up to what there was at first', async () => {
  const slots = new RequestSlots(4);
  for (let count = 0; count < 5; count += 1) await round(slots, { throttled: slots.limit });
  assert.equal(slots.limit, 1);
  await round(slots, { throttled: 0 });
  assert.equal(slots.limit, 2);
  for (let count = 0; count < 9; count += 1) await round(slots, { throttled: 0 });
  assert.equal(slots.limit, 4);
});
