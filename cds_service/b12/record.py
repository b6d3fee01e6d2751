"""ClinicalRecord: a patient's resources as plain frozen values, the only thing the therapy modules read."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from functools import cached_property

from msgspec import Struct

from cds_service.b12.chart import Allergy, LabOrder, Plan, Supply
from cds_service.b12.concept import Concept, When
from cds_service.b12.words import AmountKind, Analyte, Evidence, Piece, Property, Route, TimeUnit

DAYS: dict[TimeUnit, Decimal] = {
    TimeUnit.HOUR: Decimal(1) / 24,
    TimeUnit.DAY: Decimal(1),
    TimeUnit.WEEK: Decimal(7),
    TimeUnit.MONTH: Decimal("30.4375"),  # a mean Gregorian month
    TimeUnit.YEAR: Decimal("365.25"),
}


class Amount(Struct, frozen=True, gc=False):
    """
    How much is given at one time.

    `low` and `high` are micrograms for MASS, millilitres for VOLUME, pieces for COUNT and the bare
    number for UNKNOWN. `written` is value and unit as the source wrote them. `text_mcg` is the highest
    mass by the unit's text where the unit's code says something else. `contradictory`, of kind UNKNOWN:
    zero or less, a range upside down or of two measures, or two amounts that differ.
    """

    low: Decimal
    high: Decimal
    kind: AmountKind
    written: str
    piece: Piece | None = None
    text_mcg: Decimal | None = None
    contradictory: bool = False


class Strength(Struct, frozen=True, gc=False):
    """
    Micrograms of cobalamin per `per`: VOLUME (one mL) or COUNT (one piece).

    `container_ml` is the volume of one container where it is known; `source` says where it was read.
    """

    mcg: Decimal
    per: AmountKind
    source: str
    container_ml: Decimal | None = None


class Schedule(Struct, frozen=True, dict=True):
    """
    `doses` every `period_low` to `period_high` `unit`s, for at most `count` doses or `duration` days.

    `open_ended` marks "until no further improvement" and its like.
    """

    doses: Decimal
    period_low: Decimal
    period_high: Decimal
    unit: TimeUnit
    count_low: int | None = None
    count_high: int | None = None
    duration_low: Decimal | None = None
    duration_high: Decimal | None = None
    open_ended: bool = False
    start: date | None = None
    end: date | None = None

    @cached_property
    def interval(self) -> tuple[Decimal, Decimal]:
        """Days between doses, shortest and longest."""
        day = DAYS[self.unit]
        return self.period_low * day / self.doses, self.period_high * day / self.doses

    @cached_property
    def total(self) -> int | None:
        """Number of doses until it ends; None if it does not say when it ends."""
        if self.count_high is not None:
            return self.count_high
        if self.duration_high is not None:
            return self._within(self.duration_high)
        if self.start is not None and self.end is not None and self.start <= self.end:
            return self._within(Decimal((self.end - self.start).days + 1))  # the last day counts
        return None

    def _within(self, days: Decimal) -> int:
        return max(1, round(days / self.interval[0]))


class Product(Struct, frozen=True, gc=False):
    """
    A medication as named in one resource: its codes and words, and each ingredient's, with any strength read.

    `excipients` are the ingredients that the resource itself calls inactive. `nameless`: it refers to a Medication
    that was not seen, without a word of its own, so it may be anything.
    """

    concept: Concept
    ingredients: tuple[Concept, ...] = ()
    strength: Strength | None = None
    form: Concept | None = None
    excipients: tuple[Concept, ...] = ()
    nameless: bool = False

    @property
    def unsaid(self) -> bool:
        """Nothing says which drug it is, nor refers to one."""
        return not (self.concept.label or self.concept.codes or self.ingredients or self.nameless)


class Instruction(Struct, frozen=True, gc=False):
    """
    One dosageInstruction: the structured reading and the text, kept apart.

    `patient_text` is what the patient is told where that is not `text`; `place` its index in the list as it was
    sent, by which a correction finds it again.
    """

    amount: Amount | None = None
    schedule: Schedule | None = None
    route: Concept | None = None
    text: str = ""
    patient_text: str = ""
    as_needed: bool = False
    sequence: int | None = None
    place: int = 0


class Order(Struct, frozen=True, gc=False):
    """A MedicationRequest (or DSTU2 MedicationOrder), draft or not."""

    ref: str
    product: Product
    status: str
    intent: str
    instructions: tuple[Instruction, ...] = ()
    authored: When | None = None
    starts: When | None = None
    ends: When | None = None
    do_not_perform: bool = False
    reasons: tuple[Concept, ...] = ()
    supply: Supply | None = None
    native: bool = True  # R4; False for older shapes, for which no corrected order can be written


class Use(Struct, frozen=True, gc=False):
    """A dose given, dispensed or stated: MedicationAdministration, -Dispense, -Statement, Immunization, Procedure."""

    ref: str
    kind: Evidence
    product: Product
    status: str
    when: When | None = None
    until: When | None = None
    instruction: Instruction = Instruction()
    supply: Amount | None = None  # what was handed over


class Condition(Struct, frozen=True, gc=False):
    """A problem or diagnosis."""

    ref: str
    concept: Concept
    clinical_status: str = ""
    verification: str = ""
    onset: When | None = None
    abated: When | None = None


class Procedure(Struct, frozen=True, gc=False):
    """An operation or other procedure."""

    ref: str
    concept: Concept
    status: str
    when: When | None = None


class Observed(Struct, frozen=True, gc=False):
    """
    One laboratory result as it was sent, of an analyte that matters here.

    `promised` is the kind of quantity that its code stands for; `unit_code` is the UCUM code if the
    system says UCUM, `unit` the human text; ranges are in the result's own unit unless they carry
    `range_unit`.
    """

    ref: str
    analyte: Analyte
    promised: Property
    status: str
    value: Decimal | None = None
    unit: str = ""
    unit_code: str = ""
    comparator: str = ""
    when: When | None = None
    range_low: Decimal | None = None
    range_high: Decimal | None = None
    range_unit: str = ""
    said: str = ""  # a result in words, such as "positive", where it is no number


class Patient(Struct, frozen=True, gc=False):
    """What the rules need of the patient; no names."""

    ref: str
    born: When | None = None
    deceased: bool = False
    sex: str = ""


class Unread(Struct, frozen=True, gc=False):
    """A resource that was sent and not used, and why. The reason never holds a patient value."""

    where: str
    reason: str


class ClinicalRecord(Struct, frozen=True, gc=False):
    """
    Everything read for one patient.

    `seen` names the FHIR resource types that were sent or known to be empty; a type that is not in it
    is unknown, not absent. `partial` names those of which only a part was sent or used, `incomplete` of these
    those where some of what was not seen may be this patient's. `relatives` are problems of the patient's family;
    `added` the references of what the clinician is adding to the chart in this call.
    """

    patient: Patient | None = None
    conditions: tuple[Condition, ...] = ()
    procedures: tuple[Procedure, ...] = ()
    observations: tuple[Observed, ...] = ()
    uses: tuple[Use, ...] = ()
    orders: tuple[Order, ...] = ()
    drafts: tuple[Order, ...] = ()
    allergies: tuple[Allergy, ...] = ()
    tests: tuple[LabOrder, ...] = ()
    draft_tests: tuple[LabOrder, ...] = ()
    plans: tuple[Plan, ...] = ()
    relatives: tuple[Condition, ...] = ()
    added: frozenset[str] = frozenset()
    seen: frozenset[str] = frozenset()
    partial: frozenset[str] = frozenset()
    incomplete: frozenset[str] = frozenset()
    unread: tuple[Unread, ...] = ()


class SigPhase(Struct, frozen=True, gc=False):
    """One step of a dosage text; what the text does not say is None."""

    amount: Amount | None = None
    route: Route | None = None
    schedule: Schedule | None = None


class SigReading(Struct, frozen=True, gc=False):
    """A dosage text that was understood whole."""

    phases: tuple[SigPhase, ...]
    as_needed: bool = False
    strength: Strength | None = None


class SigRefused(Struct, frozen=True, gc=False):
    """A dosage text that was not understood, or can be understood in two ways. `reason` holds no patient value."""

    reason: str
