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
    not say), `b12_on_injections_source` where. `falling` is the share by which a level has to drop from one result
    to the next to count.
    """

    checks: tuple[Check, ...]
    response: Response
    falling: Figure
    b12_on_injections_source: str
    b12_on_injections: bool | None = None


class RiskExposure(Struct, frozen=True, forbid_unknown_fields=True):
    """Taking this drug for longer than `longer_than` days makes deficiency likely enough to test."""

    drug: RiskDrug
    longer_than: Figure


class Screening(Struct, frozen=True, forbid_unknown_fields=True):
    """Whom to test: long use of risk drugs, and conditions, again after `retest` days."""

    drugs: tuple[RiskExposure, ...]
    retest: Figure
    condition_retest: Figure
    kin_retest: Figure | None = None


class Safety(Struct, frozen=True, forbid_unknown_fields=True):
    """
    Limits of safety, in the canonical unit of the analyte.

    Anaemia is a haemoglobin (g/L) below `anaemia_female` or `anaemia_male` (the lower where the sex is not known);
    severe below `severe_anaemia`, or below `severe_with_macrocytosis` with a mean cell volume (fL) above
    `severe_macrocytosis`. `macrocytosis` is fL. Potassium (mmol/L) is low below `potassium_low`, and known if
    measured within `potassium_recent` days. More than `folate_treatment` micrograms of folic acid a day is no
    prophylaxis; in pregnancy it is up to `folate_pregnancy`. Methylmalonic acid (nmol/L) is raised above `mma_high`,
    homocysteine (umol/L) above `homocysteine_high`; kidney function is reduced below `egfr_reduced`
    (mL/min/1.73 m2). A neonate is younger than `neonate` days.
    """

    anaemia_female: Figure
    anaemia_male: Figure
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


class Spacing(Struct, frozen=True, forbid_unknown_fields=True):
    """Days between maintenance injections of one substance: this protocol's, else another label's."""

    substance: Substance
    interval: Span
