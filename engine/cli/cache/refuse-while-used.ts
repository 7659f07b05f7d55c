import { FlowError } from '../../core/errors.ts';
import { cacheHolders } from '../../io/cache-hold.ts';

/**
 * @param act what cannot be done while builds use the cache
 * @throws {FlowError} `config_invalid` if one does, of whatever workspace
 */
export function refuseWhileUsed(cacheFolder: string, act: string): void {
  const holders = cacheHolders(cacheFolder);
  if (holders.length === 0) return;
  throw new FlowError({
    code: 'config_invalid',
    blame: 'user',
    message: `Cannot ${act}: a build is using it (${holders.map(({ name }) => name).join(', ')}).`,
    fix: 'Wait for its end, or interrupt it.',
  });
}
