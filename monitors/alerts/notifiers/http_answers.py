"""What an answer over HTTP means, the same for every notifier. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from http import HTTPStatus

from monitors.alerts.notifiers.protocol import Answer, Outcome

MAX_RETRY_AFTER_S = 3600.0
"""No service may silence its notifier for longer."""
DEFAULT_RETRY_AFTER_S = 30.0
"""Where a 429 does not say for how long."""
_LATER = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY})
"""They say of themselves that the same request may be sent again."""


def judge(status: int, headers: Mapping[str, str], now_ms: float) -> Answer:
    """What a response means; a redirect is refused, for what is sent is meant for nobody else.

    Args:
        status: of HTTP.
        headers: its names in any case.
        now_ms: real time, epoch milliseconds, for waits that are written as a date.
    """
    detail = f"HTTP {status}"
    if 200 <= status < 300:
        return Answer(Outcome.SENT, detail)
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        asked = retry_after(headers, now_ms)
        return Answer(Outcome.RATE_LIMITED, detail, DEFAULT_RETRY_AFTER_S if asked is None else asked)
    if status >= 500 or status in _LATER:
        return Answer(Outcome.SERVER_ERROR, detail, retry_after(headers, now_ms))
    return Answer(Outcome.REFUSED, detail)


def retry_after(headers: Mapping[str, str], now_ms: float) -> float | None:
    """The seconds that an answer asks to wait, written as such or as a date, at most an hour; None when it does not."""
    text = next((value for name, value in headers.items() if name.lower() == "retry-after"), "").strip()
    if text.isascii() and text.isdigit():
        return min(float(text), MAX_RETRY_AFTER_S)
    try:
        moment = parsedate_to_datetime(text)
        wait_s = moment.timestamp() - now_ms / 1000
    except (ValueError, OverflowError):
        return None
    return min(max(wait_s, 0.0), MAX_RETRY_AFTER_S)
