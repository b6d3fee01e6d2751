"""Dosage texts: what is read is right, what can be read in two ways is refused, and nothing hurts."""

from __future__ import annotations

from decimal import Decimal

import pytest

from cds_service.b12.record import Amount, Schedule, SigPhase, SigReading, SigRefused
from cds_service.b12.sig import read_sig
from cds_service.b12.words import AmountKind, Piece, Route, TimeUnit
from tests.helpers.sig_summary import summary

READ = {
    # amounts
    "1 mg": "1000 mcg | ?",
    "1,000 mcg": "1000 mcg | ?",
    "1000 microgrammes": "1000 mcg | ?",
    "1 milligramme": "1000 mcg | ?",
    "1000\u00b5g": "1000 mcg | ?",
    "1000 \u03bcg": "1000 mcg | ?",
    "0.250 mg": "250 mcg | ?",
    ".5 mL": "0.5 mL | ?",
    "1000-mcg": "1000 mcg | ?",
    "250\u20131,000 mcg": "250-1000 mcg | ?",
    "50 to 150 micrograms": "50-150 mcg | ?",
    "1 or 2 capsules": "1-2 tablet | ?",
    "5000 mg": "5000000 mcg | ?",
    "one tablet": "1 tablet | ?",
    "2 Tablet(s)": "2 tablet | ?",
    "1 mg (1000 mcg)": "1000 mcg | ?",
    # a mass and a measure
    "1 mL (1,000 mcg)": "1000 mcg | ? ; strength 1000 mcg/mL",
    "1 injection (1 mg)": "1000 mcg | ?",
    "2 tablets (1000 mcg total)": "1000 mcg | ? ; strength 500 mcg/piece",
    "1000 mcg, as 2 mL": "1000 mcg | ? ; strength 500 mcg/mL",
    "1 mg (one ampoule)": "1000 mcg | ? ; strength 1000 mcg/piece",
    "1 mL (1 mg) of 1 mg/mL": "1000 mcg | ? ; strength 1000 mcg/mL",
    # strengths that are no doses
    "Hydroxocobalamin solution 1 mg/mL": "nothing ; strength 1000 mcg/mL",
    "10 mg per 2 mL, 0.2 mL": "0.2 mL | ? ; strength 5000 mcg/mL in 2 mL",
    "500 micrograms/spray": "nothing ; strength 500 mcg/piece",
    "B12 1000 mcg/mL 10 mL vial, inject 1 mL": "1 mL | ? ; strength 1000 mcg/mL in 10 mL",
    "1 mg tablet, 2 tablets daily": "2 tablet | every 1 d ; strength 1000 mcg/piece",
    "one 1 mg ampoule": "1000 mcg | ? ; strength 1000 mcg/piece",
    "two 500 mcg tablets": "2 tablet | ? ; strength 500 mcg/piece",
    "one 1-mL ampoule": "1 ampoule | ?",
    # frequencies
    "1000 mcg a day": "1000 mcg | every 1 d",
    "1 mg/week": "1000 mcg | every 1 wk",
    "1 mg 2x/day": "1000 mcg | 2x every 1 d",
    "1 mg thrice weekly": "1000 mcg | 3x every 1 wk",
    "1 mg 3 (three) times per week": "1000 mcg | 3x every 1 wk",
    "1 mg every 30 (thirty) days": "1000 mcg | every 30 d",
    "1 mg every third month": "1000 mcg | every 3 mo",
    "1 mg every 3rd month": "1000 mcg | every 3 mo",
    "1 mg q 4 weeks": "1000 mcg | every 4 wk",
    "1 mg Q12H": "1000 mcg | every 12 h",
    "1 mg 12-monthly": "1000 mcg | every 12 mo",
    "1 mg 12-weekly": "1000 mcg | every 12 wk",
    "1 mg IM 10-weekly for life": "1000 mcg im | every 10 wk open",
    "1 mg once a fortnight": "1000 mcg | every 2 wk",
    "1 mg once every 2 or 3 months": "1000 mcg | every 2-3 mo",
    "1 mg once daily at bedtime": "1000 mcg | every 1 d",
    "1 mg b.i.d.": "1000 mcg | 2x every 1 d",
    "1 mg TDS": "1000 mcg | 3x every 1 d",
    "1 mg QID": "1000 mcg | 4x every 1 d",
    # once
    "1 mg once": "1000 mcg | every 1 d x 1",
    "1 mg once only": "1000 mcg | every 1 d x 1",
    "1 mg x 1": "1000 mcg | every 1 d x 1",
    "1 mg STAT then monthly": "1000 mcg | every 1 d x 1; | every 1 mo",
    "1 mg 1 week before cycle 1, then every 9 weeks": "1000 mcg | every 1 d x 1; | every 9 wk",
    "1 mg every 9 weeks starting 2 weeks before the first cycle": "1000 mcg | every 9 wk",
    # how long
    "1 mg weekly for a month": "1000 mcg | every 1 wk for 30.4375 d",
    "1 mg daily for 5-7 days": "1000 mcg | every 1 d for 5-7 d",
    "1 mg daily for 10 doses": "1000 mcg | every 1 d x 10",
    "1 mg on alternate days for a total of 6 doses": "1000 mcg | every 2 d x 6",
    "1 mg weekly for the first 4 weeks": "1000 mcg | every 1 wk for 28 d",
    "1 mg monthly long-term": "1000 mcg | every 1 mo open",
    "1 mg daily 2 weeks": "1000 mcg | every 1 d for 14 d",
    "1 mg daily for 2 weeks (14 days)": "1000 mcg | every 1 d for 14 d",
    "1 mg twice daily x 7 doses": "1000 mcg | 2x every 1 d x 7",
    "1 mg monthly lifelong": "1000 mcg | every 1 mo open",
    # routes
    "1 mg i.m.": "1000 mcg im | ?",
    "1 mg deep SC": "1000 mcg sc | ?",
    "1 mg sub cut": "1000 mcg sc | ?",
    "1 mg intra-muscularly": "1000 mcg im | ?",
    "1 mg sub-q or I.M.": "1000 mcg sc | ?",
    "1 mg i/m": "1000 mcg im | ?",
    "1 spray in one nostril once weekly": "1 spray nasal | every 1 wk",
    "1 mg for intramuscular use": "1000 mcg im | ?",
    "1 mg into the left or right thigh": "1000 mcg | ?",
    "Subcutaneous route": "sc | ?",
    # phases
    "1 mg IM weekly x 4; 1 mg IM monthly": "1000 mcg im | every 1 wk x 4; 1000 mcg im | every 1 mo",
    "1 mg IM; monthly": "1000 mcg im | every 1 mo",
    "1 mg weekly x 4, after which monthly": "1000 mcg | every 1 wk x 4; | every 1 mo",
    "1 mg maintenance every 3 months": "1000 mcg | every 3 mo",
    "Loading: 1 mg daily x 6. Maintenance: 1 mg quarterly": "1000 mcg | every 1 d x 6; 1000 mcg | every 3 mo",
    # asides
    "1 mg monthly prn": "1000 mcg | every 1 mo ; as needed",
    "1 mg monthly, next dose due 3 December 2026": "1000 mcg | every 1 mo",
    "1 mg monthly, next dose is due Dec 3, 2026.": "1000 mcg | every 1 mo",
    "1 mg IV over 2-5 minutes": "1000 mcg iv | ?",
    "1 mg every 3 months for pernicious anaemia": "1000 mcg | every 3 mo",
    "1 mg monthly (after loading doses)": "1000 mcg | every 1 mo",
    "1 mg monthly after loading": "1000 mcg | every 1 mo",
    "take as directed": "nothing",
}
REFUSED = (
    "",
    "   ",
    "1.000 mcg daily",
    "1,5 mg daily",
    "0,250 mg daily",
    "1000,00 mcg",
    "1 000 mcg",
    "IM.5 mg",
    "1. 5 mL",
    "05 mg",
    "l000 mcg",
    "-5 mg",
    "0 mg",
    "1/2 tablet",
    "2000 mL daily",
    "2 tablets (1000 mcg)",
    "0.5 mL (500 mcg)",
    "1000 mcg (2 tablets)",
    "1-2 mL (1 mg total)",
    "2 mg daily as 2 doses",
    "1 mg daily (1 dose)",
    "1 mg daily (6 doses)",
    "6 injections on alternate days",
    "1 mL (500 mcg) of 1 mg/mL",
    "10 mL vial 1 mL vial",
    "Hydroxocobalamin after loading doses of 1 mg daily",
    "1 mg daily x " + "9" * 40,
    "9" * 490 + " mg",
    "1 mg (100 mcg)",
    "1 mL (2 mL)",
    "1 tablet 1000 mcg",
    "1 mg, 2 mg",
    "1-2 mg/mL",
    "1 mg/0 mL",
    "1 to 2 mg tablets",
    "10 mL tablet",
    "two 5 tablets",
    "1000 IU",
    "1000 units",
    "1000 Mg",
    "1000 daily",
    "take one daily",
    "a tablet daily",
    "1 or 5 mg",
    "5-1 mg",
    "1 mg/kg",
    "1 mg/h",
    "3 mg per day three times daily",
    "1 mg biweekly",
    "1 mg 2-weekly",
    "1 mg 3-weekly",
    "1 mg 12 weekly",
    "1 mg 4-6-weekly",
    "1 mg daily for a total of 2 weeks x 3",
    "1 mg weekly for a total of 4",
    "1 mg daily for the 2 weeks",
    "1 mg 2 monthly",
    "1 mg 3-4 monthly",
    "1 mg 2-3 times daily",
    "1 mg twice",
    "1 mg three times",
    "1 mg twice every 3 months",
    "1 mg q3m",
    "1 mg every 2-3rd day",
    "1 mg every 0 days",
    "1 mg every 3 cycles",
    "1 mg every 30 (ninety) days",
    "1 mg weekly (monthly)",
    "1 mg once only weekly",
    "1 mg once twice daily",
    "1 mg x 4",
    "1 mg x 4 weekly",
    "1 mg monthly x 4 vials",
    "1 mg monthly vials x 4",
    "1 mg twice daily x 7",
    "1 mg daily x 1.5",
    "1 mg daily for 2 weeks x 7",
    "1 mg daily for life for 2 weeks",
    "1 mg daily for 2 weeks (15 days)",
    "1 mg for 2 weeks",
    "1 mg daily for 7",
    "1 mg daily for 5/7",
    "1 mg monthly 3 months",
    "1 mg 3 months",
    "1 mg IM or IV",
    "1 mg PO/SL",
    "1 mg IM SC",
    "1 mg IM or deltoid",
    "1 spray in each nostril",
    "1 mg daily then",
    "1 mg then 1 mg monthly",
    "1 mg daily x 7 then 1 mg monthly for pernicious anaemia",
    "do not give 1 mg",
    "1 mg weekly if symptomatic",
    "1 mg over 3 weeks",
    "1 mg 1 week before surgery",
    "1 mg 1 week before cycle 2",
    "1 mg next dose due soon",
    "1 mg starting Monday",
    "1 mg weekly starting 2 tablets before cycle 1",
    "1 mg every",
    "1 mg +",
    "1 mg < 5",
    "folic acid 5 mg daily",
    "1 mg par semaine",
    "1 mg IM täglich",
    "1 mg IM " + "x" * 500,
)


@pytest.mark.parametrize(("text", "expected"), READ.items())
def test_a_clear_text_is_read(text: str, expected: str) -> None:
    reading = read_sig(text)

    assert isinstance(reading, SigReading), reading
    assert summary(reading) == expected


@pytest.mark.parametrize("text", REFUSED)
def test_a_text_that_is_not_clear_is_refused(text: str) -> None:
    assert isinstance(read_sig(text), SigRefused)


def test_a_reading_has_every_part() -> None:
    week = Schedule(
        Decimal(3), Decimal(1), Decimal(1), TimeUnit.WEEK, duration_low=Decimal(14), duration_high=Decimal(14)
    )
    dose = Amount(Decimal(1000), Decimal(1000), AmountKind.MASS, "1 mg")
    quarter = Schedule(Decimal(1), Decimal(3), Decimal(3), TimeUnit.MONTH, open_ended=True)

    reading = read_sig("1 mg IM three times a week for 2 weeks, then every 3 months indefinitely")

    assert reading == SigReading(
        (SigPhase(dose, Route.INTRAMUSCULAR, week), SigPhase(None, None, quarter)),
    )


def test_what_was_written_is_kept_as_written() -> None:
    reading = read_sig("Inject  1,000-MCG IM")

    assert isinstance(reading, SigReading)
    assert reading.phases[0].amount == Amount(Decimal(1000), Decimal(1000), AmountKind.MASS, "1,000-MCG")


def test_a_reason_holds_nothing_of_the_text() -> None:
    for text in REFUSED:
        refused = read_sig(text)
        assert isinstance(refused, SigRefused)
        assert not any(character.isdigit() for character in refused.reason)


def test_pieces_are_kept() -> None:
    reading = read_sig("1 ampoule IM monthly")

    assert isinstance(reading, SigReading)
    amount = reading.phases[0].amount
    assert amount is not None
    assert amount.piece is Piece.AMPOULE


@pytest.mark.parametrize(
    "unit",
    [
        "1",
        "1,000",
        "a.",
        "( ",
        "every ",
        ". ",
        ".   ",
        "x",
        " ",
        "1 ",
        "1-",
        "1, ",
        "IM/",
        "b-",
        "1 mg ",
        "one (",
        "IM or ",
    ],
)
def test_hostile_text_ends(unit: str) -> None:
    """That it ends in time linear in its length is for a benchmark to show; here, that it ends at all."""
    assert read_sig((unit * 500)[:500])
