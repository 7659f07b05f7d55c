import { ObjectStorage } from '../../../cache/remote/object-storage.ts';
import { openObjects } from '../../../cache/remote/open-objects.ts';
import type { Storage } from '../../core/storage.ts';
import { bucketSettings } from '../remote-settings.ts';

/**
 * A place in a bucket, with what the environment says of its server. Idle connections hold up the end of the process
 * until it is disposed of.
 *
 * @throws {FlowError} `config_invalid`
 */
export async function openStorage(url: string): Promise<Storage & Disposable> {
  const { objects, close } = await openObjects(bucketSettings(url, { where: url, env: process.env }));
  return Object.assign(new ObjectStorage(objects, url), { [Symbol.dispose]: close });
}
