"""What a protocol says beside its regimens: checks after starting, who should be tested, limits of safety, spacing."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from enum import StrEnum

from msgspec import Struct

from cds_service.b12.words import Analyte, RiskDrug, Substance


class Figure(Struct, frozen=True, forbid_unknown_fields=True):
    """One number with its unit, the date since when it holds, and where it was read."""

    value: Decimal
    unit: str
    since: date
    source: str


class Span(Struct, frozen=True, forbid_unknown_fields=True):
    """A range of numbers with unit, date and source; `low` equals `high` where the source gives one number."""

    low: Decimal
    high: Decimal
    unit: str
    since: date
    source: str


class CheckFor(StrEnum):
    """Whom a check after starting is for; the first row of a protocol that fits a patient holds."""

    PREGNANT = "pregnant"  # or breastfeeding
    ANAEMIC = "anaemic"  # anaemia before the first dose
    NASAL = "nasal"
    ORAL = "oral"
    ANYONE = "anyone"


class Check(Struct, frozen=True, forbid_unknown_fields=True):
    """Tests that are due so many days after the first dose of a course."""

    whom: CheckFor
    after: Figure
    tests: tuple[Analyte, ...]


class Response(Struct, frozen=True, forbid_unknown_fields=True):
    """
    What an answer to treatment looks like.

    Haemoglobin has risen by `early_rise` (g/L) after `early` days and by `late_rise` after `late` days, where it
    was low at the start; after `late` days the mean cell volume is not above `mcv_high` (fL). Judged only where
    `fewest_doses` are on record.
    """

    early: Figure
    early_rise: Figure
    late: Figure
    late_rise: Figure
    mcv_high: Figure
    fewest_doses: Figure


class Monitoring(Struct, frozen=True, forbid_unknown_fields=True):
    """
    Checks on treatment.

    `b12_on_injections` says whether the protocol finds a B12 level useful while injections go on (absent: it does
    not say), `b12_on_injections_source` where. `falling` is the share by which a level has to change over the
    results compared to count.
    """

    checks: tuple[Check, ...]
    response: Response
    falling: Figure
    b12_on_injections_source: str
    b12_on_injections: bool | None = None


class RiskExposure(Struct, frozen=True, forbid_unknown_fields=True):
    """
    Taking this drug for longer than `longer_than` days makes deficiency likely enough to test.

    `without_signs` says that no sign of deficiency is needed for that.
    """

    drug: RiskDrug
    longer_than: Figure
    without_signs: bool = False


class Screening(Struct, frozen=True, forbid_unknown_fields=True):
    """
    Whom to test, and for what.

    Long use of `drugs` calls for a B12 level every `retest` days, a risk condition every `condition_retest` days.
    Injections for longer than `cause_after` days without a known cause call for the cause; there
    `intrinsic_factor_antibody` says whether the source tests for it.
    """

    drugs: tuple[RiskExposure, ...]
    retest: Figure
    condition_retest: Figure
    cause_after: Figure
    intrinsic_factor_antibody: bool = False


class Safety(Struct, frozen=True, forbid_unknown_fields=True):
    """
    Limits of safety, in the canonical unit of the analyte.

    Anaemia is a haemoglobin (g/L) below `anaemia_female`, `anaemia_male` (the lower where the sex is not known) or
    `anaemia_pregnant`;
    severe below `severe_anaemia`, or below `severe_with_macrocytosis` with a mean cell volume (fL) above
    `severe_macrocytosis`. `macrocytosis` is fL. Potassium (mmol/L) is low below `potassium_low`, and known if
    measured within `potassium_recent` days. More than `folate_treatment` micrograms of folic acid a day is no
    prophylaxis; in pregnancy it is up to `folate_pregnancy`. Methylmalonic acid (nmol/L) is raised above `mma_high`,
    homocysteine (umol/L) above `homocysteine_high`; kidney function is reduced below `egfr_reduced`
    (mL/min/1.73 m2). A neonate is younger than `neonate` days; from `adolescent` years on an adult dose is no mistake.
    A blood count says how anaemic the patient is for `blood_count_recent` days.
    """

    anaemia_female: Figure
    anaemia_male: Figure
    anaemia_pregnant: Figure
    severe_anaemia: Figure
    severe_with_macrocytosis: Figure
    severe_macrocytosis: Figure
    macrocytosis: Figure
    potassium_low: Figure
    potassium_recent: Figure
    folate_treatment: Figure
    folate_pregnancy: Figure
    mma_high: Figure
    homocysteine_high: Figure
    egfr_reduced: Figure
    neonate: Figure
    adolescent: Figure
    blood_count_recent: Figure


class ResultLimits(Struct, frozen=True, forbid_unknown_fields=True):
    """
    What results say of today; times in days.

    A result older than `current` no longer tells where the patient stands. One that calls for more only together
    with other signs calls for it alone while it is not older than `recent`. A test ordered is awaited for `awaited`
    after it was ordered or is due. A value up to `baseline` before the first dose is the patient's own untreated one.
    A check after starting is asked for until `reminded` after it fell due; a test counts for it from the share
    `check_from` of its time on. Levels up to `after_dose` after an injection are not compared; of those compared,
    `falling_results` in a row make a trend.
    """

    current: Figure
    recent: Figure
    awaited: Figure
    baseline: Figure
    reminded: Figure
    check_from: Figure
    after_dose: Figure
    falling_results: Figure


class Spacing(Struct, frozen=True, forbid_unknown_fields=True):
    """
    Days between maintenance injections of one substance: this protocol's, else another label's.

    `elsewhere` spans every interval that some country's label or formulary gives it.
    """

    substance: Substance
    interval: Span
    elsewhere: Span | None = None


class SupplyLimits(Struct, frozen=True, forbid_unknown_fields=True):
    """A supply that holds more than `excess` times the doses of the schedule is far too large."""

    excess: Figure


class Planning(Struct, frozen=True, forbid_unknown_fields=True):
    """A plan is asked for up to `within` days after the first dose of all."""

    within: Figure


class Written(StrEnum):
    """How an error-prone form stands in a dosage text."""

    WORD = "word"  # letters in any case, with points between them or without
    UNIT = "unit"  # the same, right after a number
    TRAILING_ZERO = "trailing zero"  # a whole number with a zero after the point, before a unit
    BARE_POINT = "bare point"  # a number that begins with the point, before a unit


class Abbreviation(Struct, frozen=True, forbid_unknown_fields=True):
    """An error-prone form and its safe spelling; both are examples where the form is one of numbers."""

    form: str
    safe: str
    since: date
    source: str
    written: Written = Written.WORD
