"""Results made comparable by the published factors, and those whose code, unit and size cannot all be true."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from cds_service.b12.labs import CANONICAL, FACTORS, UNIT_ALIASES, LabResult, lab_result_of, property_of_unit, unit_of
from cds_service.b12.record import Observed
from cds_service.b12.words import Analyte, Property
from cds_service.knowledge import Knowledge

D = Decimal
MASS, MOLAR = Property.MASS, Property.MOLAR


def observed(value: str | None, unit: str = "", analyte: Analyte = Analyte.B12, **fields: Any) -> Observed:
    number = D(value) if value is not None else None
    return Observed(
        "Observation/1",
        analyte,
        fields.pop("promised", Property.OTHER),
        fields.pop("status", "final"),
        number,
        unit,
        **fields,
    )


def result(knowledge: Knowledge, *args: Any, **fields: Any) -> LabResult:
    found = lab_result_of(observed(*args, **fields), knowledge.protocols["us-practice"].magnitudes)
    assert found
    return found


# The pairs that were published: the same result in two units.
PAIRS: list[tuple[Analyte, str, str, str, str, str]] = [
    (Analyte.B12, "180", "ng/L", "133", "pmol/L", "1"),
    (Analyte.B12, "350", "ng/L", "258", "pmol/L", "1"),
    (Analyte.B12, "205", "pg/mL", "151.2", "pmol/L", "0.1"),
    (Analyte.B12, "200", "pg/mL", "148", "pmol/L", "1"),
    (Analyte.B12, "200", "pg/mL", "0.2", "ng/mL", "0"),
    (Analyte.B12, "200", "pg/mL", "0.2", "ug/L", "0"),
    (Analyte.B12, "200", "pg/mL", "20", "ng/dL", "0"),
    (Analyte.MMA, "0.40", "nmol/mL", "0.40", "umol/L", "0"),
    (Analyte.MMA, "400", "nmol/L", "0.40", "umol/L", "0"),
    (Analyte.MMA, "1", "umol/L", "118.1", "ng/mL", "0.1"),
    (Analyte.MMA, "1", "umol/L", "118.1", "ug/L", "0.1"),
    (Analyte.HOMOCYSTEINE, "15", "umol/L", "2.03", "mg/L", "0.1"),
    (Analyte.HOMOCYSTEINE, "15", "nmol/mL", "15", "umol/L", "0"),
    (Analyte.HAEMOGLOBIN, "12", "g/dL", "120", "g/L", "0"),
    (Analyte.CREATININE, "1", "mg/dL", "88.4", "umol/L", "0"),
]  # fmt: skip


@pytest.mark.parametrize(("analyte", "one", "unit", "other", "other_unit", "tolerance"), PAIRS)
def test_a_published_pair_is_the_same_result_in_both_directions(
    analyte: Analyte, one: str, unit: str, other: str, other_unit: str, tolerance: str
) -> None:
    factor, other_factor = FACTORS[analyte, unit], FACTORS[analyte, other_unit]

    assert abs(D(one) * factor - D(other) * other_factor) <= D(tolerance) * other_factor
    assert abs(D(other) * other_factor / factor - D(one)) <= D(tolerance) * other_factor / factor


def test_every_analyte_has_one_canonical_unit_and_every_known_unit_a_spelling() -> None:
    assert {analyte for analyte, _ in FACTORS} == set(CANONICAL)
    assert all(FACTORS[analyte, unit] == 1 for analyte, unit in CANONICAL.items())
    assert {unit for _, unit in FACTORS} <= set(UNIT_ALIASES.values())
    assert all(UNIT_ALIASES[spelling.lower()] for spelling in UNIT_ALIASES)


def test_active_b12_is_never_turned_into_a_mass() -> None:
    assert {unit for analyte, unit in FACTORS if analyte is Analyte.ACTIVE_B12} == {"pmol/L"}


SPELLINGS = {
    "pg/mL": "pg/mL", "PG/ML": "pg/mL", " pg/ml ": "pg/mL", "ng/L": "ng/L", "mcg/L": "ug/L", "µg/L": "ug/L",
    "μg/L": "ug/L", "µmol/L": "umol/L", "μmol/L": "umol/L", "picomole per liter": "pmol/L", "mL/min/1.73m2":
    "mL/min/{1.73_m2}", "K/uL": "", "furlong": "", "": "",
}  # fmt: skip


@pytest.mark.parametrize(("spelling", "unit"), SPELLINGS.items())
def test_a_unit_is_known_by_its_spellings(spelling: str, unit: str) -> None:
    assert unit_of(observed("1", spelling)) == unit
    assert unit_of(observed("1", "?", unit_code=spelling)) == unit


def test_the_code_goes_before_the_words() -> None:
    assert unit_of(observed("1", "pg/mL", unit_code="pmol/L")) == "pmol/L"


@pytest.mark.parametrize(
    ("unit", "kind"), [("pmol/L", MOLAR), ("pg/mL", MASS), ("fL", Property.OTHER), ("", Property.OTHER)]
)
def test_a_unit_measures_mass_or_amount(unit: str, kind: Property) -> None:
    assert property_of_unit(unit) is kind


@pytest.mark.parametrize("status", ["final", "amended", "corrected", "unknown", ""])
def test_a_final_result_counts(knowledge: Knowledge, status: str) -> None:
    assert result(knowledge, "145", "pg/mL", status=status).value == 145


@pytest.mark.parametrize("status", ["preliminary", "registered", "cancelled", "entered-in-error", "FINAL"])
def test_a_result_that_is_not_final_never_counts(knowledge: Knowledge, status: str) -> None:
    assert lab_result_of(observed("145", "pg/mL", status=status), ()) is None
    assert knowledge


def test_a_result_without_number_says_only_that_it_was_measured() -> None:
    found = lab_result_of(observed(None, "pg/mL"), ())
    assert found is not None
    assert (found.value, found.written) == (None, "")


@pytest.mark.parametrize("comparator", ["ad", "~", "said Mrs X", " <"])
def test_a_result_with_words_for_a_comparator_has_no_number(knowledge: Knowledge, comparator: str) -> None:
    found = result(knowledge, "100", "pg/mL", comparator=comparator)

    assert (found.written, found.value, found.comparator) == ("", None, "")


@pytest.mark.parametrize("comparator", ["<", "<=", ">", ">="])
def test_a_comparator_is_kept_and_excuses_the_size(knowledge: Knowledge, comparator: str) -> None:
    found = result(knowledge, "1", "pg/mL", comparator=comparator)

    assert (found.written, found.comparator, found.fault) == (f"{comparator}1 pg/mL", comparator, None)


def test_a_result_without_unit_borrows_that_of_its_range(knowledge: Knowledge) -> None:
    found = result(knowledge, "148", range_unit="pmol/L", range_high=D(700), promised=MOLAR)

    assert (found.value, found.written, found.fault) == (D("200.5992"), "148", None)


@pytest.mark.parametrize(
    "fields", [{}, {"unit": "?", "range_unit": "pg/mL"}, {"unit_code": "?", "range_unit": "pg/mL"}]
)
def test_an_unknown_unit_is_never_guessed(knowledge: Knowledge, fields: dict[str, Any]) -> None:
    found = result(knowledge, "148", **fields)

    assert (found.value, found.fault) == (None, None)


FAULTS: list[tuple[str, str, dict[str, Any], str | None]] = [
    ("145", "pg/mL", {"promised": MASS}, None),
    ("145", "pmol/L", {"promised": MASS}, "property"),
    ("145", "pg/mL", {"promised": MOLAR}, "property"),
    ("145", "pmol/L", {"promised": MOLAR}, None),
    ("145", "pmol/L", {}, None),
    ("145", "pg/mL", {"range_unit": "pmol/L", "range_high": D(700)}, "range"),
    ("145", "pg/mL", {"range_unit": "ng/L", "range_high": D(914)}, None),
    ("145", "pg/mL", {"range_unit": "pmol/L", "range_high": D(0)}, None),
    ("145", "pg/mL", {"range_unit": "?", "range_high": D(914)}, None),
    ("145", "pg/mL", {"range_unit": "pmol/L"}, None),
    ("19.9", "pg/mL", {}, "magnitude"),
    ("20", "pg/mL", {}, None),
    ("20000", "pg/mL", {}, None),
    ("20001", "pg/mL", {}, "magnitude"),
    ("0.2", "ng/mL", {}, None),
    ("145", "ng/mL", {}, "magnitude"),
    ("0.145", "pg/mL", {}, "magnitude"),
    ("14.9", "pmol/L", {}, "magnitude"),
    ("15", "pmol/L", {}, None),
    ("0", "pg/mL", {}, "magnitude"),
    ("-145", "pg/mL", {}, "magnitude"),
    ("96", "umol/L", {"analyte": Analyte.HOMOCYSTEINE}, None),
    ("1001", "umol/L", {"analyte": Analyte.HOMOCYSTEINE}, "magnitude"),
    ("0.4", "nmol/L", {"analyte": Analyte.MMA}, "magnitude"),
    ("400", "umol/L", {"analyte": Analyte.MMA}, "magnitude"),
    ("400", "nmol/L", {"analyte": Analyte.MMA}, None),
    ("0.001", "g/L", {"analyte": Analyte.HAEMOGLOBIN, "promised": MOLAR}, None),
]


@pytest.mark.parametrize(("value", "unit", "fields", "kind"), FAULTS, ids=str)
def test_code_unit_and_size_that_cannot_all_be_true_are_a_fault(
    knowledge: Knowledge, value: str, unit: str, fields: dict[str, Any], kind: str | None
) -> None:
    found = result(knowledge, value, unit, **fields)

    assert (found.fault.kind if found.fault else None) == kind
    assert (found.value is None) is (kind is not None)


def test_a_fault_says_what_was_expected(knowledge: Knowledge) -> None:
    by_mass = result(knowledge, "145", "pmol/L", promised=MASS).fault
    by_amount = result(knowledge, "145", "pg/mL", promised=MOLAR).fault
    by_size = result(knowledge, "1", "pg/mL").fault

    assert [(one.expected, one.got) for one in (by_mass, by_amount, by_size) if one] == [
        ("a mass unit such as pg/mL", "pmol/L"),
        ("a molar unit such as pmol/L", "pg/mL"),
        ("20 to 20000", "pg/mL"),
    ]
