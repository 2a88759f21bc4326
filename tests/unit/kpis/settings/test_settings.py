"""Settings from the environment and from secret files."""

from decimal import Decimal
from pathlib import Path

import pytest

from kpis.runtime.clock import Clock, parse_clock
from kpis.runtime.errors import Misconfigured
from kpis.settings.events import parse_breakdowns
from kpis.settings.shared import Settings
from streams.kafka.topics import check


def test_every_setting_is_an_environment_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    """With its default where nothing is set."""
    monkeypatch.setenv("PACEWATCH_BREAKDOWNS", "channel,channel+country")
    monkeypatch.setenv("PACEWATCH_FX_RATES", "EUR=1.08, GBP=1.27")
    settings = Settings.load()
    assert settings.the_breakdowns == (("channel",), ("channel", "country"))
    assert settings.rates == {"USD": Decimal(1), "EUR": Decimal("1.08"), "GBP": Decimal("1.27")}


def test_a_secret_may_be_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Its white space does not belong to it, and it is not shown."""
    (tmp_path / "redis").write_text("redis://:hunter2@r:6380/1\n")
    monkeypatch.setenv("PACEWATCH_REDIS_FILE", str(tmp_path / "redis"))
    settings = Settings.load()
    assert settings.redis_url == "redis://:hunter2@r:6380/1"
    assert settings.redis_address == "r:6380"
    assert "hunter2" not in repr(settings)


@pytest.mark.parametrize(
    ("url", "own", "password"),
    [
        ("redis://r:6380/1", "p@ss/word", "p@ss/word"),
        ("redis://:mine@r:6380/1", "p@ss/word", "mine"),
        ("redis+cluster://someone@r:6380", "p@ss/word", "p@ss/word"),
        ("redis://r:6380/1", "", None),
    ],
)
def test_the_password_of_redis_may_be_given_apart_from_its_url(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, url: str, own: str, password: str | None
) -> None:
    """As it is, without percent-encoding; one in the URL goes before it, and an empty one is none."""
    (tmp_path / "password").write_text(own + "\n")
    monkeypatch.setenv("PACEWATCH_REDIS", url)
    monkeypatch.setenv("PACEWATCH_REDIS_PASSWORD_FILE", str(tmp_path / "password"))
    settings = Settings.load()
    assert settings.redis_place.password == password
    assert "p@ss" not in repr(settings) + repr(settings.redis_place)


def test_a_secret_file_that_cannot_be_read_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """By its variable."""
    monkeypatch.setenv("PACEWATCH_REDIS_FILE", str(tmp_path / "nowhere"))
    with pytest.raises(Misconfigured, match="PACEWATCH_REDIS_FILE"):
        Settings.load()


@pytest.mark.parametrize(
    ("name", "value"),
    [("CURRENCY", "usd"), ("WINDOWS", "2x"), ("FX_RATES", "EUR=-1"), ("BREAKDOWNS", "color"), ("PARTITIONS", "0")],
)
def test_a_bad_setting_is_named(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    """So that the person knows what to change."""
    monkeypatch.setenv(f"PACEWATCH_{name}", value)
    with pytest.raises(Misconfigured, match=f"PACEWATCH_{name}"):
        Settings.load()


def test_an_unknown_dimension_lists_the_known_ones() -> None:
    """A typing error is easily mended."""
    with pytest.raises(ValueError, match="known are account, channel"):
        parse_breakdowns("chanel")


def test_a_clock_setting_goes_both_ways() -> None:
    """Processes hand it to each other as text."""
    fast = Clock(1440, 1_700_000_000_000, 1_795_000_000_000)
    assert parse_clock(fast.spec) == fast
    assert parse_clock("real") == Clock()
    with pytest.raises(Misconfigured, match="PACEWATCH_CLOCK"):
        parse_clock("0x@1/2")


def test_topics_with_different_partition_counts_are_refused() -> None:
    """One partition number must mean one worker."""
    with pytest.raises(Misconfigured, match=r"ads\.clicks has 4, ads\.spend has 2"):
        check(Settings.load(), {"ads.clicks": 4, "ads.spend": 2})


def test_missing_topics_follow_the_existing_ones() -> None:
    """Or the setting, when there is none."""
    assert check(Settings.load(), {"ads.clicks": 7}) == 7
    assert check(Settings.load(), {}) == 4
