"""What results say of a shortage, and which regimen can be offered for it."""

from __future__ import annotations

import pytest

from cds_service.b12.shortage import regimen_to_offer, shortage_of
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


def test_no_regimen_is_offered_against_an_allergy() -> None:
    assert regimen_to_offer(patient("", protocol=UK))
    assert regimen_to_offer(patient("unseen allergies", protocol=UK))
    assert regimen_to_offer(patient("allergic to penicillin", protocol=UK))
    assert regimen_to_offer(patient("allergic to hydroxocobalamin", protocol=UK)) is None
    assert regimen_to_offer(patient("cobalamin C", protocol="us-label")) is None
