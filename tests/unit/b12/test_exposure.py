"""What was or is taken of other drugs that bear on B12, and whether a product is only such a drug."""

from __future__ import annotations

from datetime import date

import pytest

from cds_service.b12.concept import Code, Concept, When
from cds_service.b12.exposure import Exposure, drugs_of, exposures_of_order, exposures_of_use, is_other_drug
from cds_service.b12.record import Order, Product, Use
from cds_service.b12.words import Evidence, RiskDrug
from cds_service.knowledge import Knowledge
from tests.helpers.jotted import DRUGS, SHELF, SUBSTANCES

TODAY = date(2026, 3, 10)
DAY = When(TODAY, TODAY)
EVE, MORROW = When(date(2026, 3, 9), date(2026, 3, 9)), When(date(2026, 3, 11), date(2026, 3, 11))
MONTH = When(date(2026, 3, 1), date(2026, 3, 31))
DRUG = RiskDrug.METFORMIN


def coded(*names: str) -> Concept:
    return Concept(tuple(Code(*(DRUGS | SHELF | SUBSTANCES)[name]) for name in names))


METFORMIN, BRAND = Product(coded("metformin")), Concept((), "Brand")

TAKEN = [
    (None, None, True),
    (DAY, None, True),
    (MORROW, None, False),
    (MONTH, None, True),
    (EVE, DAY, True),
    (EVE, EVE, False),
    (EVE, MONTH, True),
    (None, EVE, False),
]


@pytest.mark.parametrize(("start", "end", "taken"), TAKEN)
def test_a_drug_is_taken_from_its_first_to_its_last_day_as_far_as_is_known(
    start: When | None, end: When | None, *, taken: bool
) -> None:
    assert Exposure(DRUG, "x", start, end).on(TODAY) is taken


USES: list[tuple[str, When | None, When | None, tuple[When | None, When | None, bool] | None]] = [
    # status, when, until: first day, last day, a single dose
    ("active", DAY, None, (DAY, None, False)),
    ("", EVE, None, (EVE, None, False)),
    ("active", MONTH, None, (MONTH, None, False)),
    ("active", None, None, (None, None, False)),
    ("active", EVE, DAY, (EVE, DAY, False)),
    ("completed", EVE, None, (EVE, EVE, True)),
    ("completed", EVE, DAY, (EVE, DAY, False)),
    ("active", MORROW, None, None),
    ("not-done", EVE, None, None),
    ("entered-in-error", EVE, None, None),
]


@pytest.mark.parametrize(("status", "when", "until", "told"), USES)
def test_a_use_that_goes_on_has_no_end_and_one_that_is_over_is_a_single_dose(
    status: str, when: When | None, until: When | None, told: tuple[When | None, When | None, bool] | None
) -> None:
    found = exposures_of_use(Use("u", Evidence.STATED, METFORMIN, status, when, until), [DRUG], TODAY)

    assert found == ([Exposure(DRUG, "u", told[0], told[1], once=told[2])] if told else [])


ORDERS: list[tuple[Order, tuple[When | None, When | None] | None]] = [
    # first day, last day
    (Order("o", METFORMIN, "active", "order", authored=DAY), (DAY, None)),
    (Order("o", METFORMIN, "active", "order", authored=MONTH), (MONTH, None)),
    (Order("o", METFORMIN, "active", "order"), (None, None)),
    (Order("o", METFORMIN, "active", "order", authored=EVE, starts=DAY, ends=MONTH), (DAY, MONTH)),
    (Order("o", METFORMIN, "stopped", "order", authored=EVE), (EVE, EVE)),
    (Order("o", METFORMIN, "stopped", "order", authored=EVE, ends=DAY), (EVE, DAY)),
    (Order("o", METFORMIN, "active", "order", authored=EVE, starts=MORROW), None),
    (Order("o", METFORMIN, "active", "order", authored=MORROW), None),
    (Order("o", METFORMIN, "active", "plan", authored=EVE), None),
    (Order("o", METFORMIN, "entered-in-error", "order", authored=EVE), None),
    (Order("o", METFORMIN, "active", "order", authored=EVE, do_not_perform=True), None),
]


@pytest.mark.parametrize(("order", "told"), ORDERS)
def test_an_order_tells_of_use_from_its_start_to_its_end(
    order: Order, told: tuple[When | None, When | None] | None
) -> None:
    found = exposures_of_order(order, [DRUG], TODAY)

    assert found == ([Exposure(DRUG, "o", *told, ordered=True)] if told else [])


CONTENTS: list[tuple[Product, set[RiskDrug], bool]] = [
    # what bears on B12 in it, and whether it is nothing but such a drug
    (METFORMIN, {RiskDrug.METFORMIN}, True),
    (Product(coded("metformin", "omeprazole")), {RiskDrug.METFORMIN, RiskDrug.ACID_SUPPRESSION}, True),
    (Product(BRAND, (coded("metformin"),)), {RiskDrug.METFORMIN}, False),
    (Product(coded("metformin"), (coded("omeprazole"),)), {RiskDrug.METFORMIN, RiskDrug.ACID_SUPPRESSION}, False),
    (Product(Concept((), "Metformin 500 mg")), {RiskDrug.METFORMIN}, False),
    (Product(coded("metformin", "cyanocobalamin")), {RiskDrug.METFORMIN}, False),
    (Product(coded("metformin", "cyanocobalamin 1 mg/mL")), {RiskDrug.METFORMIN}, False),
    (Product(coded("cyanocobalamin")), set(), False),
    (Product(coded("lisinopril")), set(), False),
    (Product(BRAND), set(), False),
]


@pytest.mark.parametrize(("product", "drugs", "alone"), CONTENTS)
def test_a_product_is_known_by_its_codes_and_ingredients(
    knowledge: Knowledge, product: Product, drugs: set[RiskDrug], *, alone: bool
) -> None:
    assert drugs_of(product, knowledge.codes) == drugs
    assert is_other_drug(product, knowledge.codes) is alone
