"""The runbooks that alerts link to, as every monitor serves them: at hand where nothing else can be reached.

They are pages of ``docs/runbooks/``. An installed Pacewatch has them under ``share/pacewatch/`` of its environment.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

PATH = "/docs/runbooks/{page}"
"""Where they are served: as in the repository, so that one base address for another is all a link needs."""
_PLACES = (
    Path(__file__).parents[1] / "docs" / "runbooks",
    Path(sys.prefix) / "share" / "pacewatch" / "docs" / "runbooks",
)
_PAGE = re.compile(r"[A-Za-z]+\.md")


def runbook(page: str) -> str | None:
    """The text of a page, such as ``PacewatchWorkerDown.md``; None when there is none of that name."""
    if not _PAGE.fullmatch(page):
        return None
    return next((file.read_text("utf-8") for place in _PLACES if (file := place / page).is_file()), None)
