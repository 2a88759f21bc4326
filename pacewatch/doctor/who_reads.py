"""Who may read the pages of monitor and worker, and over what. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from kpis.runtime.errors import Misconfigured
from monitors.settings import MonitorSettings
from pacewatch.doctor.findings import Finding, Level

_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
_SECRET = "set PACEWATCH_HTTP_TOKEN and PACEWATCH_HTTP_PASSWORD, or serve on 127.0.0.1: docs/security.md"  # noqa: S105
_TLS = "set PACEWATCH_HTTP_CERT and PACEWATCH_HTTP_KEY, or have a proxy on this host do TLS: docs/security.md"


def of_pages(settings: MonitorSettings) -> Iterator[Finding]:
    """Whether the pages are open to more than this host, and whether what opens them can be read on the way."""
    try:
        is_plain = settings.http_tls is None
    except Misconfigured as e:
        yield Finding(Level.FAIL, f"pages: {e}")
        return
    how = "plain HTTP" if is_plain else "TLS"
    hosts = {"monitor": settings.monitor_host, "worker": settings.worker_host}
    beyond = [f"the {name}'s at {host}" for name, host in hosts.items() if host not in _LOOPBACK]
    if settings.http_access.is_open and beyond:
        yield Finding(Level.WARN, f"pages: served over {how}, to everybody who reaches {' and '.join(beyond)}", _SECRET)
    elif settings.http_access.is_open:
        yield Finding(Level.OK, f"pages: served over {how} on loopback only, to everybody there")
    else:
        yield Finding(Level.OK, f"pages: served over {how}, to who shows the token or the password")
        if beyond and is_plain:
            what = f"token and password can be read on the way to {' and '.join(beyond)}"
            yield Finding(Level.WARN, what, _TLS)
