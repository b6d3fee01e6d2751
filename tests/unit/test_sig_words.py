"""The tokens of a dosage text: numbers as they are written, words in one case, and signs that mean nothing refused."""

from __future__ import annotations

from decimal import Decimal

import pytest

from cds_service.b12.sig_words import Mark, Misread, by_first_word, every, tokens_of
from cds_service.b12.words import TimeUnit

WORDS = {
    "1 mg IM": "# mg im",
    "Vitamin B-12 B12": "vitamin b12 b12",
    "I.M. q.d": "im qd",
    "Tablet(s) daily": "tablet(s) daily",
    "2\u20133 \u00d7 4": "# - # x #",
    "one dose (1 mg), then: daily; 1/2.": "one dose ( # mg ) , then : daily ; # / # .",
}


@pytest.mark.parametrize(("text", "words"), WORDS.items())
def test_a_text_is_cut_into_words_in_lower_case(text: str, words: str) -> None:
    assert " ".join(token.word for token in tokens_of(text)) == words


NUMBERS = {
    "1": "1",
    "1,000": "1000",
    "1,000.5": "1000.5",
    ".5": "0.5",
    "0.250": "0.250",
    "0": "0",
    "100000000000": "100000000000",
    "Seven": "7",
    "ninety": "90",
}


@pytest.mark.parametrize(("text", "value"), NUMBERS.items())
def test_a_number_has_its_value(text: str, value: str) -> None:
    [token] = tokens_of(text)

    assert (token.number, token.spelled) == (Decimal(value), text.isalpha())


def test_a_token_knows_how_and_where_it_was_written() -> None:
    _, token, unit = tokens_of("Inject  1,000-MCG".replace("-", ""))

    assert (token.raw, token.start, token.end) == ("1,000", 8, 13)
    assert (unit.word, unit.raw, unit.number, unit.spelled) == ("mcg", "MCG", None, False)


REFUSED = {
    "1.000 mcg": "a number can be read in two ways",
    "0,250 mg": "a number can be read in two ways",
    "05 mg": "a number can be read in two ways",
    "1,5 mg": "a number is cut in two",
    "1. 5 mL": "a number is cut in two",
    "IM.5 mg": "a number is cut in two",
    "1000000000000 mcg": "a number is too long",
    "1 mg +": "a sign is not understood",
    "t\u00e4glich": "a sign is not understood",
}


@pytest.mark.parametrize(("text", "reason"), REFUSED.items())
def test_a_number_in_two_readings_and_a_strange_sign_are_refused(text: str, reason: str) -> None:
    with pytest.raises(Misread, match=f"^{reason}$"):
        tokens_of(text)


def test_of_phrases_with_one_first_word_the_longest_is_met_first() -> None:
    short, long, other = (("a",), Mark.THEN), (("a", "b"), Mark.SINGLE), (("b",), Mark.ONCE)

    assert by_first_word([short, other, long]) == {"a": (long, short), "b": (other,)}


def test_a_frequency_is_so_many_doses_in_every_period() -> None:
    assert every(2, 3, TimeUnit.WEEK).interval == (Decimal("10.5"), Decimal("10.5"))
