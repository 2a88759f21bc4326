// One campaign: its goals, pace lines, windows, breakdowns and status changes; loaded again when its row changes.

import { byId, el } from "./dom.js";
import { paceBar } from "./draw.js";
import { ago, amount, clock, ends, look, MARKS, outOf, paceOf, reason, share, span, toldWhy, valueIn, word, WORDS } from "./format.js";
import { paceLine } from "./line.js";
import { follow, get, header, now, post, state } from "./live.js";

const box = byId("campaign");
const EVERY_MS = 5000;
let shown = "";
let loadedAt = -Infinity;
let loading = false;

const badge = (status, isWatch = false) => el("span", { class: `badge ${status}` }, el("span", { "aria-hidden": "true" }, MARKS[status]), ` ${word(status, isWatch)}`);
const section = (title, ...children) => el("section", {}, el("h2", {}, title), ...children);

/** A button that asks the monitor to do something, and says what came of it. */
function button(text, path, body) {
  const made = el("button", { type: "button", class: "act" }, text);
  made.addEventListener("click", async () => {
    made.disabled = true;
    const said = await post(path, body);
    made.textContent = said || `${text}: done`;
    loadedAt = -Infinity;
  });
  return made;
}

const acknowledged = (one) => one.acknowledged_by ? ` · acknowledged by ${one.acknowledged_by}` : "";

function acts(d) {
  if (!d.can_act) return null;
  const { id: campaign, goals: all, watches: watched, is_muted: isMuted } = d.campaign;
  const open = [...all, ...watched].some((one) => one.told !== "on_pace" && !one.acknowledged_by);
  return el("p", { class: "acts wide" }, open ? button("Acknowledge", "/api/alerts/acknowledge", { campaign }) : null,
    isMuted ? button("Unmute", "/api/alerts/unmute", { campaign }) : button("Mute for 2 hours", "/api/alerts/mute", { campaign, for_s: 7200 }));
}
/** Whose a campaign is and its id; of an account or the portfolio how many campaigns it is. */
const whose = (c) => (c.members ? [`${c.members} ${c.members === 1 ? "campaign" : "campaigns"} together`] : [c.account, c.name === c.id ? "" : c.id]);

function facts(d) {
  const { campaign: c } = d;
  const flight = c.start_ms === null ? "no goals, so no flight" : c.end_ms <= now() ? `flight ended ${ago(c.end_ms, now())}`
    : c.start_ms > now() ? `flight begins ${clock(c.start_ms, now())}` : `${span(c.end_ms - now())} of the flight left, until ${clock(c.end_ms, now())}`;
  const clocks = c.partitions.map((p) => state.summary.clocks[p]).filter((ms) => ms != null);
  const age = clocks.length ? `numbers as of ${ago(Math.min(...clocks), now())}` : "no event yet";
  return el("p", { class: "state wide" }, badge(c.status ?? look.no_goal), ` · ${[...whose(c), flight, age, c.is_muted ? "muted" : ""].filter(Boolean).join(" · ")}`);
}

function goals(d, currency) {
  const rows = d.campaign.goals.flatMap((goal) => {
    const more = [`${WORDS[goal.status]}: ${reason(goal)}`];
    if (goal.told !== "on_pace" && goal.since_ms) more.push(`told as ${WORDS[goal.told].toLowerCase()} ${ago(goal.since_ms, now())}`);
    if (goal.acknowledged_by) more.push(`acknowledged by ${goal.acknowledged_by}`);
    if (goal.projected !== null && !goal.says.includes(" end ")) more.push(ends(goal, currency));
    if (goal.required_per_day) more.push(`needs ${amount(goal.required_per_day, goal.unit, currency)} a day`);
    return [el("div", { class: "goal" }, el("span", { class: "ratio" }, paceOf(goal)), paceBar(goal),
      el("small", {}, `${goal.label} ${outOf(goal, currency)}`)), el("p", { class: "fact" }, more.join(" · "))];
  });
  return section("Goals", ...(rows.length ? rows : [el("p", {}, "The goals file has none for this campaign.")]));
}

/** All three, as they stand: that nothing is wrong with tracking is worth knowing too. */
function watches(d) {
  if (!d.campaign.watches.length) return null;
  return section("Watches", ...d.campaign.watches.map((watch) => el("p", { class: "watch" }, badge(watch.status, true), ` ${watch.label}: ${watch.says}`,
    watch.told !== "on_pace" && watch.since_ms ? ` · told as ${WORDS[watch.told].toLowerCase()} ${ago(watch.since_ms, now())}${acknowledged(watch)}` : "")));
}

function lines(d, currency) {
  const found = d.lines.map((line) => {
    const goal = d.campaign.goals.find((one) => one.id === line.goal);
    return section(`Pace of ${goal.label}`, paceLine(line, goal, currency, now()),
      el("p", { class: "legend" }, "Solid: actual. Dashed: expected by the curve. Shaded: inside the warning band."));
  });
  if (!found.length && d.campaign.goals.some((g) => g.required_per_day !== null)) {
    found.push(section("Pace", el("p", {}, "History cannot be read now.")));
  }
  return found;
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

function changes(d) {
  const items = d.changes.slice(0, 20).map((c) => el("li", {}, el("time", { datetime: new Date(c.at_ms).toISOString() }, ago(c.at_ms, now())),
    ` ${c.label}: ${word(c.before, c.is_watch).toLowerCase()} → `, badge(c.after, c.is_watch), toldWhy(c)));
  return el("section", { id: "changes" }, el("h2", {}, "Status changes"), el("ol", {}, ...(items.length ? items : [el("li", {}, "None among the last that this monitor saw.")])));
}

function draw(d) {
  const currency = d.summary.currency;
  const scrolled = [...box.querySelectorAll(".scroll")].map((one) => one.scrollLeft);
  const focused = [...box.querySelectorAll(".scroll")].indexOf(document.activeElement);
  box.replaceChildren(...[facts(d), acts(d)].filter(Boolean), el("div", {}, ...lines(d, currency)), el("div", {}, watches(d), goals(d, currency), changes(d)),
    el("section", { class: "wide" }, el("h2", {}, `Windows, money in ${currency}`), table("Windows", "Window", Object.entries(d.windows))),
    d.campaign.members ? el("section", { class: "wide" }, el("h2", {}, "What its campaigns add"), members(d, currency))
      : el("section", { class: "wide" }, el("h2", {}, `Breakdowns, money in ${currency}`), parts(d)));
  const made = [...box.querySelectorAll(".scroll")];
  scrolled.forEach((left, i) => { if (made[i]) made[i].scrollLeft = left; });
  made[focused]?.focus({ preventScroll: true });
}

async function refresh() {
  if (loading || performance.now() - loadedAt < EVERY_MS) return;
  loading = true;
  loadedAt = performance.now();
  try {
    const found = await get(`/api/campaign?id=${encodeURIComponent(box.dataset.id)}`);
    const text = JSON.stringify(found.campaign) + found.lines.map((l) => l.as_of_ms);
    if (text !== shown) draw(found);
    shown = text;
  } catch {
    // The head of the page says that the connection is lost; the next event tries again.
  } finally {
    loading = false;
  }
}

if (box) follow(() => { header(); refresh(); });
