"""Which of a protocol's regimens a patient's is."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from enum import StrEnum
from itertools import chain

from cds_service.b12.dose import B12Order
from cds_service.b12.episode import is_child, is_deficient
from cds_service.b12.indication import Background
from cds_service.b12.protocol import Protocol, Regimen, RegimenFor
from cds_service.b12.record import Patient
from cds_service.b12.timeline import Timeline
from cds_service.b12.words import Indication, SpecialTherapy, Substance

ADULTS = frozenset({RegimenFor.STANDARD, RegimenFor.NEUROLOGICAL, RegimenFor.DIETARY, RegimenFor.PREGNANCY})


class AgeGroup(StrEnum):
    """Whose doses a patient gets."""

    ADULT = "adult"
    CHILD = "child"
    NEWBORN = "newborn"


def age_group(patient: Patient | None, protocol: Protocol, today: date) -> AgeGroup:
    """By the latest possible birthday; an unknown age is an adult's."""
    if patient is None or patient.born is None or not is_child(patient, protocol, today):
        return AgeGroup.ADULT
    newborn = (today - patient.born.latest).days < protocol.safety.neonate.value
    return AgeGroup.NEWBORN if newborn else AgeGroup.CHILD


def regimen_for(background: Background, timeline: Timeline, protocol: Protocol, group: AgeGroup) -> Regimen | None:
    """
    The protocol's regimen of injections for this patient; of several the one with the cobalamin in use.

    Where it gives adults none of their own, its standard regimen holds; never another protocol's. A child and an
    inborn error get only what is theirs, a child only with the cobalamin in use. With Leber optic neuropathy no
    regimen of cyanocobalamin is anybody's.
    """
    used = substance_in_use(timeline)
    for whom in _kinds(background, timeline, protocol, group):
        found = [one for one in protocol.regimens if one.whom is whom and one.injected and _safe(one, background)]
        alike = [one for one in found if one.substance is used]
        if alike or (found and not (used and group is AgeGroup.CHILD)):
            return (alike or found)[0]
    return None


def accepted_for(regimens: Iterable[Regimen], group: AgeGroup) -> tuple[Regimen, ...]:
    """The regimens whose completed loading counts: for an adult not the smaller ones of children."""
    counted = ADULTS if group is AgeGroup.ADULT else ADULTS | {RegimenFor.CHILD}
    return tuple(one for one in regimens if one.whom in counted and one.injected)


def substance_in_use(timeline: Timeline) -> Substance | None:
    """The cobalamin last injected, else the one being ordered, else the one ordered before; None if none is named."""
    given = (dose.substance for dose in reversed(timeline.doses) if dose.route is None or dose.route.parenteral)
    known = chain(given, _injected(timeline.drafts), _injected(timeline.orders))
    return next((one for one in known if one is not Substance.UNSPECIFIED), None)


def _injected(orders: Sequence[B12Order]) -> Iterable[Substance]:
    return (one.product.substance for one in orders if one.route is None or one.route.parenteral)


def _kinds(background: Background, timeline: Timeline, protocol: Protocol, group: AgeGroup) -> tuple[RegimenFor, ...]:
    """
    What to look for, in this order. Nerves go before pregnancy, and a deficiency before a premedication.

    No source gives newborns a schedule, nor children with neurological signs.
    """
    if SpecialTherapy.INBORN_ERROR in background.special:
        return (RegimenFor.INBORN_ERROR,)
    if group is not AgeGroup.ADULT:
        return (RegimenFor.CHILD,) if group is AgeGroup.CHILD and not background.neuro else ()
    wanted = {
        RegimenFor.NEUROLOGICAL: background.neuro,
        RegimenFor.PREGNANCY: background.pregnant,
        RegimenFor.DIETARY: background.indication is Indication.DIETARY,
        RegimenFor.LEBER: background.leber and not _ordinary(background, timeline, protocol),
        RegimenFor.ANTIFOLATE: timeline.antifolate and not _ordinary(background, timeline, protocol),
        RegimenFor.STANDARD: True,
    }
    return tuple(whom for whom, fits in wanted.items() if fits)


def _ordinary(background: Background, timeline: Timeline, protocol: Protocol) -> bool:
    """An ordinary deficiency is documented or measured."""
    documented = background.deficiency or background.indication is not Indication.UNKNOWN
    return bool(documented) or any(is_deficient(result, protocol) for result in timeline.results)


def _safe(regimen: Regimen, background: Background) -> bool:
    return not (background.leber and regimen.substance is Substance.CYANOCOBALAMIN)
