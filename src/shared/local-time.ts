// Moments as people read them in a terminal, wherever they are: `2026-11-22 14:05 (+01:00)`.

/** `offsetMinutes`: east of Greenwich, at that moment and here. */
export function localTime(
  at: number,
  offsetMinutes: number = -new Date(at).getTimezoneOffset(),
): string {
  const [day = '', time = ''] = new Date(at + offsetMinutes * 60_000).toISOString().split('T');
  const two = (value: number): string => String(value).padStart(2, '0');
  const [hours, minutes] = [Math.floor(Math.abs(offsetMinutes) / 60), Math.abs(offsetMinutes) % 60];
  const zone = `${offsetMinutes < 0 ? '-' : '+'}${two(hours)}:${two(minutes)}`;
  return `${day} ${time.slice(0, 5)} (${zone})`;
}
