"""The demo in terminals of two sizes at once, to its end: what it sums up is what was sent, and all of it fits."""

from __future__ import annotations

import os
import re
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from kpis.times import DAY_MS
from kpis.units import Unit, amount
from pacewatch.simulate import scenarios
from pacewatch.simulate.simulation import Simulation
from tests.kit.emulated import Emulated
from tests.kit.processes import until
from tests.kit.terminal import Terminal

DAY = 1_370_448_000_000
SIZES = ((80, 24), (120, 35))
NAMES = {
    "Brand search": "brand-search", "Spring sale": "spring-sale", "App install": "app-install",
    "Shop retargeting": "shop-retarget", "Video launch": "video-launch", "Evening drop": "evening-drop",
}  # fmt: skip
SPEED = "960"


@dataclass
class Played:
    """A demo that was seen to its end.

    Attributes:
        size: columns and rows.
        code: its exit code.
        frames: what was seen of the live screen, now and then.
        lines: what stands on the terminal in the end, from the first line on.
        scrolled: lines that did not fit on the live screen.
        left: what is left in its temporary directory.
        is_as_before: whether the terminal treats keys as before.
    """

    size: tuple[int, int]
    code: int = -1
    frames: list[list[str]] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    scrolled: int = 0
    left: list[Path] = field(default_factory=list)
    is_as_before: bool = False

    def table(self, head: str) -> dict[str, list[str]]:
        """The rows under a head of the summary, by their first words."""
        at = next(n for n, line in enumerate(self.lines) if line.startswith(head))
        rows = self.lines[at + 1 : self.lines.index("", at)]
        return {line[:17].strip(): line[17:].split() for line in rows}

    @property
    def text(self) -> str:
        """The summary as one line."""
        return " ".join(" ".join(self.lines).split())


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Played]]:
    """A demo of the launch day in a terminal of each size, both at once."""
    found = [Played(size) for size in SIZES]
    directories = [tmp_path_factory.mktemp("demo") for _ in SIZES]
    terminals = [terminal(size, directory) for size, directory in zip(SIZES, directories, strict=True)]
    shown = [Emulated(*size) for size in SIZES]
    try:
        until(lambda: all_ended(found, terminals, shown), "both demos to end", 300)
        for one, made, emulated, directory in zip(found, terminals, shown, directories, strict=True):
            one.code = made.process.returncode
            emulated.show(made.drawn() + "\n")
            one.lines, one.scrolled = emulated.all, emulated.scrolled
            one.left, one.is_as_before = list(directory.iterdir()), made.modes() == made.before
        yield found
    finally:
        for made in terminals:
            made.__exit__()


def terminal(size: tuple[int, int], directory: Path) -> Terminal:
    """A demo in a terminal of its own."""
    env = {k: v for k, v in os.environ.items() if not k.startswith("PACEWATCH_")} | {"TMPDIR": str(directory)}
    argv = [sys.executable, "-m", "pacewatch", "demo", "--exit", "--speed", SPEED]
    return Terminal(argv, env, rows=size[1], columns=size[0])


def all_ended(found: list[Played], terminals: list[Terminal], shown: list[Emulated]) -> bool:
    """Look at all of them."""
    for one, made, emulated in zip(found, terminals, shown, strict=True):
        emulated.show(made.drawn())
        if emulated.is_other:
            one.frames.append(emulated.shown)
    return all(made.process.poll() is not None for made in terminals)


def truth() -> dict[str, dict[str, int]]:
    """The totals of the day, made without the demo."""
    simulation = Simulation(scenarios.launch_day(DAY), 1, "truth")
    list(simulation.until(DAY + DAY_MS))
    return simulation.truth


@pytest.mark.slow
def test_the_summary_of_each_campaign_is_the_truth(played: list[Played]) -> None:
    units = {"impressions": Unit.EVENTS, "clicks": Unit.EVENTS, "conversions": Unit.EVENTS}
    for one in played:
        assert one.code == 0, "\n".join(one.lines)
        rows = one.table("Totals")
        assert rows.keys() == NAMES.keys()
        for name, cells in rows.items():
            sums = truth()[NAMES[name]].items()
            assert cells == [*(amount(v, units.get(m, Unit.MICROS)) for m, v in sums), "yes"]


@pytest.mark.slow
def test_the_events_of_each_stream_are_those_that_were_made_and_each_is_counted_once(played: list[Played]) -> None:
    made = Counter(r.stream.topic_suffix for r in Simulation(scenarios.launch_day(DAY), 1, "t").until(DAY + DAY_MS))
    for one in played:
        assert one.table("Events") == {s: [f"{made[s]:,}", f"{made[s]:,}", "0", "0"] for s in made}
        assert f"EXACT: of {made.total():,} events each is counted once" in one.text


@pytest.mark.slow
def test_what_went_wrong_was_told_with_why_and_the_stall_was_told_of_no_campaign(played: list[Played]) -> None:
    for one in played:
        for told in (
            r"▲ Shop retargeting: no conversions since \d\d:\d\d \(UTC\)",
            r"▲ Video launch: CTR \(1h\) is critical \(under\)",
            r"▲ Evening drop: nothing served since the flight began, 18:00 \(UTC\)",
            r"● Evening drop: served as usual again",
            r"[▲◆] Spring sale: spend is \w+ \(under\): will end at",
            r"[▲◆] App install: spend is \w+ \(over\)",
            r"» the worker is killed \(kill -9\)",
            r"KILLED: [\d.]+ s after kill -9 the next worker had counted all that waited",
            r"STALL: from 12:00 to 13:15 nothing came; no campaign was called off its pace",
        ):
            assert re.search(told, one.text), f"{told} is not in {one.text}"
        assert not re.search("[▲◆] Brand search", one.text), "nothing was wrong with it"


@pytest.mark.slow
def test_on_the_live_screen_all_fits_with_all_campaigns_the_way_of_the_day_and_the_alerts(played: list[Played]) -> None:
    for one in played:
        assert one.scrolled == 0
        assert one.lines[0].startswith("launch board: http://127.0.0.1:")
        full = [frame for frame in one.frames if any(line[2:].startswith("Brand search ") for line in frame)]
        assert len(full) > 10
        for frame in full:
            text = "\n".join(frame)
            assert "board  http://127.0.0.1:" in frame[1]
            assert re.search(r"^\d\d:\d\d  ━*─* +\d+% \d+ s left$", frame[2]), frame[2]
            assert all(name in text for name in NAMES), text
        last = "\n".join(full[-1])
        assert "100% 0 s left" in last
        assert "events sent, all counted" in last
        assert "Shop retargeting" in last


@pytest.mark.slow
def test_in_the_end_the_terminal_is_as_before_and_nothing_is_left(played: list[Played]) -> None:
    for one in played:
        assert one.left == []
        assert one.is_as_before
