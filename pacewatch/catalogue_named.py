"""The catalogue that settings name, for commands that read goals or values once."""

from __future__ import annotations

from kpis.catalogue import Catalogue
from kpis.packs.catalogue_file import load
from kpis.settings.events import EventSettings


def catalogue() -> Catalogue:
    """That of ``PACEWATCH_CATALOGUE``; the core alone without one.

    Raises:
        InvalidCatalogue: it cannot be used.
        Misconfigured: settings of events cannot be.
    """
    return load(EventSettings.load().catalogue)
