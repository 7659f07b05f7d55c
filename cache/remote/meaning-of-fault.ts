import type { RemoteFault } from './object-store.ts';

const waiting = { code: 'remote_unavailable', blame: 'machine' } as const;

/** What goes wrong with a bucket, for who cannot do without it: the code of `docs/errors.md`, and who has to do something. */
export const meaningOfFault = {
  unavailable: waiting,
  throttled: waiting,
  off: waiting,
  unsupported: waiting,
  invalid: waiting,
  denied: { code: 'auth_failed', blame: 'user' },
  no_bucket: { code: 'config_invalid', blame: 'user' },
} as const satisfies Record<RemoteFault, unknown>;

export type FaultCode = (typeof meaningOfFault)[RemoteFault]['code'];
