"""The rules of Grafana's dashboard-linter that make sense here, and some of our own, on every dashboard.

Left out of its rules: legends that begin with an instance (ours are of campaigns), one refresh and one time range for
all (a launch is looked at by its day), and what is about Loki.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from grafana.build import BUILDERS
from grafana.links import BOARD
from grafana.style import NOTHING
from monitors.alerts.notifiers.links import DASHBOARD, PACE_PANEL
from tests.unit.docs.test_runbooks import GRAFANA, MONITOR, alerts
from tests.unit.grafana.test_dashboards import FILES, ROOT, panels

EACH = pytest.mark.parametrize("board", [json.loads(f.read_text()) for f in FILES], ids=[f.stem for f in FILES])
UNITS = {"none", "short", "percentunit", "s", "cps", "cpm", "dateTimeFromNow"}
"""Units of Grafana that are in use; those of money are told by samples."""
GIVEN = {"__rate_interval", "__url_time_range", "__all", "__data", "__field"}
"""Variables that Grafana itself has."""
STANDS = {"Lost records"}
"""Panels of a counter itself: Redis keeps it over restarts, and what is lost stays lost."""
MONEY = re.compile(
    r"(_|(kpi|measure)=\")(spend|revenue|cp[acm]|aov)\b|money_at_risk|pace_(actual|projected)|(kpi|measure)=\"\$"
)
"""What is money, or may be."""
METRIC = re.compile(r"(?<![\w:\"~|(])(?:(?:\w+:)?pacewatch[_:]\w+(?::\w+)*|up|ALERTS\w*)\b(?:\{[^}]*\})?")


def targets(board: dict[str, Any]) -> Iterator[tuple[dict[str, Any], str]]:
    """Each panel with each of its queries."""
    for panel in panels(board):
        for target in panel["targets"]:
            yield panel, target["expr"]


def urls(found: Any) -> Iterator[str]:
    """Every address in a dashboard."""
    if isinstance(found, dict):
        yield from (found["url"],) if found.get("url") else ()
        found = list(found.values())
    if isinstance(found, list):
        for one in found:
            yield from urls(one)


def used(text: str) -> set[str]:
    """The variables that a text uses; ``$1`` is a group of a match, and none."""
    return {m.partition(".")[0] for m in re.findall(r"\$\{?([A-Za-z_][\w.]*)", text)}


def test_addresses_of_dashboards_stay_what_they_were() -> None:
    """Alerts, messages and bookmarks lead to them."""
    boards = [json.loads(f.read_text()) for f in FILES]
    assert {b["uid"] for b in boards} == {f"pacewatch-{name}" for name in BUILDERS}
    assert {f.stem for f in FILES} == set(BUILDERS)
    assert DASHBOARD in {b["uid"] for b in boards}
    linked = {re.sub(r"\?.*", "", rule["annotations"]["dashboard"]) for rule in alerts().values()}
    assert linked <= {f"{GRAFANA}/d/{b['uid']}" for b in boards}
    (pace,) = (p for b in boards for p in panels(b) if p.get("id") == PACE_PANEL)
    assert pace["title"].startswith("Pace line")


@EACH
def test_a_dashboard_is_code_and_says_what_it_is_for(board: dict[str, Any]) -> None:
    """What somebody changed in a browser would be lost: uneditable."""
    assert board["editable"] is False
    assert board["title"].startswith("Pacewatch: ")
    assert board["description"].endswith(".")
    assert board["graphTooltip"] == 1, "the pointer is in all graphs at once"
    assert board["tags"] == ["pacewatch"]
    launch = board["uid"] == DASHBOARD
    assert (board["time"]["from"] == "now/d") == launch, "of a launch the day is shown, from its first minute"


@EACH
def test_nothing_names_a_data_source_of_its_own(board: dict[str, Any]) -> None:
    """Neither panels, queries, variables nor annotations: whoever looks chooses it."""
    (chosen,) = (v for v in board["templating"]["list"] if v["type"] == "datasource")
    assert (chosen["name"], chosen["query"], chosen["label"]) == ("datasource", "prometheus", "Data source")
    assert set(re.findall(r'"datasource": \{([^}]*)\}', json.dumps(board))) == {
        '"type": "prometheus", "uid": "${datasource'
    }
    for panel, _ in targets(board):
        assert panel["datasource"] == {"type": "prometheus", "uid": "${datasource}"}
        assert all(t["datasource"] == panel["datasource"] for t in panel["targets"])


@EACH
def test_jobs_and_instances_are_chosen_as_the_linter_wants_it(board: dict[str, Any]) -> None:
    """Several, all at first, listed anew when the time range changes; every other list minds the choice."""
    found = {v["name"]: v for v in board["templating"]["list"]}
    for name in ("job", "instance"):
        one = found[name]
        assert (one["label"], one["multi"], one["allValue"]) == (name.capitalize(), True, ".+")
    for one in (v for v in found.values() if v["type"] == "query"):
        assert one["refresh"] == 2, "on a change of the time range"
        assert one["query"]["query"].startswith("label_values(")
        if one["name"] not in {"job", "instance"}:
            assert 'job=~"$job",instance=~"$instance"' in one["query"]["query"]


@EACH
def test_every_variable_is_used_and_nothing_else_is(board: dict[str, Any]) -> None:
    """A list that changes nothing misleads; a name that is none asks for what is not there."""
    named = {v["name"] for v in board["templating"]["list"]}
    assert len(named) == len(board["templating"]["list"])
    assert used(json.dumps(board)) - GIVEN == named


@EACH
def test_every_query_minds_the_chosen_jobs_and_instances(board: dict[str, Any]) -> None:
    """In annotations too. What rules record, and alerts, have no instance: they are the same on all."""
    marks = [a["expr"] for a in board["annotations"]["list"]]
    assert {"Pipeline alerts", "New versions"} <= {a["name"] for a in board["annotations"]["list"]}
    for expr in [*(expr for _, expr in targets(board)), *marks]:
        for found in METRIC.findall(expr):
            assert 'job=~"$job"' in found, expr
            if not re.match(r"ALERTS|\w+:", found):
                assert 'instance=~"$instance"' in found, expr


@EACH
def test_counters_are_rates_buckets_are_quantiles_and_ranges_follow_the_graph(board: dict[str, Any]) -> None:
    """A counter that is drawn itself only ever climbs, and falls at a restart."""
    for panel, expr in targets(board):
        for counter in re.finditer(r"pacewatch_\w+_total\b", expr):
            assert panel["title"] in STANDS or re.search(r"(rate|increase|resets)\($", expr[: counter.start()]), expr
        if "_bucket" in expr:
            assert expr.startswith("histogram_quantile(")
    assert not re.search(r"\[(?!\$__rate_interval)[^]]*\]", "".join(e for _, e in targets(board)).replace("[A-Z]", ""))


@EACH
def test_every_panel_says_what_it_shows_in_what_and_what_when_there_is_nothing(board: dict[str, Any]) -> None:
    """Title, description, unit, thresholds, and a text in place of data that says why there is none."""
    titles = Counter(panel["title"] for panel in panels(board))
    assert max(titles.values()) == 1
    for panel in panels(board):
        about, shown = panel["description"], panel["fieldConfig"]["defaults"]
        assert len(about) > 20, panel["title"]
        assert about.endswith(".")
        assert shown["unit"] in UNITS, panel["title"]
        assert shown["thresholds"]["steps"][0]["value"] is None
        assert [s["value"] for s in shown["thresholds"]["steps"][1:]] == sorted(
            s["value"] for s in shown["thresholds"]["steps"][1:]
        )
        assert shown["noValue"] == NOTHING if "Empty" not in about else shown["noValue"] in about, panel["title"]
        for override in panel["fieldConfig"]["overrides"]:
            assert {p["value"] for p in override["properties"] if p["id"] == "unit"} <= UNITS


@EACH
def test_what_is_money_is_in_the_currency_that_its_samples_tell(board: dict[str, Any]) -> None:
    """Grafana takes no variables in units, so a query of its own tells it, and a transformation puts it there."""
    for panel in panels(board):
        exprs = {t["refId"]: t["expr"] for t in panel["targets"]}
        assert len(exprs) == len(panel["targets"])
        shows = [e for ref, e in exprs.items() if ref != "U"]
        is_money = any(MONEY.search(e) for e in shows)
        is_list = panel["title"].endswith(("KPIs", "measures"))
        assert is_money == ("U" in exprs) or is_list, panel["title"]
        if "U" in exprs:
            (made,) = (t for t in panel["transformations"] if t["id"] == "configFromData")
            assert made["options"]["configRefId"] == "U"
            assert made["options"]["mappings"] == [{"fieldName": "unit", "handlerKey": "unit"}]
            assert panel["transformations"][0] is made, "before a join puts its frame among the others"


@EACH
def test_a_table_renames_and_colours_columns_that_it_has(board: dict[str, Any]) -> None:
    """A title that changed in one place only would lose its unit, its colours or its links."""
    for panel in (p for p in panels(board) if p["type"] == "table"):
        (organised,) = (t["options"] for t in panel["transformations"] if t["id"] == "organize")
        columns = set(organised["renameByName"].values())
        for override in panel["fieldConfig"]["overrides"]:
            assert override["matcher"]["options"] in columns, panel["title"]
        for sort in (t["options"]["sort"][0]["field"] for t in panel["transformations"] if t["id"] == "sortBy"):
            assert sort in columns


@EACH
def test_addresses_lead_to_dashboards_that_there_are_and_to_the_board(board: dict[str, Any]) -> None:
    """What a click brings along is encoded: ids of campaigns are what advertisers make of them."""
    (own,) = (v for v in board["templating"]["list"] if v["name"] == "board")
    assert own["query"] == BOARD == MONITOR, "docs/operations.md has one command for all of them"
    uids = {json.loads(f.read_text())["uid"] for f in FILES}
    for url in urls(board):
        assert url.startswith("${board:raw}/") or re.match(r"/d/([\w-]+)\?", url)
        assert set(re.findall(r"/d/([\w-]+)", url)) <= uids
        for name in re.findall(r"\$\{([\w.]+)\}", url):
            assert name in {"__url_time_range", "datasource"}, f"{name} is not encoded in {url}"


def test_campaigns_lead_to_their_dashboard_and_their_page() -> None:
    """From the rows of all campaigns, from the lines of those that spend most, and from a campaign's parts."""
    by_name = {f.stem: json.loads(f.read_text()) for f in FILES}
    for name, title in (("portfolio", "Campaigns"), ("portfolio", "Largest spenders"), ("compare", "CTR")):
        (panel,) = (p for p in panels(by_name[name]) if p["title"] == title)
        found = list(urls(panel))
        assert any(u.startswith("/d/pacewatch-launch?") and "var-campaign=${" in u for u in found), title
        assert any(u.startswith("${board:raw}/campaign?id=${") for u in found), title
    (pace,) = (p for p in panels(by_name["launch"]) if p["title"] == "Pace")
    assert list(urls(pace)) == ["${board:raw}/campaign?id=${campaign:percentencode}"]


def test_rules_are_right_for_any_number_of_monitors() -> None:
    """Of what several tell alike each counts once; only what each tells of itself may be added up, or stand."""
    own = re.compile(r"worker_|monitor_|redis_up|notifier_(attempts|parked|oldest)")
    rules = [
        rule
        for file in sorted((ROOT / "prometheus").glob("*/*.rules.yml"))
        for group in yaml.safe_load(file.read_text())["groups"]
        for rule in group["rules"]
    ]
    once = re.compile(r"(max|min) without \((instance, pod)[\w, ]*\)\s*\(")
    for rule in rules:
        for found in re.finditer(r"(?<![\w:])pacewatch_(\w+)", rule["expr"]):
            assert own.match(found[1]) or once.search(rule["expr"][: found.start()]), rule
        assert "record" not in rule or re.fullmatch(r"\w*:[\w]+:\w+", rule["record"]), "level:metric:operations"
