"""How much folic acid an order gives."""

from __future__ import annotations

from decimal import Decimal

import pytest

from cds_service.b12.concept import Concept
from cds_service.b12.exposure import DrugDraft
from cds_service.b12.folate import beside_antifolate, folic_acid_mcg_a_day, holds_b12, weekly_or_rarer
from cds_service.b12.names import content_of_name
from cds_service.b12.record import Order, Product
from tests.helpers.reading import standing


def drafted(draft: str) -> DrugDraft:
    return standing("", draft=draft).timeline.drug_drafts[0]


DAILY = {
    "folic acid 5 mg oral daily": "5000",
    "folic acid 400 mcg oral": "400",
    "folic acid 400 mcg oral twice daily": "800",
    "folic acid 1-2 mg oral daily": "1000",
    "[folic acid 5 mg] 1 tablet oral daily": "5000",
    "[folic acid 1 mg] 2 tablets oral daily": "2000",
    "[folic acid 5 mg] 1 tablet oral every 2 days": "2500",
    "[folic acid 5 mg]": "5000",
    "[folic acid 5 mg] oral daily": "5000",
    '[folic acid 5 mg] text "take one tablet by mouth daily"': "5000",
    'folic acid text "5 mg by mouth twice daily"': "10000",
    'folic acid 5 mg text "5 mg by mouth twice daily"': "10000",
    "folic acid contained 1 mg/1 tablet 2 tablets oral daily": "2000",
    '"Folic Acid 5 MG" 1 tablet oral daily': "5000",
    '"Folic Acid 2.5 mg/5 mL oral solution" 5 mL oral daily': "2500",
    "folic acid 5 mg oral daily x 7 then 400 mcg oral daily": "5000",
}


@pytest.mark.parametrize(("draft", "mcg"), DAILY.items())
def test_micrograms_a_day(draft: str, mcg: str) -> None:
    assert folic_acid_mcg_a_day(drafted(draft).order) == Decimal(mcg)


@pytest.mark.parametrize(
    "draft",
    [
        "folic acid oral daily",
        'folic acid 1 "scoop" oral daily',
        '[folic acid 5 mg] 1 "scoop" oral daily',
        "folic acid 1 tablet oral",
    ],
)
def test_a_dose_that_cannot_be_known(draft: str) -> None:
    assert folic_acid_mcg_a_day(drafted(draft).order) is None


@pytest.mark.parametrize(
    ("draft", "rare"),
    [
        ("[folic acid 5 mg] 1 tablet oral weekly", True),
        ("[folic acid 5 mg] 1 tablet oral every 6 days", False),
        ("[folic acid 5 mg] 1 tablet oral every 6-7 days", False),
        ("[folic acid 5 mg] 1 tablet oral weekly then 1 tablet oral daily", False),
        ('[folic acid 5 mg] text "1 tablet by mouth"', False),
        ("[folic acid 5 mg] 1 tablet oral", False),
        ('[folic acid 5 mg] text "1 tablet by mouth once a week"', True),
    ],
)
def test_once_a_week(draft: str, rare: bool) -> None:  # noqa: FBT001 - a table's cell
    assert weekly_or_rarer(drafted(draft).order) is rare


def test_a_bare_mass_in_a_name_is_one_piece() -> None:
    assert (stated := content_of_name("Folic Acid 5 MG"))
    assert stated.mcg == 5000
    assert content_of_name("Ferrous fumarate 322 mg, folic acid 0.35 mg") is None
    assert content_of_name("Folic acid") is None


def test_folic_acid_alone_holds_no_b12() -> None:
    assert not holds_b12(drafted("[folic acid 5 mg]").order)


def test_a_product_holds_b12_where_any_of_its_names_says_so() -> None:
    iron = Product(Concept(text="Iron and folic acid"), ingredients=(Concept(text="Folic acid"), Concept(text="B12")))

    assert holds_b12(Order("MedicationRequest/1", iron, "draft", "order"))


@pytest.mark.parametrize(
    ("record", "draft", "beside"),
    [
        ("takes methotrexate since 2025", "folic acid 5 mg", True),
        ("takes methotrexate since 2025 until 2026-11-19", "folic acid 5 mg", False),
        ("", "folic acid 5 mg & methotrexate", True),
        ("takes metformin since 2025", "folic acid 5 mg", False),
    ],
)
def test_beside_an_antifolate(record: str, draft: str, beside: bool) -> None:  # noqa: FBT001 - a table's cell
    assert beside_antifolate(standing(record, draft=draft)) is beside
