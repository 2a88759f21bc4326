"""A check-in as a card: a line for each goal. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from kpis.units import how_many
from monitors.alerts.check_in import CheckIn
from monitors.alerts.check_in_words import check_in_headline, check_in_lines
from monitors.alerts.notifiers.links import Links
from monitors.alerts.notifiers.slack.cards import LOOK_ORDER, NO_LINKS, Message
from monitors.alerts.notifiers.slack.mrkdwn import FIELD_LIMIT, TEXT_LIMIT, fitted, link, listed, person
from monitors.alerts.sentences import shown_name
from monitors.words.wording import LOOK

_LINE_LIMIT = 400


def render_check_in(check_in: CheckIn, links: Links = NO_LINKS) -> Message:
    """A check-in in Slack's form.

    Args:
        check_in: which.
        links: where people see more.
    """
    first, lines = check_in_headline(check_in), check_in_lines(check_in)
    worst = min((standing.status for standing in check_in.standings), key=LOOK_ORDER.__getitem__, default=None)
    about = (
        fitted(lines[-1], _LINE_LIMIT),
        f"owner: {person(shown_name(check_in.owner))}" if check_in.owner else "",
        link(links.of_campaign(check_in.campaign), "Board"),
    )
    text = listed([fitted(line, _LINE_LIMIT) for line in lines[:-1]] or ["no goals"])
    card = {
        "color": LOOK[worst].bar,
        "fallback": fitted(first, FIELD_LIMIT),
        "blocks": [
            {"type": "section", "text": {"type": "mrkdwn", "text": text}},
            {"type": "context", "elements": [{"type": "mrkdwn", "text": " · ".join(filter(None, about))}]},
        ],
    }
    return Message(f":checkered_flag: {fitted(first, TEXT_LIMIT // 2)}", (card,))


def render_check_ins(check_ins: Sequence[CheckIn], links: Links = NO_LINKS) -> Message:
    """Those of many campaigns: a line each.

    Args:
        check_ins: not none.
        links: where people see more.
    """
    said = f"{how_many(len(check_ins), 'campaign')} reached a milestone"
    lines = listed([fitted(check_in_headline(one), _LINE_LIMIT) for one in check_ins])
    blocks = [{"type": "section", "text": {"type": "mrkdwn", "text": lines}}]
    page = link(links.of_board, "All of them on the board")
    context = [{"type": "context", "elements": [{"type": "mrkdwn", "text": page}]}] if page else []
    card = {"color": LOOK[None].bar, "fallback": said, "blocks": [*blocks, *context]}
    return Message(f":checkered_flag: {said}", (card,))
