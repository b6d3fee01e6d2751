"""What makes starting B12 or folic acid unsafe: severe anaemia, potassium low or not known, B12 low or not known."""

from __future__ import annotations

from cds_service.b12 import results
from cds_service.b12.episode import Episode
from cds_service.b12.labs import LabResult
from cds_service.b12.policy import Figure
from cds_service.b12.words import Analyte, RiskDrug

POTASSIUM_DRUGS = frozenset({RiskDrug.DIGOXIN, RiskDrug.POTASSIUM_LOSING_DIURETIC})


def recent(episode: Episode, analyte: Analyte) -> LabResult | None:
    """The newest result of an analyte of the blood count, if it still says how the patient is."""
    found = results.newest(episode, analyte)
    return found if found and results.is_current(found, episode, episode.protocol.safety.blood_count_recent) else None


def haemoglobin_unread(episode: Episode) -> bool:
    """A recent haemoglobin came in a unit or form that gives no number."""
    found = recent(episode, Analyte.HAEMOGLOBIN)
    return found is not None and found.value is None


def severe_anaemia(episode: Episode) -> tuple[LabResult, ...]:
    """The results that show anaemia so severe that its treatment may lower potassium; empty if there is none."""
    safety, found = episode.protocol.safety, recent(episode, Analyte.HAEMOGLOBIN)
    if found is None:
        return ()
    if results.is_reduced(found, safety.severe_anaemia):
        return (found,)
    cells = recent(episode, Analyte.MCV)
    large = cells is not None and results.is_raised(cells, safety.severe_macrocytosis)
    return (found, cells) if cells and large and results.is_reduced(found, safety.severe_with_macrocytosis) else ()


def anaemia(episode: Episode) -> tuple[str, ...]:
    """What shows anaemia: a recent haemoglobin if there is one, else a problem."""
    found = recent(episode, Analyte.HAEMOGLOBIN)
    if found is None or found.value is None:
        return episode.background.anaemia
    return (found.ref,) if found.value < results.anaemia_below(episode) and found.comparator != ">" else ()


def blood_is_normal(episode: Episode) -> bool:
    """A recent haemoglobin shows no anaemia."""
    found = recent(episode, Analyte.HAEMOGLOBIN)
    return found is not None and found.value is not None and not anaemia(episode)


def large_cells(episode: Episode) -> tuple[str, ...]:
    """What shows large red cells: a recent mean cell volume if there is one, else a problem."""
    found = recent(episode, Analyte.MCV)
    if found is None or found.value is None:
        return episode.background.macrocytosis
    return (found.ref,) if results.is_raised(found, episode.protocol.safety.macrocytosis) else ()


def may_hide_deficiency(episode: Episode) -> tuple[str, ...]:
    """Signs that B12 deficiency may stand behind: anaemia, large red cells, neurological signs."""
    return tuple(dict.fromkeys((*anaemia(episode), *large_cells(episode), *episode.background.neuro)))


def potassium(episode: Episode) -> LabResult | None:
    """A potassium (mmol/L) recent enough that it need not be measured again; one without a number is none."""
    found = results.newest(episode, Analyte.POTASSIUM)
    known = found is not None and found.value is not None
    return found if found and known and results.is_current(found, episode, _potassium_recent(episode)) else None


def is_low(found: LabResult, episode: Episode) -> bool:
    """Potassium below the protocol's limit."""
    return results.is_reduced(found, episode.protocol.safety.potassium_low)


def low_before(episode: Episode) -> tuple[str, ...]:
    """What tells of low potassium before: the newest result, though not recent, else a problem."""
    found = results.newest(episode, Analyte.POTASSIUM)
    if found is None or found.value is None or not results.is_current(found, episode):
        return episode.background.hypokalaemia
    return (found.ref,) if is_low(found, episode) else ()


def potassium_drugs(episode: Episode) -> tuple[str, tuple[str, ...]]:
    """(names, references) of what the patient takes that makes a fall of potassium likely or dangerous."""
    exposures = episode.timeline.exposures
    taken = [one for one in exposures if one.drug in POTASSIUM_DRUGS and not one.once and one.on(episode.as_of)]
    names = sorted({one.drug.value for one in taken})
    return " and ".join(names), tuple(sorted({one.ref for one in taken}))


def _potassium_recent(episode: Episode) -> Figure:
    return episode.protocol.safety.potassium_recent


def b12_known_adequate(episode: Episode) -> bool:
    """A B12 level in the protocol's adequate band that is recent enough to speak against deficiency."""
    found = results.level(episode)
    recently = found is not None and results.is_current(found, episode, episode.protocol.results.recent)
    return recently and results.standing(episode) is results.Standing.ADEQUATE


def on_b12(episode: Episode) -> str:
    """Why the patient has B12 already, or ""."""
    if episode.drafts or episode.orders:
        return "B12 is ordered"
    if episode.oral_cover:
        return "swallowed B12 in a full dose covers the patient"
    if any(one.end is None or one.end >= episode.as_of for one in episode.timeline.courses):
        return "a statement or a supply says that B12 goes on"
    last, due = episode.course.last, episode.course.due
    if last is None:
        return ""
    lapsed = due.lapsed if due else (episode.as_of - last.day.latest).days > episode.protocol.timing.lapse_after.value
    return "" if lapsed else "B12 was given lately"
