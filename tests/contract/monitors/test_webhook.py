"""The webhook against a real web server: what it is sent, signed, and what its answers lead to."""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager
from email.utils import formatdate
from functools import wraps
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from aiohttp import web
from pydantic import SecretStr

from kpis.times import parse_time
from kpis.units import Unit
from monitors.alerts.alert import Outgoing
from monitors.alerts.notifiers.posting import endpoint
from monitors.alerts.notifiers.protocol import Answer, Outcome
from monitors.alerts.notifiers.webhook.hook import Webhook
from tests.kit.made_alerts import a_check_in, an_alert
from tests.kit.processes import free_ports
from tests.kit.receiver import Received, Receiver, receiver

SECRET = "a secret of two"  # noqa: S105
DOCS = Path(__file__).parents[3] / "docs"
SCHEMA = json.loads((DOCS / "webhook.schema.json").read_text())


@pytest.fixture
def there() -> Iterator[Receiver]:
    with receiver() as found:
        yield found


def hook(url: str, secret: str | None = SECRET, public_url: str | None = None, timeout_s: float = 10.0) -> Webhook:
    """The notifier as settings make it."""
    signed = None if secret is None else SecretStr(secret)
    return Webhook(endpoint("PACEWATCH_WEBHOOK_URL", url), signed, public_url, timeout_s)


def sent(by: Webhook, *messages: Outgoing) -> Answer:
    """What an attempt comes to."""
    return asyncio.run(by.send(messages))


def example() -> Callable[..., bool]:
    """``is_genuine`` of the page on notifiers, as people copy it."""
    (code,) = re.findall(r"```python\n(.+?)```", (DOCS / "notifiers.md").read_text(), re.DOTALL)
    found: dict[str, Any] = {}
    exec(code, found)  # noqa: S102  our own page
    verify: Callable[..., bool] = found["is_genuine"]
    return verify


def is_genuine(request: Received, secret: str = SECRET, **more: float) -> bool:
    """What the example of the page says of a request."""
    return example()(secret, request.headers["pacewatch-signature"], request.body, **more)


def test_the_example_of_the_page_knows_what_is_genuine(there: Receiver) -> None:
    assert sent(hook(there.url()), an_alert("on_pace", "critical")).outcome is Outcome.SENT
    (request,) = there.requests
    assert is_genuine(request)
    assert not is_genuine(request, "another secret")
    assert not is_genuine(Received(request.path, request.headers, request.body + b" "))
    assert not is_genuine(request, now=time.time() + 301), "someone sends it again later"
    for broken in ("", "t=1", "t=x,v1=", "v1=ab", "t=1,v1=é"):
        assert not example()(SECRET, broken, request.body)


def test_without_a_secret_nothing_is_signed(there: Receiver) -> None:
    sent(hook(there.url(), None), an_alert("on_pace", "critical"))
    assert "pacewatch-signature" not in there.requests[0].headers


def test_an_alert_is_in_the_documented_form(there: Receiver) -> None:
    alert = an_alert("on_pace", "critical", interval=(550_000_000, 650_500_000), owner="ann", since_ms=0)
    sent(hook(there.url("/a?b=c"), public_url="https://pace.example"), alert, a_check_in())
    (request,) = there.requests
    body = request.json
    jsonschema.validate(body, SCHEMA)
    assert request.path == "/a?b=c"
    assert request.headers["content-type"] == "application/json"
    assert abs((parse_time(body["sent_at"]) or 0) / 1000 - time.time()) < 60
    (found,) = body["alerts"]
    assert found == {
        "id": alert.id,
        "change": "fired",
        "campaign": {"id": "c42", "name": "Launch", "account": "Acme", "owner": "ann"},
        "goal": {"id": "spend", "label": "spend", "bound": None, "watched": None},
        "status": {"before": "on_pace", "after": "critical"},
        "reason": "outside",
        "direction": "under",
        "numbers": {
            "unit": "money", "currency": "EUR", "actual": "300", "expected": "500", "target": "1000", "ratio": 0.6,
            "projected": "600.000001", "interval": ["550", "650.5"], "required_per_day": "1400",
            "warning": [0.9, 1.1], "critical": [0.75, 1.25],
        },
        "since": "1970-01-01T00:00:00.000Z",
        "as_of": "2026-11-22T12:00:00.000Z",
        "words": {"headline": found["words"]["headline"], "facts": found["words"]["facts"]},
        "links": {
            "board": "https://pace.example/campaign?id=c42",
            "runbook": "https://pace.example/docs/runbooks/PacewatchPaceCritical.md",
        },
    }  # fmt: skip
    assert found["words"]["headline"].startswith("Launch: spend is critical (under)")
    assert found["words"]["facts"]["Actual"] == "300 EUR"
    (check_in,) = body["check_ins"]
    assert (check_in["fraction"], check_in["standings"][0]["actual"]) == (0.5, "300")


@pytest.mark.parametrize(
    ("unit", "value", "shown"),
    [
        (Unit.MICROS, 0, "0"), (Unit.MICROS, -1, "-0.000001"), (Unit.MICROS, 2**62, "4611686018427.387904"),
        (Unit.MICROS, 10_000_000, "10"), (Unit.CURRENCY, 0.1, "0.1"), (Unit.CURRENCY, 1e-7, "0.0000001"),
        (Unit.CURRENCY, 1e22, "10000000000000000000000"), (Unit.EVENTS, 7, 7), (Unit.PROPORTION, 0.02, 0.02),
        (Unit.MICROS, None, None),
    ],
)  # fmt: skip
def test_money_is_an_exact_decimal_string(there: Receiver, unit: Unit, value: float | None, shown: object) -> None:
    sent(hook(there.url()), an_alert("on_pace", "critical", unit=unit, actual=value))
    numbers = there.requests[0].json["alerts"][0]["numbers"]
    assert numbers["actual"] == shown
    assert numbers["currency"] == ("EUR" if unit.is_money else None)


def test_what_is_sent_again_has_the_ids_that_it_had(there: Receiver) -> None:
    there.answers = [(500, {}), (200, {})]
    messages: list[Outgoing] = [
        an_alert("on_pace", "critical"),
        an_alert("warning", "critical", goal="clicks"),
        a_check_in(),
    ]
    by = hook(there.url())
    assert sent(by, *messages).outcome is Outcome.SERVER_ERROR
    assert sent(by, *messages).outcome is Outcome.SENT
    sent(by, messages[0])
    ids = [request.headers["pacewatch-delivery"] for request in there.requests]
    assert ids[0] == ids[1] != ids[2]
    bodies = [request.json for request in there.requests[:2]]
    assert [[one["id"] for one in body["alerts"] + body["check_ins"]] for body in bodies] == [
        [m.id for m in messages]
    ] * 2
    assert all(is_genuine(request) for request in there.requests)


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (200, Outcome.SENT), (202, Outcome.SENT), (204, Outcome.SENT), (301, Outcome.REFUSED), (400, Outcome.REFUSED),
        (401, Outcome.REFUSED), (404, Outcome.REFUSED), (410, Outcome.REFUSED), (408, Outcome.SERVER_ERROR),
        (425, Outcome.SERVER_ERROR), (429, Outcome.RATE_LIMITED), (500, Outcome.SERVER_ERROR),
        (502, Outcome.SERVER_ERROR), (503, Outcome.SERVER_ERROR),
    ],
)  # fmt: skip
def test_answers_say_whether_it_is_tried_again(there: Receiver, status: int, outcome: Outcome) -> None:
    there.answers = [(status, {})]
    answer = sent(hook(there.url()), an_alert("on_pace", "critical"))
    assert (answer.outcome, answer.detail) == (outcome, f"HTTP {status}")


@pytest.mark.parametrize(("status", "alone"), [(429, 30.0), (503, None)])
def test_a_service_that_asks_for_time_says_so_in_seconds_or_by_a_date(
    there: Receiver, status: int, alone: float | None
) -> None:
    soon = formatdate(time.time() + 100, usegmt=True)
    asks = ["7", "999999", "nonsense", "-1", "²", formatdate(0, usegmt=True), soon, ""]
    there.answers = [(status, {"Retry-After": text}) for text in asks] + [(status, {})]
    by = hook(there.url())
    waits = [sent(by, an_alert("on_pace", "critical")).wait_s for _ in range(len(asks) + 1)]
    assert waits[:6] == [7.0, 3600.0, alone, alone, alone, 0.0]
    assert 90 < (waits[6] or 0) <= 100
    assert waits[7:] == [alone, alone]


def test_a_redirect_is_not_followed(there: Receiver) -> None:
    """What is sent, and the signature, are for nobody else."""
    for status in (301, 302, 303, 307, 308):
        there.answers = [(status, {"Location": there.url("/elsewhere")})]
        assert sent(hook(there.url("/here")), an_alert("on_pace", "critical")).outcome is Outcome.REFUSED
    assert {request.path for request in there.requests} == {"/here"}


def test_user_and_password_of_the_url_are_a_header_and_not_in_the_path(there: Receiver) -> None:
    sent(hook(there.url("/x").replace("//", "//%C3%A4nn:p%3Aw@")), an_alert("on_pace", "critical"))
    (request,) = there.requests
    assert (request.path, request.headers["authorization"]) == ("/x", "Basic w6RubjpwOnc=")


def test_what_does_not_answer_is_told_by_its_kind_and_not_by_its_address() -> None:
    (port,) = free_ports(1)
    url = f"http://127.0.0.1:{port}/s3cr3t"
    assert sent(hook(url), an_alert("on_pace", "critical")) == Answer(Outcome.UNREACHABLE, "ClientConnectorError")
    assert "s3cr3t" not in repr(hook(url))


def running(test: Callable[..., Coroutine[Any, Any, None]]) -> Callable[..., None]:
    """Run a test coroutine on its own loop."""

    @wraps(test)
    def run(*args: Any, **kwargs: Any) -> None:
        asyncio.run(test(*args, **kwargs))

    return run


@asynccontextmanager
async def strange_server(
    handler: Callable[[web.Request], Coroutine[Any, Any, web.StreamResponse]],
) -> AsyncIterator[str]:
    """An aiohttp server that does as a handler does; its URL."""
    app = web.Application()
    app.router.add_post("/", handler)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/"
    finally:
        await runner.cleanup()


@running
async def test_a_service_that_never_answers_or_hangs_up_is_not_waited_for() -> None:
    async def hangs(_: web.Request) -> web.Response:
        await asyncio.sleep(3600)
        return web.Response()

    async def hangs_up(request: web.Request) -> web.Response:
        assert request.transport is not None
        request.transport.close()
        return web.Response()

    for handler, kind in ((hangs, "TimeoutError"), (hangs_up, "ServerDisconnectedError")):
        async with strange_server(handler) as url:
            answer = await hook(url, timeout_s=0.3).send([an_alert("on_pace", "critical")])
            assert (answer.outcome, answer.detail) == (Outcome.UNREACHABLE, kind)


@running
async def test_an_answer_without_end_is_not_read() -> None:
    async def endless(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        while True:
            await response.write(b"x" * 65536)

    async with strange_server(endless) as url:
        assert (await hook(url).send([an_alert("on_pace", "critical")])).outcome is Outcome.SENT


@pytest.mark.parametrize("name", ["\0\x1b[2J", 'a|b="},{', "ü" * 3000, "\u202ex", "</script><!channel>"], ids=ascii)
def test_a_campaign_may_be_called_anything(there: Receiver, name: str) -> None:
    """Its id and name are there as they are; the words for people are printable."""
    sent(
        hook(there.url(), public_url="https://pace.example"), an_alert("on_pace", "critical", campaign=name, name=name)
    )
    (request,) = there.requests
    jsonschema.validate(request.json, SCHEMA)
    (alert,) = request.json["alerts"]
    assert (alert["campaign"]["id"], alert["campaign"]["name"]) == (name, name)
    assert alert["words"]["headline"].isprintable()
    assert is_genuine(request)
