"""Which orders begin a treatment, and where B12 may be meant to prevent."""

from __future__ import annotations

import pytest

from cds_service.b12.baseline import first_treatment, prevention
from tests.helpers.reading import standing as patient

BEGINS = {
    "1000 mcg IM monthly": True,
    "1000 mcg monthly": True,
    "cyanocobalamin 1000 mcg oral daily": True,
    "cyanocobalamin 500 mcg oral daily": False,
    "cyanocobalamin 500 mcg nasal weekly": True,
    "1000 mcg intra-articular once": False,
    "[Cyanokit] 5 g IV once": False,
    '1000 mcg intradermal once text "test dose"': False,
    "[cyanocobalamin 1 mg/mL]": False,
}


@pytest.mark.parametrize(("draft", "begins"), BEGINS.items())
def test_a_first_order_in_a_treating_dose_begins_a_treatment(draft: str, *, begins: bool) -> None:
    assert bool(first_treatment(patient("", draft=draft))) is begins
    assert first_treatment(patient("given 2020-01-01 1000 mcg IM", draft=draft)) == ()


PREVENTS = {
    "": False,
    "gastrectomy": True,
    "bariatric surgery": True,
    "ileal resection": True,
    "PA": False,
    "coeliac disease": False,
    "gastrectomy; lab 2026-11-01 B12 100 pg/mL": False,
}


@pytest.mark.parametrize(("record", "prevents"), PREVENTS.items())
def test_after_an_operation_without_deficiency_b12_may_prevent(record: str, *, prevents: bool) -> None:
    assert bool(prevention(patient(record))) is prevents
