"""An overdue dose is told beside what it belongs to: the therapy, or the order that comes before its loading."""

from __future__ import annotations

import pytest

from cds_service.b12.verdict import Finding
from cds_service.rules.maintenance_overdue import judge
from tests.helpers.reading import standing

BROKEN_OFF = "PA since 2026-01-05; given 4 times from 2026-01-12 every 1 days 1000 mcg IM"
LOADED = "PA since 2024-01-05; given 8 times from 2024-01-12 every 7 days 1000 mcg IM; given 2026-01-15 1000 mcg IM"
MONTHLY, LOADING = "1000 mcg IM monthly", "1000 mcg IM daily x 4"


@pytest.mark.parametrize(
    ("record", "draft", "about"),
    [
        (BROKEN_OFF, MONTHLY, "MedicationRequest/draft-1"),
        (BROKEN_OFF, LOADING, "therapy"),
        (LOADED, MONTHLY, "therapy"),
    ],
    ids=["maintenance before loading is finished", "loading goes on", "loading was finished"],
)
def test_an_overdue_dose_joins_the_order_that_comes_before_its_loading(record: str, draft: str, about: str) -> None:
    found = judge(standing(record, "2026-03-10", draft))

    assert isinstance(found, Finding)
    assert found.about == about
