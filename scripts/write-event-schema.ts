/** Writes `docs/events.schema.json`: `node scripts/write-event-schema.ts`. */
import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { eventJsonSchema } from '../engine/core/event-schema.ts';

/** Where the schema lies. */
export const schemaPath = resolve(import.meta.dirname, '../docs/events.schema.json');

/** The schema as the file holds it. */
export function schemaText(): string {
  return `${JSON.stringify(eventJsonSchema(), null, 2)}\n`;
}

if (import.meta.main) writeFileSync(schemaPath, schemaText());
