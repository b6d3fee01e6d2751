"""One meaning in thousands of texts: each is read as it was meant or refused, and a slip changes the reading."""

from __future__ import annotations

from decimal import Decimal

import pytest

from cds_service.b12.record import SigReading, SigRefused
from cds_service.b12.sig import read_sig
from cds_service.b12.words import Route
from tests.helpers.sig_paraphrases import (
    Meaning,
    Step,
    figures,
    heard,
    meant,
    paraphrases,
    report,
    slips,
)
from tests.helpers.sig_ways import FREQUENCIES, ROUTES, TWO_WAYS

LEAST = 2000  # texts
LEAST_SHARE = 0.4
LEAST_WAYS = 0.8  # of the ways to say how often


def test_no_paraphrase_is_misread() -> None:
    found = figures(paraphrases())

    assert found.texts >= LEAST
    assert found.wrong == ()
    assert found.read >= LEAST_SHARE * found.texts


def test_most_ways_to_say_how_often_are_read_and_none_wrongly() -> None:
    read, ways = 0, 0
    for key, words in FREQUENCIES:
        for often in words:
            reading = read_sig(f"1 mg IM {often}")
            ways += 1
            if isinstance(reading, SigReading):
                step = Step((Decimal(1000), Decimal(1000)), Route.INTRAMUSCULAR, *key)
                assert heard(reading) == meant((step,)), often
                read += 1
    assert read >= LEAST_WAYS * ways


@pytest.mark.parametrize("words", [words for ways in ROUTES.values() for words in ways if words])
def test_a_route_is_never_another(words: str) -> None:
    reading = read_sig(f"1 mg {words} monthly")

    if isinstance(reading, SigReading):
        assert words in ROUTES[reading.phases[0].route]


@pytest.mark.parametrize("words", TWO_WAYS)
def test_what_means_two_things_is_refused(words: str) -> None:
    assert isinstance(read_sig(f"1 mg IM {words}"), SigRefused)


def test_a_slip_is_refused_or_read_as_it_stands_now() -> None:
    wrong = [(what, text) for what, text, meaning in slips() if not _right(text, meaning)]

    assert wrong == []


def _right(text: str, meaning: Meaning | None) -> bool:
    reading = read_sig(text)
    return isinstance(reading, SigRefused) or (meaning is not None and heard(reading) == meant(meaning))


def test_slips_are_not_all_refused() -> None:
    """Else the test above would hold of a reader that reads nothing."""
    read = {what for what, text, _ in slips() if isinstance(read_sig(text), SigReading)}

    assert read >= {"digit doubled", "mg for mcg", "every other"}


def test_the_report_gives_the_figures() -> None:
    assert report().splitlines()[0].endswith(" 0 wrong")
