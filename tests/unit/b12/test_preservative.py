"""Benzyl alcohol in B12 products."""

from __future__ import annotations

import pytest

from cds_service.b12.preservative import Preservative, benzyl_alcohol_in
from cds_service.fhir.elements import Reference
from cds_service.fhir.medication import read_product
from tests.helpers.reading import B12, raw, standing

HELD = {
    "cyanocobalamin 1000 mcg IM monthly": Preservative.POSSIBLE,
    "cyanocobalamin 1000 mcg": Preservative.POSSIBLE,
    "[cyanocobalamin 1 mg/mL] 1 mL IM monthly": Preservative.POSSIBLE,
    "[cyanocobalamin 1 mg/mL, 10 mL vial] 1 mL IM monthly": Preservative.MULTI_DOSE,
    "[hydroxocobalamin 10 mg/2 mL ampoule] 1 ampoule IM once": Preservative.POSSIBLE,
    '"Cyanocobalamin 1000 mcg/mL MDV" 1 mL IM once': Preservative.MULTI_DOSE,
    '"Cyanocobalamin 1000 mcg/mL (benzyl alcohol 1.5%)" 1 mL IM once': Preservative.NAMED,
    '"Cyanocobalamin 1000 mcg/mL, preservative free" 1 mL IM once': Preservative.ABSENT,
    '"Cyanocobalamin 1000 mcg/mL, benzyl alcohol-free" 1 mL IM once': Preservative.ABSENT,
    "[cyanocobalamin 1 mg tablet] 1 tablet": Preservative.ABSENT,
    "cyanocobalamin 1000 mcg oral daily": Preservative.ABSENT,
}


@pytest.mark.parametrize(("draft", "held"), HELD.items())
def test_what_a_product_holds(draft: str, held: Preservative) -> None:
    assert benzyl_alcohol_in(standing("", draft=draft).drafts[0]) is held


def test_an_inactive_ingredient_is_an_excipient() -> None:
    inside = {
        "resourceType": "Medication",
        "id": "m",
        "code": B12,
        "ingredient": [
            {"itemCodeableConcept": {"text": "cyanocobalamin"}},
            {"itemCodeableConcept": {"text": "Benzyl alcohol"}, "isActive": False},
        ],
    }

    product = read_product(None, Reference("#m"), (raw(inside),), {})

    assert [one.label for one in product.ingredients] == ["cyanocobalamin"]
    assert [one.label for one in product.excipients] == ["Benzyl alcohol"]
