/** Numbers as people read them. */

/** '0.35 s', '2 min 05 s', '1 h 02 min'. */
export function durationText(ms: number): string {
  const seconds = ms / 1000;
  if (seconds < 59.995) return `${seconds.toFixed(2)} s`;
  const minutes = Math.floor(Math.round(seconds) / 60);
  if (minutes < 60) return `${minutes} min ${twoDigits(Math.round(seconds) % 60)} s`;
  return `${Math.floor(minutes / 60)} h ${twoDigits(minutes % 60)} min`;
}

/** '12 s', '2 min 05 s': for times that change while they are read. */
export function wholeSecondsText(ms: number): string {
  return ms < 59_500 ? `${Math.round(ms / 1000)} s` : durationText(ms);
}

/** '2026-11-21 09:08:20', in the time zone of this machine. @param atMs milliseconds since 1970 */
export function timeText(atMs: number): string {
  return new Date(atMs).toLocaleString('sv-SE'); // Sweden writes the date in the order of ISO 8601.
}

/** '812 B', '3.4 KiB', '120 MiB'. */
export function sizeText(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let amount = bytes;
  let unit = 0;
  for (; amount >= 999.5 && unit < units.length - 1; unit += 1) amount /= 1024;
  return `${unit === 0 || amount >= 99.5 ? Math.round(amount) : amount.toFixed(1)} ${units[unit]}`;
}

/** '1 action', '3 actions'. */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

function twoDigits(count: number): string {
  return String(count).padStart(2, '0');
}
