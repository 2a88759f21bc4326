"""An experiment of a goals file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Annotated, Any, Self
from urllib.parse import quote
from zoneinfo import ZoneInfo

from pydantic import BeforeValidator, Field, WithJsonSchema, model_validator

from kpis.catalogue import Kpi
from kpis.runtime.yaml_model import AtField, FileModel, choice_of, fields_of, items_of, text_of
from kpis.runtime.yaml_nodes import shown
from kpis.series import DIMENSIONS, key, split
from kpis.times import QUARTER_MS
from monitors.goals import scalars
from monitors.goals.experiments.experiment import Experiment, Variant
from monitors.goals.fields import CampaignId, Channel, Name, RatioName, Share, Time, Zone

MOST_VARIANTS = 10
MOST_ALPHA = 0.2
_SPLITS = ("even", "any")


def _series(value: Any) -> list[str]:
    """The keys of a variant: one, or a list."""
    found = [text_of(one) for one in (value if isinstance(value, list) else [value])]
    for one in found:
        campaign, pairs = split(one)
        if not campaign or any(dimension not in DIMENSIONS or not value for dimension, value in pairs):
            text = f"must be series such as c42 or c42|variant=A, not {shown(one)}"
            raise ValueError(f"{text}; dimensions are {', '.join(DIMENSIONS)}")
    # Written alike, whatever of it was escaped.
    return [key(*split(one)) for one in found]


def _alpha(value: Any) -> float:
    found = float(scalars.number(value))
    if not 0 < found <= MOST_ALPHA:
        raise ValueError(f"must be above 0 and at most {MOST_ALPHA} (5 % is 0.05), not {shown(text_of(value))}")
    return found


def _values(value: Any) -> list[Any]:
    return _few(items_of(value))


def _few(found: list[Any]) -> list[Any]:
    if not 2 <= len(found) <= MOST_VARIANTS:
        raise ValueError(f"needs 2 to {MOST_VARIANTS} variants, not {len(found)}")
    return found


def _by_name(value: Any) -> Any:
    found = fields_of(value)
    _few(list(found))
    return found


SeriesList = Annotated[
    list[str],
    BeforeValidator(_series),
    WithJsonSchema({"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}),
]
AlphaField = Annotated[
    float,
    BeforeValidator(_alpha),
    WithJsonSchema({"type": "number", "exclusiveMinimum": 0, "maximum": MOST_ALPHA}),
]
SplitName = Annotated[
    str, BeforeValidator(lambda v: choice_of(v, "split", _SPLITS)), WithJsonSchema({"enum": list(_SPLITS)})
]
DimensionName = Annotated[
    str,
    BeforeValidator(lambda v: choice_of(v, "dimension", DIMENSIONS)),
    WithJsonSchema({"enum": list(DIMENSIONS)}),
]


class ExperimentModel(FileModel):
    """Variants that are compared by a share such as CTR: what is proven of them is told once, however often one looks.

    They are the values of a dimension of campaigns, or series that are listed. See docs/experiments.md.
    """

    experiment: CampaignId = Field(description="Its id, for metrics, links and alerts.")
    name: Name | None = Field(None, description="For people; its id by default.")
    campaign: CampaignId | None = Field(None, description="Whose variants; this, campaigns or series.")
    campaigns: Annotated[list[CampaignId] | None, BeforeValidator(items_of)] = Field(
        None, description="The same of several campaigns, added up."
    )
    dimension: DimensionName | None = Field(
        None, description="Of which the variants are values, such as variant or creative; PACEWATCH_BREAKDOWNS has it."
    )
    variants: Annotated[list[Name] | None, BeforeValidator(_values)] = Field(
        None, description="Its values that are compared, as in events; lifts are shown against the first."
    )
    series: Annotated[dict[Name, SeriesList] | None, BeforeValidator(_by_name)] = Field(
        None, description="In place of the four before: each variant's series by its name, {A: c1, B: [c2, c3]}."
    )
    kpi: RatioName = Field(description="What they are compared by: a share of counts, such as ctr or cvr.")
    start: Time = Field(description="From when on events count: not before all variants run.")
    end: Time | None = Field(None, description="The first moment after it; none by default.")
    timezone: Zone = Field(None, description="IANA name; may be left out when times have an offset.")
    alpha: AlphaField = Field(0.05, description="The chance that anything false is ever said of it.")
    least_effect: Share = Field(
        0.0, description="Lifts below this part are not worth telling: 0.02 is 2 % more or less of the rate."
    )
    split: SplitName = Field("any", description="even: each variant is tried equally often, and it is told when not.")
    account: Name | None = Field(None, description="Whose it is.")
    owner: Name | None = Field(None, description="Who looks after it.")
    slack_channel: Channel = Field(None, description='Where it is told: "#launch", in quotes.')

    @model_validator(mode="after")
    def _fits(self) -> Self:
        _check_kpi(self.kpi)
        start, end = self._ms("start", self.start), None if self.end is None else self._ms("end", self.end)
        if end is not None and end < start + QUARTER_MS:
            raise AtField("end", "end is not a quarter hour after start")
        if (self.series is None) == (self.variants is None):
            raise ValueError("needs variants (with campaign or campaigns, and dimension) or series, and not both")
        if self.series is None:
            self._check_values()
        else:
            for name in ("campaign", "campaigns", "dimension"):
                if getattr(self, name) is not None:
                    raise AtField(name, f"{name} goes with variants, not with series")
        once(self._variants())
        return self

    @property
    def value(self) -> Experiment:
        """It as a value."""
        zone: ZoneInfo | None = self.timezone
        return Experiment(
            experiment=self.experiment,
            name=self.name or self.experiment,
            kpi=self.kpi,
            variants=tuple(variant for _, variant in self._variants()),
            start_ms=self._ms("start", self.start),
            end_ms=None if self.end is None else self._ms("end", self.end),
            timezone=zone.key if zone else "UTC",
            alpha=self.alpha,
            least_effect=self.least_effect,
            is_even=self.split == _SPLITS[0],
            account=self.account or "",
            owner=self.owner or "",
            slack_channel=self.slack_channel or "",
        )

    def _check_values(self) -> None:
        if self.dimension is None:
            raise AtField("variants", "variants need a dimension that they are values of")
        if (self.campaign is None) == (self.campaigns is None):
            raise AtField("variants", "variants need either campaign or campaigns")

    def _variants(self) -> Iterator[tuple[tuple[str | int, ...], Variant]]:
        """Each variant, with where it stands."""
        for name, keys in (self.series or {}).items():
            yield ("series", name), Variant(name, tuple(keys))
        campaigns = self.campaigns or [self.campaign or ""]
        for i, value in enumerate(self.variants or ()):
            series = tuple(key(campaign, ((self.dimension or "", value),)) for campaign in campaigns)
            yield ("variants", i), Variant(value, series)

    def _ms(self, field: str, written: datetime) -> int:
        try:
            return scalars.epoch_ms(written, self.timezone)
        except ValueError as e:
            raise AtField(field, str(e).replace(" in the flight", "")) from None


def each_experiment_once(experiments: Sequence[ExperimentModel]) -> None:
    """Refuse an experiment that is given twice.

    Raises:
        AtField: it is, below ``experiments``.
    """
    seen: set[str] = set()
    for i, one in enumerate(experiments):
        if one.experiment in seen:
            raise AtField(("experiments", i, "experiment"), f"the experiment {shown(one.experiment)} is given twice")
        seen.add(one.experiment)


def once(variants: Iterator[tuple[tuple[str | int, ...], Variant]]) -> None:
    """Refuse a series that is counted twice, or events of which another one counts.

    Raises:
        AtField: one is.
    """
    of: dict[str, str] = {}
    for place, variant in variants:
        for name in variant.series:
            if name in of:
                raise AtField(place, f"{_quoted(name)} is counted twice: of {shown(of[name])} already")
            other = next((other for other in of if _overlap(name, other)), None)
            if other is not None:
                text = f"{_quoted(name)} and {_quoted(other)} of {shown(of[other])} count the same events"
                raise AtField(place, f"{text}: variants must have none in common")
            of[name] = variant.name


def _overlap(one: str, other: str) -> bool:
    """Whether an event may be counted of both: a campaign and its breakdown, or breakdowns by different dimensions."""
    (campaign, pairs), (same, others) = split(one), split(other)
    values = dict(others)
    return campaign == same and all(values.get(dimension, value) == value for dimension, value in pairs)


def _quoted(name: str) -> str:
    return quote(name, safe="|=")


def _check_kpi(kpi: Kpi) -> None:
    """Refuse what is no share of counts.

    Raises:
        AtField: it is none.
    """
    if not kpi.is_proportion:
        text = f"{kpi.name} is no share of counts: no test of its amounts holds at all looks together"
        raise AtField("kpi", f"{text}; an experiment compares a share such as ctr or cvr")
