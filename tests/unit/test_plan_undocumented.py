"""The plan that is offered holds the check that the card names."""

from __future__ import annotations

import pytest

from cds_service.b12.verdict import Finding, RecordPlan
from cds_service.b12.words import Analyte
from cds_service.rules.plan_undocumented import judge
from tests.helpers.reading import standing


@pytest.mark.parametrize(
    ("record", "tests"),
    [
        ("B12 deficiency; lab 2026-03-01 haemoglobin 90 g/L", [Analyte.BLOOD_COUNT]),
        ("B12 deficiency", []),
    ],
)
def test_the_offered_plan_holds_the_check_that_the_card_names(record: str, tests: list[Analyte]) -> None:
    found = judge(standing(record, "2026-03-10", "1000 mcg IM weekly x 4"))

    assert isinstance(found, Finding)
    [plan] = found.proposals
    assert isinstance(plan, RecordPlan)
    assert [test for check in plan.checks for test in check.tests] == tests
