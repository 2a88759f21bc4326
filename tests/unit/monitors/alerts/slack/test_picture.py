"""Pictures of pace lines: a PNG that can be read, with the lines where they belong."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from kpis.times import DAY_MS, HOUR_MS
from monitors.alerts.notifiers.slack.picture import HEIGHT, WIDTH, DrawnLine, drawn
from tests.kit.pictures import pixels, smaller

ACTUAL, EXPECTED, PAPER = (23, 92, 211), (152, 162, 179), (255, 255, 255)


def test_what_is_behind_lies_below_what_is_expected_and_ends_now() -> None:
    half = DAY_MS // 2
    points = [(at, at // 2, at) if at <= half else (at, half // 2, at) for at in range(0, DAY_MS + 1, HOUR_MS)]
    picture = pixels(drawn(DrawnLine(half, points)))
    assert (len(picture), {len(row) for row in picture}) == (HEIGHT, {WIDTH})
    columns = list(zip(*picture, strict=True))
    quarter = columns[WIDTH // 4]
    assert quarter.index(EXPECTED) < quarter.index(ACTUAL), "higher up is more"
    assert ACTUAL not in columns[WIDTH // 2 + 10], "it is not known yet"
    assert EXPECTED in columns[WIDTH - 10]
    assert columns[0].count(PAPER) == HEIGHT


@given(
    st.lists(st.tuples(st.integers(0, 2**41), st.integers(-(2**50), 2**50), st.integers(0, 2**50)), min_size=2,
             max_size=30),
    st.integers(-1, 2**41),
)  # fmt: skip
def test_any_line_can_be_drawn_small(points: list[tuple[int, int, int]], as_of: int) -> None:
    found = drawn(DrawnLine(as_of, sorted(points)))
    assert len(pixels(found)) == HEIGHT
    assert len(found) < 20_000


def test_a_picture_made_smaller_looks_the_same() -> None:
    found = drawn(DrawnLine(5, [(0, 0, 0), (5, 3, 6), (9, 3, 9)]))
    before, after = pixels(found), pixels(smaller(found))
    worst = max(abs(a - b) for x, y in zip(before, after, strict=True) for p, q in zip(x, y, strict=True)
                for a, b in zip(p, q, strict=True))  # fmt: skip
    assert worst <= 8
