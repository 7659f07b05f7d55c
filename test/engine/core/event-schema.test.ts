import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { z } from 'zod';
import type { eventSchema } from '../../../engine/core/event-schema.ts';
import type { TimedEvent } from '../../../engine/core/events.ts';

/** Without `readonly`, and with intersections merged, so that only what is said of the data is compared. */
type Plain<T> = T extends string | number | boolean | undefined
  ? T
  : T extends readonly (infer Item)[]
    ? Plain<Item>[]
    : { -readonly [Key in keyof T]: Plain<T[Key]> };

type IsEqual<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

// The compiler is the test: a field or an event that only one of them has makes this a type error.
const isComplete: IsEqual<Plain<z.output<typeof eventSchema>>, Plain<TimedEvent>> = true;

test('the schema of events says what their types say', () => assert.ok(isComplete));
