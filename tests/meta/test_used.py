"""What a card says that its rule uses of the patient's person is what changes its verdicts, no more and no less."""

from __future__ import annotations

import pytest

from tests.helpers.patients import knowledge
from tests.helpers.used import demographics_of, numbers_of


@pytest.mark.parametrize("rule", sorted(knowledge().rules))
def test_a_card_tells_what_its_rule_uses_of_the_patients_person(rule: str) -> None:
    assert set(knowledge().texts[rule].demographics) == set(demographics_of(rule))


def test_the_numbers_that_a_rule_goes_by_are_seen() -> None:
    assert "safety, potassium low" in numbers_of("potassium_check")
    assert list(numbers_of("result_unit_mismatch")) == []
