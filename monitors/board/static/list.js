// All campaigns: filtered, sorted, grouped, the worst first; rows that changed are drawn anew, once per frame.

import { fromAddress, toAddress } from "./address.js";
import { act, refreshAlerts } from "./alerts.js";
import { byId, el, say } from "./dom.js";
import { look, MARKS, ORDER, WORDS } from "./format.js";
import { follow, header, state } from "./live.js";
import { drawRow, groupHead, headOf, statusOf, valueOf } from "./rows.js";
import { tiles } from "./tiles.js";
import { isWall, wall } from "./wall.js";

const PAGE = 100;
const SORTS = {
  worst: ["Worst first", null], name: ["Name", (r) => r.name], pace: ["Pace", (r) => r.goals[0]?.ratio ?? null],
  ...Object.fromEntries(look.columns.map((column) => [column.key, [column.label, valueOf(column)]])),
};
const ASCENDING = new Set(["name", "pace", ...look.columns.filter((column) => column.ascending).map((column) => column.key)]);
const GROUPS = {
  "": ["None", null, ""], account: ["Account", (r) => r.account, "No account"],
  channel: ["Channel", (r) => r.channels.join(" + "), "No channel known"],
};
/** c2 before c10. */
const natural = new Intl.Collator("en", { numeric: true }).compare;
const view = { most: PAGE, folded: new Map(), ...fromAddress() };
const drawn = new Map();
const heads = new Map();
let due = false;
let length = 0;
let sawChanges = null;

function compare(a, b) {
  const value = SORTS[view.sort][1];
  if (!value) return worst(a, b);
  const [x, y] = [value(a) ?? null, value(b) ?? null];
  // What has no value stands last, whichever way.
  if (x === null || y === null) return (x === null) - (y === null) || worst(a, b);
  const way = typeof x === "string" ? natural(x, y) : x - y;
  return (ASCENDING.has(view.sort) ? way : -way) || worst(a, b);
}

function worst(a, b) {
  const off = (row) => (row.goals[0]?.ratio == null ? 0 : Math.abs(1 - row.goals[0].ratio));
  const alarm = (row) => row.watches.some((watch) => watch.status === "critical" || watch.status === "warning");
  return ORDER.indexOf(statusOf(a)) - ORDER.indexOf(statusOf(b)) || alarm(b) - alarm(a) || b.risk_micros - a.risk_micros || off(b) - off(a)
    || (b.total?.spend_micros ?? 0) - (a.total?.spend_micros ?? 0) || natural(a.id, b.id) || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0);
}

const wanted = (row) => (!view.status || statusOf(row) === view.status)
  && (!view.find || `${row.name}\n${row.id}\n${row.account}`.toLowerCase().includes(view.find.trim().toLowerCase()));

/** The rows in groups, each with its name, whether it is open, and what opens it; one without a name stands alone. */
function grouped(rows) {
  const of = GROUPS[view.group][1];
  if (of) {
    const found = Map.groupBy ? Map.groupBy(rows, of) : rows.reduce((all, row) => all.set(of(row), [...(all.get(of(row)) ?? []), row]), new Map());
    return [...found].map(([key, own]) => {
      const isOpen = view.folded.get(key) ?? true;
      return { key, name: key || GROUPS[view.group][2], rows: own, isOpen, toggle: () => { view.folded.set(key, !isOpen); soon(); } };
    });
  }
  const goalless = rows.filter((row) => row.status === null);
  // They are in the way only where there is something else; whoever looks for them finds them.
  if (!goalless.length || goalless.length === rows.length || view.find || view.status) return [{ name: "", rows, isOpen: true }];
  const toggle = () => choose({ all: view.all ? "" : "1" });
  return [{ name: "", rows: rows.filter((row) => row.status !== null), isOpen: true },
    { key: "goalless", name: "Without a goal", rows: goalless, isOpen: Boolean(view.all), toggle }];
}

function render() {
  due = false;
  if (!state.summary) return header();
  const rows = [...state.rows.values()].filter(wanted).sort(compare);
  if (isWall) wall(rows);
  else list(rows);
  filters();
  nextSteps();
  tiles((status) => choose({ status: view.status === status ? "" : status }));
  header();
  const critical = state.summary.statuses.critical ?? 0;
  document.title = `${critical ? `${MARKS.critical}${critical} ` : ""}Launch board · Pacewatch`;
  refreshAlerts(sawChanges !== state.changes);
  sawChanges = state.changes;
}

function list(rows) {
  const nodes = [];
  length = 0;
  for (const group of grouped(rows)) {
    length += (group.name ? 1 : 0) + (group.isOpen ? group.rows.length : 0);
    if (group.name && nodes.length < view.most) nodes.push(headFor(group));
    if (group.isOpen) for (const row of group.rows.slice(0, Math.max(0, view.most - nodes.length))) nodes.push(nodeFor(row));
  }
  place(document.querySelector("#board tbody"), nodes);
  for (const id of drawn.keys()) if (!state.rows.has(id)) drawn.delete(id);
  const all = state.rows.size;
  const what = [...state.rows.values()].some((row) => row.members) ? "campaigns, accounts and portfolio" : "campaigns";
  document.body.classList.toggle("bare", !all);
  say(byId("count"), all ? `${rows.length} of ${all} ${what}${length > view.most ? `, the first ${view.most}` : ""}` : "");
  say(byId("more"), all ? (rows.length ? "" : "No campaign is like that.") : state.summary.problem ? "" : "No campaigns yet: nothing has come through Kafka since this Redis began.");
  windows();
}

function nodeFor(row) {
  let node = drawn.get(row.id);
  if (node?.row === row) return node.tr;
  const focused = node?.tr.contains(document.activeElement) ? document.activeElement.getAttribute("aria-label") ?? "" : null;
  const tr = drawRow(row, act);
  if (focused !== null) {
    node.tr.replaceWith(tr);
    const same = [...tr.querySelectorAll("button")].find((one) => one.getAttribute("aria-label") === focused);
    (same ?? tr.querySelector("a")).focus({ preventScroll: true });
  }
  drawn.set(row.id, { row, tr });
  return tr;
}

function headFor(group) {
  const isFocused = heads.get(group.key)?.contains(document.activeElement);
  const made = groupHead(group.name, group.rows, group.isOpen, group.toggle);
  if (isFocused) { heads.get(group.key).replaceWith(made); made.querySelector("button").focus({ preventScroll: true }); }
  heads.set(group.key, made);
  return made;
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

function nextSteps() {
  const { next_steps: steps } = state.summary;
  const box = byId("next");
  if (box.dataset.text === steps.join("\n")) return;
  box.dataset.text = steps.join("\n");
  box.hidden = !steps.length;
  box.querySelector("ol").replaceChildren(...steps.map((step) => el("li", {}, step)));
}

function filters() {
  const counts = state.summary.statuses;
  const box = byId("statuses");
  if (!box.children.length) {
    for (const status of ["", ...ORDER]) {
      const button = el("button", { type: "button", "data-status": status, class: status || "all" });
      button.addEventListener("click", () => choose({ status: view.status === status ? "" : status }));
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
  const rows = [...state.rows.values()];
  for (const option of byId("group").options) option.disabled = option.value !== "" && option.value !== view.group && !rows.some(GROUPS[option.value][1]);
}

/** Says in the head of the table which window a KPI is of. */
function windows() {
  for (const column of look.columns) say(document.querySelector(`th[data-sort=${column.key}] button`), headOf(column, state.summary.window));
}

export function soon() {
  if (!due) { due = true; requestAnimationFrame(render); }
}

/** Another choice of what is shown, which the address keeps. */
function choose(changed, isStep = true) {
  Object.assign(view, changed, { most: PAGE });
  toAddress(view, isStep);
  marked();
  soon();
}

function controls() {
  byId("order").append(...Object.entries(SORTS).map(([value, [name]]) => el("option", { value }, name)));
  byId("group").append(...Object.entries(GROUPS).map(([value, [name]]) => el("option", { value }, name)));
  byId("order").addEventListener("change", () => choose({ sort: byId("order").value }));
  byId("group").addEventListener("change", () => choose({ group: byId("group").value }));
  byId("find").addEventListener("input", (e) => choose({ find: e.target.value }, false));
  for (const th of document.querySelectorAll("th[data-sort]")) {
    if (!th.dataset.sort) continue;
    const button = el("button", { type: "button" }, th.textContent);
    button.addEventListener("click", () => choose({ sort: th.dataset.sort }));
    th.replaceChildren(button);
  }
  marked();
  addEventListener("popstate", () => { Object.assign(view, fromAddress(), { most: PAGE }); marked(); soon(); });
  document.addEventListener("keydown", (e) => {
    if (e.key === "/" && !/^(INPUT|SELECT|TEXTAREA)$/.test(document.activeElement.tagName)) { e.preventDefault(); byId("find").focus(); }
    if (e.key === "Escape" && document.activeElement === byId("find")) { byId("find").value = ""; choose({ find: "" }, false); }
  });
  new IntersectionObserver((seen) => {
    if (seen.some((s) => s.isIntersecting) && view.most < length) { view.most += PAGE; soon(); }
  }, { rootMargin: "600px" }).observe(byId("more"));
}

/** Shows in the controls what is chosen; an address that names what there is not chooses the usual. */
function marked() {
  if (!Object.hasOwn(SORTS, view.sort)) view.sort = "worst";
  if (!Object.hasOwn(GROUPS, view.group)) view.group = "";
  if (view.status && !ORDER.includes(view.status)) view.status = "";
  byId("order").value = view.sort;
  byId("group").value = view.group;
  if (byId("find").value !== view.find) byId("find").value = view.find;
  for (const th of document.querySelectorAll("th[data-sort]")) {
    const sort = th.dataset.sort;
    if (sort === view.sort && sort !== "worst") th.setAttribute("aria-sort", ASCENDING.has(sort) ? "ascending" : "descending");
    else th.removeAttribute("aria-sort");
  }
}

controls();
follow(soon);
if (isWall) setInterval(soon, 1000);
