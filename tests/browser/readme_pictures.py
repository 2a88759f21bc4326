"""``python -m tests.browser.readme_pictures`` takes the pictures of the README: the board of a demo, and the flow."""

from __future__ import annotations

import signal
import subprocess
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Browser

from tests.browser.chromium import chromium
from tests.kit.processes import until

DOCS = Path(__file__).parents[2] / "docs"
MOMENT = "Evening drop: nothing served since the flight began"
"""What the demo has told when its board is taken: by then most that goes wrong is on it."""
WIDTH, HEIGHT = 1280, 760
STEPS = (
    ("Kafka", "impressions, clicks,\nconversions, spend"),
    ("worker", "counts exactly: state and\noffsets in one fenced write"),
    ("Redis", "KPIs, windows, totals;\nwithin a second"),
    ("monitor", "judges pace, says why;\ntells each miss once"),
)
ENDS = ("Launch board", "Prometheus · Grafana", "Slack · Alertmanager", "Webhook · API")
"""Whom the monitor tells."""


def flow() -> str:
    """The way of an event, as a page."""
    boxes, arrows = "", ""
    for n, (name, says) in enumerate(STEPS):
        x = 10 + 226 * n
        lines = "".join(
            f'<text x="{x + 93}" y="{82 + 17 * i}" class="s">{s}</text>' for i, s in enumerate(says.split("\n"))
        )
        head = f'<text x="{x + 93}" y="56" class="n">{name}</text>'
        boxes += f'<rect x="{x}" y="24" width="186" height="92" rx="8"/>{head}{lines}'
        arrows += f'<path d="M{x + 188} 70h30"/>'
    for n, name in enumerate(ENDS):
        y = 12 + 30 * n
        boxes += (
            f'<rect x="918" y="{y}" width="180" height="25" rx="6"/><text x="1008" y="{y + 17}" class="e">{name}</text>'
        )
    return f"""<!doctype html><style>body{{margin:0;background:#fff;font-family:system-ui,sans-serif}}
rect{{fill:#f2f4f7;stroke:#98a2b3}} text{{text-anchor:middle;fill:#101828}} .n{{font-weight:600;font-size:19px}}
.s{{font-size:12.5px;fill:#475467}} .e{{font-size:13.5px}}
path{{stroke:#12a150;stroke-width:3;marker-end:url(#a)}}</style>
<svg width="1110" height="140"><defs><marker id="a" markerWidth="5" markerHeight="6" refX="3" refY="3" orient="auto">
<path d="M0 0L5 3L0 6z" style="fill:#12a150;stroke:none;marker-end:none"/></marker></defs>{arrows}{boxes}</svg>"""


def _of_board(browser: Browser, address: str) -> bytes:
    page = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT})
    page.goto(address)
    page.wait_for_selector("text=Evening drop")
    return page.screenshot()


def _of_flow(browser: Browser) -> bytes:
    page = browser.new_page(viewport={"width": 1110, "height": 140})
    page.set_content(flow())
    return page.screenshot()


def main() -> int:
    """Play a demo, and take them."""
    with tempfile.TemporaryDirectory() as place, chromium() as browser:
        said, told = Path(place, "out"), Path(place, "err")
        with said.open("w") as out, told.open("w") as err:
            demo = subprocess.Popen([sys.executable, "-m", "pacewatch", "demo"], stdout=out, stderr=err)
        try:
            until(lambda: MOMENT in told.read_text() or demo.poll() is not None, "the demo", 180)
            board = _of_board(browser, said.read_text().split()[2])
        finally:
            demo.send_signal(signal.SIGINT)
            demo.wait()
        for name, picture in (("board", board), ("flow", _of_flow(browser))):
            (DOCS / f"{name}.png").write_bytes(picture)
    return 0


if __name__ == "__main__":
    sys.exit(main())
