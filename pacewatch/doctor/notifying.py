"""Who tells people: what is set up, who tells of what."""

from __future__ import annotations

from kpis.runtime.errors import Misconfigured
from monitors.alerts.notifiers.known import KNOWN, Known, configured, routes_to
from monitors.alerts.routing import Matter, Routes
from monitors.settings import MonitorSettings
from pacewatch.doctor.findings import Finding, Level


def of_notifiers(settings: MonitorSettings) -> list[Finding]:
    """What is set up, and who tells of what."""
    try:
        found = configured(settings)
        routes = routes_to([notifier for _, notifier in found], settings)
    except Misconfigured as e:
        return [Finding(Level.FAIL, f"notifiers: {e}")]
    if not found:
        cure = f"set one of {', '.join(known.setting for known in KNOWN)} to have misses told"
        return [Finding(Level.WARN, "nobody is told of misses", cure)]
    told = [Finding(Level.OK, f"{known.what} is set (not called now); {_told(known, routes)}") for known, _ in found]
    if settings.webhook_url is not None and settings.webhook_secret is None:
        told.append(Finding(Level.WARN, "webhook: what is posted is not signed", "set PACEWATCH_WEBHOOK_SECRET"))
    nobody = ", ".join(str(matter) for matter in Matter if not routes.by.get(matter))
    return [*told, *([Finding(Level.WARN, f"nobody is told of: {nobody}", "PACEWATCH_ROUTES")] if nobody else [])]


def _told(known: Known, routes: Routes) -> str:
    matters = ", ".join(str(matter) for matter, names in routes.by.items() if known.name in names)
    return f"told of: {matters}" if matters else "told of nothing, see PACEWATCH_ROUTES"
