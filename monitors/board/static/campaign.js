// One campaign: its pace, KPIs over time, goals with their evidence, launch, timeline, windows and breakdowns; loaded again when its row changes.

import { Acts } from "./acts.js";
import { byId, el } from "./dom.js";
import { ago, amount, look, share, span, valueIn } from "./format.js";
import { follow, get, header, now, state } from "./live.js";
import { Paces } from "./pace.js";
import { badge, experiments, goals, launch, section, timeline, watches } from "./story.js";
import { Trends } from "./trends.js";
import { momentIn, readAs } from "./zoned.js";

const box = byId("campaign");
const id = encodeURIComponent(box?.dataset.id ?? "");
const EVERY_MS = 5000;
const TRENDS_EVERY_MS = 30_000;
let shown = "";
let loadedAt = -Infinity;
let loading = false;
let latest = null;
// What somebody did shows with the monitor's next look: it is waited for.
let hurriesUntil = -Infinity;
const asked = { range: new URLSearchParams(location.search).get("range"), at: -Infinity, busy: false };

/** Whose a campaign is and its id; of an account or the portfolio how many campaigns it is. */
const whose = (c) => (c.members ? [`${c.members} ${c.members === 1 ? "campaign" : "campaigns"} together`] : [c.account, c.name === c.id ? "" : c.id]);

function facts(d) {
  const { campaign: c } = d;
  const zone = d.story.timezone;
  const flight = c.start_ms === null ? "no goals, so no flight" : c.end_ms <= now() ? `flight ended ${ago(c.end_ms, now())}`
    : c.start_ms > now() ? `flight begins ${momentIn(c.start_ms, zone)}` : `${span(c.end_ms - now())} of the flight left, until ${momentIn(c.end_ms, zone)} (${readAs(zone)})`;
  const clocks = c.partitions.map((p) => state.summary.clocks[p]).filter((ms) => ms != null);
  const age = clocks.length ? `numbers as of ${ago(Math.min(...clocks), now())}` : "no event yet";
  return el("p", { class: "state wide" }, badge(c.status ?? look.no_goal), ` · ${[...whose(c), flight, age, c.is_muted ? "muted" : ""].filter(Boolean).join(" · ")}`);
}

function table(label, first, rows) {
  return el("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": label }, el("table", {},
    el("thead", {}, el("tr", {}, el("th", { scope: "col" }, first), ...look.detail.map((column) => el("th", { scope: "col" }, column.label)))),
    el("tbody", {}, ...rows.map(([name, values]) => el("tr", {}, el("th", { scope: "row" }, name),
      ...look.detail.map((column) => el("td", { class: "number" }, amount(valueIn(values, column), column.unit))))))));
}

function parts(d) {
  const nothing = d.breakdowns_read ? "Its events name no channel or other part." : "Breakdowns cannot be read now.";
  return d.breakdowns.length
    ? table("Breakdowns", "Part, total", d.breakdowns.map((part) => [part.name.replaceAll("|", ", "), part.total]))
    : el("p", {}, nothing);
}

/** What each campaign adds to the goals of an account or the portfolio, the one that is furthest off first. */
function members(d, currency) {
  if (!d.members.length) return el("p", {}, "What each campaign adds cannot be read now.");
  const totals = new Set(d.members.flatMap((member) => member.goals.filter((goal) => goal.share !== null).map((goal) => goal.goal)));
  const heads = (goal) => [goal.label, ...(totals.has(goal.id) ? ["of all", "planned by now", "planned", "of target"] : [])];
  const cells = (member) => d.campaign.goals.flatMap((goal) => {
    const one = member.goals.find((found) => found.goal === goal.id);
    const shown = (value) => amount(value, goal.unit, currency);
    return [shown(one?.actual), ...(totals.has(goal.id) ? [share(one?.share ?? null), shown(one?.expected), shown(one?.target), share(one?.target_share ?? null)] : [])];
  });
  return el("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Campaigns" }, el("table", {},
    el("thead", {}, el("tr", {}, ...["Campaign", ...d.campaign.goals.flatMap(heads)].map((head) => el("th", { scope: "col" }, head)))),
    el("tbody", {}, ...d.members.map((member) => el("tr", {}, el("th", { scope: "row" }, badge(member.status ?? look.no_goal), " ",
      el("a", { href: `/campaign?id=${encodeURIComponent(member.id)}` }, member.name)),
    ...cells(member).map((cell) => el("td", { class: "number" }, cell)))))));
}

const places = { facts: el("div", { class: "wide" }), verdicts: el("div", {}), left: el("div", { class: "drawn" }), past: el("div", {}), below: el("div", { class: "wide" }) };
const paces = new Paces(() => latest && drawPaces(latest));
const acts = new Acts(() => { loadedAt = -Infinity; hurriesUntil = performance.now() + 10_000; refresh(); });
const trends = new Trends((range) => {
  asked.range = range;
  const address = new URL(location.href);
  address.searchParams.set("range", range);
  history.replaceState(null, "", address);
  asked.at = -Infinity;
  refreshTrends();
});

function drawPaces(d) {
  paces.show(d.lines, d.campaign.goals, d.summary.currency, d.story.timezone);
}

const drawn = new Map();

/** Draws a part anew where it differs, and gives the focus back to what had it. */
function put(place, ...children) {
  const made = el("div", {}, ...children.filter(Boolean));
  if (made.innerHTML === drawn.get(place)) return;
  drawn.set(place, made.innerHTML);
  const focusable = () => [...place.querySelectorAll("summary, .scroll, a")];
  const at = focusable().indexOf(document.activeElement);
  const scrolled = [...place.querySelectorAll(".scroll")].map((one) => one.scrollLeft);
  place.replaceChildren(...made.childNodes);
  [...place.querySelectorAll(".scroll")].forEach((one, i) => { one.scrollLeft = scrolled[i] ?? 0; });
  focusable()[at]?.focus({ preventScroll: true });
}

function draw(d) {
  const currency = d.summary.currency;
  if (!places.left.isConnected) {
    places.left.append(paces.node, trends.node);
    box.replaceChildren(places.facts, acts.node, places.verdicts, places.left, places.past, places.below);
  }
  put(places.facts, facts(d));
  drawPaces(d);
  put(places.verdicts, goals(d, currency, now()), launch(d.story));
  put(places.past, watches(d, now()), experiments(d.story), timeline(d.story, now()));
  acts.show(d);
  put(places.below, section(`Windows, money in ${currency}`, table("Windows", "Window", Object.entries(d.windows))),
    d.campaign.members ? section("What its campaigns add", members(d, currency)) : section(`Breakdowns, money in ${currency}`, parts(d)));
}

const marks = () => (latest?.story.timeline ?? []).filter((one) => one.after === "critical" || one.after === "warning").map((one) => ({ ms: one.at_ms, name: one.after }));

async function refreshTrends() {
  if (asked.busy || performance.now() - asked.at < TRENDS_EVERY_MS) return;
  asked.busy = true;
  asked.at = performance.now();
  const range = asked.range;
  try {
    const found = await get(`/api/campaign/trends?id=${id}${range ? `&range=${encodeURIComponent(range)}` : ""}`);
    trends.show(found, found.currency, marks());
  } catch {
    if (range && !["day", "week", "all"].includes(range)) asked.range = null;
  } finally {
    asked.busy = false;
    if (range !== asked.range) { asked.at = -Infinity; refreshTrends(); }
  }
}

async function refresh() {
  if (!loading && performance.now() - loadedAt >= (performance.now() < hurriesUntil ? 500 : EVERY_MS)) {
    loading = true;
    loadedAt = performance.now();
    try {
      const found = await get(`/api/campaign?id=${id}`);
      const text = JSON.stringify([found.campaign, found.story, found.lines.map((l) => l.as_of_ms)]);
      latest = found;
      if (text !== shown) draw(found);
      shown = text;
    } catch {
      // The head of the page says that the connection is lost; the next event tries again.
    } finally {
      loading = false;
    }
  }
  if (latest) refreshTrends();
}

if (box) {
  follow(() => { header(); refresh(); });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => { paces.redraw(); trends.redraw(); });
}
