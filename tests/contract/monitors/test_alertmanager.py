"""The notifier against a real Alertmanager, with a receiver in people's place."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterator
from pathlib import Path
from typing import TypeVar

import pytest
from pydantic import SecretStr

from kpis.runtime.clock import Clock, wall_ms
from kpis.times import HOUR_MS, MINUTE_MS, parse_time
from monitors.alerts.alert import Alert, Outgoing
from monitors.alerts.notifiers.alertmanager.known_sets import Repeats
from monitors.alerts.notifiers.alertmanager.labelled import Dress
from monitors.alerts.notifiers.alertmanager.peers import MOST, PATH, Alertmanager
from monitors.alerts.notifiers.posting import endpoint
from monitors.alerts.notifiers.protocol import Answer, Outcome
from monitors.pacing.verdict import Reason
from tests.kit.alertmanager import RealAlertmanager, alertmanager
from tests.kit.http_client import basic, bearer
from tests.kit.made_alerts import a_check_in, an_alert
from tests.kit.monitor_fakes import NOON
from tests.kit.processes import free_ports, until
from tests.kit.receiver import receiver

T = TypeVar("T")


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealAlertmanager]:
    with alertmanager(tmp_path_factory.mktemp("alertmanager")) as found:
        yield found


@pytest.fixture
def campaign(request: pytest.FixtureRequest) -> str:
    """A campaign of each test's own, so that they can share an Alertmanager."""
    return str(request.node.name)


def notifier(
    *urls: str, refresh_s: float = 60.0, clock: Clock | None = None, public_url: str | None = None
) -> Alertmanager:
    """The notifier as settings make it."""
    repeats = Repeats(int(refresh_s * 1000), int(5 * refresh_s * 1000))
    peers = [endpoint("PACEWATCH_ALERTMANAGER_URL", url, PATH) for url in urls]
    return Alertmanager(peers, Dress(clock or Clock(), public_url), repeats)


def run(work: Coroutine[object, object, T]) -> T:
    """Its result."""
    return asyncio.run(work)


def sent(by: Alertmanager, *alerts: Outgoing) -> None:
    """Send changes; they are taken."""
    answer = run(by.send(alerts))
    assert answer.outcome is Outcome.SENT, answer


def refreshed(by: Alertmanager, *standing: Alert) -> Answer:
    """Send again what stands."""
    return run(by.refresh(standing))


def test_a_miss_fires_with_its_labels_words_and_links(shared: RealAlertmanager, campaign: str) -> None:
    sent(
        notifier(shared.url, public_url="https://pace.example/"),
        an_alert("on_pace", "critical", campaign=campaign, owner="ann@example.com", slack_channel="#launch"),
    )
    (held,) = shared.alerts(campaign=campaign)
    assert held["labels"] == {
        "alertname": "PacewatchPaceCritical", "severity": "critical", "campaign": campaign, "account": "Acme",
        "goal": "spend", "cause": "pace",
    }  # fmt: skip
    said = held["annotations"]
    assert said["summary"] == "Launch: spend is critical (under): 300 of the 500 EUR expected by now"
    assert "Actual: 300 EUR\nExpected: 500 EUR by now, of 1,000 EUR" in said["description"]
    assert said["runbook_url"] == "https://pace.example/docs/runbooks/PacewatchPaceCritical.md"
    assert said["dashboard"] == held["generatorURL"] == f"https://pace.example/campaign?id={campaign}"
    assert (said["owner"], said["slack_channel"], said["reason"]) == ("ann@example.com", "#launch", "outside")
    until(lambda: shared.told_of("firing", campaign=campaign), "people to be told")


def test_times_are_real_ones_on_a_fast_clock_too(shared: RealAlertmanager, campaign: str) -> None:
    """The clock shows noon and runs 60 times as fast: half an hour of it before noon is half a minute ago."""
    now = wall_ms()
    before = NOON - HOUR_MS // 2
    by = notifier(shared.url, clock=Clock(60.0, NOON, now))
    sent(by, an_alert("on_pace", "warning", campaign=campaign, since_ms=before))
    (held,) = shared.alerts(campaign=campaign)
    assert parse_time(held["startsAt"]) == now - MINUTE_MS // 2
    assert 0 <= (parse_time(held["endsAt"]) or 0) - now - 5 * MINUTE_MS < MINUTE_MS


def test_a_miss_of_the_future_or_of_no_known_time_began_now(shared: RealAlertmanager, campaign: str) -> None:
    for goal, at_ms in (("spend", wall_ms() + HOUR_MS), ("clicks", 0)):
        sent(notifier(shared.url), an_alert("on_pace", "warning", campaign=campaign, goal=goal, at_ms=at_ms))
        (held,) = shared.alerts(campaign=campaign, goal=goal)
        assert abs((parse_time(held["startsAt"]) or 0) - wall_ms()) < MINUTE_MS


def test_one_campaign_is_one_notification(shared: RealAlertmanager, campaign: str) -> None:
    goals = ("spend", "ctr", "watch:clicks")
    sent(notifier(shared.url), *(an_alert("on_pace", "warning", goal=goal, campaign=campaign) for goal in goals))
    until(lambda: shared.told_of("firing", campaign=campaign), "people to be told")
    (told,) = [told for told in shared.told if told["groupLabels"] == {"campaign": campaign}]
    assert {alert["labels"]["goal"] for alert in told["alerts"]} == set(goals)


def test_a_miss_that_becomes_worse_and_better_is_one_alert_at_each_time(
    shared: RealAlertmanager, campaign: str
) -> None:
    by = notifier(shared.url)
    sent(by, an_alert("on_pace", "warning", campaign=campaign))
    for before, after in (("warning", "critical"), ("critical", "warning"), ("warning", "critical")):
        sent(by, an_alert(before, after, campaign=campaign, reason=Reason.PROJECTED))
        assert shared.severities(campaign=campaign) == [after]
    sent(by, an_alert("critical", "on_pace", campaign=campaign))
    assert shared.severities(campaign=campaign) == []
    until(lambda: shared.told_of("resolved", campaign=campaign, severity="critical"), "people to be told of its end")


def test_another_monitor_ends_what_this_one_fired(shared: RealAlertmanager, campaign: str) -> None:
    sent(notifier(shared.url), an_alert("on_pace", "warning", campaign=campaign))
    sent(notifier(shared.url), an_alert("warning", "critical", campaign=campaign))
    assert shared.severities(campaign=campaign) == ["critical"]
    sent(notifier(shared.url), an_alert("critical", "no_data", campaign=campaign))
    assert shared.severities(campaign=campaign) == []


def test_changes_that_waited_together_leave_the_last_one(shared: RealAlertmanager, campaign: str) -> None:
    """Also when they are sent again, because the answer to the first try was lost."""
    steps = [an_alert("on_pace", "warning", campaign=campaign), an_alert("warning", "critical", campaign=campaign)]
    by = notifier(shared.url)
    for _ in range(2):
        sent(by, *steps)
        assert shared.severities(campaign=campaign) == ["critical"]
    steps.append(an_alert("critical", "on_pace", campaign=campaign))
    sent(notifier(shared.url), *steps)
    assert shared.severities(campaign=campaign) == []


def test_a_campaign_whose_account_changes_while_it_fires_leaves_nothing_behind(
    shared: RealAlertmanager, campaign: str
) -> None:
    by = notifier(shared.url)
    sent(by, an_alert("on_pace", "warning", campaign=campaign, account="Old"))
    sent(by, an_alert("warning", "critical", campaign=campaign, account="New"))
    (held,) = shared.alerts(campaign=campaign)
    assert (held["labels"]["account"], held["labels"]["severity"]) == ("New", "critical")


def test_the_former_alert_ends_in_the_very_request_that_fires_the_next() -> None:
    with receiver() as there:
        sent(notifier(there.url()), an_alert("warning", "critical"))
        (request,) = there.requests
        assert request.path == "/api/v2/alerts"
        now = wall_ms()
        is_over = {one["labels"]["severity"]: (parse_time(one["endsAt"]) or 0) <= now for one in request.json}
        assert is_over == {"warning": True, "critical": False}


def test_where_warnings_go_elsewhere_none_is_ended_that_never_fired() -> None:
    with receiver() as there:
        sent(notifier(there.url()), an_alert("warning", "critical", known_to=("slack",)))
        assert [one["labels"]["severity"] for one in there.requests[0].json] == ["critical"]


def test_user_and_password_or_a_token_let_us_in() -> None:
    with receiver() as there:
        url = there.url("/prefix").replace("//", "//ann:p%40ss@")
        for token in (None, SecretStr("t0ken")):
            to = endpoint("PACEWATCH_ALERTMANAGER_URL", url, PATH, token)
            sent(Alertmanager([to], Dress(Clock())), an_alert("on_pace", "critical"))
        assert [request.path for request in there.requests] == ["/prefix/api/v2/alerts"] * 2
        shown = [request.headers["authorization"] for request in there.requests]
        assert shown == [basic("ann", "p@ss"), bearer("t0ken")]


def test_a_silence_holds_over_refreshes_and_for_what_becomes_worse(shared: RealAlertmanager, campaign: str) -> None:
    shared.silence(campaign=campaign)
    by, other = notifier(shared.url), f"{campaign}-other"
    sent(by, an_alert("on_pace", "warning", campaign=campaign))
    sent(by, an_alert("warning", "critical", campaign=campaign))
    refreshed(by, an_alert("warning", "critical", campaign=campaign))
    sent(by, an_alert("on_pace", "warning", campaign=other))
    until(lambda: shared.told_of("firing", campaign=other), "people to be told of another one")
    (held,) = shared.alerts(campaign=campaign)
    assert held["status"]["state"] == "suppressed"
    assert len(held["status"]["silencedBy"]) == 1
    assert not [told for told in shared.told if told["groupLabels"] == {"campaign": campaign}]


def test_a_critical_miss_inhibits_the_warnings_of_its_campaign(shared: RealAlertmanager, campaign: str) -> None:
    by = notifier(shared.url)
    sent(by, an_alert("on_pace", "critical", campaign=campaign, goal="watch:serving"))
    until(lambda: shared.told_of("firing", campaign=campaign, cause="serving"), "people to be told of the cause")
    sent(by, an_alert("on_pace", "warning", campaign=campaign, goal="clicks"))
    until(lambda: shared.alerts("suppressed", campaign=campaign, severity="warning"), "the warning to be inhibited")
    assert shared.alerts("active", campaign=campaign, severity="critical")


def test_what_is_told_again_outlives_its_end_and_what_is_not_lapses(shared: RealAlertmanager, campaign: str) -> None:
    by = notifier(shared.url, refresh_s=0.2)
    kept, left = (an_alert("on_pace", "warning", campaign=campaign, goal=goal) for goal in ("spend", "clicks"))
    sent(by, kept, left)
    first = parse_time(shared.alerts(campaign=campaign, goal="spend")[0]["endsAt"]) or 0

    def is_past() -> bool:
        assert refreshed(by, kept).outcome is Outcome.SENT
        assert shared.severities(campaign=campaign, goal="spend") == ["warning"]
        return wall_ms() > first and not shared.alerts(campaign=campaign, goal="clicks")

    until(is_past, "the end that it would have had")
    assert shared.told_of("resolved", campaign=campaign, goal="spend") == []


def test_an_alertmanager_that_restarts_is_told_again_what_stands_and_what_is_over(tmp_path: Path) -> None:
    """It forgets alerts, but not whom it told of them: without the end people would never hear of it."""
    slow = """
route: {receiver: people, group_by: [goal], group_wait: 10ms, group_interval: 3s, repeat_interval: 1h}
receivers: [{name: people, webhook_configs: [{url: "URL", send_resolved: true}]}]
"""
    with alertmanager(tmp_path, slow) as real:
        by = notifier(real.url, refresh_s=1)
        stands, over = (an_alert("on_pace", "critical", goal=goal) for goal in ("spend", "clicks"))
        sent(by, stands, over)
        until(lambda: len(real.told_of("firing")) == 2, "people to be told of both")
        sent(by, an_alert("critical", "on_pace", goal="clicks"))
        real.program.stop()  # it writes whom it told
        real.program.start()
        real.await_ready()
        assert real.alerts() == []
        assert refreshed(by, stands).outcome is Outcome.SENT
        assert [alert["labels"]["goal"] for alert in real.alerts()] == ["spend"]

        def is_told() -> bool:
            return refreshed(by, stands).outcome is Outcome.SENT and bool(real.told_of("resolved", goal="clicks"))

        until(is_told, "people to be told of the end")
        assert real.told_of("resolved", goal="spend") == []


def test_an_end_is_told_again_only_when_nothing_stands_in_its_place() -> None:
    """What another monitor has fired again meanwhile is among what stands, maybe in a later request of the round."""
    with receiver() as there:
        by = notifier(there.url(), refresh_s=0)
        sent(by, an_alert("critical", "on_pace"), an_alert("critical", "on_pace", goal="clicks"))
        full = [an_alert("on_pace", "warning", goal=f"goal-{n}") for n in range(MOST)]
        refreshed(by, *full)
        refreshed(by, an_alert("on_pace", "critical"))
        by.forget()
        refreshed(by, an_alert("on_pace", "critical"))
        goals = [[one["labels"]["goal"] for one in request.json] for request in there.requests[1:]]
        assert goals == [[f"goal-{n}" for n in range(MOST)], ["spend", "clicks"], ["spend"]]


def test_in_a_cluster_one_that_is_down_holds_up_nothing_and_is_told_later(tmp_path: Path) -> None:
    with alertmanager(tmp_path / "one") as one, alertmanager(tmp_path / "two") as two:
        by = notifier(one.url, two.url)
        first = an_alert("on_pace", "warning")
        sent(by, first, an_alert("on_pace", "warning", goal="clicks"))
        two.program.kill()
        worse = an_alert("warning", "critical")
        sent(by, worse, an_alert("warning", "on_pace", goal="clicks"))
        two.program.start()
        two.await_ready()
        refreshed(by, worse)
        for real in (one, two):
            assert [alert["labels"]["severity"] for alert in real.alerts()] == ["critical"]


def test_when_none_of_a_cluster_answers_it_is_tried_again() -> None:
    down = [f"http://127.0.0.1:{port}" for port in free_ports(2)]
    answer = run(notifier(*down).send([an_alert("on_pace", "warning")]))
    assert answer == Answer(Outcome.UNREACHABLE, "ClientConnectorError")
    assert refreshed(notifier(*down), an_alert("on_pace", "warning")).outcome is Outcome.UNREACHABLE
    assert refreshed(notifier(*down)).outcome is Outcome.SENT, "where nothing stands nothing is asked"


def test_a_check_in_is_no_alert(shared: RealAlertmanager) -> None:
    answer = run(notifier(shared.url).send([a_check_in()]))
    assert answer.outcome is Outcome.REFUSED


@pytest.mark.parametrize("name", ["\0\x1b[2J", 'a|b=c"},{', "ü" * 300, "{{ .Labels }}", "\u202ex", " "], ids=repr)
def test_a_campaign_may_be_called_anything(shared: RealAlertmanager, name: str) -> None:
    """Its id is its label as it is; all that people read is printable."""
    by = notifier(shared.url, public_url="https://pace.example")
    sent(by, an_alert("on_pace", "warning", campaign=name, name=name))
    (held,) = shared.alerts(campaign=name)
    assert held["annotations"]["summary"].isprintable()
    sent(by, an_alert("warning", "critical", campaign=name, name=name))
    sent(by, an_alert("critical", "on_pace", campaign=name, name=name))
    assert shared.alerts(campaign=name) == []
