// What people were told and what they did about it, as Redis keeps it; mutes; and acting, for whoever may.

import { byId, el, say } from "./dom.js";
import { ago, MARKS, toldWhy, when, word } from "./format.js";
import { get, now, post, state } from "./live.js";
import { linkTo } from "./rows.js";

const MOST = 30;
const EVERY_MS = 15_000;
const DID = { acknowledged: "acknowledged", unacknowledged: "takes care no more of", muted: "muted", unmuted: "unmuted" };
let found = null;
let asked = -Infinity;
let again = null;

const of = (one) => (one.campaign && one.campaign !== "*" ? linkTo(one.campaign, one.name) : one.campaign === "*" ? "every campaign" : one.name);
const time = (ms) => el("time", { datetime: new Date(ms).toISOString(), title: ago(ms, now()) }, when(ms, now()));
const quoted = (note) => (note ? `: “${note}”` : "");

/** Reads them again when something changed, and now and then. */
export function refreshAlerts(isChanged) {
  const due = performance.now() - asked;
  if (due > EVERY_MS || (isChanged && due > 1000)) load();
  // What was told just now is written a moment before it is seen: once more is sure to have it.
  else if (isChanged && again === null) again = setTimeout(load, 1000);
}

async function load() {
  clearTimeout(again);
  again = null;
  asked = performance.now();
  try {
    found = await get("/api/alerts");
  } catch {
    // The page's head says that there is no connection.
  }
  draw();
}

function told(c) {
  return el("li", {}, time(c.at_ms), " ", of(c), ` ${c.label}: ${word(c.before, c.is_watch).toLowerCase()} → `,
    el("span", { class: `badge ${c.after}` }, `${MARKS[c.after]} ${word(c.after, c.is_watch)}`), toldWhy(c), c.is_sent === false ? " (not sent: muted or said elsewhere)" : "");
}

const did = (c) => el("li", { class: "deed" }, time(c.at_ms), ` ${c.by || "somebody"} ${DID[c.kind]} `, of(c), c.label ? ` ${c.label}` : "",
  c.until_ms ? ` until ${when(c.until_ms, now())}` : "", quoted(c.note));

function draw() {
  const isRead = found?.is_read ?? false;
  // While Redis is away: what this monitor saw itself.
  const every = isRead ? [...found.told.map((one) => [one.at_ms, told, one]), ...found.done.map((one) => [one.at_ms, did, one])] : state.changes.map((one) => [one.at_ms, told, one]);
  every.sort((a, b) => b[0] - a[0]);
  say(document.querySelector("#changes p"), isRead || !found ? "" : "Redis cannot be read: these are the changes that this monitor saw itself.");
  document.querySelector("#changes ol").replaceChildren(...(every.length ? every.slice(0, MOST).map(([, made, one]) => made(one)) : [el("li", {}, "Nothing yet.")]));
  const mutes = found?.mutes ?? [];
  byId("mutes").hidden = !mutes.length;
  document.querySelector("#mutes ul").replaceChildren(...mutes.map((one) => el("li", {}, of(one), one.from_ms > now() ? ` from ${when(one.from_ms, now())}` : "",
    ` until ${when(one.until_ms, now())}`, one.is_in_file ? " by the goals file" : ` by ${one.by || "somebody"}`, quoted(one.why),
    found.can_act && !one.is_in_file && one.campaign !== "*" ? unmuting(one) : null)));
}

function unmuting(one) {
  const made = el("button", { type: "button", class: "small", "aria-label": `Unmute ${one.name}` }, "Unmute");
  made.addEventListener("click", () => act("unmute", { id: one.campaign, name: one.name }));
  return made;
}

const ASKS = {
  acknowledge: ["Acknowledge", "You take care of it: it stays quiet until it becomes worse or is over.", (id) => ({ campaign: id, by: byId("act-by").value, note: byId("act-note").value })],
  mute: ["Mute", "Nothing but ends is sent about it for so long. It is judged and shown as ever.", (id) => ({ campaign: id, for_s: Number(byId("act-for").value), by: byId("act-by").value, why: byId("act-note").value })],
  unmute: ["Unmute", "Mutes that people set are taken back.", (id) => ({ campaign: id })],
};
let doing = null;

/** Opens what it takes to do something about a campaign; null where nobody may. */
export const act = byId("act") ? open : null;

function open(kind, row) {
  const [name, about] = ASKS[kind];
  doing = { kind, id: row.id };
  say(byId("act-title"), `${name} ${row.name}`);
  say(byId("act-about"), about);
  say(byId("act-do"), name);
  say(byId("act-said"), "");
  byId("act-note").value = "";
  byId("act-span").hidden = kind !== "mute";
  for (const id of ["act-by", "act-note"]) byId(id).parentElement.hidden = kind === "unmute";
  byId("act").showModal();
}

async function carryOut() {
  const [, , body] = ASKS[doing.kind];
  byId("act-do").disabled = true;
  const said = await post(`/api/alerts/${doing.kind}`, body(doing.id));
  byId("act-do").disabled = false;
  if (said) return say(byId("act-said"), `Not done: ${said}`);
  byId("act").close();
  refreshAlerts(true);
}

if (act) {
  byId("act-do").addEventListener("click", carryOut);
  byId("act-not").addEventListener("click", () => byId("act").close());
  byId("act").addEventListener("keydown", (e) => {
    if (e.key === "Enter" && e.target.tagName === "INPUT") { e.preventDefault(); carryOut(); }
  });
}
