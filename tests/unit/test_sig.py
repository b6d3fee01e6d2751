"""Dosage texts: what is read is right, what can be read in two ways is refused, and nothing hurts."""

from __future__ import annotations

from decimal import Decimal

import pytest

from cds_service.b12.record import Amount, Schedule, SigPhase, SigReading
from cds_service.b12.sig import read_sig
from cds_service.b12.words import AmountKind, Route, TimeUnit
from tests.helpers.sig_summary import told

READ = {
    # spellings
    "1,000 mcg": "1000 mcg | ?",
    "1000 microgrammes": "1000 mcg | ?",
    "1 milligramme": "1000 mcg | ?",
    "1000\u00b5g": "1000 mcg | ?",
    "1000 \u03bcg": "1000 mcg | ?",
    "as 1 mg daily": "1000 mcg | every 1 d",
    "IM - 1 mg - daily": "1000 mcg im | every 1 d",
    "1 mg IM -daily": "1000 mcg im | every 1 d",
    # frequencies
    "1000 mcg a day": "1000 mcg | every 1 d",
    "per day 1 mg": "1000 mcg | every 1 d",
    "1 mg/week": "1000 mcg | every 1 wk",
    "1 mg 2x/day": "1000 mcg | 2x every 1 d",
    "1 mg x3/week": "1000 mcg | 3x every 1 wk",
    "1 mg two x weekly": "1000 mcg | 2x every 1 wk",
    "1 mg thrice weekly": "1000 mcg | 3x every 1 wk",
    "1 mg 3 (three) times per week": "1000 mcg | 3x every 1 wk",
    "1 mg every 30 (thirty) days": "1000 mcg | every 30 d",
    "1 mg every third month": "1000 mcg | every 3 mo",
    "1 mg every 3rd month": "1000 mcg | every 3 mo",
    "1 mg q 4 weeks": "1000 mcg | every 4 wk",
    "1 mg q. 4 weeks": "1000 mcg | every 4 wk",
    "1 mg Q12H": "1000 mcg | every 12 h",
    "1 mg 3 monthly": "1000 mcg | every 3 mo",
    "1 mg 12-monthly": "1000 mcg | every 12 mo",
    "1 mg 12-weekly": "1000 mcg | every 12 wk",
    "1 mg IM 10-weekly for life": "1000 mcg im | every 10 wk open",
    "1 mg once a fortnight": "1000 mcg | every 2 wk",
    "1 mg once every 2 or 3 months": "1000 mcg | every 2-3 mo",
    "1 mg once daily at bedtime": "1000 mcg | every 1 d",
    "1 mg b.i.d.": "1000 mcg | 2x every 1 d",
    "1 mg TDS": "1000 mcg | 3x every 1 d",
    "1 mg QID": "1000 mcg | 4x every 1 d",
    "1 mg once only": "1000 mcg | every 1 d x 1",
    # how long
    "1 mg daily for 10 doses": "1000 mcg | every 1 d x 10",
    "1 mg daily x 2 doses": "1000 mcg | every 1 d x 2",
    "1 mg daily x 2 weeks": "1000 mcg | every 1 d for 14 d",
    "1 mg daily for a week": "1000 mcg | every 1 d for 7 d",
    "1 mg on alternate days for a total of 6 doses": "1000 mcg | every 2 d x 6",
    "1 mg weekly for the first 4 weeks": "1000 mcg | every 1 wk for 28 d",
    "1 mg weekly for 4 weeks (28 days)": "1000 mcg | every 1 wk for 28 d",
    "1 mg weekly for 4-6 weeks (28-42 days)": "1000 mcg | every 1 wk for 28-42 d",
    "1 mg monthly long-term": "1000 mcg | every 1 mo open",
    "1 mg daily 2 weeks": "1000 mcg | every 1 d for 14 d",
    "1 mg twice daily 2 weeks": "1000 mcg | 2x every 1 d for 14 d",
    "1 mg monthly lifelong": "1000 mcg | every 1 mo open",
    # routes
    "1 mg i.m.": "1000 mcg im | ?",
    "1 mg deep SC": "1000 mcg sc | ?",
    "1 mg sub cut": "1000 mcg sc | ?",
    "1 mg intra-muscularly": "1000 mcg im | ?",
    "1 mg sub-q or I.M.": "1000 mcg sc | ?",
    "1 mg IM or deep SC": "1000 mcg im | ?",
    "1 mg IM/SC/IM": "1000 mcg im | ?",
    "1 mg PO or orally": "1000 mcg po | ?",
    "1 mg i/m": "1000 mcg im | ?",
    "1 spray in one nostril once weekly": "1 spray nasal | every 1 wk",
    "1 mg for intramuscular use": "1000 mcg im | ?",
    "1 mg for deep intramuscular injection": "1000 mcg im | ?",
    # steps
    "1 mg IM weekly x 4; 1 mg IM monthly": "1000 mcg im | every 1 wk x 4; 1000 mcg im | every 1 mo",
    "1 mg IM; monthly": "1000 mcg im | every 1 mo",
    "1 mg daily x 6;": "1000 mcg | every 1 d x 6",
    "1 mg weekly x 4, after which monthly": "1000 mcg | every 1 wk x 4; | every 1 mo",
    "1 mg maintenance every 3 months": "1000 mcg | every 3 mo",
    "Loading: 1 mg daily x 6. Maintenance: 1 mg quarterly": "1000 mcg | every 1 d x 6; 1000 mcg | every 3 mo",
    "1 mg STAT then monthly": "1000 mcg | every 1 d x 1; | every 1 mo",
    "1 mg 1 week before cycle 1, then every 9 weeks": "1000 mcg | every 1 d x 1; | every 9 wk",
    "then 1 mg daily": "1000 mcg | every 1 d",
    # asides
    "1 mg monthly prn": "1000 mcg | every 1 mo ; as needed",
    "1 mg monthly, next dose is due Dec 3, 2026.": "1000 mcg | every 1 mo",
    "1 mg every 3 months for pernicious anaemia": "1000 mcg | every 3 mo",
    "1 mg daily x 7 for pernicious anaemia, then monthly": "1000 mcg | every 1 d x 7; | every 1 mo",
    "1 mg monthly (after loading doses)": "1000 mcg | every 1 mo",
    "1 mg monthly after loading": "1000 mcg | every 1 mo",
    "take as directed": "nothing",
    "1 mg daily".ljust(500): "1000 mcg | every 1 d",
}
REFUSED = {
    "there is no text": ("", "   "),
    "the text is too long": ("1 mg daily".ljust(501),),
    "a word is not understood": (
        "-5 mg",
        "IM -1 mg",
        "1 mg as daily",
        "a tablet daily",
        "a day 1 mg",
        "1 mg/kg",
        "1 mg biweekly",
        "1 mg once an hour",
        "1 mg IM or deltoid",
        "1 mg IM/weekly",
        "1 spray in each nostril",
        "do not give 1 mg",
        "1 mg weekly if symptomatic",
        "Hydroxocobalamin after loading doses of 1 mg daily",
        "folic acid 5 mg daily",
        "1 mg par semaine",
    ),
    "a number without a unit": ("1/2 tablet", "1000 IU", "1000 units", "1000 Mg", "1000 daily", "take one daily"),
    "a number can be read in two ways": ("1.000 mcg daily", "1 000 mcg", "l000 mcg"),
    "an amount per hour is a rate": ("1 mg/h", "1 mg 2 times/hour"),
    "a frequency can be read in two ways": (
        "1 mg 2-weekly",
        "1 mg 3-weekly",
        "1 mg 4-6-weekly",
        "1 mg 2 monthly",
        "1 mg 3-6-monthly",
    ),
    "a number of times without a period": (
        "1 mg 2-3 times daily",
        "1 mg twice",
        "1 mg three times",
        "1 mg 2 x",
        "1 mg twice every 3 months",
    ),
    "two different frequencies": ("1 mg 1 week before cycle 1 weekly",),
    "what a number counts is not said": (
        "1 mg x 4",
        "daily x 4 1 mg",
        "1 mg x 4 weekly",
        "1 mg daily x 4-weekly",
        "1 mg x 2-3/week",
        "1 mg monthly x 4 vials",
        "1 mg monthly tablets x 4",
        "1 mg daily x 4 5",
    ),
    "a number is missing": ("1 mg daily x", "1 mg daily for the 2 weeks", "1 mg for deep", "1 mg starting Monday"),
    "a duration is not understood": (
        "1 mg weekly for a total of 4",
        "1 mg daily for 7",
        "1 mg daily for 5/7",
        "1 mg daily for a",
    ),
    "a time is not understood": (
        "1 mg q3m",
        "28 days",
        "1 mg 3 months",
        "1 mg monthly 3 months",
        "1 mg every 2 days 2 weeks",
        "1 mg weekly (28 days)",
        "1 mg weekly for 4 weeks, 28 days",
        "1 mg weekly 1 week before cycle 1",
    ),
    "a choice of routes": ("1 mg IM or IV", "1 mg PO/SL", "1 mg IM or SC or IV"),
    "the text breaks off": ("then", "1 mg daily then"),
    "a step does not say when": ("1 mg then 1 mg monthly", "1 mg daily and then 1 mg"),
    "two different amounts": ("1 mg; 2 mg",),
    "the reason may belong to one step only": ("1 mg daily x 7 then 1 mg monthly for pernicious anaemia",),
}


@pytest.mark.parametrize(("text", "expected"), READ.items())
def test_a_clear_text_is_read(text: str, expected: str) -> None:
    assert told(text) == expected


@pytest.mark.parametrize(("text", "reason"), [(text, reason) for reason, texts in REFUSED.items() for text in texts])
def test_a_text_that_is_not_clear_is_refused(text: str, reason: str) -> None:
    assert told(text) == f"refused: {reason}"


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


def test_a_reason_holds_nothing_of_the_text() -> None:
    for reason in REFUSED:
        assert not any(character.isdigit() for character in reason)


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
