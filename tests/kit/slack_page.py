"""Messages as people read them: as text, and as a page that looks like Slack."""

from __future__ import annotations

import re
from html import escape
from typing import Any

from monitors.alerts.notifiers.slack.cards import Message

EMOJI = {
    ":red_circle:": "🔴",
    ":large_yellow_circle:": "🟡",
    ":large_green_circle:": "🟢",
    ":checkered_flag:": "🏁",
}
FACES = {":red_circle:": "#d92d20", ":large_yellow_circle:": "#f7b500", ":large_green_circle:": "#12a150",
         ":checkered_flag:": "#1d1c1d"}  # fmt: skip
STYLE = """
body { margin: 0; padding: 8px 12px; width: 640px; font: 14px/1.42 "Noto Sans", "DejaVu Sans", sans-serif;
  color: #1d1c1d; background: #fff }
.who { display: flex; gap: 8px; margin-bottom: 2px; align-items: baseline }
.who b { font-weight: 800 } .who i { font: 11px sans-serif; background: #e8e8e8; color: #616061; padding: 1px 4px;
  border-radius: 2px } .who span, .context, .thread { color: #616061; font-size: 12px }
.card { border-left: 4px solid; border-radius: 4px; padding: 2px 0 2px 12px; margin: 6px 0 10px }
.card > div { margin: 6px 0 } .fields { display: grid; grid-template-columns: 1fr 1fr; gap: 6px 16px }
.fields b { display: block } a { color: #1264a3; text-decoration: none }
.context span { margin-right: 10px } code { color: #e01e5a; background: #f6f6f6; border: 1px solid #ddd;
  border-radius: 3px; padding: 0 3px; font-size: 12px }
button { font: bold 13px sans-serif; padding: 4px 10px; margin-right: 8px; background: #fff; border: 1px solid #bbb;
  border-radius: 4px; color: #1d1c1d }
.thread { border-top: 1px solid #eee; margin-top: 6px; padding: 6px 0 0 16px } .thread p { margin: 3px 0;
  color: #1d1c1d; font-size: 13px } pre { white-space: pre-wrap; font: inherit; margin: 0 }
.face { display: inline-block; width: 12px; height: 12px; border-radius: 50%; vertical-align: -1px }
"""


def plain(message: Message) -> str:
    """A message as text, without its looks."""
    lines = [_bare(message.text)]
    for block in message.blocks:
        lines += [_bare(one["text"].replace("\n", ": ", 1)) for one in block.get("fields", ())]
        lines += [_bare(block["text"]["text"])] if "text" in block else []
        lines += [" · ".join(_words(one) for one in block["elements"])] if "elements" in block else []
    return "\n".join(lines)


def page(message: Message, thread: tuple[Message, ...] = ()) -> str:
    """A message as a page that looks like Slack, with what is in its thread."""
    cards = "".join(map(_card, message.attachments))
    answers = "".join(f"<p>{_html(one.text)}</p>" for one in thread)
    count = f"{len(thread)} {'reply' if len(thread) == 1 else 'replies'}"
    below = f'<div class="thread">{count}{answers}</div>' if thread else ""
    return (
        f"<!doctype html><meta charset=utf-8><style>{STYLE}</style>"
        "<div class=who><b>Pacewatch</b><i>APP</i><span>13:00</span></div>"
        f"<div>{_html(message.text)}</div>{cards}{below}"
    )


def _card(card: dict[str, Any]) -> str:
    blocks = "".join(map(_block, card["blocks"]))
    return f'<div class=card style="border-color:{card["color"]}">{blocks}</div>'


def _block(block: dict[str, Any]) -> str:
    if "fields" in block:
        return _tag("div class=fields", "".join(_tag("div", _html(one["text"])) for one in block["fields"]))
    if block["type"] == "actions":
        return _tag("div", "".join(_tag("button", escape(one["text"]["text"])) for one in block["elements"]))
    if block["type"] == "context":
        return _tag("div class=context", "".join(_tag("span", _html(one["text"])) for one in block["elements"]))
    return _tag("div", _tag("pre", _html(block["text"]["text"])))


def _tag(name: str, inner: str) -> str:
    return f"<{name}>{inner}</{name.split(maxsplit=1)[0]}>"


def _words(element: dict[str, Any]) -> str:
    return f"[{element['text']['text']}]" if "action_id" in element else _bare(element["text"])


def _bare(text: str) -> str:
    text = re.sub(r"<[^|>]+\|([^>]+)>", r"\1", text)
    text = re.sub(r"\*([^*\n]+)\*", r"\1", text).replace("`", "")
    return _faces(text).replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def _html(text: str) -> str:
    """Slack's text is escaped as HTML is; faces are drawn, for not every machine has a font of them."""
    for name, colour in FACES.items():
        text = text.replace(name, f'<span class=face style="background:{colour}"></span>')
    text = re.sub(r"<(https?:[^|>]+)\|([^>]+)>", r'<a href="\1">\2</a>', text)
    text = re.sub(r"\*([^*\n]+)\*", r"<b>\1</b>", text)
    text = re.sub(r"~([^~\n]+)~", r"<s>\1</s>", text)
    return _faces(re.sub(r"`([^`\n]+)`", r"<code>\1</code>", text)).replace("</b>\n", "</b>")


def _faces(text: str) -> str:
    for name, face in EMOJI.items():
        text = text.replace(name, face)
    return text
