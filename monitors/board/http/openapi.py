"""The OpenAPI document of the API, its schemas made from the types of :mod:`monitors.board.shapes`. Pure."""

from __future__ import annotations

from functools import cache
from typing import Any

import msgspec

from monitors.board.asks import AcknowledgeAlerts, Done, MuteCampaign, Problem, UnacknowledgeAlerts, UnmuteCampaign
from monitors.board.campaign_page.detail_shapes import CampaignDetail
from monitors.board.campaign_page.trend_shapes import CampaignTrends, TrendRange
from monitors.board.experiment_shapes import Experiments
from monitors.board.http.api_examples import EXAMPLES
from monitors.board.overview.overview_shapes import Alerts
from monitors.board.scope_board import ScopeDetail, Scopes
from monitors.board.shapes import Campaigns, Changes, Update

_TYPES = (
    Alerts, Campaigns, CampaignDetail, Scopes, ScopeDetail, Changes, Experiments, Update, Problem, CampaignTrends,
    AcknowledgeAlerts, UnacknowledgeAlerts, MuteCampaign, UnmuteCampaign, Done,
)  # fmt: skip
_REF = "#/components/schemas/"
_SCHEMES = {"token": {"type": "http", "scheme": "bearer"}, "password": {"type": "http", "scheme": "basic"}}


@cache
def document() -> bytes:
    """The document, JSON."""
    schemas = msgspec.json.schema_components(_TYPES, ref_template=_REF + "{name}")[1]
    return msgspec.json.encode(
        {
            "openapi": "3.1.0",
            "info": {
                "title": "Pacewatch launch board",
                "version": "1",
                "description": "Live KPIs and pace of campaigns, and what people do about alerts. Money of measures "
                "and totals is integer micros of the base currency, times are epoch milliseconds. Amounts of a goal in "
                "another unit, such as hours, are integers too, in millionths: its unit is then `amount`.",
            },
            "paths": _paths(),
            "components": {"schemas": schemas, "securitySchemes": _SCHEMES},
            # An empty one: nothing is asked for unless it is set.
            "security": [{}, *({name: []} for name in _SCHEMES)],
        }
    )


def _paths() -> dict[str, Any]:
    path_id = {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}
    by_path = {**path_id, "description": "Its id in /api/campaigns, percent-encoded."}
    by_query = {
        **path_id,
        "in": "query",
        "description": "The same; takes . and .. too, which a path cannot.",
    }
    since = _query("since", "The id of /api/campaigns, or of the last event; Last-Event-ID goes before it.")
    of_one = _query("campaign", "Of one row of the board, by its id in /api/campaigns; of all when it is left out.")
    missing = {"404": _answer("There is no such campaign on the board.", Problem)}
    return {
        "/api/campaigns": _get("All campaigns, accounts and portfolio, the worst first.", Campaigns),
        "/api/campaigns/{id}": _get("One campaign.", CampaignDetail, [by_path], missing),
        "/api/campaign": _get("One campaign, by a query parameter.", CampaignDetail, [by_query], missing),
        "/api/campaign/trends": _get(
            "One campaign's KPIs over time, with intervals and goals.",
            CampaignTrends,
            [by_query, _range()],
            {**missing, "400": _answer("There is no such range.", Problem)},
        ),
        "/api/scopes": _get("What the portfolio, accounts, channels and other breakdowns have together.", Scopes),
        "/api/scope": _get(
            "One of them, with its members.",
            ScopeDetail,
            [{**by_query, "description": "Its id in /api/scopes."}],
            {"404": _answer("There is no such scope.", Problem)},
        ),
        "/api/changes": _get("The last status changes, newest first.", Changes),
        "/api/alerts": _get(
            "What was told, newest first, what people did about it, and which mutes hold.", Alerts, [of_one]
        ),
        "/api/experiments": _get("All experiments: what is proven of their variants.", Experiments),
        "/api/events": _events(since),
        "/api/alerts/acknowledge": _post("Take care of alerts.", AcknowledgeAlerts),
        "/api/alerts/unacknowledge": _post("Take acknowledgements back.", UnacknowledgeAlerts),
        "/api/alerts/mute": _post("Mute a campaign for a while.", MuteCampaign),
        "/api/alerts/unmute": _post("Take mutes back.", UnmuteCampaign),
    }


def _range() -> dict[str, Any]:
    return {
        "name": "range",
        "in": "query",
        "required": False,
        "schema": {"type": "string", "enum": list(TrendRange)},
        "description": "How far back; what suits the flight when it is left out.",
    }


def _query(name: str, description: str) -> dict[str, Any]:
    return {"name": name, "in": "query", "schema": {"type": "string"}, "description": description}


def _get(
    summary: str, answer: type, parameters: list[dict[str, Any]] | None = None, more: dict[str, Any] | None = None
) -> dict[str, Any]:
    found = {"200": _answer(summary, answer), **_refusal(), **(more or {})}
    return {"get": {"summary": summary, "parameters": parameters or [], "responses": found}}


def _post(summary: str, body: type) -> dict[str, Any]:
    content = {"application/json": {"schema": {"$ref": f"{_REF}{body.__name__}"}, "example": EXAMPLES[body]}}
    found = {
        "200": _answer("Done.", Done),
        "400": _answer("The body is not what it should be.", Problem),
        **_refusal(),
        "403": _answer("Nobody may act while everybody may read, or the request comes from another page.", Problem),
        "404": _answer("There is no such alert or campaign.", Problem),
        "503": _answer("Redis is away.", Problem),
    }
    return {"post": {"summary": summary, "requestBody": {"required": True, "content": content}, "responses": found}}


def _events(since: dict[str, Any]) -> dict[str, Any]:
    stream = {
        "description": "Server-sent events: `update` with an Update as data, or `reset` when too much was missed and "
        "/api/campaigns must be read again.",
        "content": {"text/event-stream": {"schema": {"$ref": f"{_REF}Update"}}},
    }
    found = {"200": stream, **_refusal(), "503": _answer("Too many clients listen.", Problem)}
    return {"get": {"summary": "What changes, as it changes.", "parameters": [since], "responses": found}}


def _refusal() -> dict[str, Any]:
    return {"401": _answer("Credentials are needed, or wrong.", Problem)}


def _answer(description: str, kind: type) -> dict[str, Any]:
    content: dict[str, Any] = {"application/json": {"schema": {"$ref": f"{_REF}{kind.__name__}"}}}
    if kind in EXAMPLES:
        content["application/json"]["example"] = EXAMPLES[kind]
    return {"description": description, "content": content}
