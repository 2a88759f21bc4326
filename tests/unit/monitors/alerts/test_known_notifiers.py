"""Who tells of what: by default one for each matter, and those that the settings say."""

from __future__ import annotations

import pytest

from kpis.runtime.errors import Misconfigured
from monitors.alerts.notifiers.known import configured, routes_to
from monitors.settings import MonitorSettings

SECRET = "s3cr3t"  # noqa: S105
URLS = {
    "slack": {"slack_webhook_url": "https://hooks.example/s3cr3t"},
    "alertmanager": {"alertmanager_url": "https://annabel:s3cr3t@am.example,http://two.example:9093/prefix"},
    "webhook": {"webhook_url": "https://ops.example/hook?key=s3cr3t", "webhook_secret": "s3cr3t"},
}


def routes(*names: str, spec: str = "") -> dict[str, tuple[str, ...]]:
    """The routes with these set up."""
    settings = MonitorSettings.load(**{k: v for name in names for k, v in URLS[name].items()}, routes=spec)
    found = routes_to([notifier for _, notifier in configured(settings)], settings).by
    return {str(matter): told for matter, told in found.items()}


@pytest.mark.parametrize(
    ("names", "miss", "check_in"),
    [
        ((), (), ()),
        (("slack",), ("slack",), ("slack",)),
        (("alertmanager",), ("alertmanager",), ()),
        (("webhook",), ("webhook",), ("webhook",)),
        (("slack", "webhook"), ("slack",), ("slack",)),
        (("webhook", "alertmanager"), ("alertmanager",), ("webhook",)),
        (("slack", "webhook", "alertmanager"), ("alertmanager",), ("slack",)),
    ],
)
def test_each_matter_is_told_by_one(names: tuple[str, ...], miss: tuple[str, ...], check_in: tuple[str, ...]) -> None:
    assert routes(*names) == {"critical": miss, "warning": miss, "check_in": check_in}


def test_settings_may_name_several_and_none() -> None:
    found = routes(*URLS, spec="critical=alertmanager+slack, check_in=webhook, warning=none")
    assert found == {"critical": ("alertmanager", "slack"), "warning": (), "check_in": ("webhook",)}


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ("check_in=alertmanager", "'alertmanager' cannot tell of check_in; those that can: slack, webhook"),
        ("check_in=slack+alertmanager", "cannot tell of check_in"),
        ("critical=pager", "'pager' in 'critical=pager' is not set up"),
        ("urgent=slack", "matters are critical, warning, check_in"),
    ],
)
def test_a_route_that_leads_nowhere_is_an_error(spec: str, said: str) -> None:
    with pytest.raises(Misconfigured, match="PACEWATCH_ROUTES") as error:
        routes(*URLS, spec=spec)
    assert said in str(error.value)


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("alertmanager_url", "s3cr3t"), ("alertmanager_url", "http://a,ftp://s3cr3t"),
        ("alertmanager_url", "http://a/?s3cr3t"), ("alertmanager_url", "http://a/#s3cr3t"),
        ("alertmanager_url", "http://a:99999/s3cr3t"), ("alertmanager_token", "s3cr3t\r\nX: y"),
        ("webhook_url", "s3cr3t"), ("webhook_url", "http://h:x/s3cr3t"), ("webhook_url", "http:///s3cr3t"),
    ],
)  # fmt: skip
def test_an_address_that_cannot_be_used_is_named_and_not_shown(setting: str, value: str) -> None:
    with pytest.raises(Misconfigured) as error:
        configured(MonitorSettings.load(**{setting: value}))
    assert f"PACEWATCH_{setting.upper()}" in str(error.value)
    assert "s3cr3t" not in str(error.value)


def test_what_is_given_empty_is_not_set_up() -> None:
    empty = dict.fromkeys(("alertmanager_url", "alertmanager_token", "webhook_url", "webhook_secret"), "")
    assert configured(MonitorSettings.load(**empty)) == []


def test_nothing_that_is_set_up_shows_a_secret() -> None:
    settings = MonitorSettings.load(
        **{k: v for one in URLS.values() for k, v in one.items()}, alertmanager_token=SECRET
    )
    shown = f"{settings!r} {settings} {configured(settings)!r}"
    assert "s3cr3t" not in shown
    assert "annabel" not in shown
