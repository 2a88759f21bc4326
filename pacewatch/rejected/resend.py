"""``pacewatch rejected replay``: refused records to their source topics again, without counting any twice."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from enum import StrEnum

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from kpis.measures import Stream
from kpis.reasons import CURABLE
from kpis.runtime.clock import Clock
from kpis.runtime.errors import one_line
from kpis.settings.shared import Settings
from kpis.units import how_many
from pacewatch.progress import Meter
from pacewatch.rejected.reading import Found, Wanted, partitions, read
from pacewatch.rejected.sent_before import SentBefore, replayed
from pacewatch.replay.sender import producer
from pacewatch.terminal import out, say
from streams.dead_letters import replays


class Fate(StrEnum):
    """What becomes of a letter; the value says it to people."""

    SENT = "sent again"
    BEFORE = "were sent again before (--again sends them once more)"
    HOPELESS = "have a reason that does not get better by itself (name it with --reason to send them)"
    TRUNCATED = "are not sent: only their start was kept"
    HOMELESS = "are not sent: their topic or partition is none of ours"
    FAILED = "were not taken by Kafka"


@dataclass(frozen=True, slots=True)
class ResendPlan:
    """What to send.

    Attributes:
        wanted: which letters.
        again: also those that were sent again before.
        dry_run: send nothing.
    """

    wanted: Wanted
    again: bool = False
    dry_run: bool = False

    def fate(self, found: Found, sent_before: bool, places: Mapping[str, int]) -> Fate:
        """What becomes of a letter, unless Kafka does not take it.

        Args:
            found: the letter.
            sent_before: whether it was sent again before.
            places: partition count by source topic.
        """
        letter = found.letter
        if not 0 <= letter.partition < places.get(letter.topic, 0):
            return Fate.HOMELESS
        if letter.truncated_from is not None:
            return Fate.TRUNCATED
        if self.wanted.reasons is None and letter.reason not in CURABLE:
            return Fate.HOPELESS
        return Fate.BEFORE if sent_before and not self.again else Fate.SENT


@dataclass(slots=True)
class ResendOutcome:
    """How it went: letters by fate, those sent by (reason, topic), and the first failure."""

    fates: Counter[Fate] = field(default_factory=Counter)
    sent: Counter[tuple[str, str]] = field(default_factory=Counter)
    failure: str = ""

    def summary(self, dry_run: bool) -> str:
        """One line for people."""
        parts = [f"{how_many(self.sent.total(), 'record')} {'would be ' if dry_run else ''}{Fate.SENT}"]
        if self.sent:
            parts.append(", ".join(f"{n:,} {reason} of {topic}" for (reason, topic), n in sorted(self.sent.items())))
        parts += [f"{n:,} {fate}" for fate in Fate if fate is not Fate.SENT and (n := self.fates[fate])]
        return "; ".join(parts) + (f", the first for {self.failure}" if self.failure else "")


async def run(settings: Settings, plan: ResendPlan) -> int:
    """Send refused records again; gives the exit code: 0 when Kafka took all that were to be sent.

    Raises:
        Unreachable: Kafka or Redis does not answer; running it again is safe.
    """
    if plan.again:
        say(f"--again: what was counted more than {settings.dedupe_hours} hours ago is counted once more")
    places = await partitions(settings, map(settings.topic, Stream))
    outcome = ResendOutcome()
    meter: Meter | None = None
    with ExitStack() as shown:
        async with replayed(settings) as before, producer(settings) as kafka:
            await before.prune(Clock().now_ms() / 1000)
            key = await before.key()
            async for batch in read(settings):
                meter = meter or shown.enter_context(Meter("read", batch.total))
                mine = [f for f in batch.found if plan.wanted.takes(f)]
                known = await before.known([f.identity for f in mine])
                fates = [plan.fate(f, k, places) for f, k in zip(mine, known, strict=True)]
                outcome.fates.update(fate for fate in fates if fate is not Fate.SENT)
                chosen = [f for f, fate in zip(mine, fates, strict=True) if fate is Fate.SENT]
                acked = chosen if plan.dry_run else await _send(kafka, before, chosen, outcome, key)
                outcome.sent.update((f.letter.reason, f.letter.topic) for f in acked)
                meter.update(batch.done, outcome.sent.total())
    out(outcome.summary(plan.dry_run))
    return 1 if outcome.fates[Fate.FAILED] else 0


async def _send(
    kafka: AIOKafkaProducer, before: SentBefore, chosen: Sequence[Found], outcome: ResendOutcome, key: bytes
) -> list[Found]:
    results = await asyncio.gather(*(_one(kafka, f, key) for f in chosen))
    acked = [f for f, problem in zip(chosen, results, strict=True) if problem is None]
    outcome.fates[Fate.FAILED] += len(chosen) - len(acked)
    outcome.failure = outcome.failure or next(filter(None, results), "")
    # After the acknowledgement: dying in between sends a record twice, which the worker counts once.
    await before.remember([f.identity for f in acked], Clock().now_ms() / 1000)
    return acked


async def _one(kafka: AIOKafkaProducer, found: Found, key: bytes) -> str | None:
    """Send one record to where it was, because that partition remembers it; gives the problem, if there is one."""
    letter = found.letter
    try:
        await kafka.send_and_wait(
            letter.topic,
            # The client cannot send a record that has neither key nor value.
            b"" if letter.value is None and letter.key is None else letter.value,
            key=letter.key,
            partition=letter.partition,
            headers=replays.headers(letter, key),
        )
    except KafkaError as e:
        return one_line(e)
    return None
