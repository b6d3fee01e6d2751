"""How the insights read in each language."""

from __future__ import annotations

import pytest

from cds_service.insights import FEWEST, IN_WORDS, Count, Took, protected
from cds_service.insights_said import Teller
from cds_service.store.tallies import LONGER
from tests.helpers.patients import knowledge as known

GAP = "\N{NO-BREAK SPACE}"
FEW = {"en": "fewer than 5", "es": "menos de 5", "de": "weniger als 5"}


def teller(code: str) -> Teller:
    words = known().words[code]
    return Teller(words.language, words.titles, {"Patient declined": "X"})


@pytest.mark.parametrize(("code", "few"), FEW.items())
def test_a_small_count_reads_the_same_whatever_it_is(code: str, few: str) -> None:
    said = {teller(code).count(protected(number, settled=True)) for number in range(1, FEWEST)}
    assert said == {few}


COUNTS = [
    (Count(0, 0), "0", "0", "0"),
    (Count(5, 5), "5", "5", "5"),
    (Count(2, 8), "fewer than 9", "menos de 9", "weniger als 9"),
    (Count(12, 21), "12 to 21", "12 a 21", "12 bis 21"),
    (Count(12345, 12345), "12,345", f"12{GAP}345", f"12{GAP}345"),
]


@pytest.mark.parametrize(("count", "en", "es", "de"), COUNTS)
def test_a_count_is_a_number_a_range_or_hidden(count: Count, en: str, es: str, de: str) -> None:
    assert [teller(code).count(count) for code in ("en", "es", "de")] == [en, es, de]


TIMES = [
    (Took("", ""), "too few calls to say", "zu wenige Aufrufe für eine Aussage"),
    (Took("20", "1000"), "half within 20 ms, 95 of 100 within 1000 ms", None),
    (
        Took("20", LONGER),
        "half within 20 ms, 95 of 100 over 10,000 ms",
        f"die Hälfte in höchstens 20 ms, 95 von 100 in mehr als 10{GAP}000 ms",
    ),
]


@pytest.mark.parametrize(("spent", "en", "de"), TIMES)
def test_a_time_to_answer_is_said_in_words(spent: Took, en: str, de: str | None) -> None:
    assert teller("en").bar(spent) == en
    assert de is None or teller("de").bar(spent) == de


def test_a_cell_of_a_time_has_no_unit() -> None:
    cells = [[teller(code).milliseconds(step) for step in ("", "75", LONGER)] for code in ("en", "de")]
    assert cells == [["too few calls", "75", "over 10,000"], ["zu wenige Aufrufe", "75", f"über 10{GAP}000"]]


def test_months_are_joined_by_the_language_s_own_word() -> None:
    months = ["2026-01", "2026-02"]
    said = [teller(code).months(months) for code in ("en", "es", "de")]
    assert said == ["2026-01 and 2026-02", "ene 2026 y feb 2026", "Jan. 2026 und Feb. 2026"]


def test_only_reasons_of_ours_are_translated() -> None:
    """Words of a client's own list stay as they are, even where a phrase of ours is the same."""
    reasons = ["Patient declined", IN_WORDS, "dietary"]
    assert [teller("de").reason(item) for item in reasons] == ["X", "nur in Worten", "dietary"]


def test_a_rule_of_former_days_is_told_by_its_id() -> None:
    assert teller("de").rule("no_more") == "no_more"
    assert teller("es").rule("dose_unit_mismatch") == "Se han confundido miligramos y microgramos"


def test_a_missing_item_that_nobody_translates_any_more_is_known_to_be_english() -> None:
    assert teller("de").is_english("what we once called otherwise")
    assert not teller("de").is_english("the problem list")
    assert not teller("en").is_english("what we once called otherwise")
