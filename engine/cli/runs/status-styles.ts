import type { ComponentStatus } from '../../core/events.ts';
import type { Style } from '../screen.ts';
import type { LiveStatus } from './live-status.ts';

/** The colours of what may become of runs and components. */
export const statusStyles: Readonly<Record<LiveStatus | ComponentStatus, Style>> = {
  success: 'green',
  empty: 'dim',
  partial: 'yellow',
  skipped: 'yellow',
  cancelled: 'yellow',
  interrupted: 'yellow',
  running: 'bold',
  error: 'red',
};
