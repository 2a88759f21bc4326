"""Slack's rules for messages, checked on one: by its own models, and by the limits that these do not know."""

from __future__ import annotations

import re
from typing import Any

from slack_sdk.models.blocks import Block

from monitors.alerts.notifiers.slack.cards import Message
from monitors.alerts.notifiers.slack.mrkdwn import length

_MEANT = re.compile(r"<https?://[^<>|\s]+\|[^<>|]+>|<@[UW][A-Z0-9]+>|<!subteam\^S[A-Z0-9]+>")
"""What may stand between angle brackets: our links, and owners that a goals file names by an id of Slack."""
_ENTITY = re.compile(r"&(?:amp|lt|gt);")


def is_fit(message: Message) -> None:
    """Fail where Slack would refuse a message, cut it, or take a part of it for what nobody meant."""
    assert 0 < length(message.text) <= 4_000
    _is_escaped(message.text)
    assert len(message.blocks) <= 50
    for card in message.attachments:
        assert re.fullmatch(r"#[0-9a-f]{6}", card["color"])
        _is_escaped(card["fallback"])
        for block in card["blocks"]:
            parsed = Block.parse(block)
            assert parsed is not None
            parsed.validate_json()
            _is_block(block)


def _is_block(block: dict[str, Any]) -> None:
    texts: list[tuple[dict[str, Any], int]] = []
    match block["type"]:
        case "section":
            texts += [(block["text"], 3_000)] if "text" in block else []
            texts += [(one, 2_000) for one in block.get("fields", ())]
            assert len(block.get("fields", ())) <= 10
            assert texts
        case "context":
            texts += [(one, 3_000) for one in block["elements"]]
            assert 0 < len(block["elements"]) <= 10
        case "actions":
            assert 0 < len(block["elements"]) <= 25
            assert len({one["action_id"] for one in block["elements"]}) == len(block["elements"])
            for one in block["elements"]:
                assert 0 < len(one["text"]["text"]) <= 75
                assert len(one["value"]) <= 2_000
                assert len(one.get("url", "")) <= 3_000
        case other:
            raise AssertionError(f"a block that no test knows: {other}")
    for text, limit in texts:
        assert text["type"] == "mrkdwn"
        assert 0 < length(text["text"]) <= limit
        _is_escaped(text["text"])


def _is_escaped(text: str) -> None:
    bare = _ENTITY.sub("", _MEANT.sub("", text))
    assert not re.search(r"[<>&]", bare), bare
    assert "\u202e" not in text
    assert text.count("`") % 2 == 0
