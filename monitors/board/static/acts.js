// What people do on a campaign's page: acknowledge, mute, and take either back. The monitor asks for a password for it.

import { el } from "./dom.js";
import { post } from "./live.js";
import { momentIn } from "./zoned.js";

const LENGTHS = [["1 hour", 3600], ["2 hours", 7200], ["8 hours", 28_800], ["1 day", 86_400], ["3 days", 259_200], ["1 week", 604_800]];
const field = (label, input) => el("label", {}, el("span", {}, label), input);

export class Acts {
  /** @param done called when something was done, so that the page is loaded again. */
  constructor(done) {
    this.done = done;
    this.said = el("p", { class: "said", role: "status" });
    this.body = el("div", {});
    this.node = el("section", { id: "acts", class: "wide" }, el("h2", {}, "Who takes care of it"), this.body, this.said);
    this.drawn = "";
  }

  show(d) {
    const { campaign: c, story } = d;
    const open = [...c.goals, ...c.watches].filter((one) => one.phase === "firing" && !one.acknowledged_by);
    const text = JSON.stringify([open.map((one) => one.id), story.acknowledged, story.mutes, d.can_act]);
    this.node.hidden = !c.goals.length && !story.mutes.length;
    // Whoever writes a note goes on writing it.
    const isWriting = this.body.contains(document.activeElement) && document.activeElement.matches("input, select");
    if (text === this.drawn || isWriting) return;
    const isFocused = this.body.contains(document.activeElement);
    this.drawn = text;
    this.body.replaceChildren(...[this.#states(d, open), d.can_act ? this.#forms(c.id, open) : this.#closed()].filter(Boolean));
    if (isFocused) this.body.querySelector("summary, button")?.focus({ preventScroll: true });
  }

  #states(d, open) {
    const { story, campaign: c } = d;
    const zone = story.timezone;
    const items = story.acknowledged.map((one) => el("li", {}, `${one.by} takes care of ${one.label} since ${momentIn(one.at_ms, zone)}${one.note ? `: ${one.note}` : "."} `,
      d.can_act ? this.#button("Take back", `/api/alerts/unacknowledge`, () => ({ campaign: c.id, goal: one.goal }), `the acknowledgement of ${one.label}`) : null));
    items.push(...story.mutes.map((one) => el("li", {}, `Muted ${one.from_ms > d.summary.now_ms ? `from ${momentIn(one.from_ms, zone)} ` : ""}until ${momentIn(one.until_ms, zone)} by ${one.by}${one.why ? `: ${one.why}` : "."} `,
      d.can_act && one.can_be_taken_back ? this.#button("Unmute", "/api/alerts/unmute", () => ({ campaign: c.id })) : null)));
    if (open.length) items.push(el("li", {}, `Nobody takes care of ${open.map((one) => one.label).join(", ")} yet.`));
    return el("ul", { class: "links" }, ...(items.length ? items : [el("li", {}, "No alert is open, and nothing is muted.")]));
  }

  #forms(campaign, open) {
    const by = () => el("input", { type: "text", maxlength: "200", autocomplete: "name", placeholder: "you, if left empty" });
    const forms = [];
    if (open.length) {
      const [who, note] = [by(), el("input", { type: "text", maxlength: "200" })];
      const which = el("select", {}, el("option", { value: "" }, open.length > 1 ? "all that are open" : open[0].label), ...(open.length > 1 ? open.map((one) => el("option", { value: one.id }, one.label)) : []));
      forms.push(el("details", {}, el("summary", {}, "Acknowledge"), el("div", { class: "form" }, field("Alert", which), field("By", who), field("Note", note),
        this.#button("Acknowledge", "/api/alerts/acknowledge", () => ({ campaign, goal: which.value, by: who.value, note: note.value })))));
    }
    const [who, why] = [by(), el("input", { type: "text", maxlength: "200" })];
    const long = el("select", {}, ...LENGTHS.map(([words, seconds]) => el("option", { value: String(seconds) }, words)));
    long.value = "7200";
    forms.push(el("details", {}, el("summary", {}, "Mute"), el("div", { class: "form" }, field("For", long), field("By", who), field("Why", why),
      this.#button("Mute", "/api/alerts/mute", () => ({ campaign, for_s: Number(long.value), by: who.value, why: why.value })))));
    return el("div", { class: "forms" }, ...forms);
  }

  #closed() {
    return el("p", { class: "note" }, "To acknowledge and mute here, set PACEWATCH_HTTP_PASSWORD; ", el("code", {}, "pacewatch alerts"), " does it in a terminal.");
  }

  #button(text, path, body, of = "") {
    const made = el("button", { type: "button", class: "act" }, text, of ? el("span", { class: "unseen" }, ` ${of}`) : null);
    made.addEventListener("click", async () => {
      made.disabled = true;
      const refused = await post(path, body());
      this.said.textContent = refused ? `Not done: ${refused}.` : `${text}: done.`;
      made.disabled = false;
      if (!refused) {
        this.drawn = "";
        made.focus();
      }
      this.done();
    });
    return made;
  }
}
