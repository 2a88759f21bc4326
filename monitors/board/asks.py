"""What people ask the API to do, and what they are told. The OpenAPI page is generated from these types too."""

from __future__ import annotations

from msgspec import Struct


class AcknowledgeAlerts(Struct, frozen=True, forbid_unknown_fields=True):
    """Someone takes care of a campaign's alerts, or of that of one goal: who (the user when empty), and a note."""

    campaign: str
    goal: str = ""
    by: str = ""
    note: str = ""


class UnacknowledgeAlerts(Struct, frozen=True, forbid_unknown_fields=True):
    """Nobody takes care of a campaign's alerts any more, or of that of one goal."""

    campaign: str
    goal: str = ""


class MuteCampaign(Struct, frozen=True, forbid_unknown_fields=True):
    """Send nothing but ends about a campaign for so many seconds: who wants that (the user when empty), and why."""

    campaign: str
    for_s: int
    by: str = ""
    why: str = ""


class UnmuteCampaign(Struct, frozen=True, forbid_unknown_fields=True):
    """Take back the mutes that people set on a campaign; those of the goals file are in the goals file."""

    campaign: str


class Done(Struct, frozen=True):
    """How many alerts were acknowledged, acknowledgements taken back, or mutes set or taken back."""

    count: int


class Problem(Struct, frozen=True):
    """Why there is no answer."""

    error: str
