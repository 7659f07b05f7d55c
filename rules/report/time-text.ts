/**
 * A time as a clock shows it: '0:07', '2:05.4', '1:02:03'.
 *
 * @param sec seconds, 0 or more
 * @param digits decimals of the seconds
 */
export function timeText(sec: number, digits = 0): string {
  const scale = 10 ** digits;
  const units = Math.round(sec * scale); // Rounded as a whole: 59.96 s must not become '0:60.0'.
  const seconds = ((units % (60 * scale)) / scale).toFixed(digits).padStart(digits ? 3 + digits : 2, '0');
  const minutes = Math.floor(units / scale / 60);
  if (minutes < 60) return `${minutes}:${seconds}`;
  return `${Math.floor(minutes / 60)}:${String(minutes % 60).padStart(2, '0')}:${seconds}`;
}
