"""Severe anaemia, potassium, and whether the patient has B12 already."""

from __future__ import annotations

import pytest

from cds_service.b12 import safety
from tests.helpers.reading import standing

HB, MCV = "lab 2026-11-19 haemoglobin", "lab 2026-11-19 MCV"
SEVERE = {
    "": 0,
    f"{HB} 6.9 g/dL": 1,
    f"{HB} 7 g/dL": 0,
    f"{HB} 7.9 g/dL; {MCV} 111 fL": 2,
    f"{HB} 7.9 g/dL; {MCV} 110 fL": 0,
    f"{HB} 8 g/dL; {MCV} 111 fL": 0,
    "lab 2026-10-23 haemoglobin 6 g/dL": 1,
    "lab 2026-10-22 haemoglobin 6 g/dL": 0,
}


@pytest.mark.parametrize(("record", "results"), SEVERE.items())
def test_severe_anaemia(record: str, results: int) -> None:
    assert len(safety.severe_anaemia(standing(record))) == results


ANAEMIA = {
    "": 0,
    "anaemia": 1,
    f"anaemia; {HB} 140 g/L": 0,
    f"{HB} 119 g/L": 1,
    f"{HB} 120 g/L": 0,
    f"male; {HB} 129 g/L": 1,
    "anaemia; lab 2026-11-19 haemoglobin molar 9 mmol/L": 1,
}


@pytest.mark.parametrize(("record", "found"), ANAEMIA.items())
def test_a_recent_count_goes_before_the_problem_list(record: str, found: int) -> None:
    assert len(safety.anaemia(standing(record))) == found


def test_blood_is_normal_only_where_it_was_counted() -> None:
    assert safety.blood_is_normal(standing(f"{HB} 140 g/L"))
    assert not safety.blood_is_normal(standing(f"{HB} 100 g/L"))
    assert not safety.blood_is_normal(standing(""))
    assert safety.haemoglobin_unread(standing("lab 2026-11-19 haemoglobin molar 9 mmol/L"))
    assert not safety.haemoglobin_unread(standing(f"{HB} 140 g/L"))


def test_signs_that_may_hide_a_deficiency() -> None:
    assert safety.may_hide_deficiency(standing("anaemia; neuropathy")) == (
        "Condition/Condition-1",
        "Condition/Condition-2",
    )
    assert safety.may_hide_deficiency(standing("macrocytic anaemia")) == ("Condition/Condition-1",)
    assert safety.may_hide_deficiency(standing(f"{MCV} 101 fL")) == ("Observation/Observation-1",)
    assert safety.may_hide_deficiency(standing(f"macrocytic anaemia; {HB} 140 g/L; {MCV} 90 fL")) == ()


KNOWN = {
    "": False,
    "lab 2026-11-18 potassium 4 mmol/L": True,
    "lab 2026-11-17 potassium 4 mmol/L": False,
    "lab 2026-11-20 potassium 4": False,
    "lab potassium 4 mmol/L": False,
}


@pytest.mark.parametrize(("record", "known"), KNOWN.items())
def test_potassium_is_known_for_two_days(record: str, known: bool) -> None:  # noqa: FBT001 - a table's cell
    assert bool(safety.potassium(standing(record))) is known


BEFORE = {
    "": 0,
    "hypokalaemia": 1,
    "hypokalaemia resolved": 0,
    "hypokalaemia; lab 2026-01-01 potassium 4 mmol/L": 0,
    "lab 2026-01-01 potassium 3.4 mmol/L": 1,
    "lab 2020-01-01 potassium 3.4 mmol/L": 0,
    "hypokalaemia; lab 2020-01-01 potassium 4 mmol/L": 1,
}


@pytest.mark.parametrize(("record", "found"), BEFORE.items())
def test_low_potassium_before(record: str, found: int) -> None:
    assert len(safety.low_before(standing(record))) == found


def test_drugs_are_named_once() -> None:
    record = "takes digoxin since 2020; takes furosemide since 2021; ordered 2026-01-01 digoxin 125 mcg oral daily"
    names, refs = safety.potassium_drugs(standing(record))

    assert names == "digoxin and potassium-losing diuretic"
    assert len(refs) == 3
    assert safety.potassium_drugs(standing("takes lisinopril since 2020")) == ("", ())


ADEQUATE = {
    "": False,
    "lab 2026-08-20 B12 500 pg/mL": True,
    "lab 2026-08-19 B12 500 pg/mL": False,
    "lab 2026-11-01 B12 300 pg/mL": False,
    "lab 2026-11-01 B12 100 pg/mL": False,
}


@pytest.mark.parametrize(("record", "adequate"), ADEQUATE.items())
def test_an_adequate_level_counts_for_three_months(record: str, adequate: bool) -> None:  # noqa: FBT001 - a table's cell
    assert safety.b12_known_adequate(standing(record)) is adequate


HAS_B12 = {
    "": "",
    "ordered 2026-11-01 1000 mcg IM monthly": "B12 is ordered",
    "stated 1000 mcg oral daily": "swallowed B12 in a full dose covers the patient",
    "stated since 2025 1000 mcg IM monthly": "a statement or a supply says that B12 goes on",
    "given 2026-11-01 1000 mcg IM": "B12 was given lately",
    "stated since 2025 until 2026-11-20 1000 mcg IM monthly": "a statement or a supply says that B12 goes on",
    "stated since 2025 until 2026-11-19 1000 mcg IM monthly": "",
    "given 2026-09-19 1000 mcg IM": "B12 was given lately",
    "given 2026-09-18 1000 mcg IM": "",
    "born 2020; given 2026-05 1000 mcg IM": "B12 was given lately",
    "born 2020; given 2026-05-21 1000 mcg IM": "B12 was given lately",
    "born 2020; given 2026-05-20 1000 mcg IM": "",
}


@pytest.mark.parametrize(("record", "because"), HAS_B12.items())
def test_who_has_b12_already(record: str, because: str) -> None:
    assert safety.on_b12(standing(record)) == because
