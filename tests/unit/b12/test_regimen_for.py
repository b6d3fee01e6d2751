"""Which of a protocol's regimens a patient's is, and whose completed loading counts."""

from __future__ import annotations

import pytest

from cds_service.b12.regimen_for import AgeGroup, accepted_for
from cds_service.knowledge import Knowledge
from tests.helpers.reading import standing

# protocol, record, draft, and the regimen's id
CHOSEN: dict[str, tuple[str, str, str, str | None]] = {
    "nobody in particular": ("nl-kompas", "", "", "nl-standard"),
    "an injection before tablets": ("nl-kompas", "PA", "cyanocobalamin 1000 mcg oral daily", "nl-standard"),
    "nerves before diet": ("uk-nice-bnf", "dietary B12 deficiency; neuropathy", "", "uk-neurological"),
    "diet": ("uk-nice-bnf", "dietary B12 deficiency", "", "uk-dietary-injection"),
    "nerves, and the protocol gives none": ("de-label", "neuropathy", "", "de-standard"),
    "pregnancy, and the protocol gives none": ("uk-nice-bnf", "pregnancy; PA", "", "uk-standard"),
    "prophylaxis is nobody's therapy": ("be-label", "bariatric surgery", "", "be-standard"),
    # the cobalamin in use
    "the cobalamin given": ("ch-label", "given 2026-05-01 hydroxocobalamin 1 mg IM", "", "ch-depot"),
    "the cobalamin ordered": ("ch-label", "PA", "hydroxocobalamin 1 mg IM monthly", "ch-depot"),
    "the cobalamin ordered before": ("ch-label", "ordered 2026-05-01 hydroxocobalamin 1 mg IM monthly", "", "ch-depot"),
    "the last one given": (
        "ch-label", "given 2026-05-01 hydroxocobalamin 1 mg IM; given 2026-06-01 1 mg IM", "", "ch-standard",
    ),
    "given before ordered": (
        "ch-label", "given 2026-05-01 1 mg IM", "hydroxocobalamin 1 mg IM monthly", "ch-standard",
    ),
    "an unnamed cobalamin given says nothing": (
        "ch-label", "given 2026-05-01 hydroxocobalamin 1 mg IM; given 2026-06-01 vitamin B12 1 mg IM", "", "ch-depot",
    ),
    "what was swallowed says nothing": ("ch-label", "given 2026-05-01 hydroxocobalamin 1 mg oral", "", "ch-standard"),
    "what is swallowed says nothing": ("ch-label", "PA", "hydroxocobalamin 1 mg oral daily", "ch-standard"),
    "an unnamed cobalamin says nothing": ("ch-label", "PA", "vitamin B12 1 mg IM monthly", "ch-standard"),
    "one that the protocol does not give": (
        "us-label", "given 2026-05-01 hydroxocobalamin 1 mg IM", "", "us-label-standard",
    ),
    # children
    "a child": ("nl-kompas", "born 2018", "", "nl-child"),
    "a child with the same cobalamin": ("nl-kompas", "born 2018", "hydroxocobalamin 1 mg IM weekly", "nl-child"),
    "a child with another cobalamin": ("nl-kompas", "born 2018", "cyanocobalamin 1 mg IM weekly", None),
    "a child with neurological signs": ("nl-kompas", "born 2018; neuropathy", "", None),
    "a child where the protocol gives none": ("us-practice", "born 2018", "", None),
    "28 days old": ("nl-kompas", "born 2026-10-23", "", "nl-child"),
    "27 days old": ("nl-kompas", "born 2026-10-24", "", None),
    "perhaps 20 days old": ("nl-kompas", "born 2026-10", "", None),
    "almost 18 years old": ("nl-kompas", "born 2008-11-21", "", "nl-child"),
    "18 years old": ("nl-kompas", "born 2008-11-20", "", "nl-standard"),
    # other therapies
    "an inborn error": ("uk-nice-bnf", "cobalamin C; PA", "", None),
    "Leber alone": ("uk-nice-bnf", "Leber", "", "uk-leber"),
    "Leber beside pernicious anaemia": ("uk-nice-bnf", "Leber; PA", "", "uk-standard"),
    "Leber beside a deficiency without a cause": ("uk-nice-bnf", "Leber; B12 deficiency", "", "uk-standard"),
    "Leber beside a cause without a deficiency": ("uk-nice-bnf", "Leber; coeliac disease", "", "uk-standard"),
    "Leber, and only cyanocobalamin": ("us-practice", "Leber; PA", "", None),
    "Leber, and one without": ("ch-label", "Leber; PA", "", "ch-depot"),
    "pemetrexed alone": ("us-practice", 'ordered 2026-10-01 "Pemetrexed 500 mg"', "", "us-practice-pemetrexed"),
    "pemetrexed, and the protocol gives none": (
        "ch-label", 'ordered 2026-10-01 "Pemetrexed 500 mg"', "", "ch-standard",
    ),
    "pemetrexed beside pernicious anaemia": (
        "us-practice", 'ordered 2026-10-01 "Pemetrexed 500 mg"; PA', "", "us-practice-standard",
    ),
    "pemetrexed beside a low level": (
        "us-practice", 'ordered 2026-10-01 "Pemetrexed 500 mg"; lab 2026-10-01 B12 100 pg/mL', "",
        "us-practice-standard",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CHOSEN.values(), ids=CHOSEN)
def test_a_patient_gets_the_regimen_that_is_theirs(case: tuple[str, str, str, str | None]) -> None:
    protocol, record, draft, expected = case
    found = standing(record, draft=draft, protocol=protocol).regimen

    assert (found.id if found else None) == expected


def test_an_adults_loading_is_completed_by_no_childs(knowledge: Knowledge) -> None:
    regimens = [one for protocol in knowledge.protocols.values() for one in protocol.regimens]
    adults, childrens = (
        {one.id for one in accepted_for(regimens, group)} for group in (AgeGroup.ADULT, AgeGroup.CHILD)
    )

    assert childrens - adults == {"nl-child", "uk-child", "us-label-child"}
    assert {"be-oral", "uk-leber", "us-practice-pemetrexed"}.isdisjoint(childrens)
    assert adults >= {"uk-standard", "nl-standard", "us-practice-standard"}
