// The rows of the list, as elements: campaigns, and the heads of groups.

import { el } from "./dom.js";
import { paceBar, pulse } from "./draw.js";
import { amount, brief, look, MARKS, ORDER, outOf, paceOf, reason, shownWatches, valueIn, when, WORDS } from "./format.js";
import { now, state } from "./live.js";

export const headOf = (column, window) => (column.is_total ? column.label : `${column.label} ${window}`);
export const statusOf = (row) => row.status ?? look.no_goal;
export const valueOf = (column) => (row) => valueIn(column.is_total ? row.total : row.recent, column);
export const badge = (status, word = WORDS[status]) => el("span", { class: `badge ${status}` }, el("span", { "aria-hidden": "true" }, MARKS[status]), ` ${word}`);
export const linkTo = (id, name) => el("a", { href: `/campaign?id=${encodeURIComponent(id)}` }, name);

const standing = (row) => [...row.goals, ...row.watches].filter((one) => one.told !== "on_pace");

/** One campaign; `act` opens what one can do about it, null where nobody may. */
export function drawRow(row, act) {
  const status = statusOf(row);
  const { currency, window, pulse_window: shortest } = state.summary;
  const cell = (column) => el("td", { role: "cell", "data-label": headOf(column, window), class: column.is_headline ? "number" : "number extra" },
    column.unit === "events" ? brief(valueOf(column)(row)) : amount(valueOf(column)(row), column.unit, currency));
  return el("tr", { role: "row", class: status, "data-id": row.id },
    el("th", { scope: "row", role: "rowheader" }, el("div", {}, badge(status), " ", linkTo(row.id, row.name)),
      ...watches(row), el("small", {}, why(row)), el("small", {}, whose(row)), ...acts(row, act)),
    el("td", { role: "cell", "data-label": "Pace", class: "goals" }, ...goals(row, currency)),
    ...look.columns.map(cell),
    el("td", { role: "cell", "data-label": "Last 10 min", class: "minutes" }, pulse(row, shortest)));
}

function whose(row) {
  const of = row.members ? [`${row.members} together`] : [row.account, row.name === row.id ? "" : row.id];
  const by = [...new Set(standing(row).map((one) => one.acknowledged_by).filter(Boolean))];
  return [...of, by.length ? `acknowledged by ${by.join(", ")}` : "", row.is_muted ? "muted" : ""].filter(Boolean).join(" · ");
}

function acts(row, act) {
  const told = standing(row);
  if (!act || (!told.length && !row.is_muted)) return [];
  const button = (kind, text) => {
    const made = el("button", { type: "button", class: "small", "aria-label": `${text} ${row.name}` }, text);
    made.addEventListener("click", () => act(kind, row));
    return made;
  };
  return [el("p", { class: "row-acts" }, told.some((one) => !one.acknowledged_by) ? button("acknowledge", "Acknowledge") : null,
    row.is_muted ? button("unmute", "Unmute") : button("mute", "Mute"))];
}

/** What is silent, or far more than usual, since when: a line for each watch that says something. */
function watches(row) {
  return shownWatches(row).map((watch) => el("p", { class: "watch" }, badge(watch.status, watch.label), `: ${watch.says}`));
}

export function why(row) {
  const goal = row.goals[0];
  // What explains it stands above, as what a watch says.
  if (!goal || goal.reason === "explained") return "";
  const side = goal.direction && (goal.status === "critical" || goal.status === "warning") ? ` ${goal.direction}` : "";
  const since = goal.since_ms && goal.told === goal.status && goal.status !== "on_pace" ? `, told at ${when(goal.since_ms, now())}` : "";
  return `${goal.label}${side}${goal.reason === "outside" ? "" : `: ${reason(goal)}`}${since}`;
}

function goals(row, currency) {
  return row.goals.slice(0, 3).map((goal, i) => el("div", { class: i ? "goal also" : "goal" },
    el("span", { class: "ratio" }, paceOf(goal)), paceBar(goal),
    el("small", {}, `${goal.label} ${outOf(goal, currency)}`)));
}

/** The head of a group: what its rows come to, and a button that folds it. */
export function groupHead(name, rows, isOpen, toggled) {
  const { currency } = state.summary;
  const own = rows.filter((row) => !row.members);
  const sum = (part) => own.reduce((all, row) => all + part(row), 0);
  const risk = sum((row) => row.risk_micros);
  const counts = ORDER.map((status) => [status, rows.filter((row) => statusOf(row) === status).length]).filter(([status, count]) => count && status !== look.no_goal);
  const button = el("button", { type: "button", "aria-expanded": String(isOpen) }, el("span", { "aria-hidden": "true" }, isOpen ? "▾" : "▸"), ` ${name}`);
  button.addEventListener("click", toggled);
  return el("tr", { role: "row", class: "group" }, el("th", { role: "rowheader", scope: "rowgroup", colspan: String(3 + look.columns.length) },
    button, ` ${own.length} ${own.length === 1 ? "campaign" : "campaigns"}`,
    ...counts.flatMap(([status, count]) => [" · ", badge(status, `${WORDS[status]} ${count}`)]),
    ` · spend ${amount(sum((row) => row.total?.spend_micros ?? 0), "micros", currency)}`,
    risk ? ` · at risk ${amount(risk, "micros", currency)}` : ""));
}
