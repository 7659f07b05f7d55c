import type { Leases } from '../engine/core/store.ts';

/** Every lease is free: for an action cache that nobody else can see. */
export class FreeLeases implements Leases {
  acquire(): boolean {
    return true;
  }

  holder(): undefined {}

  release(): void {}
}
