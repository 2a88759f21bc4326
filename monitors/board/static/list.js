// All campaigns: filtered, sorted, the worst first; rows that changed are drawn anew, once per frame.

import { byId, el, say } from "./dom.js";
import { paceBar, pulse } from "./draw.js";
import { ago, amount, brief, clock, look, MARKS, ORDER, outOf, paceOf, reason, shownWatches, toldWhy, valueIn, word, WORDS } from "./format.js";
import { follow, header, now, state } from "./live.js";

const PAGE = 100;
const valueOf = (column) => (row) => valueIn(column.is_total ? row.total : row.recent, column);
const SORTS = {
  worst: ["Worst first", null], name: ["Name", (r) => r.name], pace: ["Pace", (r) => r.goals[0]?.ratio ?? null],
  ...Object.fromEntries(look.columns.map((column) => [column.key, [column.label, valueOf(column)]])),
};
const ASCENDING = new Set(["name", "pace", ...look.columns.filter((column) => column.ascending).map((column) => column.key)]);
const view = { sort: "worst", status: "", find: "", most: PAGE };
const drawn = new Map();
let due = false;
let order = [];

const headOf = (column, window) => (column.is_total ? column.label : `${column.label} ${window}`);
const statusOf = (row) => row.status ?? look.no_goal;

function compare(a, b) {
  const value = SORTS[view.sort][1];
  if (!value) return worst(a, b);
  const [x, y] = [value(a) ?? null, value(b) ?? null];
  // What has no value stands last, whichever way.
  if (x === null || y === null) return (x === null) - (y === null) || worst(a, b);
  const way = typeof x === "string" ? x.localeCompare(y, "en") : x - y;
  return (ASCENDING.has(view.sort) ? way : -way) || worst(a, b);
}

function worst(a, b) {
  const off = (row) => (row.goals[0]?.ratio == null ? 0 : Math.abs(1 - row.goals[0].ratio));
  const alarm = (row) => row.watches.some((watch) => watch.status === "critical" || watch.status === "warning");
  return ORDER.indexOf(statusOf(a)) - ORDER.indexOf(statusOf(b)) || alarm(b) - alarm(a) || b.risk_micros - a.risk_micros || off(b) - off(a)
    || (b.total?.spend_micros ?? 0) - (a.total?.spend_micros ?? 0) || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0);
}

const wanted = (row) => (!view.status || statusOf(row) === view.status)
  && (!view.find || `${row.name}\n${row.id}\n${row.account}`.toLowerCase().includes(view.find));

function draw(row) {
  const status = statusOf(row);
  const { currency, window, pulse_window: shortest } = state.summary;
  const cell = (column) => el("td", { role: "cell", "data-label": headOf(column, window), class: column.is_headline ? "number" : "number extra" },
    column.unit === "events" ? brief(valueOf(column)(row)) : amount(valueOf(column)(row), column.unit, currency));
  return el("tr", { role: "row", class: status, "data-id": row.id },
    el("th", { scope: "row", role: "rowheader" }, el("div", {},
      el("span", { class: `badge ${status}` }, el("span", { "aria-hidden": "true" }, MARKS[status]), ` ${WORDS[status]}`), " ",
      el("a", { href: `/campaign?id=${encodeURIComponent(row.id)}` }, row.name)),
      ...watches(row), el("small", {}, why(row)), el("small", {}, (row.members ? [`${row.members} together`] : [row.account, row.name === row.id ? "" : row.id]).filter(Boolean).join(" · "))),
    el("td", { role: "cell", "data-label": "Pace", class: "goals" }, ...goals(row, currency)),
    ...look.columns.map(cell),
    el("td", { role: "cell", "data-label": "Last minutes", class: "minutes" }, pulse(row, shortest)));
}

/** What is silent, or far more than usual, since when: a line for each watch that says something. */
function watches(row) {
  return shownWatches(row).map((watch) => el("p", { class: "watch" },
    el("span", { class: `badge ${watch.status}` }, el("span", { "aria-hidden": "true" }, MARKS[watch.status]), ` ${watch.label}`), `: ${watch.says}`));
}

function why(row) {
  const goal = row.goals[0];
  // What explains it stands above, as what a watch says.
  if (!goal || goal.reason === "explained") return "";
  const side = goal.direction && (goal.status === "critical" || goal.status === "warning") ? ` ${goal.direction}` : "";
  const since = goal.since_ms && goal.told === goal.status && goal.status !== "on_pace" ? `, told at ${clock(goal.since_ms, now())}` : "";
  return `${goal.label}${side}${goal.reason === "outside" ? "" : `: ${reason(goal)}`}${since}`;
}

function goals(row, currency) {
  return row.goals.slice(0, 3).map((goal, i) => el("div", { class: i ? "goal also" : "goal" },
    el("span", { class: "ratio" }, paceOf(goal)), paceBar(goal),
    el("small", {}, `${goal.label} ${outOf(goal, currency)}`)));
}

function render() {
  due = false;
  order = [...state.rows.values()].filter(wanted).sort(compare);
  const body = document.querySelector("#board tbody");
  const rows = order.slice(0, view.most).map((row) => {
    let node = drawn.get(row.id);
    if (!node || node.row !== row) {
      const focus = node?.tr.contains(document.activeElement);
      const tr = draw(row);
      if (focus) { node.tr.replaceWith(tr); tr.querySelector("a").focus({ preventScroll: true }); }
      node = { row, tr };
      drawn.set(row.id, node);
    }
    return node.tr;
  });
  place(body, rows);
  for (const id of drawn.keys()) if (!state.rows.has(id)) drawn.delete(id);
  const all = state.rows.size;
  say(byId("count"), all ? `${order.length} of ${all} ${[...state.rows.values()].some((row) => row.members) ? "campaigns, accounts and portfolio" : "campaigns"}${order.length > view.most ? `, the first ${view.most}` : ""}` : "");
  say(byId("more"), all ? (order.length ? "" : "No campaign is like that.") : empty());
  filters();
  windows();
  changes();
  header();
}

/** Moves only what is out of place: focus, scroll and layout of the rest stay. */
function place(body, rows) {
  let at = body.firstElementChild;
  for (const tr of rows) {
    if (tr === at) at = at.nextElementSibling;
    else body.insertBefore(tr, at);
  }
  while (at) { const next = at.nextElementSibling; at.remove(); at = next; }
}

const empty = () => (state.summary.problem ? "" : "No campaigns yet: nothing has come through Kafka since this Redis began.");

function filters() {
  const counts = state.summary.statuses;
  const box = byId("statuses");
  if (!box.children.length) {
    for (const status of ["", ...ORDER]) {
      const button = el("button", { type: "button", "data-status": status, class: status || "all" });
      button.addEventListener("click", () => { view.status = view.status === status ? "" : status; view.most = PAGE; soon(); });
      box.append(button);
    }
  }
  for (const button of box.children) {
    const status = button.dataset.status;
    const count = status ? counts[status] ?? 0 : state.rows.size;
    say(button, status ? `${MARKS[status]} ${WORDS[status]} ${count}` : `All ${count}`);
    button.setAttribute("aria-pressed", String(view.status === status));
    button.hidden = status !== "" && !count && view.status !== status;
  }
}

/** Says in the head of the table which window a KPI is of. */
function windows() {
  for (const column of look.columns) say(document.querySelector(`th[data-sort=${column.key}] button`), headOf(column, state.summary.window));
}

function changes() {
  const list = document.querySelector("#changes ol");
  list.replaceChildren(...state.changes.slice(0, 20).map((c) => el("li", {},
    el("time", { datetime: new Date(c.at_ms).toISOString() }, ago(c.at_ms, now())), " ",
    c.campaign ? el("a", { href: `/campaign?id=${encodeURIComponent(c.campaign)}` }, c.name) : c.name, ` ${c.label}: ${word(c.before, c.is_watch).toLowerCase()} → `,
    el("span", { class: `badge ${c.after}` }, `${MARKS[c.after]} ${word(c.after, c.is_watch)}`), toldWhy(c))));
  if (!state.changes.length) list.replaceChildren(el("li", {}, "None that this monitor saw since it started."));
}

export function soon() {
  if (!due) { due = true; requestAnimationFrame(render); }
}

function controls() {
  const select = byId("order");
  select.append(...Object.entries(SORTS).map(([value, [name]]) => el("option", { value }, name)));
  const sortBy = (sort) => { view.sort = sort; select.value = sort; marked(); soon(); };
  select.addEventListener("change", () => sortBy(select.value));
  byId("find").addEventListener("input", (e) => { view.find = e.target.value.trim().toLowerCase(); view.most = PAGE; soon(); });
  for (const th of document.querySelectorAll("th[data-sort]")) {
    if (!th.dataset.sort) continue;
    const button = el("button", { type: "button" }, th.textContent);
    button.addEventListener("click", () => sortBy(th.dataset.sort));
    th.replaceChildren(button);
  }
  marked();
  document.addEventListener("keydown", (e) => {
    if (e.key === "/" && !/^(INPUT|SELECT|TEXTAREA)$/.test(document.activeElement.tagName)) { e.preventDefault(); byId("find").focus(); }
    if (e.key === "Escape" && document.activeElement === byId("find")) { byId("find").value = ""; view.find = ""; soon(); }
  });
  new IntersectionObserver((seen) => {
    if (seen.some((s) => s.isIntersecting) && view.most < order.length) { view.most += PAGE; soon(); }
  }, { rootMargin: "600px" }).observe(byId("more"));
}

function marked() {
  for (const th of document.querySelectorAll("th[data-sort]")) {
    const sort = th.dataset.sort;
    if (sort === view.sort && sort !== "worst") th.setAttribute("aria-sort", ASCENDING.has(sort) ? "ascending" : "descending");
    else th.removeAttribute("aria-sort");
  }
}

controls();
follow(soon);
