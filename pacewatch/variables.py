"""The settings of all of Pacewatch, and what in the environment only looks like one."""

from __future__ import annotations

import os

from kpis.settings.shared import Settings
from kpis.settings.unknown import unknown
from monitors.settings import MonitorSettings

ALL = (Settings, MonitorSettings)


def strange() -> list[str]:
    """A sentence for each variable of this process that looks like a setting and is none."""
    return unknown(os.environ, ALL)
