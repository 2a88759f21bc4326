"""``python -m tests.browser.slack_pictures`` writes what is said of messages anew: docs/alerts.md and its pictures."""

from __future__ import annotations

import sys
from pathlib import Path

from playwright.sync_api import Browser

from monitors.alerts.alert import Alert
from monitors.alerts.interventions import NO_INTERVENTIONS
from monitors.alerts.notifiers.slack.card_store import Card
from monitors.alerts.notifiers.slack.cards import Surroundings, render
from monitors.alerts.notifiers.slack.digest import digest_of, render_digest
from monitors.alerts.notifiers.slack.wardrobe import Wardrobe
from tests.browser.chromium import chromium
from tests.kit.pictures import smaller
from tests.kit.slack_page import page, plain
from tests.kit.slack_samples import CRITICAL, KINDS, LINKS, RESOLVED, WARNING, WORSENED, as_message, outage

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "alerts.md"
PICTURES = ROOT / "docs" / "alerts"
FIRST, LAST = "<!-- Messages: made by python -m tests.browser.slack_pictures -->", "<!-- End of messages -->"


def texts() -> str:
    """Each kind of message as text."""
    parts = [f"**{kind}**\n\n```text\n{plain(as_message(alerts))}\n```\n" for kind, alerts in KINDS.items()]
    return f"{FIRST}\n\n" + "\n".join(parts) + f"\n{LAST}"


def fresh(text: str) -> str:
    """The page with these texts as they are now."""
    before, _, rest = text.partition(FIRST)
    return before + texts() + rest.partition(LAST)[2]


def pictures() -> dict[str, str]:
    """The pages to be drawn, by name."""
    wardrobe = Wardrobe(LINKS, has_buttons=True)
    done = Surroundings("k", WARNING.at_ms, ("ana takes care of it since 13:04 (CET)",))
    said: tuple[Alert, ...] = (WORSENED, RESOLVED)
    over = Card("k", "C", 0, WARNING.at_ms, (), (), "1", RESOLVED)
    missed = outage(412)
    return {
        "card": page(render(WARNING, LINKS, done)),
        "critical": page(render(CRITICAL, LINKS)),
        "thread": page(wardrobe.card(over, NO_INTERVENTIONS), tuple(wardrobe.history([one]) for one in said)),
        "campaign": page(as_message(KINDS["Several goals of a campaign"])),
        "digest": page(render_digest(digest_of(missed), frozenset(a.goal for a in missed[:3]), LINKS)),
        "check-in": page(as_message(KINDS["A check-in"])),
    }


def _draw(browser: Browser, name: str, html: str) -> None:
    made = browser.new_page(viewport={"width": 664, "height": 100})
    made.set_content(html)
    shot = made.screenshot(full_page=True)
    made.close()
    (PICTURES / f"{name}.png").write_bytes(smaller(shot))


def main() -> int:
    """Write the page and the pictures."""
    PICTURES.mkdir(exist_ok=True)
    PAGE.write_text(fresh(PAGE.read_text("utf-8")), "utf-8")
    with chromium() as browser:
        for name, html in pictures().items():
            _draw(browser, name, html)
    return 0


if __name__ == "__main__":
    sys.exit(main())
