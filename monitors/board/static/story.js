// What is known of a campaign beside its numbers: its launch, what verdicts rest on, what happened, who does what.

import { el } from "./dom.js";
import { paceBar } from "./draw.js";
import { MARKS, outOf, paceOf, span, word } from "./format.js";
import { momentIn, readAs } from "./zoned.js";

export const badge = (status, isWatch = false) => el("span", { class: `badge ${status}` }, el("span", { "aria-hidden": "true" }, MARKS[status]), ` ${word(status, isWatch)}`);
export const section = (title, ...children) => el("section", {}, el("h2", {}, title), ...children);
const time = (ms, zone) => el("time", { datetime: new Date(ms).toISOString() }, momentIn(ms, zone));
const DONE = { done: "✓", waiting: "○", unknown: "?" };
const STATE = { done: "done", waiting: "not yet", unknown: "not known" };

/** What people opened stays open when the page is drawn anew. */
const opened = new Set();
export function details(name, summary, ...children) {
  const box = el("details", opened.has(name) ? { open: "" } : {}, el("summary", {}, ...summary), ...children);
  box.addEventListener("toggle", () => (box.open ? opened.add(name) : opened.delete(name)));
  box.dataset.name = name;
  return box;
}

export function launch(story) {
  if (!story.launch.length) return null;
  const steps = story.launch.map((step) => el("li", { class: step.state }, el("span", { class: "tick", "aria-hidden": "true" }, DONE[step.state]),
    el("strong", {}, step.label), el("span", { class: "unseen" }, `, ${STATE[step.state]}: `),
    el("span", { class: "when" }, step.at_ms === null ? "" : time(step.at_ms, story.timezone), step.at_ms === null ? step.says : ` · ${step.says}`)));
  return section("Launch", el("ol", { class: "launch" }, ...steps),
    el("p", { class: "note" }, `Firsts are known to the quarter hour. Times of ${readAs(story.timezone)}.`));
}

function facts(one) {
  const rows = one.facts.map((fact) => [el("dt", {}, fact.name), el("dd", {}, fact.value)]);
  if (one.why) rows.push([el("dt", {}, "Why"), el("dd", {}, one.why)]);
  if (one.next_step) rows.push([el("dt", {}, "Next step"), el("dd", {}, one.next_step)]);
  if (one.rule) rows.push([el("dt", {}, "A miss is told"), el("dd", {}, one.rule)]);
  return el("dl", { class: "facts" }, ...rows.flat());
}

const told = (one, since, now) => (one.told !== "on_pace" && one.since_ms ? ` Told as ${word(one.told).toLowerCase()} for ${span(now - one.since_ms)}.` : "");
const taken = (one) => (one.acknowledged_by ? ` ${one.acknowledged_by} takes care of it.` : "");

/** Each goal: its bar, its reason, and the numbers that the verdict rests on. */
export function goals(d, currency, now) {
  const evidence = new Map(d.story.evidence.map((one) => [one.goal, one]));
  const rows = d.campaign.goals.map((goal) => {
    const one = evidence.get(goal.id);
    return el("div", { class: "verdict" }, el("p", { class: "head" }, badge(goal.status), el("strong", {}, ` ${goal.label}`)),
      goal.ratio === null ? null : el("div", { class: "goal" }, el("span", { class: "ratio" }, paceOf(goal)), paceBar(goal), el("small", {}, outOf(goal, currency))),
      el("p", { class: "says" }, `${one?.says ?? goal.says}.${told(goal, goal.since_ms, now)}${taken(goal)}`),
      one ? details(`goal ${goal.id}`, ["Evidence", el("span", { class: "unseen" }, ` of ${goal.label}`)], facts(one)) : null);
  });
  return section("Goals", ...(rows.length ? rows : [el("p", {}, "The goals file has none for this campaign, so nothing of it is judged.")]));
}

/** As they stand: that nothing is wrong with tracking is worth knowing too. */
export function watches(d, now) {
  if (!d.campaign.watches.length) return null;
  const evidence = new Map(d.story.evidence.map((one) => [one.goal, one]));
  return section("Watches", ...d.campaign.watches.map((watch) => {
    const one = evidence.get(watch.id);
    const line = el("p", { class: "watch" }, badge(watch.status, true), ` ${watch.label}: ${watch.says}.${told(watch, watch.since_ms, now)}${taken(watch)}`);
    return one && (one.facts.length || one.why) ? el("div", {}, line, details(`goal ${watch.id}`, ["Evidence", el("span", { class: "unseen" }, ` of ${watch.label}`)], facts(one))) : line;
  }));
}

const KINDS = { alert: ["▲", "Alert"], corrected: ["↺", "Correction"], check_in: ["✓", "Check-in"], acknowledged: ["☑", ""], muted: ["∅", ""], flight: ["⚑", ""] };
const SHOWN = 12;

export function timeline(story, now) {
  const item = (one) => {
    const [mark, name] = KINDS[one.kind];
    const status = one.after && one.after !== "no_data" ? badge(one.after, one.is_watch) : null;
    return el("li", { class: one.kind + (one.at_ms > now ? " ahead" : "") }, time(one.at_ms, story.timezone),
      el("span", { class: "what" }, status ?? el("strong", {}, el("span", { "aria-hidden": "true" }, mark), name ? ` ${name}` : ""), ` ${one.says}`, one.is_sent ? "" : el("em", {}, " (not sent: muted)")));
  };
  const items = story.timeline.map(item);
  const rest = items.slice(SHOWN);
  return el("section", { id: "changes" }, el("h2", {}, "Timeline"), el("ol", { class: "timeline" }, ...items.slice(0, SHOWN)),
    rest.length ? details("timeline", [`${rest.length} more`], el("ol", { class: "timeline" }, ...rest)) : null,
    items.length ? null : el("p", {}, "Nothing was told of this campaign."),
    el("p", { class: "note" }, `${story.timeline_read ? "Alerts as far as Redis keeps them." : "Redis is away: alerts that this monitor saw."} Times of ${readAs(story.timezone)}.`));
}

export function experiments(story) {
  if (!story.experiments.length) return null;
  return section("Experiments", el("ul", { class: "links" }, ...story.experiments.map((one) => el("li", {},
    el("a", { href: `/experiments#${encodeURIComponent(one.experiment)}` }, one.name), ` ${one.says}`))));
}
