"""How old a child is where days count, and what the protocol gives children."""

from __future__ import annotations

import re

from cds_service.b12.dose import B12Order
from cds_service.b12.episode import Episode
from cds_service.b12.protocol import Regimen, RegimenFor
from cds_service.b12.words import Substance

BY_WEIGHT = re.compile(r"(?:/|\bper\s+)\s*(?:kg|kilo)", re.IGNORECASE)


def days_old(episode: Episode) -> tuple[int, int] | None:
    """(fewest, most) days since birth, as exactly as the date of birth is known; None where it is not."""
    born = episode.patient.born if episode.patient else None
    if born is None:
        return None
    return max(0, (episode.as_of - born.latest).days), (episode.as_of - born.earliest).days


def neonate(episode: Episode) -> bool | None:
    """Certainly a newborn, certainly not, or None: an inexact date of birth allows both."""
    days, limit = days_old(episode), episode.protocol.safety.neonate.value
    if days is None or days[0] >= limit:
        return False
    return True if days[1] < limit else None


def adolescent(episode: Episode) -> bool:
    """Old enough that an adult dose is no mistake."""
    return episode.age is not None and episode.age >= episode.protocol.safety.adolescent.value


def by_weight(draft: B12Order) -> bool:
    """The order gives its dose per kilogram of body weight."""
    written = [step.amount.written for step in draft.steps if step.amount]
    return any(BY_WEIGHT.search(text) for text in (*written, *(step.instruction.text for step in draft.steps)))


def childs_regimen(draft: B12Order, episode: Episode) -> Regimen | None:
    """What the protocol gives children of the cobalamin ordered by injection; any of it where none is named."""
    found = [one for one in episode.protocol.regimens if one.whom is RegimenFor.CHILD and one.injected]
    named = draft.product.substance
    return next((one for one in found if named in {one.substance, Substance.UNSPECIFIED}), None)


def largest_dose(regimen: Regimen) -> int:
    """The largest single dose of a regimen, in micrograms."""
    steps = (*regimen.loading, *((regimen.maintenance,) if regimen.maintenance else ()))
    return int(max(step.dose.high for step in steps))
