"""Laboratory results made comparable, and the ones whose code, unit and size cannot all be true."""

from __future__ import annotations

from decimal import Decimal

from msgspec import Struct

from cds_service.b12.concept import When
from cds_service.b12.protocol import Magnitude
from cds_service.b12.record import Observed
from cds_service.b12.words import Analyte, Property

LAB_SETS: dict[str, tuple[Analyte, Property]] = {
    "lab-b12-mass": (Analyte.B12, Property.MASS),
    "lab-b12-molar": (Analyte.B12, Property.MOLAR),
    "lab-active-b12-molar": (Analyte.ACTIVE_B12, Property.MOLAR),
    "lab-mma-mass": (Analyte.MMA, Property.MASS),
    "lab-mma-molar": (Analyte.MMA, Property.MOLAR),
    "lab-homocysteine-mass": (Analyte.HOMOCYSTEINE, Property.MASS),
    "lab-homocysteine-molar": (Analyte.HOMOCYSTEINE, Property.MOLAR),
    "lab-haemoglobin-mass": (Analyte.HAEMOGLOBIN, Property.MASS),
    "lab-haemoglobin-molar": (Analyte.HAEMOGLOBIN, Property.MOLAR),
    "lab-mcv": (Analyte.MCV, Property.OTHER),
    "lab-creatinine-mass": (Analyte.CREATININE, Property.MASS),
    "lab-creatinine-molar": (Analyte.CREATININE, Property.MOLAR),
    "lab-egfr": (Analyte.EGFR, Property.OTHER),
    "lab-blood-count": (Analyte.BLOOD_COUNT, Property.OTHER),
    "lab-reticulocytes": (Analyte.RETICULOCYTES, Property.OTHER),
    "lab-folate-mass": (Analyte.FOLATE, Property.MASS),
    "lab-folate-molar": (Analyte.FOLATE, Property.MOLAR),
    "lab-red-cell-folate": (Analyte.RED_CELL_FOLATE, Property.OTHER),
    "lab-ferritin": (Analyte.FERRITIN, Property.MASS),
    "lab-tsh": (Analyte.TSH, Property.OTHER),
    "lab-potassium": (Analyte.POTASSIUM, Property.MOLAR),
    "lab-intrinsic-factor-antibody": (Analyte.INTRINSIC_FACTOR_ANTIBODY, Property.OTHER),
}
B12_FAMILY = frozenset({Analyte.B12, Analyte.ACTIVE_B12, Analyte.MMA, Analyte.HOMOCYSTEINE})
CANONICAL = {
    Analyte.B12: "pg/mL",
    Analyte.ACTIVE_B12: "pmol/L",
    Analyte.MMA: "nmol/L",
    Analyte.HOMOCYSTEINE: "umol/L",
    Analyte.HAEMOGLOBIN: "g/L",
    Analyte.MCV: "fL",
    Analyte.CREATININE: "umol/L",
    Analyte.EGFR: "mL/min/{1.73_m2}",
    Analyte.FOLATE: "ng/mL",
    Analyte.FERRITIN: "ng/mL",
    Analyte.POTASSIUM: "mmol/L",
}
"""Of the others only whether and when they were measured counts."""
# Each known spelling of a unit, by the UCUM unit it means; UCUM itself would read K/uL as kelvin.
UNIT_ALIASES = {
    "pg/ml": "pg/mL", "ng/l": "ng/L", "ng/ml": "ng/mL", "ng/dl": "ng/dL", "ug/l": "ug/L", "mcg/l": "ug/L",
    "µg/l": "ug/L", "μg/l": "ug/L", "pmol/l": "pmol/L", "nmol/l": "nmol/L", "umol/l": "umol/L", "µmol/l": "umol/L",
    "μmol/l": "umol/L", "mcmol/l": "umol/L", "nmol/ml": "nmol/mL", "picomole per liter": "pmol/L",
    "g/dl": "g/dL", "g/l": "g/L", "fl": "fL", "mg/dl": "mg/dL", "mg/l": "mg/L",
    "ml/min/{1.73_m2}": "mL/min/{1.73_m2}", "ml/min/1.73m2": "mL/min/{1.73_m2}", "ml/min/1.73 m2": "mL/min/{1.73_m2}",
    "mmol/l": "mmol/L", "meq/l": "meq/L",
    "ml/min/1.73m^2": "mL/min/{1.73_m2}", "ml/min/{1.73m2}": "mL/min/{1.73_m2}",
}  # fmt: skip
# Molar mass of cyanocobalamin 1355.4 g/mol (US labels), of methylmalonic acid 118.09, of homocysteine 135.18,
# of creatinine 113.12, of folic acid 441.4. Haemoglobin in mmol/L has none: of one molecule or of its four parts,
# it does not say.
FACTORS: dict[tuple[Analyte, str], Decimal] = {
    (Analyte.B12, "pg/mL"): Decimal(1),
    (Analyte.B12, "ng/L"): Decimal(1),
    (Analyte.B12, "ng/dL"): Decimal(10),
    (Analyte.B12, "ng/mL"): Decimal(1000),
    (Analyte.B12, "ug/L"): Decimal(1000),
    (Analyte.B12, "pmol/L"): Decimal("1.3554"),
    (Analyte.ACTIVE_B12, "pmol/L"): Decimal(1),
    (Analyte.MMA, "nmol/L"): Decimal(1),
    (Analyte.MMA, "umol/L"): Decimal(1000),
    (Analyte.MMA, "nmol/mL"): Decimal(1000),
    (Analyte.MMA, "ng/mL"): Decimal("8.468"),
    (Analyte.MMA, "ug/L"): Decimal("8.468"),
    (Analyte.HOMOCYSTEINE, "umol/L"): Decimal(1),
    (Analyte.HOMOCYSTEINE, "nmol/mL"): Decimal(1),
    (Analyte.HOMOCYSTEINE, "mg/L"): Decimal("7.397"),
    (Analyte.HAEMOGLOBIN, "g/L"): Decimal(1),
    (Analyte.HAEMOGLOBIN, "g/dL"): Decimal(10),
    (Analyte.MCV, "fL"): Decimal(1),
    (Analyte.CREATININE, "umol/L"): Decimal(1),
    (Analyte.CREATININE, "mg/dL"): Decimal("88.4"),
    (Analyte.EGFR, "mL/min/{1.73_m2}"): Decimal(1),
    (Analyte.FOLATE, "ng/mL"): Decimal(1),
    (Analyte.FOLATE, "ug/L"): Decimal(1),
    (Analyte.FOLATE, "nmol/L"): 1 / Decimal("2.266"),
    (Analyte.FERRITIN, "ng/mL"): Decimal(1),
    (Analyte.FERRITIN, "ug/L"): Decimal(1),
    (Analyte.POTASSIUM, "mmol/L"): Decimal(1),
    (Analyte.POTASSIUM, "meq/L"): Decimal(1),
}
COMPARATORS = frozenset({"", "<", "<=", ">", ">="})
FINAL = frozenset({"final", "amended", "corrected", "unknown", ""})  # old records often do not know theirs


class UnitFault(Struct, frozen=True, gc=False):
    """Why a result's code, unit and size cannot all be true. `kind`: "property", "range" or "magnitude"."""

    kind: str
    expected: str
    got: str


class LabResult(Struct, frozen=True, gc=False):
    """
    One result of a known analyte.

    `value` is in the analyte's CANONICAL unit, or None where the unit is unknown or does not fit; then
    `fault` may say why. `written` is value and unit as sent, `day` when the sample was taken.
    """

    analyte: Analyte
    ref: str
    day: When | None
    written: str
    value: Decimal | None = None
    comparator: str = ""
    fault: UnitFault | None = None


def unit_of(observed: Observed) -> str:
    """The UCUM unit a result means: by its code, else by its text; "" if neither is known."""
    for spelling in (observed.unit_code, observed.unit):
        if known := UNIT_ALIASES.get(spelling.strip().lower()):
            return known
    return ""


def property_of_unit(unit: str) -> Property:
    """Whether a unit measures mass or amount of substance."""
    if "mol/" in unit:
        return Property.MOLAR
    return Property.MASS if "g/" in unit else Property.OTHER


def lab_result_of(observed: Observed, magnitudes: tuple[Magnitude, ...]) -> LabResult | None:
    """
    The result, or None: not final. One without a number says only that the test was done, and in words what came.

    So does one with a comparator that is none.
    """
    if observed.status not in FINAL:
        return None
    analyte = observed.analyte
    if observed.value is None or observed.comparator not in COMPARATORS:
        return LabResult(analyte, observed.ref, observed.when, observed.said)
    unit = unit_of(observed) or _unit_of_range(observed)
    fault = _fault(observed, unit, magnitudes) if analyte in B12_FAMILY else None
    factor = FACTORS.get((analyte, unit)) if fault is None else None
    written = f"{observed.comparator}{observed.value} {observed.unit or observed.unit_code}".strip()
    value = observed.value * factor if factor else None
    return LabResult(analyte, observed.ref, observed.when, written, value, observed.comparator, fault)


def _unit_of_range(observed: Observed) -> str:
    """A result without any unit borrows the unit of its own reference range; an unknown unit borrows nothing."""
    if observed.unit or observed.unit_code:
        return ""
    return UNIT_ALIASES.get(observed.range_unit.strip().lower(), "")


def _fault(observed: Observed, unit: str, magnitudes: tuple[Magnitude, ...]) -> UnitFault | None:
    analyte, promised = observed.analyte, observed.promised
    measured = property_of_unit(unit)
    if unit and measured is not promised and Property.OTHER not in {promised, measured}:
        return UnitFault("property", _unit_words(promised), unit)
    if unit and observed.range_high:
        ranged = property_of_unit(UNIT_ALIASES.get(observed.range_unit.strip().lower(), ""))
        if ranged is not measured and Property.OTHER not in {ranged, measured}:
            return UnitFault("range", observed.range_unit, unit)
    span = next((one.plausible for one in magnitudes if one.analyte is analyte and one.plausible.unit == unit), None)
    value = observed.value
    if span and value is not None and not observed.comparator and not span.low <= value <= span.high:
        return UnitFault("magnitude", f"{span.low} to {span.high}", unit)
    return None


def _unit_words(promised: Property) -> str:
    return "a mass unit such as pg/mL" if promised is Property.MASS else "a molar unit such as pmol/L"
