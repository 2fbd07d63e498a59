// Times and durations as people say them.

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const YEAR = 365 * DAY;

/** e.g. `16 h 12 min left`, rounded down so that it never promises too much. */
export function timeLeft(ms: number): string {
  if (ms <= 0) return 'ended';
  if (ms < MINUTE) return 'less than a minute left';
  if (ms >= 2 * YEAR) return `${Math.floor(ms / YEAR)} years left`;
  if (ms >= 2 * DAY) return `${Math.floor(ms / DAY)} days left`;
  const hours = Math.floor(ms / HOUR);
  const minutes = Math.floor((ms % HOUR) / MINUTE);
  if (hours === 0) return `${minutes} min left`;
  return minutes === 0 ? `${hours} h left` : `${hours} h ${minutes} min left`;
}

// Made once: a line of a log that scrolls by cannot wait for one of its own.
const asTime = { hour: '2-digit', minute: '2-digit' } as const;
const toMinutes = new Intl.DateTimeFormat(undefined, asTime);
const toSeconds = new Intl.DateTimeFormat(undefined, { ...asTime, second: '2-digit' });

export const clockTime = (at: number): string => toMinutes.format(at);

/** Where much happens within a minute. */
export const exactTime = (at: number): string => toSeconds.format(at);

/** e.g. `18:02`, with the weekday when that is not today. */
export const moment = (at: number, now: number): string =>
  new Date(at).toDateString() === new Date(now).toDateString()
    ? clockTime(at)
    : `${new Date(at).toLocaleDateString(undefined, { weekday: 'long' })}, ${clockTime(at)}`;

export const calendarDay = (at: number): string =>
  new Date(at).toLocaleDateString(undefined, { year: 'numeric', month: 'long', day: 'numeric' });
