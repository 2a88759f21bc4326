// Numbers and times for people, the same in every place of the world: 1,234.50 EUR, 2.31%, 3 min ago.

const counts = new Intl.NumberFormat("en-US");
const money = new Intl.NumberFormat("en-US", { minimumFractionDigits: 2, maximumFractionDigits: 2 });
const percent = new Intl.NumberFormat("en-US", { style: "percent", minimumFractionDigits: 2, maximumFractionDigits: 2 });

export const WORDS = {
  critical: "Critical", warning: "Warning", hold: "On hold", on_pace: "On pace", no_data: "No data", no_goal: "No goal",
};
export const MARKS = { critical: "▲", warning: "◆", hold: "‖", on_pace: "●", no_data: "○", no_goal: "–" };
export const ORDER = Object.keys(WORDS);

const REASONS = {
  within: "inside its band", outside: "outside its band", not_proven: "outside, but within chance",
  no_events: "money spent, nothing came of it", flight_ended: "flight ended", flight_closed: "flight is over",
  not_started: "flight has not begun", too_early: "too early to judge", too_few: "too few events to judge",
  no_clock: "no event yet", no_window: "its window is not kept", no_value: "nothing to divide by",
  history_gone: "older than the history kept", stale_data: "data too old to judge",
};
export const reason = (goal) => REASONS[goal.reason] ?? goal.reason;

export function amount(value, unit, currency) {
  if (value === null || value === undefined) return "–";
  switch (unit) {
    case "micros": return `${money.format(value / 1e6)} ${currency}`;
    case "currency": return `${money.format(value)} ${currency}`;
    case "events": return counts.format(Math.round(value));
    case "proportion": return percent.format(value);
    default: return money.format(value);
  }
}

/** As short as a column: 1.2M, 34.5k. */
export function brief(value) {
  if (value === null || value === undefined) return "–";
  const size = Math.abs(value);
  if (size >= 1e9) return `${(value / 1e9).toFixed(2)}G`;
  if (size >= 1e6) return `${(value / 1e6).toFixed(2)}M`;
  return counts.format(Math.round(value));
}

export const share = (ratio) => (ratio === null ? "–" : `${Math.round(ratio * 100)}%`);

export function span(ms) {
  const s = Math.max(0, Math.round(ms / 1000));
  if (s < 60) return `${s} s`;
  if (s < 3600) return `${Math.floor(s / 60)} min`;
  if (s < 86400) return `${Math.floor(s / 3600)} h ${Math.floor((s % 3600) / 60)} min`;
  return `${Math.floor(s / 86400)} d ${Math.floor((s % 86400) / 3600)} h`;
}

export const ago = (ms, now) => (now - ms < 1000 ? "just now" : `${span(now - ms)} ago`);

/** 2026-11-22 14:03:07 in the reader's own time zone, which the page's head names. */
export function moment(ms, withDay = true) {
  const d = new Date(ms);
  const two = (n) => String(n).padStart(2, "0");
  const time = `${two(d.getHours())}:${two(d.getMinutes())}:${two(d.getSeconds())}`;
  return withDay ? `${d.getFullYear()}-${two(d.getMonth() + 1)}-${two(d.getDate())} ${time}` : time;
}

/** 4,700.44 of 7,838.96 EUR: what there is of what is expected by now. */
export function outOf(goal, currency) {
  if (goal.actual === null) return reason(goal);
  const actual = amount(goal.actual, goal.unit, "").trim();
  return `${actual} of ${amount(goal.expected, goal.unit, currency).trim()}`;
}

/** 14:03 today, 2026-11-21 14:03 on another day. */
export function clock(ms, now) {
  const isToday = new Date(ms).toDateString() === new Date(now).toDateString();
  return moment(ms, !isToday).slice(0, -3);
}
