"""The sums of scopes, kept up as series change: only scopes with a series that changed are added anew.

``portfolio=`` is all campaigns, ``__other__`` too, and what is of accounts themselves. ``account=Acme`` is the
campaigns that a goals file says are Acme's; of other campaigns the part that their events say is, where the worker
breaks down by account; and what is of the account itself. ``channel=search`` is that breakdown of all campaigns: what
events do not say the channel of is in none. So each series is at most once in a scope, and no two scopes of one kind
have one in common.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import chain

from kpis.catalogue import CORE, Catalogue
from kpis.series import DIMENSIONS, SCOPES, campaign_part, is_campaign, is_parent, of_parent, parent_key, split
from kpis.windows import TOTAL
from monitors.read.snapshot import SeriesRows, Snapshot
from monitors.read.sums import sum_rows

ACCOUNT, PORTFOLIO = "account", "portfolio"
Accounts = Mapping[str, str]
"""Whose campaigns are, by series; those of nobody are left out."""


class ScopeSums:
    """Holds what each scope is the sum of.

    Args:
        scopes: which kinds of scopes there are, see :data:`kpis.series.SCOPES`.
    """

    def __init__(self, scopes: Iterable[str]) -> None:
        self._kinds = frozenset(scopes)
        self._accounts: Accounts = {}
        self._names: tuple[str, ...] = ()
        self._catalogue: Catalogue = CORE
        self._held: dict[str, SeriesRows] = {}
        self._places: dict[str, tuple[str, ...]] = {}
        self._parts: dict[str, dict[str, SeriesRows]] = {}
        self._sums: dict[str, SeriesRows] = {}

    def of(self, snapshot: Snapshot, accounts: Accounts) -> Mapping[str, SeriesRows]:
        """The rows of each scope that any series is of, by its key.

        Args:
            snapshot: what was read.
            accounts: whose campaigns are, as the goals file says.
        """
        if not self._kinds:
            return {}
        self._begin((*snapshot.layout.windows, TOTAL), snapshot.catalogue, accounts)
        series, own, changed = snapshot.series, snapshot.own, set[str]()
        for name, rows in chain(series.items(), own.items()):
            if self._held.get(name) is not rows:
                changed.update(self._put(name, rows))
        if len(self._held) > len(series) + len(own):
            for name in self._held.keys() - series.keys() - own.keys():
                changed.update(self._drop(name))
        if not changed:
            return self._sums
        # Who has the sums of before keeps them as they were.
        self._sums = {key: rows for key, rows in self._sums.items() if key not in changed}
        for key in changed:
            if parts := self._parts[key]:
                self._sums[key] = self._sum(parts)
        return self._sums

    def _begin(self, names: tuple[str, ...], catalogue: Catalogue, accounts: Accounts) -> None:
        """Forget everything where rows or accounts are others than before."""
        if names == self._names and catalogue is self._catalogue and accounts == self._accounts:
            return
        self._names, self._catalogue, self._accounts = names, catalogue, accounts
        self._held, self._places, self._parts, self._sums = {}, {}, {}, {}

    def _put(self, name: str, rows: SeriesRows) -> tuple[str, ...]:
        """Take over a series; gives the scopes that it is of."""
        places = self._places.get(name)
        if places is None:
            places = self._places[name] = tuple(scopes_of(name, self._kinds, self._accounts))
        self._held[name] = rows
        for key in places:
            self._parts.setdefault(key, {})[name] = rows
        return places

    def _drop(self, name: str) -> tuple[str, ...]:
        del self._held[name]
        places = self._places.pop(name)
        for key in places:
            del self._parts[key][name]
        return places

    def _sum(self, parts: Mapping[str, SeriesRows]) -> SeriesRows:
        holders = sorted({number for one in parts.values() for number in one.partitions})
        windows = sum_rows((one.windows for one in parts.values()), self._names, self._catalogue)
        return SeriesRows(windows, tuple(holders), tuple(parts))


def scopes_of(series: str, kinds: frozenset[str], accounts: Accounts) -> Iterator[str]:
    """The scopes of some kinds that a series is a part of, by their keys."""
    if is_campaign(series):
        if PORTFOLIO in kinds:
            yield parent_key(PORTFOLIO)
        account = of_parent(series)[1] if is_parent(series) else accounts.get(series, "")
        if ACCOUNT in kinds and account:
            yield parent_key(ACCOUNT, account)
        return
    _, pairs = split(series)
    dimension, value = pairs[0]
    if len(pairs) > 1 or dimension not in kinds or dimension not in DIMENSIONS:
        return
    if dimension == ACCOUNT and (is_parent(series) or campaign_part(series) in accounts):
        # All of it is counted for its account already.
        return
    yield parent_key(dimension, value)


def with_scopes(snapshot: Snapshot, sums: ScopeSums, accounts: Accounts) -> Snapshot:
    """A snapshot with what its scopes have."""
    return replace(snapshot, scopes=sums.of(snapshot, accounts))


def scope_kinds(found: Iterable[str]) -> list[str]:
    """The kinds of scopes among some keys, in their usual order."""
    kinds = {of_parent(key)[0] for key in found}
    return [kind for kind in SCOPES if kind in kinds]
