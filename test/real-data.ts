/** Real clips with ground truth, which are kept outside the repository; tests that need them skip without them. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';

const folder = process.env.FLOW_TEST_DATA ?? join(import.meta.dirname, '../../shared/data');

/** The folder of real clips, if it is there. */
export const realData: string | undefined = existsSync(folder) ? folder : undefined;

/** The path of a clip, such as `audio/jfk.wav`. */
export function realFile(name: string): string {
  return join(folder, name);
}
