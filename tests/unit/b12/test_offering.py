"""What may be offered beside a recorded allergy, and that no kind of proposal can be forgotten there."""

from __future__ import annotations

from typing import get_args

import pytest

from cds_service.b12.offering import regimen_to_offer
from cds_service.b12.verdict import OrderTests, Proposal, RemoveDraft
from tests.helpers.reading import standing as patient
from tests.helpers.tables import Row, case_of

UK = "uk-nice-bnf"
NO_B12 = {OrderTests, RemoveDraft}
"""Proposals that give no B12."""


def test_no_regimen_is_offered_against_an_allergy() -> None:
    assert regimen_to_offer(patient("", protocol=UK))
    assert regimen_to_offer(patient("unseen allergies", protocol=UK))
    assert regimen_to_offer(patient("allergic to penicillin", protocol=UK))
    assert regimen_to_offer(patient("allergic to cyanocobalamin", protocol=UK))
    assert regimen_to_offer(patient("allergic to hydroxocobalamin", protocol=UK)) is None
    assert regimen_to_offer(patient("cobalamin C", protocol="us-label")) is None


@pytest.mark.parametrize(("said", "offered"), [("", False), ("intolerance", False), ("intolerance mild", True)])
def test_only_a_mild_intolerance_leaves_the_offer(said: str, *, offered: bool) -> None:
    assert bool(regimen_to_offer(patient(f"allergic to hydroxocobalamin {said}", protocol=UK))) is offered


@pytest.mark.parametrize("kind", get_args(Proposal), ids=lambda kind: kind.__name__)
def test_every_kind_of_proposal_names_what_it_gives(kind: type) -> None:
    """By these names it is asked what a proposal gives: a regimen's cobalamin, or that of the draft it corrects."""
    named = {"regimen", "order"} & set(kind.__struct_fields__)  # type: ignore[attr-defined] # each is a Struct
    assert bool(named) is (kind not in NO_B12)


TOLD = {
    "en": "Allergy or intolerance to **cyanocobalamin** on record: no B12 is offered here.",
    "es": "Consta alergia o intolerancia a **cianocobalamina**: aquí no se ofrece B12.",
    "de": "Allergie oder Unverträglichkeit gegen **Cyanocobalamin** dokumentiert: Hier wird kein B12 angeboten.",
}


@pytest.mark.parametrize("code", TOLD)
def test_the_card_names_the_allergy_and_offers_nothing(code: str) -> None:
    """In the words of its language, and nowhere does it say that the dose be given."""
    record = "PA; given 2026-01-01 1000 mcg IM; allergic to cyanocobalamin"
    row = Row("maintenance_overdue", 1, "2026-02-09", "view", "us-practice", record, "", "", "", "", ())
    card = case_of(row).card_in(code)

    assert card.detail.count(TOLD[code]) == 1
    assert card.suggestions == ()
    assert not any(word in card.detail for word in ("arrange", "organice", "veranlassen"))
