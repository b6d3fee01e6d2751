"""Dosage texts, token by token: numbers and ranges, periods, and what is passed over because it changes no dose."""

from __future__ import annotations

import pytest

from cds_service.b12.sig_walk import Walk
from cds_service.b12.sig_words import tokens_of
from tests.helpers.sig_summary import told


def rest(walk: Walk) -> str:
    """What is not consumed yet."""
    return " ".join(token.raw for token in walk.tokens[walk.at : walk.end])


SPANS = {
    "2 weeks": (2, 2, "weeks"),
    "2-3 weeks": (2, 3, "weeks"),
    "50 to 150": (50, 150, ""),
    "six or seven days": (6, 7, "days"),
    "2 or 4 days": (2, 2, "or 4 days"),
    "3 or 2 days": (3, 3, "or 2 days"),
    "2 and 3": (2, 2, "and 3"),
    "2 - weekly": (2, 2, "- weekly"),
    "3 (three) days": (3, 3, "days"),
    "3 (three)-4 (four) days": (3, 4, "days"),
    "3 (daily)": (3, 3, "( daily )"),
    "3 (4 days)": (3, 3, "( 4 days )"),
}


@pytest.mark.parametrize(("text", "expected"), SPANS.items())
def test_a_number_or_a_range_is_consumed(text: str, expected: tuple[int, int, str]) -> None:
    walk = Walk(tokens_of(text))

    assert (*walk.span(), rest(walk)) == expected


def test_a_word_is_consumed_where_it_is_one_of_those_expected() -> None:
    walk = Walk(tokens_of("the dose"))

    assert not walk.accept("a", "dose")
    assert walk.accept("a", "the")
    assert (walk.word(), walk.word(1), rest(walk)) == ("dose", "", "dose")


def test_a_number_is_no_unit() -> None:
    walk = Walk(tokens_of("1 mL 1"))

    assert [walk.unit(ahead) is not None for ahead in range(4)] == [False, True, False, False]


PERIODS = {
    "1 mg every 2 to 3 months": "1000 mcg | every 2-3 mo",
    "1 mg every second week": "1000 mcg | every 2 wk",
    "1 mg every 2nd day": "1000 mcg | every 2 d",
    "1 mg every 2-3rd day": "refused: a time is not understood",
    "1 mg every 2 or 4 days": "refused: a time is not understood",
    "1 mg every 3 cycles": "refused: a time is not understood",
    "1 mg every 3 (three days": "refused: a time is not understood",
    "1 mg every": "refused: a time is not understood",
    "1 mg every 3 (4) days": "refused: a number is said twice and differs",
    "1 mg daily for the first weeks": "refused: a number is missing",
}
DATES = {
    "1 mg monthly, next dose due Nov 18": "1000 mcg | every 1 mo",
    "1 mg monthly, next dose due on 18 November": "1000 mcg | every 1 mo",
    "1 mg, next dose due Nov 18, 2026, monthly": "1000 mcg | every 1 mo",
    "1 mg, next dose due Nov 18 2026 monthly": "1000 mcg | every 1 mo",
    "1 mg, next dose due Nov 18 1900": "1000 mcg | ?",
    "1 mg, next dose due Nov 18 2100": "1000 mcg | ?",
    "next dose due Nov 18, 1000 mcg": "1000 mcg | ?",
    "1 mg, next dose due Nov 18 1899": "refused: a number without a unit",
    "1 mg, next dose due Nov 18 2101": "refused: a number without a unit",
    "1 mg, next dose due Nov Dec": "refused: a date is not understood",
    "1 mg, next dose due 18 18": "refused: a date is not understood",
    "1 mg, next dose due soon": "refused: a date is not understood",
}
ASIDES = {
    "1 mg IV over 2-5 minutes": "1000 mcg iv | ?",
    "1 mg IV over 2 hours": "refused: a word is not understood",
    "1 mg into the left or right thigh": "1000 mcg | ?",
    "1 mg into your left thigh daily": "1000 mcg | every 1 d",
    "1 mg in left deltoid / right deltoid": "1000 mcg | ?",
    "1 mg IM in the deltoid or thigh weekly": "1000 mcg im | every 1 wk",
    "1 mg deltoid daily": "1000 mcg | every 1 d",
    "1 mg in left deltoid or IM": "refused: a word is not understood",
    "1 mg in the": "refused: a word is not understood",
}
BEFORE = {
    "1 mg 1 week before cycle 1": "1000 mcg | every 1 d x 1",
    "1 mg 1 week before the cycle": "1000 mcg | every 1 d x 1",
    "1 mg 1 week before the first dose": "1000 mcg | every 1 d x 1",
    "1 mg every 9 weeks starting 2 weeks before the first cycle": "1000 mcg | every 9 wk",
    "1 mg 1 week before cycle 2": "refused: a number without a unit",
    "1 mg 1 week before first cycle 1": "refused: a number without a unit",
    "1 mg 1 week before dose": "refused: a time is not understood",
    "1 mg 1 week before surgery": "refused: a time is not understood",
    "1 mg every 9 weeks starting 1 week": "refused: a time is not understood",
    "1 mg weekly starting 2 tablets before cycle 1": "refused: a time is not understood",
}


@pytest.mark.parametrize(("text", "expected"), (PERIODS | DATES | ASIDES | BEFORE).items())
def test_what_stands_beside_the_dose_is_understood_or_refused(text: str, expected: str) -> None:
    assert told(text) == expected
