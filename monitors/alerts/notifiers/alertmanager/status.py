"""What an Alertmanager says of itself: whether it is one, lets us in, and which version it is. Pure."""

from __future__ import annotations

from dataclasses import replace

import msgspec

from kpis.runtime.printable import printable
from monitors.alerts.notifiers.posting import Endpoint
from monitors.alerts.notifiers.probing import Reply
from monitors.alerts.notifiers.protocol import Asked

_SETTING = "PACEWATCH_ALERTMANAGER_URL"
_CURES = {
    401: "set PACEWATCH_ALERTMANAGER_TOKEN, or user and password in the URL",
    403: "set PACEWATCH_ALERTMANAGER_TOKEN, or user and password in the URL",
    404: f"{_SETTING} is where its pages are, with its path prefix, without /api/v2",
}


class VersionInfo(msgspec.Struct, frozen=True):
    """What it is made of."""

    version: str


class StatusPage(msgspec.Struct, frozen=True):
    """What is read of ``/api/v2/status``."""

    version_info: VersionInfo = msgspec.field(name="versionInfo")


_decode = msgspec.json.Decoder(StatusPage).decode


def status_page(to: Endpoint) -> Endpoint:
    """Where its status is, beside where alerts are posted."""
    return replace(to, url=to.url.with_name("status"))


def asked(who: str, reply: Reply) -> Asked:
    """What its status page, or another in its place, means."""
    if reply.trouble:
        return Asked(
            who, is_well=False, said=f"cannot be reached: {reply.trouble}", cure=f"start it, or mend {_SETTING}"
        )
    if reply.status != 200:
        cure = _CURES.get(reply.status, f"see its log, or mend {_SETTING}")
        return Asked(who, is_well=False, said=f"does not show its status: HTTP {reply.status}", cure=cure)
    try:
        found = _decode(reply.body)
    except msgspec.DecodeError:
        return Asked(who, is_well=False, said="is none: something else answers there", cure=f"mend {_SETTING}")
    return Asked(who, is_well=True, said=f"answers, version {printable(found.version_info.version)[:40]}")
