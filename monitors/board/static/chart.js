// One chart: uPlot draws it; beside it a legend, what lies under the pointer in words, and its numbers as a table.
// All charts of a page share one crosshair. Arrow keys move it, Home and End too.

import { el, say, svg } from "./dom.js";
import { look } from "./format.js";
import { dayIn, readAs, timeIn } from "./zoned.js";

const uPlot = window.uPlot;
const SYNC = "campaign";
const narrow = matchMedia("(max-width: 760px)");
const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
const FONT = "12px system-ui, sans-serif";

/** A tick of an axis, with as many digits as its distance to the next one needs. */
export function tick(value, unit, step) {
  const style = look.units[unit];
  const scale = style.percent ? 0.01 : style.scale;
  const [shown, apart] = [value / scale, Math.abs(step / scale)];
  if (value === 0) return style.percent ? "0%" : "0";
  const [size, suffix] = apart >= 1e9 ? [1e9, "G"] : apart >= 1e6 ? [1e6, "M"] : apart >= 1e3 ? [1e3, "k"] : [1, ""];
  const steps = apart / size;
  const digits = [0, 1, 2, 3, 4, 5, 6].find((count) => Math.abs(Number(steps.toFixed(count)) - steps) < steps * 1e-6) ?? 6;
  return `${(shown / size).toLocaleString("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits })}${suffix}${style.percent ? "%" : ""}`;
}

/** Times below a chart: the day where it begins, else the time. */
const times = (zone) => (u, splits, axis, space, step) => splits.map((ms, i) => {
  if (step >= 86_400_000) return dayIn(ms, zone);
  const isNew = i === 0 || dayIn(ms, zone) !== dayIn(splits[i - 1], zone);
  return isNew ? `${timeIn(ms, zone)}\n${dayIn(ms, zone)}` : timeIn(ms, zone);
});

/** From the least to the most that is to be seen, with some air; from 0 where that costs little. */
export function extent(values, floor = true) {
  const known = values.filter((value) => value !== null && value !== undefined && Number.isFinite(value));
  if (!known.length) return [0, 1];
  let [low, high] = [Math.min(...known), Math.max(...known)];
  if (floor && low >= 0 && low < 0.6 * high) low = 0;
  if (low === high) [low, high] = low === 0 ? [0, 1] : [low - Math.abs(low) * 0.1, high + Math.abs(high) * 0.1];
  const air = (high - low) * 0.08;
  return [low === 0 ? 0 : low - air, high + air];
}

function swatch(kind, name) {
  const box = svg("svg", { class: "swatch", viewBox: "0 0 24 12", "aria-hidden": "true" });
  if (kind === "area") box.append(svg("rect", { x: 0, y: 1, width: 24, height: 10, class: `fill-${name}` }));
  else if (kind === "mark") box.append(svg("path", { d: "M7 2 L17 2 L12 11 Z", class: `mark-${name}` }));
  else box.append(svg("line", { x1: 0, y1: 6, x2: 24, y2: 6, class: `stroke-${name} ${kind}` }));
  return box;
}

const legendOf = (parts) => el("ul", { class: "key" }, ...parts.map(([kind, name, words]) => el("li", {}, swatch(kind, name), ` ${words}`)));

/** Lines across the plot with their words in the margin on its right, marks of alerts at its top, and now. */
const drawn = (spec) => (u) => {
  const { ctx, bbox } = u;
  const ratio = uPlot.pxRatio;
  ctx.save();
  ctx.font = `${12 * ratio}px system-ui, sans-serif`;
  ctx.textBaseline = "middle";
  ctx.textAlign = "left";
  const taken = [];
  for (const { value, words, name } of spec.limits ?? []) {
    const y = Math.round(u.valToPos(value, "y", true));
    if (y < bbox.top || y > bbox.top + bbox.height) continue;
    ctx.strokeStyle = ctx.fillStyle = colour(name);
    ctx.lineWidth = 1.5 * ratio;
    ctx.setLineDash([6 * ratio, 4 * ratio]);
    ctx.beginPath();
    ctx.moveTo(bbox.left, y);
    ctx.lineTo(bbox.left + bbox.width, y);
    ctx.stroke();
    if (taken.every((other) => Math.abs(other - y) > 14 * ratio)) ctx.fillText(words, bbox.left + bbox.width + 5 * ratio, y);
    taken.push(y);
  }
  ctx.setLineDash([2 * ratio, 3 * ratio]);
  for (const ms of spec.here ?? []) {
    const x = Math.round(u.valToPos(ms, "x", true));
    ctx.strokeStyle = colour("soft");
    ctx.lineWidth = ratio;
    ctx.beginPath();
    ctx.moveTo(x, bbox.top);
    ctx.lineTo(x, bbox.top + bbox.height);
    ctx.stroke();
  }
  ctx.setLineDash([]);
  for (const { ms, name } of spec.marks ?? []) {
    const x = u.valToPos(ms, "x", true);
    if (x < bbox.left || x > bbox.left + bbox.width) continue;
    ctx.fillStyle = colour(name);
    ctx.beginPath();
    ctx.moveTo(x - 5 * ratio, bbox.top - 1 * ratio);
    ctx.lineTo(x + 5 * ratio, bbox.top - 1 * ratio);
    ctx.lineTo(x, bbox.top + 7 * ratio);
    ctx.fill();
  }
  ctx.restore();
};

function options(spec, width, onCursor) {
  const wide = Math.max(0, ...(spec.limits ?? []).map(({ words }) => words.length));
  const axis = { stroke: colour("soft"), font: FONT, grid: { stroke: colour("line"), width: 1 }, ticks: { stroke: colour("line"), width: 1, size: 4 } };
  return {
    width, height: spec.height ?? (narrow.matches ? 190 : 210), ms: 1, padding: [10, wide ? 12 + wide * 6.6 : 24, 0, 0],
    tzDate: (ms) => uPlot.tzDate(new Date(ms), readAs(spec.zone)),
    legend: { show: false },
    cursor: { y: false, drag: { x: false, y: false }, sync: { key: SYNC, scales: ["x", null] }, points: { size: 7 } },
    scales: { x: { range: () => spec.span }, y: { range: () => spec.range } },
    axes: [
      { ...axis, values: times(spec.zone), space: 64, size: (u, values) => ((values ?? []).some((one) => one?.includes("\n")) ? 44 : 28) },
      { ...axis, values: (u, splits, at, space, step) => splits.map((value) => tick(value, spec.unit, step)), space: 34,
        size: (u, values) => 14 + 7 * Math.max(3, ...(values ?? []).map((one) => one.length)) },
    ],
    series: [{}, ...spec.lines.map((line) => ({
      scale: "y", label: line.label, stroke: line.stroke ? colour(line.stroke) : undefined, width: line.stroke ? (line.width ?? 2) : 0, dash: line.dash,
      points: line.stroke && line.points !== false ? { size: 4, fill: colour(line.stroke), show: line.points } : { show: false }, spanGaps: false,
    }))],
    bands: (spec.bands ?? []).map(({ high, low, fill, alpha }) => ({ series: [high + 1, low + 1], fill: colour(fill) + (alpha ?? "") })),
    hooks: { draw: [drawn(spec)], setCursor: [onCursor] },
  };
}

/** The numbers of a chart as a table, made when somebody opens it. */
function numbers(spec) {
  const box = el("details", { class: "numbers" }, el("summary", {}, `${spec.title} as a table`));
  const fill = () => {
    if (!box.open) return;
    box.querySelector(".scroll")?.remove();
    box.append(el("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": `${spec.title} as a table` }, el("table", {},
      el("thead", {}, el("tr", {}, ...spec.table.heads.map((head) => el("th", { scope: "col" }, head)))),
      el("tbody", {}, ...spec.table.rows().map(([first, ...cells]) => el("tr", {}, el("th", { scope: "row" }, first),
        ...cells.map((cell) => el("td", { class: "number" }, cell))))))));
  };
  box.addEventListener("toggle", fill);
  return [box, fill];
}

/**
 * A chart that is kept up to date. What it is made of:
 *   title, says (its summary in words), note (what its band is), unit, zone, x (milliseconds), columns (values, one list a line),
 *   lines ({label, stroke, dash, width, points}), bands ({high, low, fill} by places of lines), limits ({value, words, name}),
 *   marks ({ms, name}), here (milliseconds), key (its legend), read (place -> what lies there, in words), latest (the place
 *   that is read while nothing is pointed at), table ({heads, rows}).
 */
export class Chart {
  constructor(spec) {
    this.title = el("h3", {});
    this.reading = el("p", { class: "reading" });
    this.plot = el("div", { class: "plot", tabindex: "0", role: "group", "aria-roledescription": "chart" });
    this.note = el("p", { class: "note" });
    this.key = el("div", {});
    this.node = el("figure", { class: "chart" }, this.title, this.reading, this.plot, this.key, this.note);
    this.plot.addEventListener("keydown", (event) => this.#press(event));
    this.plot.addEventListener("focus", () => this.reading.setAttribute("aria-live", "polite"));
    this.plot.addEventListener("blur", () => { this.reading.removeAttribute("aria-live"); this.#point(null); });
    this.watcher = new ResizeObserver(() => this.#resize());
    this.watcher.observe(this.plot);
    this.update(spec);
  }

  update(spec) {
    const shape = (one) => one && JSON.stringify([one.unit, one.lines, one.bands, (one.limits ?? []).map((limit) => limit.words), one.zone, one.height]);
    const isOther = shape(this.spec) !== shape(spec);
    this.spec = spec;
    say(this.title, spec.title);
    this.plot.setAttribute("aria-label", `${spec.title}: ${spec.says} Arrow keys read it step by step.`);
    say(this.note, spec.note ?? "");
    this.note.hidden = !spec.note;
    this.key.replaceChildren(legendOf(spec.key));
    if (isOther || !this.table) {
      const [box, fill] = numbers(spec);
      if (this.table) this.table[0].replaceWith(box);
      else this.node.append(box);
      this.table = [box, fill];
      this.u?.destroy();
      this.u = null;
    }
    // The functions of the chart read what is drawn now.
    Object.assign((this.live ??= {}), spec);
    if (this.u) this.u.setData([spec.x, ...spec.columns]);
    else this.#resize();
    this.table[1]();
    this.#read();
  }

  /** Draws it anew, in other colours. */
  redraw() {
    this.u?.destroy();
    this.u = null;
    this.#resize();
  }

  destroy() {
    this.watcher.disconnect();
    this.u?.destroy();
    this.node.remove();
  }

  #resize() {
    const width = Math.floor(this.plot.clientWidth);
    if (width < 40) return;
    if (!this.u) this.u = new uPlot(options(this.live, width, () => this.#read()), [this.spec.x, ...this.spec.columns], this.plot);
    else if (this.u.width !== width) this.u.setSize({ width, height: this.u.height });
  }

  #read() {
    const at = this.u?.cursor.idx;
    const place = at === null || at === undefined ? this.spec.latest : at;
    const words = place === null || place === undefined ? "" : this.spec.read(place);
    say(this.reading, words);
  }

  #point(place) {
    if (!this.u) return;
    const left = place === null ? -10 : this.u.valToPos(this.spec.x[place], "x");
    this.u.setCursor({ left, top: place === null ? -10 : 10 });
  }

  #press(event) {
    const last = this.spec.x.length - 1;
    const now = this.u?.cursor.idx ?? this.spec.latest ?? last;
    const to = { ArrowLeft: now - 1, ArrowRight: now + 1, PageUp: now - 10, PageDown: now + 10, Home: 0, End: last }[event.key];
    if (event.key === "Escape") this.#point(null);
    if (to === undefined || event.ctrlKey || event.altKey || event.metaKey) return;
    event.preventDefault();
    this.#point(Math.min(Math.max(to, 0), last));
  }
}

/** Charts by name, in order: those that are there are kept, so that nothing blinks and the pointer stays. */
export class Charts {
  constructor(box) {
    this.box = box;
    this.made = new Map();
  }

  show(specs) {
    for (const [name, chart] of this.made) if (!specs.has(name)) { chart.destroy(); this.made.delete(name); }
    let before = null;
    for (const [name, spec] of specs) {
      if (this.made.has(name)) this.made.get(name).update(spec);
      else this.made.set(name, new Chart(spec));
      const { node } = this.made.get(name);
      if (node.parentNode !== this.box || node.previousElementSibling !== before) before ? before.after(node) : this.box.prepend(node);
      before = node;
    }
  }

  redraw() {
    for (const chart of this.made.values()) chart.redraw();
  }
}
