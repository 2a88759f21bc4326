// The pace line: a total over its flight against its curve, with the warning band around what is expected.

import { svg } from "./dom.js";
import { amount, clock } from "./format.js";

const [LEFT, RIGHT, TOP, BOTTOM] = [12, 12, 22, 26];
const narrow = matchMedia("(max-width: 760px)");

export function paceLine(line, goal, currency, now) {
  const [W, H] = narrow.matches ? [360, 220] : [760, 300];
  const points = line.points;
  const [low, high] = [goal.warning[0] ?? 0, goal.warning[1] ?? 2];
  const [from, to] = [points[0].at_ms, points.at(-1).at_ms];
  const top = Math.max(1, ...points.map((p) => Math.max(p.actual, p.expected, goal.warning[1] ? p.expected * high : 0))) * 1.03;
  const x = (ms) => LEFT + ((ms - from) / (to - from)) * (W - LEFT - RIGHT);
  const y = (value) => H - BOTTOM - (Math.min(value, top) / top) * (H - TOP - BOTTOM);
  const at = (p, value) => `${x(p.at_ms).toFixed(1)},${y(value).toFixed(1)}`;
  const done = points.filter((p) => p.at_ms <= line.as_of_ms);
  const last = done.at(-1) ?? points[0];
  const band = [...points.map((p) => at(p, p.expected * high)), ...[...points].reverse().map((p) => at(p, p.expected * low))];
  const said = (value) => amount(value, line.unit, currency);
  const label = `${goal.label}: ${said(last.actual)} so far, ${said(last.expected)} expected by now, ${said(points.at(-1).expected)} at the end of the flight`;
  const text = (px, py, words, anchor = "start") => svg("text", { x: px, y: py, "text-anchor": anchor }, words);
  const grid = [0.25, 0.5, 0.75, 1].map((part) => points.at(-1).expected * part).flatMap((value) => [
    svg("line", { class: "grid", x1: LEFT, x2: W - RIGHT, y1: y(value), y2: y(value) }), text(LEFT, y(value) - 4, said(value))]);
  return svg("svg", { class: "line", viewBox: `0 0 ${W} ${H}`, role: "img", "aria-label": label },
    svg("polygon", { class: "band", points: band.join(" ") }), ...grid,
    svg("line", { class: "here", x1: x(line.as_of_ms), x2: x(line.as_of_ms), y1: TOP, y2: H - BOTTOM }),
    svg("polyline", { class: "expected", points: points.map((p) => at(p, p.expected)).join(" ") }),
    svg("polyline", { class: "actual", points: done.map((p) => at(p, p.actual)).join(" ") }),
    text(LEFT, H - 8, clock(from, now)), text(W - RIGHT, H - 8, clock(to, now), "end"));
}
