// The pace of a campaign's totals: each against its curve, with the cone of where it will end.

import { Charts, extent } from "./chart.js";
import { el } from "./dom.js";
import { amount, look } from "./format.js";
import { momentIn } from "./zoned.js";

/** Of a flight that has just begun the first hours would be a dot: so much of it is over, at the most. */
const JUST_BEGUN = 0.1;
const passed = (line) => (line.as_of_ms - line.points[0].at_ms) / (line.points.at(-1).at_ms - line.points[0].at_ms);
/** What is past, and half as much again. */
const shortly = (line) => Math.min(line.points.at(-1).at_ms, line.points[0].at_ms + Math.max(1.5 * (line.as_of_ms - line.points[0].at_ms), 3_600_000));

/** A total against its curve, and the cone of where it will end. */
function pace(line, goal, currency, zone, toDate) {
  const x = line.points.map((point) => point.at_ms);
  const [low, high] = goal.warning;
  const cone = new Map(line.cone.map((point) => [point.at_ms, point]));
  const column = (of) => line.points.map(of);
  const actual = column((point) => (point.at_ms <= line.as_of_ms ? point.actual : null));
  const least = column((point) => (low === null ? null : point.expected * low));
  const most = column((point) => (high === null ? null : point.expected * high));
  const ending = (name) => column((point) => cone.get(point.at_ms)?.[name] ?? null);
  const [ends, from, upto] = [ending("projected"), ending("low"), ending("high")];
  const said = (value) => amount(value, line.unit, currency);
  const latest = actual.findLastIndex((value) => value !== null);
  const now = line.points[latest];
  const read = (place) => {
    const point = line.points[place];
    const will = cone.get(point.at_ms);
    if (point.at_ms <= line.as_of_ms) return `${momentIn(point.at_ms, zone)}: ${amount(point.actual, line.unit)} of ${said(point.expected)} expected`;
    const between = will && will.low !== null ? ` (${amount(will.low, line.unit)} to ${amount(will.high, line.unit)})` : "";
    return `${momentIn(point.at_ms, zone)}: ${will ? `projected ${amount(will.projected, line.unit)}${between}, ` : ""}${said(point.expected)} expected`;
  };
  const hasCone = from.some((value) => value !== null);
  const key = [["solid", "link", "actual"], ["dashed", "soft", "expected by the curve"]];
  if (low !== null || high !== null) key.push(["area", "good", "on pace"]);
  if (line.cone.length) key.push(["dotted", "cone", "projected"]);
  if (hasCone) key.push(["area", "cone", "where it ends in nine of ten cases"]);
  const end = line.cone.at(-1);
  const words = end ? ` It is projected to end at ${said(end.projected)}${end.low !== null ? `, between ${said(end.low)} and ${said(end.high)}` : ""}.` : "";
  const both = low !== null && high !== null;
  // An open side is open up to the edge of what is seen.
  const span = [x[0], toDate ? shortly(line) : x.at(-1)];
  const seen = (values) => values.filter((value, place) => x[place] <= span[1]);
  const range = extent([0, ...[actual, column((point) => point.expected), both ? most : [], ends, upto].flatMap(seen)]);
  const edge = (values, open) => values.map((value) => value ?? open);
  return {
    title: `Pace of ${goal.label}${look.units[line.unit].currency && currency ? `, ${currency}` : ""}`, unit: line.unit, zone, x, height: matchMedia("(max-width: 760px)").matches ? 230 : 290,
    says: `${said(now?.actual)} so far, ${said(now?.expected)} expected by now, ${said(line.points.at(-1).expected)} at the end.${words}`,
    note: !hasCone && line.cone.length ? "Too little is known yet to say between what it ends." : "",
    columns: [edge(most, range[1]), edge(least, range[0]), upto, from, column((point) => point.expected), ends, actual],
    lines: [{ label: "on pace to" }, { label: "on pace from" }, { label: "at most" }, { label: "at least" }, { label: "expected", stroke: "soft", width: 1.5, dash: [6, 4], points: false },
      { label: "projected", stroke: "cone", width: 2, dash: [2, 3], points: false }, { label: "actual", stroke: "link", width: 2.5, points: false }],
    bands: [...(low !== null || high !== null ? [{ high: 0, low: 1, fill: "good" }] : []), ...(hasCone ? [{ high: 2, low: 3, fill: "cone", alpha: "38" }] : [])],
    limits: [{ value: line.points.at(-1).expected, words: amountBrief(line.points.at(-1).expected, line.unit), name: "goal-line" }],
    here: line.as_of_ms < x.at(-1) ? [line.as_of_ms] : [], span, range, key: line.points.at(-1).expected <= range[1] ? [...key, ["dashed", "goal-line", "target"]] : key, read, latest: latest < 0 ? 0 : latest,
    table: { heads: ["Time", "Actual", "Expected", "Projected", "From", "To"], rows: () => line.points.map((point, i) => [momentIn(point.at_ms, zone), said(actual[i]), said(point.expected), said(ends[i]), said(from[i]), said(upto[i])]) },
  };
}

/** As short as the margin of a chart: 12.5k. */
function amountBrief(value, unit) {
  const style = look.units[unit];
  return new Intl.NumberFormat("en-US", { notation: "compact", maximumFractionDigits: 1 }).format(value / style.scale).replace("K", "k");
}

/** The section: how much of the flight, and a chart for each total. */
export class Paces {
  constructor(changed) {
    this.toDate = null;
    this.buttons = [["Whole flight", false], ["To date", true]].map(([words, toDate]) => {
      const made = el("button", { type: "button", "aria-pressed": "false" }, words);
      made.addEventListener("click", () => { this.toDate = toDate; changed(); });
      return [made, toDate];
    });
    this.box = el("div", { class: "paces" });
    this.charts = new Charts(this.box);
    this.note = el("p", { class: "note" });
    this.node = el("section", { id: "paces" }, el("div", { class: "headline" }, el("h2", {}, "Pace"),
      el("div", { class: "ranges", role: "group", "aria-label": "How much of the flight" }, ...this.buttons.map(([made]) => made))), this.box, this.note);
  }

  show(lines, goals, currency, zone) {
    const isLate = lines.some((line) => passed(line) >= 1);
    const toDate = !isLate && (this.toDate ?? lines.some((line) => passed(line) < JUST_BEGUN));
    for (const [made, value] of this.buttons) made.setAttribute("aria-pressed", String(value === toDate));
    const awaited = !lines.length && goals.some((goal) => goal.required_per_day !== null);
    this.node.hidden = !lines.length && !awaited;
    const hasCone = lines.some((line) => line.cone.some((point) => point.low !== null));
    this.note.textContent = awaited ? "History cannot be read now." : hasCone ? "A cone ends where the verdict says that the total ends in nine of ten cases; on its way there it follows the curve." : "";
    this.charts.show(new Map(lines.map((line) => [line.goal, pace(line, goals.find((one) => one.id === line.goal), currency, zone, toDate)])));
  }

  redraw() {
    this.charts.redraw();
  }
}
