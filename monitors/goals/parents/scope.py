"""What a goal is of: one campaign, or several series together."""

from __future__ import annotations

from enum import StrEnum


class Scope(StrEnum):
    """What a goal is of."""

    CAMPAIGN = "campaign"
    """One campaign."""
    ACCOUNT = "account"
    """Campaigns of an account together."""
    PORTFOLIO = "portfolio"
    """Campaigns of all accounts together."""
    CHANNEL = "channel"
    """What several campaigns have by one channel; the following by one value of another dimension."""
    AD_GROUP = "ad_group"
    CREATIVE = "creative"
    VARIANT = "variant"
    COUNTRY = "country"
    DEVICE = "device"
    EXPERIMENT = "experiment"
    """Variants that are compared."""

    @property
    def is_breakdown(self) -> bool:
        """Whether it is a part of each of its campaigns."""
        return self not in {Scope.CAMPAIGN, Scope.ACCOUNT, Scope.PORTFOLIO, Scope.EXPERIMENT}

    @property
    def word(self) -> str:
        """It for people, at the beginning of a line: ``Channel``, ``Ad group``."""
        return self.replace("_", " ").capitalize()
