"""What the list of campaigns has above and below its rows, as the server sends it: true without JavaScript. Pure.

Every text that comes from elsewhere goes through :func:`html.escape`.
"""

from __future__ import annotations

from html import escape

from kpis.times import minute_in
from kpis.units import NONE, Unit, amount
from monitors.board.overview.overview_shapes import Tiles
from monitors.board.shapes import Summary

_CONTROLS = (
    '<section id="controls" aria-label="Filter and sort">'
    '<div id="statuses" role="group" aria-label="Show only a status"></div>'
    '<label class="find"><span>Find</span><input id="find" type="search" autocomplete="off" maxlength="200" '
    'placeholder="campaign or account (press /)"></label>'
    '<label class="order"><span>Group</span><select id="group"></select></label>'
    '<label class="order"><span>Sort</span><select id="order"></select></label>'
    '<a id="to-wall" href="/?wall=1">Wall</a></section>'
    '<p id="count" aria-live="polite"></p><ol id="wall" hidden></ol>'
    '<p id="wall-foot" hidden><span></span> <button type="button" id="wall-hold">Hold</button> '
    '<a href="/">Leave (Esc)</a></p>'
)
_LOG = (
    '<section id="mutes" aria-labelledby="mutes-title" hidden><h2 id="mutes-title">Muted</h2><ul></ul></section>'
    '<section id="changes" aria-labelledby="changes-title"><h2 id="changes-title">What people were told</h2>'
    "<p></p><ol></ol></section>"
)
_DIALOG = (
    '<dialog id="act" aria-labelledby="act-title"><h2 id="act-title"></h2><p id="act-about"></p>'
    '<label id="act-span">For <select id="act-for"><option value="3600">1 hour</option>'
    '<option value="7200" selected>2 hours</option><option value="28800">8 hours</option>'
    '<option value="86400">1 day</option><option value="604800">7 days</option></select></label>'
    '<label>Who <input id="act-by" maxlength="200" autocomplete="name" placeholder="as you are signed in"></label>'
    '<label>Note <input id="act-note" maxlength="200" autocomplete="off"></label>'
    '<p id="act-said" role="alert"></p><p class="acts"><button type="button" id="act-do"></button> '
    '<button type="button" id="act-not">Cancel</button></p></dialog>'
)


def above(summary: Summary) -> str:
    """Tiles, what is wrong, what to do next, and what to filter and sort with."""
    said = f"<p>{escape(summary.health.says)}</p>" if summary.health.says else ""
    steps = "".join(f"<li>{escape(step)}</li>" for step in summary.next_steps)
    hidden = "" if steps else " hidden"
    return (
        f'<section id="tiles" aria-label="All together">{_tiles(summary)}</section>'
        f'<div id="notices" role="status">{said}</div>'
        f'<section id="next" aria-labelledby="next-title"{hidden}><h2 id="next-title">What to do next</h2>'
        f"<ol>{steps}</ol></section>{_CONTROLS}"
    )


def below(*, can_act: bool) -> str:
    """Mutes, and what people were told; with what it takes to act, for whoever may."""
    return _LOG + (_DIALOG if can_act else "")


def _tiles(summary: Summary) -> str:
    found: Tiles = summary.tiles
    spent = amount(found.spend_today_micros, Unit.MICROS, summary.currency)
    first = found.launches[0] if found.launches else None
    launch = f"{first.name} at {minute_in(first.start_ms, found.today_zone)}" if first else ""
    each = (
        ("spent", "Spend today", spent, f"since midnight {found.today_zone}"),
        ("risk", "At risk", amount(found.risk_micros, Unit.MICROS, summary.currency), "spend off pace"),
        ("critical", "Critical", str(found.critical), ""),
        ("warning", "Warning", str(found.warning), ""),
        ("launches", f"Launches in {found.launch_hours} h", str(found.launching), launch),
    )
    is_known = bool(summary.currency)
    return "".join(
        f'<div class="tile {kind} none"><span>{escape(name)}</span> <b>{escape(value if is_known else NONE)}</b> '
        f"<small>{escape(more)}</small></div>"
        for kind, name, value, more in each
    )
