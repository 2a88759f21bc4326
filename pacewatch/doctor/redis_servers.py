"""What Redis servers say of themselves: version, memory, what they keep on disk, their clock. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from pacewatch.doctor.findings import Finding, Level

OLDEST_REDIS = (6, 2)
FULL, NEARLY_FULL = 0.95, 0.8
"""Parts of the memory that a server may take."""
FAR_OFF_MS, OFF_MS = 60_000, 2_000
"""Of clocks; what is judged by time is judged wrongly by so much."""
_NTP = "have NTP set the clocks of this host and of Redis's"


def of_server(address: str, info: Mapping[str, object]) -> Iterator[Finding]:
    """What a server's ``INFO`` tells."""
    version = str(info.get("redis_version", "0"))
    numbers = tuple(int(part) for part in version.split(".")[:2] if part.isdecimal())
    if numbers < OLDEST_REDIS:
        yield Finding(Level.FAIL, f"Redis at {address} has version {version}", "6.2 or newer is needed")
    else:
        yield Finding(Level.OK, f"Redis at {address} answers, version {version}")
    if info.get("role") == "slave":
        yield Finding(Level.FAIL, "this Redis is a replica and takes no writes", "set PACEWATCH_REDIS to its master")
    yield from _memory(info)
    yield from _disk(info)


def _memory(info: Mapping[str, object]) -> Iterator[Finding]:
    policy = info.get("maxmemory_policy")
    if policy != "noeviction":
        yield Finding(Level.WARN, f"Redis may evict keys (maxmemory-policy {policy})", "set it to noeviction")
    used, limit, whole = (_number(info, name) for name in ("used_memory", "maxmemory", "total_system_memory"))
    if not used:
        return
    most = limit or whole
    part = used / most if most else 0.0
    of = f"{_bytes(used)} of {_bytes(limit)} (maxmemory)" if limit else f"{_bytes(used)}, without a limit"
    what = f"Redis takes {of}"
    if not limit and whole:
        what = f"{what}, of the host's {_bytes(whole)}"
    cure = "raise maxmemory and the host's memory with it, or lower PACEWATCH_HISTORY_DAYS: docs/scaling.md"
    if part >= FULL:
        yield Finding(Level.FAIL, f"{what}: it refuses writes when it is full", cure)
    elif part >= NEARLY_FULL:
        yield Finding(Level.WARN, what, cure)
    else:
        yield Finding(Level.OK, what)


def _disk(info: Mapping[str, object]) -> Iterator[Finding]:
    if not info.get("aof_enabled"):
        remedy = "set appendonly yes, or a restart reads Kafka again"
        yield Finding(Level.WARN, "Redis keeps no append-only file", remedy)
    for name, what in (("aof_last_write_status", "append-only file"), ("rdb_last_bgsave_status", "snapshot")):
        if info.get(name, "ok") != "ok":
            remedy = "see its log; the disk may be full or read-only"
            yield Finding(Level.FAIL, f"Redis could not write its last {what}", remedy)


def skewed(off_ms: int) -> Iterator[Finding]:
    """How far a server's clock is off from that of this host; positive where it is fast."""
    how = f"Redis's clock is {abs(off_ms) / 1000:,.1f} s {'ahead of' if off_ms > 0 else 'behind'} this host's"
    if abs(off_ms) >= FAR_OFF_MS:
        yield Finding(Level.FAIL, how, _NTP)
    elif abs(off_ms) >= OFF_MS:
        yield Finding(Level.WARN, how, _NTP)
    else:
        yield Finding(Level.OK, "clocks: Redis's and this host's agree")


def _number(info: Mapping[str, object], name: str) -> int:
    value = info.get(name)
    return value if isinstance(value, int) else 0


def _bytes(count: int) -> str:
    return f"{count / 2**30:,.1f} GiB" if count >= 2**30 else f"{count / 2**20:,.0f} MiB"
