// All together: what was spent today, what is at risk, how many are wrong, what begins soon.

import { byId, el } from "./dom.js";
import { look, MARKS, span, when, whole } from "./format.js";
import { now, standing, state } from "./live.js";

let shown = "";

/** Draws them; `choose` shows only one status. */
export function tiles(choose) {
  const { tiles: found, statuses, currency, as_of_ms: asOf } = state.summary;
  const isKnown = asOf !== null && standing().state !== "lost";
  // While all of it is on hold, nothing is known to be wrong, nor to be right.
  const judged = ["critical", "warning", "on_pace"].some((status) => statuses[status]);
  const money = (value) => (isKnown ? whole(value, "micros", currency) : look.none);
  const count = (value, isSure = true) => (isKnown && isSure ? String(value) : look.none);
  const unjudged = statuses.hold ? `${statuses.hold} on hold, not judged` : "";
  const next = found.launches[0];
  const launch = next ? `${when(next.start_ms, now())}, in ${span(next.start_ms - now())}: ${next.name}` : "";
  const every = [
    ["spent", "Spend today", money(found.spend_today_micros), `since midnight ${found.today_zone}`],
    ["risk", "At risk", money(judged ? found.risk_micros : null), unjudged || "spend off pace"],
    ["critical", `${MARKS.critical} Critical`, count(found.critical, judged), ""],
    ["warning", `${MARKS.warning} Warning`, count(found.warning, judged), ""],
    ["launches", `Launches in ${found.launch_hours} h`, count(found.launching), launch],
  ];
  const text = JSON.stringify(every);
  if (text === shown) return;
  shown = text;
  const focused = document.activeElement?.dataset?.tile;
  byId("tiles").replaceChildren(...every.map(([kind, name, value, more]) => {
    const isChoice = kind === "critical" || kind === "warning";
    const made = el(isChoice ? "button" : "div", { class: `tile ${kind}${value === look.none || /^0(\.0+)?( |$)/.test(value) ? " none" : ""}`, ...(isChoice ? { type: "button", "data-tile": kind } : {}) },
      el("span", {}, name), " ", el("b", {}, value), " ", el("small", {}, more));
    if (isChoice) made.addEventListener("click", () => choose(kind));
    return made;
  }));
  if (focused) document.querySelector(`[data-tile=${focused}]`)?.focus({ preventScroll: true });
}
