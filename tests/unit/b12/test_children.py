"""Newborns, adolescents, and what protocols give children."""

from __future__ import annotations

import pytest

from cds_service.b12.children import adolescent, by_weight, childs_regimen, days_old, largest_dose, neonate
from tests.helpers.patients import knowledge
from tests.helpers.reading import standing

DAYS = {
    "": None,
    "born 2026-11-20": (0, 0),
    "born 2026-11-01": (19, 19),
    "born 2026-10": (20, 50),
    "born 2026-11": (0, 19),
}


@pytest.mark.parametrize(("record", "days"), DAYS.items())
def test_days_since_birth(record: str, days: tuple[int, int] | None) -> None:
    assert days_old(standing(record)) == days


NEONATE = {
    "": False,
    "born 2026-10-24": True,
    "born 2026-10-23": False,
    "born 2026-10": None,
    "born 2026-11": True,
    "born 2026-09": False,
}


@pytest.mark.parametrize(("record", "newborn"), NEONATE.items())
def test_a_newborn_is_younger_than_28_days(record: str, newborn: bool | None) -> None:  # noqa: FBT001 - a table's cell
    assert neonate(standing(record)) is newborn


@pytest.mark.parametrize(("today", "newborn"), [("2026-10-28", True), ("2026-10-29", None), ("2026-11-27", None)])
def test_one_born_in_october_may_be_28_days_old_on_the_29th(today: str, newborn: bool | None) -> None:  # noqa: FBT001 - a table's cell
    assert neonate(standing("born 2026-10", as_of=today)) is newborn


@pytest.mark.parametrize(
    ("record", "old_enough"), [("", False), ("born 2014-11-20", True), ("born 2014-11-21", False), ("born 2014", False)]
)
def test_an_adolescent_is_twelve(record: str, old_enough: bool) -> None:  # noqa: FBT001 - a table's cell
    assert adolescent(standing(record)) is old_enough


@pytest.mark.parametrize(
    ("draft", "weighed"),
    [
        ('IM daily text "10 mcg/kg daily"', True),
        ('IM daily text "10 mcg per kg daily"', True),
        ('10 "mcg/kg" IM daily', True),
        ("100 mcg IM daily", False),
        ('IM daily text "100 mcg daily"', False),
    ],
)
def test_a_dose_by_weight(draft: str, weighed: bool) -> None:  # noqa: FBT001 - a table's cell
    assert by_weight(standing("", draft=draft).drafts[0]) is weighed


def test_a_childs_regimen_is_of_the_cobalamin_ordered() -> None:
    def largest(draft: str, protocol: str) -> int | None:
        episode = standing("born 2020", draft=draft, protocol=protocol)
        regimen = childs_regimen(episode.drafts[0], episode)
        return largest_dose(regimen) if regimen else None

    assert largest("hydroxocobalamin 1 mg IM", "us-label") == 100
    assert largest("vitamin B12 1 mg IM", "us-label") == 100
    assert largest("cyanocobalamin 1 mg IM", "us-label") is None
    assert largest("hydroxocobalamin 1 mg IM", "nl-kompas") == 1000
    assert largest("hydroxocobalamin 1 mg IM", "us-practice") is None


LARGEST = {
    ("us-label", "us-label-child"): 100,
    ("us-practice", "us-practice-oral"): 2000,
    ("uk-nice-bnf", "uk-child"): 1000,
    ("uk-nice-bnf", "uk-dietary-oral"): 150,
}


@pytest.mark.parametrize(("name", "mcg"), LARGEST.items())
def test_the_largest_dose_of_loading_and_maintenance(name: tuple[str, str], mcg: int) -> None:
    protocol, regimen = name
    [found] = [one for one in knowledge().protocols[protocol].regimens if one.id == regimen]

    assert largest_dose(found) == mcg
