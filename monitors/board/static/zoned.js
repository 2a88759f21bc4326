// Times in a campaign's own zone, whatever zone its reader is in.

const made = new Map();

function format(zone, options) {
  const name = zone + JSON.stringify(options);
  if (!made.has(name)) {
    try {
      made.set(name, new Intl.DateTimeFormat("en-GB", { timeZone: zone, ...options }));
    } catch {
      // A zone that this browser does not know: the same times in UTC, which they are then named by.
      made.set(name, new Intl.DateTimeFormat("en-GB", { timeZone: "UTC", ...options }));
    }
  }
  return made.get(name);
}

const DAY = { day: "numeric", month: "short" };
const TIME = { hour: "2-digit", minute: "2-digit", hourCycle: "h23" };

/** 28 Nov */
export const dayIn = (ms, zone) => format(zone, DAY).format(ms);
/** 14:05 */
export const timeIn = (ms, zone) => format(zone, TIME).format(ms);
/** 28 Nov 14:05 */
export const momentIn = (ms, zone) => `${dayIn(ms, zone)} ${timeIn(ms, zone)}`;
/** Sat 28 Nov */
export const weekdayIn = (ms, zone) => format(zone, { weekday: "short", ...DAY }).format(ms);
/** The zone as this browser reads it. */
export const readAs = (zone) => format(zone, TIME).resolvedOptions().timeZone;
/** A step for people: 14:00 to 14:15, of another day with its date; a day by its name. */
export function stepIn(from, to, zone) {
  const length = to - from;
  if (length > 20 * 3_600_000) return weekdayIn(from, zone);
  if (length < 60_000) return `${weekdayIn(from, zone)} ${timeIn(from, zone)}`;
  return `${weekdayIn(from, zone)} ${timeIn(from, zone)} to ${timeIn(to, zone)}`;
}
