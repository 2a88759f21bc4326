"""``python -m tests.browser.campaign_pictures`` draws the pictures of docs/campaign-page.md anew."""

from __future__ import annotations

import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from playwright.sync_api import Browser, expect

from tests.browser.chromium import chromium, page
from tests.kit.campaign_stage import Stage
from tests.kit.pictures import smaller
from tests.kit.redis_server import redis_server

PICTURES = Path(__file__).parents[2] / "docs" / "campaign-page"
LOOKS: dict[str, dict[str, Any]] = {
    "desk": {"viewport": {"width": 1280, "height": 1720}},
    "phone-dark": {
        "viewport": {"width": 390, "height": 844},
        "is_mobile": True,
        "has_touch": True,
        "color_scheme": "dark",
    },
}


def draw(browser: Browser, stage: Stage, name: str) -> bytes:
    """The page of the first campaign in one look."""
    with page(browser, **LOOKS[name]) as made:
        made.goto(f"{stage.url}/campaign?id=spring")
        expect(made.locator("#trends canvas")).to_have_count(4)
        if name != "desk":
            made.locator("#paces").scroll_into_view_if_needed()
            made.evaluate("document.querySelector('#paces').scrollIntoView(); window.scrollBy(0, -50)")
        return made.screenshot()


def main() -> int:
    """Write the pictures."""
    PICTURES.mkdir(exist_ok=True)
    with TemporaryDirectory() as directory, redis_server() as port, chromium() as browser:
        stage = Stage(port, Path(directory))
        stage.put()
        stage.ready()
        try:
            for name in LOOKS:
                (PICTURES / f"{name}.png").write_bytes(smaller(draw(browser, stage, name), is_exact=True))
        finally:
            stage.system.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
