"""The dose of one instruction: what is read from every place that FHIR has for it, and what is not guessed."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from cds_service.b12.record import Amount
from cds_service.b12.words import AmountKind, Piece
from cds_service.fhir import elements as fhir
from cds_service.fhir.dosage import read_dosage, read_quantity, usable
from tests.helpers.reading import SNOMED, Json, decoded, ucum

MILLIGRAM = ucum(1, "mg")
D = Decimal


def amount(**fields: Any) -> Amount | None:
    return read_dosage(decoded(fields, fhir.Dosage)).amount


SHAPES: dict[str, Json] = {
    "R4": {"doseAndRate": [{"doseQuantity": MILLIGRAM}]},
    "R4, an object for the list": {"doseAndRate": {"doseQuantity": MILLIGRAM}},
    "STU3": {"doseQuantity": MILLIGRAM},
    "STU3, simple": {"doseSimpleQuantity": MILLIGRAM},
    "an administration": {"dose": MILLIGRAM},
    "a DSTU2 administration": {"quantity": MILLIGRAM},
    "a range of one": {"doseAndRate": [{"doseRange": {"low": MILLIGRAM, "high": MILLIGRAM}}]},
    "a range open above": {"doseAndRate": [{"doseRange": {"low": MILLIGRAM}}]},
    "a range open below": {"doseRange": {"high": MILLIGRAM}},
    "text alone": {"doseQuantity": {"value": 1, "unit": "mg"}},
    "code alone": {"doseQuantity": {"value": 1, "code": "mg"}},
    "SNOMED": {"doseQuantity": {"value": 1, "unit": "milligram", "system": SNOMED, "code": "258684004"}},
    "micrograms": {"doseQuantity": ucum(1000, "mcg", "ug")},
}


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
def test_a_milligram_is_a_thousand_micrograms_in_every_shape(shape: Json) -> None:
    found = amount(**shape)

    assert found
    assert (found.low, found.high, found.kind) == (1000, 1000, AmountKind.MASS)


def row(kind: Any, value: float) -> Json:
    return {"type": kind, "doseQuantity": ucum(value, "mg")}


ROWS: dict[str, list[Json]] = {
    "by code": [row({"coding": [{"code": "calculated"}]}, 9), row({"coding": [{"code": "Ordered"}]}, 2)],
    "by text": [row({"text": "admin-amount"}, 9), row({"text": "ordered"}, 2)],
    "by display": [{"doseQuantity": ucum(9, "mg")}, row({"coding": [{"display": "Ordered"}]}, 2)],
    "no type rather than another": [row({"text": "calculated"}, 9), {"doseQuantity": ucum(2, "mg")}],
    "alike in other units": [{"doseQuantity": ucum(2, "mg")}, {"doseQuantity": ucum(2000, "mcg", "ug")}],
    "a rate beside it": [{}, {"doseQuantity": ucum(2, "mg")}],
    "none: the first": [row({"text": "calculated"}, 2), row({"text": "admin-amount"}, 9)],
}


@pytest.mark.parametrize("rows", ROWS.values(), ids=ROWS)
def test_of_several_rows_the_ordered_one_is_read(rows: list[Json]) -> None:
    found = amount(doseAndRate=rows)

    assert found
    assert found.high == 2000


DIFFERING: dict[str, tuple[Json, str]] = {
    "no types": (
        {"doseAndRate": [{"doseQuantity": ucum(1000, "mcg", "ug")}, {"doseQuantity": ucum(1000, "mg")}]},
        "1000 mcg and 1000 mg",
    ),
    "both ordered": ({"doseAndRate": [row({"text": "ordered"}, 1), row({"text": "ordered"}, 2)]}, "1 mg and 2 mg"),
    "a volume": ({"doseAndRate": [{"doseQuantity": ucum(1, "mL")}, {"doseQuantity": ucum(5, "mg")}]}, "1 mL and 5 mg"),
    "two pieces": (
        {"doseAndRate": [{"doseQuantity": ucum(1, "{vial}")}, {"doseQuantity": ucum(1, "{tbl}")}]},
        "1 {vial} and 1 {tbl}",
    ),
    "the third": ({"doseAndRate": [{"doseQuantity": ucum(n, "mg")} for n in (1, 1, 2)]}, "1 mg and 2 mg"),
    "a place of R4 and one of STU3": (
        {"doseAndRate": [{"doseQuantity": ucum(1, "mg")}], "doseQuantity": ucum(1000, "mg")},
        "1 mg and 1000 mg",
    ),
    "zero": ({"doseQuantity": ucum(0, "mg")}, "0 mg"),
    "zero, without a unit": ({"doseQuantity": {"value": 0}}, "0"),
    "negative": ({"doseAndRate": [{"doseQuantity": ucum(-1, "mg")}]}, "-1 mg"),
    "zero beside a dose": (
        {"doseAndRate": [{"doseQuantity": ucum(0, "mg")}, {"doseQuantity": ucum(1, "mg")}]},
        "0 mg and 1 mg",
    ),
    "a range down to zero": ({"doseRange": {"low": ucum(1000, "mg"), "high": ucum(0, "mg")}}, "1000 mg to 0 mg"),
}


@pytest.mark.parametrize(("shape", "written"), DIFFERING.values(), ids=DIFFERING)
def test_doses_that_contradict_each_other_or_are_none_are_not_known(shape: Json, written: str) -> None:
    found = amount(**shape)

    assert found
    assert (found.kind, found.contradictory, found.written) == (AmountKind.UNKNOWN, True, written)


def test_two_doses_of_which_one_has_no_known_unit_do_not_contradict_but_are_not_known() -> None:
    found = amount(doseAndRate=[{"doseQuantity": ucum(1, "mg")}, {"doseQuantity": {"value": 1, "unit": "shot"}}])

    assert found
    assert (found.kind, found.contradictory, found.written) == (AmountKind.UNKNOWN, False, "1 mg and 1 shot")


def test_a_range_from_zero_goes_up_to_its_end() -> None:
    found = amount(doseRange={"low": ucum(0, "mg"), "high": ucum(1, "mg")})

    assert found
    assert (found.low, found.high, found.kind) == (1000, 1000, AmountKind.MASS)


def span(low: Json | None, high: Json | None) -> Amount | None:
    return amount(doseAndRate=[{"doseRange": {"low": low, "high": high}}])


def test_a_range_keeps_both_ends() -> None:
    assert span(ucum(500, "ug"), ucum(1000, "ug")) == Amount(D(500), D(1000), AmountKind.MASS, "500-1000 ug")


def test_a_range_of_two_units_of_one_measure_is_converted() -> None:
    assert span(ucum(500, "ug"), ucum(1, "mg")) == Amount(D(500), D(1000), AmountKind.MASS, "500 ug to 1 mg")


@pytest.mark.parametrize(
    ("low", "high", "contradictory"),
    [
        (ucum(500, "ug"), ucum(1, "mL"), True),
        (ucum(1, "{tbl}"), ucum(2, "{vial}"), True),
        (ucum(2, "mg"), ucum(1, "mg"), True),
        (ucum(2, "mg"), ucum(100, "ug"), True),
        ({"value": 500}, ucum(1000, "ug"), False),
    ],
    ids=["mass and volume", "two pieces", "upside down", "upside down in two units", "one end without unit"],
)
def test_a_contradictory_range_has_no_known_unit(low: Json, high: Json, *, contradictory: bool) -> None:
    found = span(low, high)

    assert found
    assert (found.kind, found.piece, found.contradictory) == (AmountKind.UNKNOWN, None, contradictory)


def test_a_count_says_what_it_counts() -> None:
    found = span(ucum(1, "{tbl}"), ucum(2, "{tbl}"))

    assert found
    assert (found.kind, found.piece, found.low, found.high) == (AmountKind.COUNT, Piece.TABLET, 1, 2)


NO_DOSES: dict[str, Json] = {
    "nothing": {},
    "no number": {"doseQuantity": {"unit": "mg"}},
    "an empty range": {"doseAndRate": [{"doseRange": {}}]},
    "no rows": {"doseAndRate": []},
    "not a number": {"doseQuantity": {"value": "NaN", "unit": "mg"}},
    "infinite": {"doseQuantity": {"value": "-Infinity", "unit": "mg"}},
}


@pytest.mark.parametrize("shape", NO_DOSES.values(), ids=NO_DOSES)
def test_what_is_no_dose_is_none(shape: Json) -> None:
    assert amount(**shape) is None


@pytest.mark.parametrize("value", ["1e999999", "1e-999999", "0e-999999", "1e13", "-1e13", "sNaN", "1e-13"])
def test_a_number_that_no_dose_can_have_is_not_used(value: str) -> None:
    assert usable(D(value)) is None
    assert read_quantity(fhir.Quantity(D(value), unit="mg")) is None


def test_an_endless_number_is_rounded_and_an_ordinary_one_kept_as_written() -> None:
    assert usable(D("0." + "3" * 5000)) == D("0." + "3" * 28)
    assert str(usable(D("1.50"))) == "1.50"
    assert usable(None) is None
