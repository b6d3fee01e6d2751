"""Dosage texts, how much: a dose, the strength of each, and what a container holds are kept apart."""

from __future__ import annotations

from decimal import Decimal

import pytest

from cds_service.b12.record import Amount, SigReading
from cds_service.b12.sig import read_sig
from cds_service.b12.words import AmountKind, Piece
from tests.helpers.sig_summary import told

AMOUNTS = {
    "0.250 mg": "250 mcg | ?",
    ".5 mL": "0.5 mL | ?",
    "0.5 L": "500 mL | ?",
    "1000-mcg": "1000 mcg | ?",
    "250\u20131,000 mcg": "250-1000 mcg | ?",
    "50 to 150 micrograms": "50-150 mcg | ?",
    "1 or 2 capsules": "1-2 tablet | ?",
    "0.5-1 mg": "500-1000 mcg | ?",
    "5000 mg": "5000000 mcg | ?",
    "one tablet": "1 tablet | ?",
    "2 Tablet(s)": "2 tablet | ?",
    "999 mL": "999 mL | ?",
    "1 dose daily": "1 other | every 1 d",
    "10 IU": "refused: a number without a unit",
    "1000 mL": "refused: a volume or count is no dose",
    "500-1000 mL": "refused: a volume or count is no dose",
    "0 mg": "refused: a range makes no sense",
    "5-1 mg": "refused: a range makes no sense",
    "1 or 5 mg": "refused: a number without a unit",
    "6 injections on alternate days": "refused: doses may be counted or divided",
    "1 or 2 injections": "refused: doses may be counted or divided",
    "1 mg, 2 mg": "refused: two different amounts",
    "1 mg, 1 mg": "refused: two different amounts",
    "1 tablet 1000 mcg": "refused: two different amounts",
}
PAIRS = {
    "1 mg (1000 mcg)": "1000 mcg | ?",
    "1-2 mg (1000-2000 mcg)": "1000-2000 mcg | ?",
    "1 mL (1,000 mcg)": "1000 mcg | ? ; strength 1000 mcg/mL",
    "1 injection (1 mg)": "1000 mcg | ?",
    "2 tablets (1000 mcg total)": "1000 mcg | ? ; strength 500 mcg/piece",
    "1000 mcg, as 2 mL": "1000 mcg | ? ; strength 500 mcg/mL",
    "1 mg (one ampoule)": "1000 mcg | ? ; strength 1000 mcg/piece",
    "1 mL (1 mg) of 1 mg/mL": "1000 mcg | ? ; strength 1000 mcg/mL",
    "1 mg (100 mcg)": "refused: two different amounts",
    "1-2 mg (1-3 mg)": "refused: two different amounts",
    "1 mL (2 mL)": "refused: two different amounts",
    "1 mL (1 tablet)": "refused: two different amounts",
    "2 tablets (1000 mcg)": "refused: a mass may be the whole dose or the strength",
    "0.5 mL (500 mcg)": "refused: a mass may be the whole dose or the strength",
    "1000 mcg (2 tablets)": "refused: a mass may be the whole dose or the strength",
    "1-2 mL (1 mg total)": "refused: a mass may be the whole dose or the strength",
    "1-2 mg (1 mL)": "refused: a mass may be the whole dose or the strength",
    "2 mg daily as 2 doses": "refused: doses may be counted or divided",
    "1 mg daily (1 dose)": "refused: doses may be counted or divided",
    "1 mg daily (6 doses)": "refused: doses may be counted or divided",
}
STRENGTHS = {
    "Hydroxocobalamin solution 1 mg/mL": "nothing ; strength 1000 mcg/mL",
    "1000 mg/L solution": "nothing ; strength 1000 mcg/mL",
    "1 mg/1 mL": "nothing ; strength 1000 mcg/mL",
    "1 mg/1 mL ampoule": "nothing ; strength 1000 mcg/mL in 1 mL",
    "10 mg per 2 mL, 0.2 mL": "0.2 mL | ? ; strength 5000 mcg/mL in 2 mL",
    "5 g per 0.2 L": "nothing ; strength 25000 mcg/mL in 200 mL",
    "500 micrograms/spray": "nothing ; strength 500 mcg/piece",
    "1 mg per 2 tablets": "nothing ; strength 500 mcg/piece",
    "1 mg per dose": "1000 mcg | ?",
    "1 mg/dose": "1000 mcg | ?",
    "B12 1000 mcg/mL 10 mL vial, inject 1 mL": "1 mL | ? ; strength 1000 mcg/mL in 10 mL",
    "10 mL vial, 1 mg tablet": "nothing ; strength 1000 mcg/piece",
    "10 mL vial, inject 1 mL": "1 mL | ?",
    "10 mL vial 10 mL vial, inject 1 mL": "1 mL | ?",
    "1 mg tablet, 2 tablets daily": "2 tablet | every 1 d ; strength 1000 mcg/piece",
    "0.5 mg tablets, 500 mcg tablets": "nothing ; strength 500 mcg/piece",
    "1 mg/mL, 1 mg/mL": "nothing ; strength 1000 mcg/mL",
    "1 mg/mL, 10 mg ampoule": "nothing ; strength 1000 mcg/mL",
    "1 mg/mg": "refused: a word is not understood",
    "1-2 mg/mL": "refused: a strength makes no sense",
    "1 mg/0 mL": "refused: a strength makes no sense",
    "0 mg/mL": "refused: a strength makes no sense",
    "0 mg tablets": "refused: a strength makes no sense",
    "1 to 2 mg tablets": "refused: a strength makes no sense",
    "10 mL tablet": "refused: a volume of a tablet",
    "1 mL (500 mcg) of 1 mg/mL": "refused: two different strengths",
    "10 mL vial 1 mL vial": "refused: two different containers",
}
COUNTED = {
    "one 1 mg ampoule": "1000 mcg | ? ; strength 1000 mcg/piece",
    "one 1-mg ampoule": "1000 mcg | ? ; strength 1000 mcg/piece",
    "two 500 mcg tablets": "2 tablet | ? ; strength 500 mcg/piece",
    "one or two 500 mcg tablets": "1-2 tablet | ? ; strength 500 mcg/piece",
    "one 1-mL ampoule": "1 ampoule | ?",
    "1 mg (one 1 mL ampoule)": "1000 mcg | ? ; strength 1000 mcg/piece",
    "two 5 tablets": "refused: two numbers in a row",
    "two 5": "refused: two numbers in a row",
    "two 5 tablets tablets": "refused: two numbers in a row",
    "one 1 mg daily": "refused: two numbers in a row",
    "one 1 mg dose": "refused: two numbers in a row",
    "1 1 mg tablet": "refused: a number without a unit",
    "1 1 tablet daily": "refused: a number without a unit",
}


@pytest.mark.parametrize(("text", "expected"), (AMOUNTS | PAIRS | STRENGTHS | COUNTED).items())
def test_what_a_text_says_of_how_much(text: str, expected: str) -> None:
    assert told(text) == expected


WRITTEN = {
    "Inject  1,000-MCG IM": Amount(Decimal(1000), Decimal(1000), AmountKind.MASS, "1,000-MCG"),
    "Take 1-2 tablets daily": Amount(Decimal(1), Decimal(2), AmountKind.COUNT, "1-2 tablets", Piece.TABLET),
    "1 ampoule IM monthly": Amount(Decimal(1), Decimal(1), AmountKind.COUNT, "1 ampoule", Piece.AMPOULE),
    "Inject one 1 mg ampoule IM": Amount(Decimal(1000), Decimal(1000), AmountKind.MASS, "one 1 mg ampoule"),
    "Take two 500 mcg tablets daily": Amount(
        Decimal(2), Decimal(2), AmountKind.COUNT, "two 500 mcg tablets", Piece.TABLET
    ),
}


@pytest.mark.parametrize(("text", "amount"), WRITTEN.items())
def test_what_was_written_is_kept_as_written(text: str, amount: Amount) -> None:
    reading = read_sig(text)

    assert isinstance(reading, SigReading)
    assert reading.phases[0].amount == amount


@pytest.mark.parametrize(("text", "container"), [("10 mg/2 mL ampoule", 2), ("1 mg/mL ampoule", None)])
def test_a_strength_tells_what_one_container_holds(text: str, container: int | None) -> None:
    reading = read_sig(text)

    assert isinstance(reading, SigReading)
    assert reading.strength
    assert (reading.strength.container_ml, reading.strength.source) == (container, "text")
