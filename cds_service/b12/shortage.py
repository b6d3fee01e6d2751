"""What results say of a shortage of B12: a level too low, or a raised marker of the cells' lack beside it."""

from __future__ import annotations

from msgspec import Struct

from cds_service.b12.episode import Episode
from cds_service.b12.labs import LabResult
from cds_service.b12.protocol import Regimen
from cds_service.b12.results import Standing, kidneys_reduced, level, raised_marker, standing
from cds_service.b12.words import Analyte


class Shortage(Struct, frozen=True):
    """
    A result of today's standing that speaks for a shortage.

    `kind` is "low" (a level in the deficient band), "functional" (a level in the grey zone and a raised marker) or
    "marker" (raised methylmalonic acid with a level that is not low, or none).
    """

    kind: str
    result: LabResult


def shortage_of(episode: Episode) -> Shortage | None:
    """The shortage that results show; None where they show none. Reduced kidneys raise the markers by themselves."""
    found, lies = level(episode), standing(episode)
    if found and lies is Standing.DEFICIENT:
        return Shortage("low", found)
    marker = raised_marker(episode)
    if marker is None or kidneys_reduced(episode):
        return None
    if lies is Standing.UNCLEAR:
        return Shortage("functional", marker)
    return Shortage("marker", marker) if marker.analyte is Analyte.MMA else None


def functional_shortage(episode: Episode) -> tuple[str, ...]:
    """What shows a shortage where the level alone is unclear: the raised marker; or none."""
    found = shortage_of(episode)
    return (found.result.ref,) if found and found.kind == "functional" else ()


def regimen_to_offer(episode: Episode) -> Regimen | None:
    """The patient's regimen, unless an allergy to its cobalamin is on record."""
    regimen = episode.regimen
    if regimen is None or episode.allergies is None:
        return regimen
    return None if any(one.against(regimen.substance) for one in episode.allergies) else regimen
