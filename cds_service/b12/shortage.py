"""What results say of a shortage of B12: a level too low, or a raised marker of the cells' lack beside it."""

from __future__ import annotations

from msgspec import Struct
from msgspec.structs import replace

from cds_service.b12.episode import Episode
from cds_service.b12.labs import LabResult
from cds_service.b12.results import SECOND_LINE, Standing, level, newest, standing, telling_marker
from cds_service.b12.words import Analyte


class Shortage(Struct, frozen=True):
    """
    A result that speaks for a shortage.

    `kind` is "low" (a level in the deficient band), "functional" (a level in the grey zone and a raised marker) or
    "marker" (raised methylmalonic acid with a level that is not low, or none).
    """

    kind: str
    result: LabResult


def shortage_of(episode: Episode) -> Shortage | None:
    """The shortage that results show today; None where they show none. Reduced kidneys raise the markers too."""
    found, lies = level(episode), standing(episode)
    if found and lies is Standing.DEFICIENT:
        return Shortage("low", found)
    marker = telling_marker(episode)
    if marker is None:
        return None
    if lies is Standing.UNCLEAR:
        return Shortage("functional", marker)
    return Shortage("marker", marker) if marker.analyte is Analyte.MMA else None


def last_shortage(episode: Episode) -> Shortage | None:
    """The shortage of the day when a level was last taken, or without any level a marker, however long ago that is."""
    last = level(episode) or newest(episode, *SECOND_LINE)
    return shortage_of(replace(episode, as_of=last.day.latest)) if last and last.day else None


def functional_shortage(episode: Episode) -> tuple[str, ...]:
    """What shows a shortage where the level alone is unclear: the raised marker; or none."""
    found = shortage_of(episode)
    return (found.result.ref,) if found and found.kind == "functional" else ()
