"""Experiments on the board, in the API and in messages: what is proven, and nothing that a name could do."""

from __future__ import annotations

import json
from dataclasses import replace

import msgspec

from kpis.series import of_shown, shown_id
from monitors.alerts.alert import alert_of
from monitors.alerts.assessment import Assessment
from monitors.alerts.lifecycle import AlertState, Change, Transition
from monitors.alerts.notifiers.alertmanager.labelled import labels_of
from monitors.alerts.notifiers.links import Links
from monitors.alerts.notifiers.slack.cards import render
from monitors.alerts.notifiers.webhook.filling import body_of
from monitors.alerts.sentences import headline
from monitors.alerts.stored import decode_alert, encode_alert
from monitors.board.board import Board, BoardPolicy
from monitors.board.experiment_rows import experiments_now
from monitors.board.http import openapi
from monitors.board.http.pages import experiments_page
from monitors.experiments.ruling import ExperimentFinding, Ruling
from monitors.experiments.ruling_verdicts import verdicts_of
from monitors.experiments.weighing import VariantState
from monitors.goals.experiments.experiment import Variant
from monitors.pacing.verdict import Reason, Status
from monitors.view import Examined, View
from tests.unit.monitors.experiments.test_ruling import an_experiment, counts, ruled

HOSTILE = '<script>alert(1)</script>"&'
PAGE_LINK = "https://pw.example/experiments#"


def shown(*rulings: Ruling) -> View:
    """A view of some experiments."""
    told = [
        Assessment(ruling.experiment.stands_for, watch, verdict, AlertState())
        for ruling in rulings
        for watch, verdict in verdicts_of(ruling)
    ]
    return View(examined=Examined(rulings, tuple(told)), problem="")


def page(view: View) -> str:
    """The page of a view."""
    made = Board("run", BoardPolicy())
    made.update(view, 0, 0.0)
    return experiments_page(made)


def test_the_api_says_what_the_ruling_is() -> None:
    found = ruled(an_experiment(), counts(0.02, 0.03))
    (one,) = experiments_now(shown(found)).experiments
    assert (one.id, one.finding, one.trials_of, one.successes_of) == (
        "experiment=hero", ExperimentFinding.WINNER, "impressions", "clicks"
    )  # fmt: skip
    assert [(v.name, v.state) for v in one.variants] == [("A", VariantState.LOSER), ("B", VariantState.WINNER)]
    assert (one.variants[0].lift, one.variants[1].low) == (None, found.variants[1].low)
    assert one.decided_ms == found.decided_ms


def test_the_api_is_described() -> None:
    document = json.loads(openapi.document())
    answer = document["paths"]["/api/experiments"]["get"]["responses"]["200"]["content"]["application/json"]
    assert answer["schema"] == {"$ref": "#/components/schemas/Experiments"}
    schemas = document["components"]["schemas"]
    assert {"VariantNow", "ExperimentNow", "ExperimentFinding", "VariantState"} <= schemas.keys()
    assert set(schemas["ExperimentFinding"]["enum"]) == set(ExperimentFinding)


def test_the_page_has_the_intervals_of_all_but_the_first_variant() -> None:
    html = page(shown(ruled(an_experiment(3), counts(0.02, 0.03, 0.025))))
    assert html.count("<svg") == 2
    assert "▲ winner" in html
    assert html.count("▼ loser") == 2
    assert "B wins: CTR" in html
    assert 'id="hero"' in html


def test_what_is_not_known_yet_is_shown_too() -> None:
    html = page(shown(ruled(an_experiment(), counts(0.02, 0.03, quarters=0), now_ms=-1)))
    assert "Has not begun" in html
    assert page(View()).count("The goals file has no experiments.") == 1


def test_names_from_elsewhere_are_text_and_nothing_else() -> None:
    variants = (Variant(HOSTILE, ("a",)), Variant("B", ("b",)))
    one = replace(an_experiment(), variants=variants, name=HOSTILE, experiment=HOSTILE, owner=HOSTILE, account=HOSTILE)
    html = page(shown(ruled(one, counts(0.02, 0.03))))
    assert "<script>alert" not in html
    assert html.count("&lt;script&gt;") >= 5


def test_every_notifier_says_it_and_links_to_the_page() -> None:
    found = ruled(an_experiment(owner="Ada"), counts(0.02, 0.03))
    (watch, verdict), *_ = verdicts_of(found)
    fired = Transition(AlertState(), AlertState(Status.WARNING), Change.FIRED)
    one = Assessment(found.experiment.stands_for, watch, verdict, fired.after)
    made = alert_of(one, fired, "EUR", "experiment=hero|watch:experiment", "1")
    assert decode_alert(encode_alert(made)) == made
    assert headline(made).startswith("Hero: B wins: CTR 2.99% against 2.01% of A; B +48.6% over A (")
    labels = labels_of(made, Status.WARNING)
    assert labels == {
        "alertname": "PacewatchPaceWarning", "severity": "warning", "campaign": "experiment=hero",
        "goal": "watch:experiment", "cause": "experiment",
    }  # fmt: skip
    links = Links("https://pw.example", "https://grafana.example")
    card = json.dumps(render(made, links).attachments)
    assert f"{PAGE_LINK}hero" in card
    assert "grafana.example" not in card
    assert "take the experiment out of the goals file" in card
    posted = msgspec.to_builtins(body_of([made], 0, "https://pw.example"))["alerts"][0]
    assert (posted["goal"]["watched"], posted["reason"]) == ("experiment", Reason.DECIDED)
    assert posted["links"]["board"] == f"{PAGE_LINK}hero"


def test_a_campaign_that_is_called_like_an_experiment_is_not_taken_for_it() -> None:
    assert shown_id("experiment%3Dhero") == "%experiment=hero"
    assert of_shown("experiment=hero") == an_experiment().stands_for.series
