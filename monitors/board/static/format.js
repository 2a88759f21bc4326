// Numbers and times for people, the same in every place of the world: 1,234.50 EUR, 2.31%, 3 min ago.

// What the server knows of words, marks, units and columns: one place for the first paint and all that follow.
export const look = JSON.parse(document.body.dataset.look);
const status = (part) => Object.fromEntries(look.statuses.map((one) => [one.name, one[part]]));
export const WORDS = status("word");
export const MARKS = status("mark");
export const ORDER = look.statuses.map((one) => one.name);
export const reason = (goal) => goal.says || (look.reasons[goal.reason] ?? goal.reason);
const usual = look.as_usual[0].toUpperCase() + look.as_usual.slice(1);
/** A status as a word: a watch that misses nothing is as usual, it has no pace to be on. */
export const word = (status, isWatch) => (isWatch && status === "on_pace" ? usual : WORDS[status]);

/** The watches that people should see; those of which the same is said in one. */
export function shownWatches(row) {
  const found = new Map();
  for (const watch of row.watches.filter((one) => one.shown)) {
    const before = found.get(watch.status + watch.says);
    found.set(watch.status + watch.says, before ? { ...watch, label: `${before.label}, ${watch.label}` } : watch);
  }
  return [...found.values()];
}

const formats = Object.fromEntries(Object.entries(look.units).map(([unit, { digits, percent }]) => [unit, new Intl.NumberFormat("en-US",
  { style: percent ? "percent" : "decimal", minimumFractionDigits: digits, maximumFractionDigits: digits })]));
const counts = formats.events;

/** 1,234.50 EUR, 2.31%, 1,200; a dash for none. Without a currency where the place says it already. */
export function amount(value, unit, currency = "") {
  if (value === null || value === undefined) return look.none;
  const style = look.units[unit];
  const text = formats[unit].format(value / style.scale);
  return style.currency && currency ? `${text} ${currency}` : text;
}

/** The same where there is little room: money of a thousand and more without cents. */
export function whole(value, unit, currency = "") {
  const style = look.units[unit];
  if (value === null || value === undefined || !style.currency || Math.abs(value / style.scale) < 1000) return amount(value, unit, currency);
  return `${counts.format(Math.round(value / style.scale))}${currency ? ` ${currency}` : ""}`;
}

/** What a window has of a column: of the core's numbers, or of what the catalogue file adds to them. */
export const valueIn = (values, column) => (column.is_added ? values?.added?.[column.name] : values?.[column.name]);

/** As short as a column: 1.2M, 34.5k. */
export function brief(value) {
  if (value === null || value === undefined) return look.none;
  const size = Math.abs(value);
  if (size >= 1e9) return `${(value / 1e9).toFixed(2)}G`;
  if (size >= 1e6) return `${(value / 1e6).toFixed(2)}M`;
  return counts.format(Math.round(value));
}

export const share = (ratio) => (ratio === null ? look.none : `${Math.round(ratio * 100)}%`);

/** How much of what is expected came; of a bound that is not above 0 no share means anything. */
export const paceOf = (goal) => share(goal.ratio !== null && goal.ratio >= 0 && goal.expected > 0 ? goal.ratio : null);

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

/** Will end at 8,200 (7,900 to 8,600): what nobody said yet of where a total ends. */
export function ends(goal, currency) {
  if (goal.projected === null) return "";
  const said = (value) => amount(value, goal.unit);
  const between = goal.interval ? ` (${said(goal.interval[0])} to ${said(goal.interval[1])}, nine times of ten)` : "";
  return `projected ${said(goal.projected)}${between} of ${amount(goal.target, goal.unit, currency)}`;
}

/** 4,700.44 of 7,838.96 EUR: what there is of what is expected by now. */
export function outOf(goal, currency) {
  if (goal.actual === null) return reason(goal);
  const of = goal.expected > 0 && goal.ratio >= 0 ? "of" : "against";
  return `${amount(goal.actual, goal.unit)} ${of} ${amount(goal.expected, goal.unit, currency)}`;
}

/** 14:03 today, 2026-11-21 14:03 on another day. */
export function clock(ms, now) {
  const isToday = new Date(ms).toDateString() === new Date(now).toDateString();
  return moment(ms, !isToday).slice(0, -3);
}

const zones = new Intl.DateTimeFormat("en-GB", { timeZoneName: "short" });
/** The zone of a time: UTC, CET, GMT+5. */
export const zone = (ms) => zones.formatToParts(ms).find((part) => part.type === "timeZoneName").value;

/** 14:03 CET: a time that is read far from where it was meant. */
export const when = (ms, now) => `${clock(ms, now)} ${zone(ms)}`;

/** What follows a change: its side, and why. */
export function toldWhy(change) {
  if (change.after === "on_pace") return "";
  const side = change.direction && !change.is_watch ? ` ${change.direction}` : "";
  return `${side}${change.says ? `: ${change.says}` : ""}`;
}
