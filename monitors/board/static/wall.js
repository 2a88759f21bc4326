// The wall: what needs people first, in letters that are read from two metres, a page at a time, never scrolled.

import { byId, el, say } from "./dom.js";
import { paceBar } from "./draw.js";
import { paceOf, reason, shownWatches, whole } from "./format.js";
import { badge, statusOf, why } from "./rows.js";
import { state } from "./live.js";

const EVERY_MS = 12_000;
const MOST_PAGES = 8;
export const isWall = new URLSearchParams(location.search).get("wall") === "1";
let [page, turned, held] = [0, performance.now(), false];

function card(row) {
  const goal = row.goals[0];
  const watch = shownWatches(row)[0];
  return el("li", { class: statusOf(row) }, el("p", { class: "what" }, badge(statusOf(row)), goal ? el("b", {}, paceOf(goal)) : null),
    el("p", { class: "name" }, row.name), goal ? paceBar(goal) : null,
    el("p", { class: "why" }, watch ? `${watch.label}: ${watch.says}` : goal && goal.actual !== null ? `${goal.label} ${whole(goal.actual, goal.unit)} of ${whole(goal.expected, goal.unit, state.summary.currency)}` : goal ? reason(goal) : why(row)));
}

/** How many cards there is room for: as the style sheet lays them out. */
function room() {
  const style = getComputedStyle(byId("wall"));
  const [columns, rows] = [style.gridTemplateColumns, style.gridTemplateRows].map((one) => one.split(" ").length);
  return Math.max(1, columns * rows);
}

/** Draws the page that is due of rows that are in order. */
export function wall(rows) {
  byId("wall").hidden = byId("wall-foot").hidden = false;
  const judged = rows.filter((row) => row.status !== null);
  const size = room();
  const pages = Math.min(MOST_PAGES, Math.max(1, Math.ceil(judged.length / size)));
  if (!held && performance.now() - turned >= EVERY_MS) { page += 1; turned = performance.now(); }
  page %= pages;
  const left = judged.length - pages * size;
  byId("wall").replaceChildren(...judged.slice(page * size, (page + 1) * size).map(card));
  say(byId("wall-foot").firstElementChild, `Page ${page + 1} of ${pages}${held ? ", held" : ""}${left > 0 ? ` · ${left} more are not shown: the worst first` : ""}`);
}

if (isWall) {
  document.documentElement.classList.add("wall");
  const leave = () => { location.href = "/"; };
  byId("wall-hold").addEventListener("click", () => {
    held = !held;
    turned = performance.now();
    say(byId("wall-hold"), held ? "Go on" : "Hold");
  });
  document.addEventListener("keydown", (e) => {
    if (e.key === "Escape") leave();
    if (e.key === "ArrowRight" || e.key === "ArrowLeft") { page = Math.max(0, page + (e.key === "ArrowRight" ? 1 : -1)); turned = performance.now(); }
  });
}
