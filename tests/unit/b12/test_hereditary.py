"""Hereditary diseases named by broad codes."""

from __future__ import annotations

import pytest

from cds_service.b12.concept import Code, Concept
from cds_service.b12.hereditary import LEBER as LEBER_NAMED
from cds_service.b12.hereditary import certain
from cds_service.b12.record import Condition
from tests.helpers.reading import standing

LEBER = {
    "Leber": (True, True),
    "Leber by name": (True, True),
    "hereditary optic atrophy": (True, False),
    "Leber refuted": (False, False),
    "Leber resolved": (True, True),
    "PA": (False, False),
}


@pytest.mark.parametrize(("record", "known"), LEBER.items())
def test_leber_disease_is_certain_by_its_own_code_or_by_words(record: str, known: tuple[bool, bool]) -> None:
    background = standing(record).background

    assert (bool(background.leber), bool(background.leber_certain)) == known


COBALAMIN = {
    "error of cobalamin metabolism": (True, True),
    "cobalamin C by name": (True, True),
    "cobalamin C": (True, False),
    "transcobalamin deficiency": (True, False),
    "B12 deficiency": (False, False),
}


@pytest.mark.parametrize(("record", "known"), COBALAMIN.items())
def test_an_error_of_cobalamin_metabolism_is_certain_by_its_own_code_or_by_words(
    record: str, known: tuple[bool, bool]
) -> None:
    background = standing(record).background

    assert (bool(background.inborn_error), bool(background.cobalamin_error)) == known


def test_of_two_problems_only_the_certain_one_is_named() -> None:
    background = standing("hereditary optic atrophy; Leber").background

    assert background.leber == ("Condition/Condition-1", "Condition/Condition-2")
    assert background.leber_certain == ("Condition/Condition-2",)


@pytest.mark.parametrize(("text", "sure"), [("Leber's disease, both eyes", ("c",)), ("Visual loss", ())])
def test_words_beside_a_broad_code_name_the_disease(text: str, sure: tuple[str, ...]) -> None:
    broad = Code("http://hl7.org/fhir/sid/icd-10-cm", "H47.22", "Hereditary optic atrophy")

    assert certain(["c"], (), [Condition("c", Concept((broad,), text))], LEBER_NAMED) == sure
