import type { ComponentStatus, RunStatus } from '../../core/events.ts';
import type { Style } from '../screen.ts';

/** The colours of what may become of runs and components. */
export const statusStyles: Readonly<Record<RunStatus | ComponentStatus, Style>> = {
  success: 'green',
  empty: 'dim',
  partial: 'yellow',
  skipped: 'yellow',
  cancelled: 'yellow',
  running: 'bold',
  error: 'red',
};
