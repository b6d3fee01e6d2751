"""Episode: where the patient stands at `as_of` by the protocol in force. It is all that a rule gets to see."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from enum import StrEnum
from functools import cached_property

from msgspec import Struct

from cds_service.b12.allergies import Sensitivity
from cds_service.b12.chart import LabOrder, Plan
from cds_service.b12.course import Course
from cds_service.b12.dose import B12Order
from cds_service.b12.in_force import is_unended
from cds_service.b12.indication import Background
from cds_service.b12.labs import FACTORS, LabResult
from cds_service.b12.policy import Figure
from cds_service.b12.protocol import Protocol, Regimen
from cds_service.b12.record import Patient
from cds_service.b12.timeline import Timeline
from cds_service.b12.words import Analyte, Indication, Route, SpecialTherapy

SWALLOWED = frozenset(route for route in Route if route.swallowed)
DOSE_TYPES = frozenset({"MedicationAdministration", "MedicationDispense", "MedicationStatement"})


class Stage(StrEnum):
    """What the clinician is doing: looking at the chart, choosing an order, signing it, or writing in the chart."""

    VIEW = "view"
    SELECT = "select"
    SIGN = "sign"
    DISCHARGE = "discharge"
    PROBLEM = "problem"
    ALLERGY = "allergy"

    @property
    def ordering(self) -> bool:
        """Orders are being written."""
        return self in {Stage.SELECT, Stage.SIGN}


class Episode(Struct, frozen=True, dict=True):
    """
    Where the patient stands.

    `regimen` is the protocol's schedule for this patient (None: a gap of the protocol, as for children),
    `standard` the one for patients without particularities. `orders` are active and not stale. `oral_cover` names
    statements and orders of swallowed B12 in a dose that the protocol calls adequate, `oral_doubt` such orders that are
    stale, where no injection is on record since. `unseen` are
    FHIR types of which nothing was sent: what they would hold is unknown. `selected` are the drafts
    that the clinician just chose, `accepted` the regimens of every protocol known, `added` the problems or allergies
    being written into the chart. `allergies` are those that bear on B12; None: the allergy list was not sent.
    `by_text` are problems, operations, allergies and medications known by their words alone, without a code of ours.
    `not_sent` are all FHIR types that we read of which nothing was sent;
    `partial` those of which only a part was sent or used, `incomplete` those where more of this patient's may exist.
    `drafts_missing`: the call came without what it is about;
    `drafts_unreadable`: it came, but not as a list that can be read; `drafts_lost` is how many entries name
    B12 and could not be read, `drafts_nameless` how many refer to a drug that was not seen.
    """

    as_of: date
    stage: Stage
    protocol: Protocol
    timeline: Timeline
    background: Background
    course: Course
    regimen: Regimen | None
    standard: Regimen | None
    orders: tuple[B12Order, ...]
    oral_cover: tuple[str, ...]
    oral_doubt: tuple[B12Order, ...]
    unseen: frozenset[str]
    selected: frozenset[str]
    accepted: tuple[Regimen, ...] = ()
    patient: Patient | None = None
    allergies: tuple[Sensitivity, ...] | None = ()
    tests: tuple[LabOrder, ...] = ()
    test_drafts: tuple[LabOrder, ...] = ()
    plans: tuple[Plan, ...] = ()
    added: frozenset[str] = frozenset()
    not_sent: frozenset[str] = frozenset()
    partial: frozenset[str] = frozenset()
    incomplete: frozenset[str] = frozenset()
    drafts_missing: bool = False
    drafts_unreadable: bool = False
    drafts_lost: int = 0
    drafts_nameless: int = 0
    by_text: frozenset[str] = frozenset()

    @property
    def drafts(self) -> tuple[B12Order, ...]:
        """The B12 orders being written in this call."""
        return self.timeline.drafts

    @property
    def ordered(self) -> bool:
        """Something is being ordered, stopped or tested that bears on B12."""
        timeline = self.timeline
        return bool(timeline.drafts or timeline.withdrawn or timeline.drug_drafts or self.test_drafts)

    @property
    def concerned(self) -> bool:
        """There is something to judge: while ordering or writing in the chart, only where it bears on B12."""
        if self.drafts_missing or self.drafts_unreadable or self.drafts_lost or self.drafts_nameless:
            return True
        if self.stage in {Stage.PROBLEM, Stage.ALLERGY}:
            return bool(self.added)
        return self.ordered or not self.stage.ordering

    @cached_property
    def asked_about(self) -> tuple[B12Order, ...]:
        """
        The orders to judge: while choosing, those just chosen (all, if the client does not say which).

        While an allergy is written, the orders that nobody ended, stale ones too: B12 may still be given by them.
        """
        if self.stage is Stage.ALLERGY:
            return tuple(one for one in self.timeline.orders if is_unended(one, self.as_of))
        if self.stage is Stage.SELECT and self.selected:
            return tuple(draft for draft in self.drafts if draft.ref in self.selected)
        return self.drafts

    @cached_property
    def complete_drafts(self) -> frozenset[str]:
        """Drafts far enough along to complain of what is missing: all at signing, before that those with a dose."""
        signing = self.stage is Stage.SIGN
        return frozenset(draft.ref for draft in self.asked_about if signing or draft.has_dose)

    @property
    def age(self) -> int | None:
        """Age in whole years by the latest possible birthday; None if not known."""
        return age_of(self.patient, self.as_of)

    @cached_property
    def child(self) -> bool:
        """Younger than the protocol's adult age, as far as an inexact date of birth tells."""
        return is_child(self.patient, self.protocol, self.as_of)

    @property
    def special(self) -> frozenset[SpecialTherapy]:
        """Other therapies with schedules of their own that this patient has."""
        antifolate = {SpecialTherapy.ANTIFOLATE} if self.timeline.antifolate else set()
        return self.background.special | antifolate

    @cached_property
    def newest_results(self) -> tuple[LabResult, ...]:
        """The newest result of each analyte: an older one is superseded, faults and all."""
        newest: dict[Analyte, LabResult] = {}
        for result in self.timeline.results:
            newest.setdefault(result.analyte, result)
        return tuple(newest.values())

    @property
    def kidney_function(self) -> LabResult | None:
        """The newest estimated glomerular filtration rate, in mL/min/1.73 m², else the newest creatinine, in umol/L."""
        newest = {result.analyte: result for result in self.newest_results}
        return newest.get(Analyte.EGFR) or newest.get(Analyte.CREATININE)

    @cached_property
    def deficient_results(self) -> tuple[LabResult, ...]:
        """Results in the protocol's deficient band, newest first."""
        return tuple(result for result in self.timeline.results if is_deficient(result, self.protocol))

    @cached_property
    def deficiency(self) -> tuple[str, ...]:
        """What documents a deficiency: problems, else results in the deficient band."""
        return self.background.deficiency or tuple(result.ref for result in self.deficient_results)

    @property
    def lifelong(self) -> bool:
        """The cause is one that the protocol treats for life."""
        return self.background.indication in self.protocol.lifelong

    @property
    def doses_unseen(self) -> bool:
        """No resource type that tells of given doses was sent."""
        return self.unseen >= DOSE_TYPES

    @property
    def doses_in_part(self) -> bool:
        """Of a type that tells of given doses only a part was seen: there may be more of them, and newer ones."""
        return not self.incomplete.isdisjoint(DOSE_TYPES)

    @property
    def usual_mcg(self) -> Decimal | None:
        """Micrograms that the patient's regimen gives in one dose, the larger of its loading and maintenance."""
        regimen = self.regimen
        if regimen is None:
            return None
        spans = [step.dose.high for step in regimen.loading]
        spans += [regimen.maintenance.dose.high] if regimen.maintenance else []
        return max(spans, default=None)

    @cached_property
    def specialist_dosing(self) -> str:
        """Why advice on the size of a dose keeps out, or ""."""
        inborn = SpecialTherapy.INBORN_ERROR in self.special
        return "inborn error of cobalamin metabolism: specialist dosing" if inborn else ""

    @cached_property
    def out_of_scope(self) -> str:
        """Why schedule advice keeps out, or "". Only where nothing documents an ordinary deficiency, for some."""
        if self.specialist_dosing:
            return self.specialist_dosing
        if self.special and not self.deficiency and self.background.indication is Indication.UNKNOWN:
            return "another therapy with a schedule of its own"
        return ""


def age_of(patient: Patient | None, today: date) -> int | None:
    """Age in whole years by the latest possible birthday; None if not known."""
    if patient is None or patient.born is None:
        return None
    born = patient.born.latest
    return today.year - born.year - ((today.month, today.day) < (born.month, born.day))


def is_child(patient: Patient | None, protocol: Protocol, today: date) -> bool:
    """Younger than the protocol's adult age, as far as an inexact date of birth tells."""
    age = age_of(patient, today)
    return age is not None and age < protocol.timing.adult_from.value


def is_deficient(result: LabResult, protocol: Protocol) -> bool:
    """In the protocol's deficient band for this analyte; a "<" result counts if its limit does, a ">" never."""
    if result.value is None or result.comparator.startswith(">"):
        return False
    for band in protocol.bands:
        if band.analyte is result.analyte and (limit := comparable(band.deficient_below, band.analyte)) is not None:
            return result.value < limit or (result.comparator == "<" and result.value == limit)
    return False


def comparable(figure: Figure, analyte: Analyte) -> Decimal | None:
    """A threshold in the analyte's canonical unit, as results are."""
    factor = FACTORS.get((analyte, figure.unit))
    return figure.value * factor if factor else None


def daily_mcg(order: B12Order) -> Decimal | None:
    """Micrograms a day that an order gives at least; None if dose or schedule cannot be read."""
    mass, schedule = order.mass, order.schedule
    if mass is None or schedule is None:
        return None
    return mass.low / schedule.interval[1]
