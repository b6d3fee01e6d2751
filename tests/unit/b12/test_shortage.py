"""What results say of a shortage."""

from __future__ import annotations

import pytest

from cds_service.b12.shortage import last_shortage, shortage_of
from tests.helpers.reading import standing as patient

UK = "uk-nice-bnf"
SHORTAGES = {
    "": "",
    "lab 2026-11-01 B12 100 ng/L": "low",
    "lab 2026-11-01 B12 200 ng/L": "",
    "lab 2026-11-01 B12 200 ng/L; lab 2026-11-01 MMA 500 nmol/L": "functional",
    "lab 2026-11-01 B12 200 ng/L; lab 2026-11-01 homocysteine 30 umol/L": "functional",
    "lab 2026-11-01 B12 400 ng/L; lab 2026-11-01 MMA 500 nmol/L": "marker",
    "lab 2026-11-01 B12 400 ng/L; lab 2026-11-01 homocysteine 30 umol/L": "",
    "lab 2026-11-01 MMA 500 nmol/L": "marker",
    "kidney disease; lab 2026-11-01 MMA 500 nmol/L": "",
    "kidney disease; lab 2026-11-01 B12 100 ng/L": "low",
    "lab 2025-11-19 B12 100 ng/L": "",
}


@pytest.mark.parametrize(("record", "kind"), SHORTAGES.items())
def test_a_shortage_shows_in_the_level_or_beside_it(record: str, kind: str) -> None:
    shortage = shortage_of(patient(record, protocol=UK))

    assert (shortage.kind if shortage else "") == kind


OLD = {
    "": "",
    "lab 2020-11-01 B12 100 ng/L": "low",
    "lab 2020-11-01 B12 100 ng/L; lab 2021-11-01 B12 400 ng/L": "",
    "lab 2020-11-01 B12 200 ng/L; lab 2020-09-01 MMA 500 nmol/L": "functional",
    "lab 2020-11-01 B12 200 ng/L; lab 2019-09-01 MMA 500 nmol/L": "",
    "lab 2020-11-01 MMA 500 nmol/L": "marker",
    "lab 2020-11-01 homocysteine 30 umol/L": "",
    "lab B12 100 ng/L": "",
    "lab MMA 500 nmol/L": "",
}


@pytest.mark.parametrize(("record", "kind"), OLD.items())
def test_the_last_shortage_is_that_of_the_day_of_the_last_level(record: str, kind: str) -> None:
    shortage = last_shortage(patient(record, protocol=UK))

    assert (shortage.kind if shortage else "") == kind
