// Bars and lines, as SVG made of attributes: the content security policy allows no inline style.

import { el, svg } from "./dom.js";
import { brief, look, outOf } from "./format.js";

const WIDE = 2;

/** actual / expected from 0 to 200%, with the bands behind it and a tick at 100%. */
export function paceBar(goal) {
  const at = (ratio) => (Math.min(Math.max(ratio, 0), WIDE) / WIDE) * 200;
  const zone = (from, to, kind) =>
    svg("rect", { x: at(from), y: 0, width: Math.max(0, at(to) - at(from)), height: 10, class: `zone ${kind}` });
  const [warnLow, warnHigh] = [goal.warning[0] ?? 0, goal.warning[1] ?? WIDE];
  const [critLow, critHigh] = [goal.critical[0] ?? 0, goal.critical[1] ?? WIDE];
  const bar = svg("svg", { class: `pace ${goal.status}`, viewBox: "0 0 200 10", preserveAspectRatio: "none", role: "img",
    "aria-label": `${goal.label}: ${outOf(goal)}` },
    zone(0, critLow, "far"), zone(critLow, warnLow, "near"), zone(warnLow, warnHigh, "good"),
    zone(warnHigh, critHigh, "near"), zone(critHigh, WIDE, "far"));
  if (goal.ratio !== null) bar.append(svg("rect", { x: 0, y: 3, width: Math.max(1, at(goal.ratio)), height: 4, class: "value" }));
  bar.append(svg("rect", { x: at(1) - 0.75, y: 0, width: 1.5, height: 10, class: "tick" }));
  return bar;
}

/** The pulse: impressions of the shortest window, a base 36 digit each ten seconds. */
export function pulse(row, window) {
  const points = [...row.pulse].map((digit) => parseInt(digit, 36));
  if (points.length < 2) return document.createTextNode(points.length ? "…" : look.none);
  const step = 100 / 59;
  const start = 100 - (points.length - 1) * step;
  const path = points.map((y, i) => `${(start + i * step).toFixed(1)},${(22 - (y / 35) * 20).toFixed(1)}`).join(" ");
  const now = Math.round((points.at(-1) / 35) * row.pulse_max);
  return el("div", { class: "spark" }, svg("svg", { class: "pulse", viewBox: "0 0 100 24", preserveAspectRatio: "none", role: "img",
    "aria-label": `impressions per ${window}: at most ${row.pulse_max}, now about ${now}` },
    svg("line", { class: "axis", x1: 0, x2: 100, y1: 2, y2: 2 }), svg("line", { class: "axis", x1: 0, x2: 100, y1: 22, y2: 22 }), svg("polyline", { points: path })),
    el("small", { "aria-hidden": "true" }, el("span", {}, `${brief(row.pulse_max)} / ${window}`), el("span", {}, `now ${brief(now)}`), el("span", {}, "0")));
}
