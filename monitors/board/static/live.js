// The state of the page and its events: loaded once, then kept up to date; loaded again when the server says so.

import { byId, el, say } from "./dom.js";
import { look, moment, span, zone } from "./format.js";

export const state = { summary: null, rows: new Map(), changes: [], heardAt: 0, heardWall: 0, silentSince: null };

let reloads = false;
const narrow = matchMedia("(max-width: 760px)");

/** The deployment's clock now: it may run faster than the wall in a rehearsal. */
export const now = () => state.summary.now_ms + (performance.now() - state.heardAt) * state.summary.rate;

export async function get(path) {
  const reply = await fetch(path, { headers: { accept: "application/json" } });
  if (!reply.ok) throw new Error(`${reply.status} ${reply.statusText}`);
  return reply.json();
}

/** Asks for something to be done; gives why it was not, empty when it was. */
export async function post(path, body) {
  try {
    const reply = await fetch(path, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });
    return reply.ok ? "" : (await reply.json()).error;
  } catch {
    return "no connection to the monitor";
  }
}

function hear(summary) {
  if (summary.columns !== look.mark && !reloads) {
    // The catalogue file adds other numbers than this page has columns for.
    reloads = true;
    setTimeout(() => location.reload(), 2000);
  }
  state.summary = summary;
  state.heardAt = performance.now();
  state.heardWall = Date.now();
  state.silentSince = null;
}

export function follow(changed) {
  let source = null;
  async function load() {
    source?.close();
    try {
      const [board, told] = await Promise.all([get("/api/campaigns"), get("/api/changes")]);
      hear(board.summary);
      state.rows = new Map(board.campaigns.map((row) => [row.id, row]));
      state.changes = told.changes;
      changed(new Set(state.rows.keys()), true);
      listen(board.id);
    } catch {
      lost();
      setTimeout(load, 2000);
    }
  }
  function listen(id) {
    source = new EventSource(`/api/events?since=${encodeURIComponent(id)}`);
    source.addEventListener("reset", load);
    source.addEventListener("update", (event) => {
      const update = JSON.parse(event.data);
      hear(update.summary);
      for (const row of update.campaigns) state.rows.set(row.id, row);
      for (const one of update.gone) state.rows.delete(one);
      state.changes = [...[...update.changes].reverse(), ...state.changes].slice(0, 200);
      changed(new Set(update.campaigns.map((row) => row.id)), update.gone.length > 0);
    });
    source.addEventListener("error", () => {
      lost();
      // Refused for good (the server said no): EventSource gives up, we do not.
      if (source.readyState === EventSource.CLOSED) setTimeout(load, 2000);
    });
  }
  function lost() {
    state.silentSince ??= performance.now();
  }
  load();
  setInterval(() => header(), 1000);
}

const UNHEARD_MS = 5000;
const STATES = { live: "● live", behind: "◐ behind", no_worker: "✕ no worker writes", redis_away: "✕ Redis away", unread: "✕ not read" };

/** For how long nothing was heard: a page that slept has two clocks, of which one stood still. */
const unheard = () => Math.max(performance.now() - state.heardAt, Date.now() - state.heardWall);

/** Whether the numbers are those of now, as this page knows at this moment. */
export function standing() {
  const s = state.summary;
  const lostFor = state.silentSince === null ? 0 : performance.now() - state.silentSince;
  if (lostFor > 1500) return { state: "lost", text: "✕ not connected", says: `No connection to the monitor for ${span(lostFor)}: nothing here is new.` };
  if (!s) return { state: "loading", text: "… loading", says: "" };
  if (unheard() > UNHEARD_MS) return { state: "lost", text: "✕ not connected", says: `Nothing was heard of the monitor for ${span(unheard())}: nothing here is new.` };
  const behind = s.as_of_ms === null ? 0 : now() - s.as_of_ms;
  if (s.health.state === "live" && behind > s.max_lag_ms) return { state: "behind", text: `◐ behind ${span(behind)}`, says: `The pipeline is ${span(behind)} behind: pace is on hold until it catches up.` };
  const { state: found, says, behind_ms: ms, stream } = s.health;
  const long = found === "behind" ? ` ${span(ms)}${stream ? ` (${stream})` : ""}` : found === "no_worker" && ms ? ` (${span(ms)})` : "";
  return { state: found, text: `${STATES[found]}${long}`, says: found !== "live" && s.problem && state.rows.size ? `${says} The numbers are the last that were read.` : says };
}

/** How old the numbers are, and all that is wrong with them. */
export function header() {
  const s = state.summary;
  const is = standing();
  say(byId("live"), is.text);
  byId("live").className = is.state === "live" ? "up" : is.state === "behind" || is.state === "loading" ? "late" : "lost";
  const notices = [];
  const isTold = is.state === "behind" && (s.common || []).some((one) => one.reason === "pipeline_late" && one.status === "critical");
  if (is.says && !isTold) notices.push([is.state === "behind" ? "warn" : "bad", is.says]);
  if (s) {
    say(byId("age"), s.as_of_ms === null ? "no event yet" : `as of ${moment(s.as_of_ms, !narrow.matches)} ${zone(s.as_of_ms)}, ${span(now() - s.as_of_ms)} ago`);
    for (const words of s.notices || []) notices.push(["bad", words]);
    for (const stream of s.streams || []) if (stream.says && stream.says !== is.says) notices.push([stream.is_behind ? "warn" : "info", stream.says]);
    if (s.shown < s.campaigns) notices.push(["info", `${s.shown} of ${s.campaigns} campaigns are on the board: those with goals, then those that spent most.`]);
    if (s.waiting > 3) notices.push(["warn", `${s.waiting} messages wait to be sent.`]);
  }
  const box = byId("notices");
  const text = notices.map(([, words]) => words).join("\n");
  if (box.dataset.text !== text) {
    box.dataset.text = text;
    box.replaceChildren(...notices.map(([kind, words]) => el("p", { class: kind }, words)));
  }
}
