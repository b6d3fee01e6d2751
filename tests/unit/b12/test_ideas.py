"""Ideas exclude and imply each other as medicine has it."""

from __future__ import annotations

import pytest

from cds_service.b12.ideas import PARTS, contradiction, implied, of_drug


@pytest.mark.parametrize(
    "pair",
    [
        ("bariatric-surgery", "permanent-malabsorption"),
        ("anaemia", "polycythaemia-vera"),
        ("b12-cyanocobalamin", "drug-metformin"),
        ("lab-mcv", "lab-tsh"),
        ("route-nasal", "route-oral"),
        ("allergen-cobalamin", "allergen-cobalt"),
    ],
)
def test_what_cannot_both_be_is_told(pair: tuple[str, str]) -> None:
    assert contradiction((*pair, "pregnancy")) == pair


@pytest.mark.parametrize(
    "ideas",
    [
        (),
        ("pregnancy",),
        ("pernicious-anaemia", "permanent-malabsorption", "b12-deficiency"),
        ("drug-induced-deficiency", "b12-deficiency", "drug-metformin"),
        ("b12-cyanocobalamin", "allergen-cobalamin"),
    ],
)
def test_what_can_both_be_is_no_contradiction(ideas: tuple[str, ...]) -> None:
    assert contradiction(ideas) is None


def test_a_part_means_its_whole_and_the_whole_of_that() -> None:
    assert implied({"total-gastrectomy"}) == {"total-gastrectomy", "gastric-surgery", "permanent-malabsorption"}
    assert implied({"pregnancy"}) == {"pregnancy"}


def test_a_part_of_a_part_comes_before_it() -> None:
    for at, (_, whole) in enumerate(PARTS):
        assert whole not in {part for part, _ in PARTS[:at]}


def test_nothing_implied_is_a_contradiction() -> None:
    assert all(contradiction(implied({part})) is None for part, _ in PARTS)


DRUG = {"drug-metformin": True, "drug-induced-deficiency": False, "b12-cyanocobalamin": False, "pregnancy": False}


@pytest.mark.parametrize(("idea", "drug"), DRUG.items())
def test_a_deficiency_from_a_drug_is_no_drug(idea: str, *, drug: bool) -> None:
    assert of_drug(idea) is drug
