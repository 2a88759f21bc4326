// A campaign's KPIs over time: what the API says becomes charts.

import { Charts, extent } from "./chart.js";
import { el } from "./dom.js";
import { amount, look } from "./format.js";
import { momentIn, readAs, stepIn } from "./zoned.js";

const RANGES = [["day", "24 hours", "quarter hours"], ["week", "7 days", "hours"], ["all", "40 days", "days"]];
const QUARTER_MS = 900_000;
const bound = (goal) => (goal.bound === "at_least" ? "≥" : "≤");
const title = (line, currency) => (look.units[line.unit].currency && currency ? `${line.label}, ${currency}` : line.label);

const median = (values) => values.toSorted((a, b) => a - b)[values.length >> 1];

/** What is seen of an interval: half of them whole, but values have a quarter of the height at the least. */
function framed(line) {
  const seen = [...line.values, ...line.goals.map((goal) => goal.limit)];
  const [low, high] = extent(seen);
  const places = line.values.map((value, place) => (value === null || line.low[place] === null || !line.low.length ? null : place)).filter((place) => place !== null);
  if (!places.length) return [low, high];
  const room = Math.max(high - low, Math.abs(high) * 0.25) * 1.5;
  return extent([...seen, Math.max(median(places.map((place) => line.low[place])), low - room), Math.min(median(places.map((place) => line.high[place])), high + room)]);
}

function kpi(line, found, currency, marks) {
  const { starts_ms: x, end_ms: end, timezone: zone } = found;
  const said = (value) => amount(value, line.unit, currency);
  const to = (place) => x[place + 1] ?? Math.max(end, x[place] + 1);
  const hasBand = line.low.some((value) => value !== null);
  const between = (place) => (hasBand && line.low[place] !== null ? ` (${amount(line.low[place], line.unit)} to ${said(line.high[place])})` : "");
  const of = line.volume_of.replaceAll("_", " ");
  const volume = (place) => (line.volume.length ? amount(line.volume[place], line.volume_unit, currency) : "");
  const known = line.values.map((value, place) => (value === null ? null : place)).filter((place) => place !== null);
  const latest = known.at(-1) ?? null;
  const read = (place) => `${stepIn(x[place], to(place), zone)}${place === x.length - 1 ? " (so far)" : ""}: ${said(line.values[place])}${between(place)}${line.volume.length ? ` · of ${volume(place)} ${of}` : ""}`;
  const limits = line.goals.flatMap((goal) => [{ value: goal.limit, name: "goal-line", words: `${bound(goal)} ${amount(goal.limit, line.unit)}` }]);
  const key = [["solid", "link", line.formula ? `${line.label} = ${line.formula.replaceAll("_", " ")}` : line.label]];
  if (hasBand) key.push(["area", "link", line.interval === "wilson" ? "95% interval (Wilson)" : `95%: ${line.interval_says.replace(/^95 %: how far c/, "c").replace("moves it ", "")}`]);
  for (const goal of line.goals) key.push(["dashed", "goal-line", `goal: ${goal.bound.replace("_", " ")} ${said(goal.limit)}, judged over ${goal.window}`]);
  const told = marks.filter(({ ms }) => ms >= x[0] && ms < end);
  if (told.length) key.push(["mark", told.some(({ name }) => name === "critical") ? "critical" : "warning", "alert"]);
  const says = latest === null ? "no value in this time." : `${known.length} of ${x.length} steps have a value, the last is ${said(line.values[latest])}.`;
  const heads = ["Time", line.label, ...(hasBand ? ["From", "To"] : []), ...(line.volume.length ? [`Of ${of}`] : [])];
  return {
    title: title(line, currency), says, unit: line.unit, zone, x,
    columns: hasBand ? [line.high, line.low, line.values] : [line.values],
    lines: [...(hasBand ? [{ label: "to" }, { label: "from" }] : []), { label: line.label, stroke: "link" }],
    bands: hasBand ? [{ high: 0, low: 1, fill: "link", alpha: "2e" }] : [], limits, marks: told,
    span: x.length > 1 ? [x[0], Math.max(end, x.at(-1) + 1)] : [x[0] - QUARTER_MS, x[0] + QUARTER_MS], range: framed(line), key, read, latest,
    table: { heads, rows: () => known.toReversed().map((place) => [stepIn(x[place], to(place), zone), said(line.values[place]),
      ...(hasBand ? [said(line.low[place]), said(line.high[place])] : []), ...(line.volume.length ? [volume(place)] : [])]) },
  };
}

/** The section of KPIs over time: which time, the charts, and those that few look at behind a button. */
export class Trends {
  constructor(choose) {
    this.buttons = RANGES.map(([name, words, steps]) => {
      const made = el("button", { type: "button", "aria-pressed": "false", "data-range": name }, words, el("span", { class: "unseen" }, `, by ${steps}`));
      made.addEventListener("click", () => choose(name));
      return made;
    });
    this.says = el("p", { class: "note" });
    this.first = el("div", { class: "charts" });
    this.rest = el("div", { class: "charts" });
    this.more = el("details", { class: "more" }, el("summary", {}), this.rest);
    this.charts = [new Charts(this.first), new Charts(this.rest)];
    this.more.addEventListener("toggle", () => this.#drawRest());
    this.node = el("section", { id: "trends", class: "open", "aria-label": "KPIs over time" }, el("div", { class: "headline" }, el("h2", {}, "KPIs over time"),
      el("div", { class: "ranges", role: "group", "aria-label": "How far back" }, ...this.buttons)), this.says, this.first, this.more);
  }

  show(found, currency, marks) {
    for (const button of this.buttons) button.setAttribute("aria-pressed", String(button.dataset.range === found.range));
    const [, , steps] = RANGES.find(([name]) => name === found.range);
    const zone = readAs(found.timezone);
    const counted = found.as_of_ms === null ? "" : ` Counted to ${momentIn(found.as_of_ms, found.timezone)}.`;
    this.says.textContent = found.series.length ? `By ${steps}, times of ${zone}.${counted} Shaded is what chance alone explains, 95%: of rates by Wilson's score interval, of costs and returns by their number of events.${found.says ? ` ${found.says}` : ""}` : found.says;
    const specs = (lines) => new Map(lines.map((line) => [line.name, kpi(line, found, currency, marks)]));
    const others = found.series.filter((line) => !line.is_headline);
    this.charts[0].show(specs(found.series.filter((line) => line.is_headline)));
    this.more.hidden = !others.length;
    const names = others.map((line) => line.label);
    this.more.querySelector("summary").textContent = `${names.length} more: ${names.slice(0, 6).join(", ")}${names.length > 6 ? " …" : ""}`;
    this.others = () => specs(others);
    this.#drawRest();
  }

  redraw() {
    for (const charts of this.charts) charts.redraw();
  }

  #drawRest() {
    this.charts[1].show(this.more.open && this.others ? this.others() : new Map());
  }
}
