"""Benzyl alcohol in B12 products."""

from __future__ import annotations

import pytest

from cds_service.b12.preservative import Preservative, benzyl_alcohol_in
from cds_service.fhir.elements import Reference
from cds_service.fhir.medication import read_product
from tests.helpers.patients import knowledge
from tests.helpers.reading import B12, RXNORM, raw, read, resource, standing, timeline

HELD = {
    "cyanocobalamin 1000 mcg IM monthly": Preservative.POSSIBLE,
    "cyanocobalamin 1000 mcg": Preservative.POSSIBLE,
    "[cyanocobalamin 1 mg/mL] 1 mL IM monthly": Preservative.POSSIBLE,
    "[cyanocobalamin 1 mg/mL, 10 mL vial] 1 mL IM monthly": Preservative.MULTI_DOSE,
    "[hydroxocobalamin 10 mg/2 mL ampoule] 1 ampoule IM once": Preservative.POSSIBLE,
    "contained 10 mg/10 mL 1 mL IM monthly": Preservative.MULTI_DOSE,
    "contained 9 mg/9 mL 1 mL IM monthly": Preservative.POSSIBLE,
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


@pytest.mark.parametrize(
    ("display", "held"),
    [
        ("Cyanocobalamin 1000 mcg/mL, preservative free", Preservative.ABSENT),
        ("Cyanocobalamin 1000 mcg/mL in benzyl alcohol 1.5%", Preservative.NAMED),
        ("Cyanocobalamin 1000 mcg/mL MDV", Preservative.MULTI_DOSE),
    ],
)
def test_any_name_of_the_product_may_tell(display: str, held: Preservative) -> None:
    product = {"text": "Cyanocobalamin injection", "coding": [{"system": RXNORM, "code": "309594", "display": display}]}
    draft = resource("MedicationRequest", id="d", medicationCodeableConcept=product)
    [order] = timeline(knowledge(), read(knowledge(), drafts=(draft,)).record).drafts

    assert benzyl_alcohol_in(order) is held


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
