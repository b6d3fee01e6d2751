"""Where the structured reading of an order and its text contradict each other."""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal

from msgspec import Struct

from cds_service.b12.dose import Step
from cds_service.b12.protocol import Timing
from cds_service.b12.record import Amount, Schedule
from cds_service.b12.words import AmountKind, Route

IM = r"(?:IM|i\.m\.|intramuscular\w*)"
SC = r"(?:deep\s+)?(?:SC|SQ|s\.c\.|subcut\w*)"
INTO_EITHER = re.compile(rf"\b{IM}\s*(?:/|or)\s*{SC}\b|\b{SC}\s*(?:/|or)\s*{IM}\b", re.IGNORECASE)
EITHER = (Route.INTRAMUSCULAR, Route.SUBCUTANEOUS)  # a text that leaves the choice is read as the first of them


class Conflict(Struct, frozen=True):
    """`kind`: "dose", "route" or "frequency", with both readings as written."""

    kind: str
    structured: str | Schedule
    text: str | Schedule


def conflicts_of(step: Step, timing: Timing) -> tuple[Conflict, ...]:
    """Every contradiction, dose before route before frequency; a text of several phases agrees if one of them does."""
    phases = step.text_phases
    amounts = [phase.amount for phase in phases if phase.amount]
    routes = [phase.route for phase in phases if phase.route]
    routes += EITHER if routes and INTO_EITHER.search(step.instruction.text) else ()
    schedules = [phase.schedule for phase in phases if phase.schedule]
    found = (
        _doses(step.amount, amounts, timing.volume_tolerance.value),
        _routes(step.route, routes),
        _schedules(step.schedule, schedules, timing.interval_tolerance.value),
    )
    return tuple(conflict for conflict in found if conflict)


def facts_of(conflicts: Sequence[Conflict]) -> dict[str, str | Schedule]:
    """The first as `structured` and `text`, the others under the name of their kind."""
    first, *others = conflicts
    facts: dict[str, str | Schedule] = {"structured": first.structured, "text": first.text}
    for other in others:
        facts |= {f"{other.kind}_structured": other.structured, f"{other.kind}_text": other.text}
    return facts


def _doses(structured: Amount | None, spoken: Sequence[Amount], tolerance: Decimal) -> Conflict | None:
    """Like is compared with like; a volume against a mass is for the product's strength to judge."""
    if structured is None or structured.kind is AmountKind.UNKNOWN:
        return None
    like = [one for one in spoken if one.kind is structured.kind and one.piece is structured.piece]
    if not like or any(overlap(structured.low, structured.high, one.low, one.high, tolerance) for one in like):
        return None
    return Conflict("dose", structured.written, like[0].written)


def _routes(structured: Route | None, spoken: Sequence[Route]) -> Conflict | None:
    if structured in {None, Route.OTHER} or not spoken or structured in spoken:
        return None
    return Conflict("route", structured.value, spoken[0].value) if structured else None


def _schedules(structured: Schedule | None, spoken: Sequence[Schedule], tolerance: Decimal) -> Conflict | None:
    timed = [one for one in spoken if one.count_high != 1]
    if structured is None or structured.count_high == 1 or not timed:
        return None
    if any(overlap(*structured.interval, *one.interval, tolerance) for one in timed):
        return None
    return Conflict("frequency", structured, timed[0])


def overlap(low: Decimal, high: Decimal, other_low: Decimal, other_high: Decimal, tolerance: Decimal) -> bool:
    """Two spans have something in common, each widened by a share `tolerance` of its low end."""
    return low * (1 - tolerance) <= other_high and other_low * (1 - tolerance) <= high
