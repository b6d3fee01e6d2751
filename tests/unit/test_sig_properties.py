"""Dosage texts made by rule: every way of saying a thing reads back to it, and an unknown word spoils it."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import assume, given
from hypothesis import strategies as st

from cds_service.b12.record import Amount, Schedule, SigPhase, SigReading, SigRefused
from cds_service.b12.sig import read_sig
from cds_service.b12.sig_words import PHRASES, REPEATS
from cds_service.b12.units import unit_named
from cds_service.b12.words import AmountKind, Route, TimeUnit

MASS_WORDS = (
    ("mcg", 1),
    ("micrograms", 1),
    ("\u00b5g", 1),
    ("ug", 1),
    ("mg", 1000),
    ("MG", 1000),
    ("milligrams", 1000),
)
ROUTE_WORDS = (
    ("IM", Route.INTRAMUSCULAR),
    ("intramuscularly", Route.INTRAMUSCULAR),
    ("by deep subcutaneous injection", Route.SUBCUTANEOUS),
    ("s.c.", Route.SUBCUTANEOUS),
    ("by mouth", Route.ORAL),
    ("PO", Route.ORAL),
    ("under the tongue", Route.SUBLINGUAL),
    ("", None),
)
STEADY = (
    ("daily", 1, 1, TimeUnit.DAY),
    ("once a day", 1, 1, TimeUnit.DAY),
    ("twice daily", 2, 1, TimeUnit.DAY),
    ("on alternate days", 1, 2, TimeUnit.DAY),
    ("every other day", 1, 2, TimeUnit.DAY),
    ("three times a week", 3, 1, TimeUnit.WEEK),
    ("3x/week", 3, 1, TimeUnit.WEEK),
    ("weekly", 1, 1, TimeUnit.WEEK),
    ("fortnightly", 1, 2, TimeUnit.WEEK),
    ("once a month", 1, 1, TimeUnit.MONTH),
    ("quarterly", 1, 3, TimeUnit.MONTH),
)
OPENINGS = ("", "Inject", "Take", "Give vitamin B12", "Hydroxocobalamin injection:", "Administer cyanocobalamin")
CLOSINGS = ("", ".", ", as directed", " per MAR.", " (rotate injection sites)")
EVERY = ("every {n} {unit}s", "q{n} {unit}s", "Q {n} {unit}s", "once every {n} {unit}s", "every {n}-{m} {unit}s")
LASTING = (("", None), (" for {n} weeks", "for"), (" x {n} weeks", "for"), (" x {n} doses", "count"))


@st.composite
def frequencies(draw: st.DrawFn) -> tuple[str, Schedule]:
    if draw(st.booleans()):
        words, doses, period, unit = draw(st.sampled_from(STEADY))
        return words, Schedule(Decimal(doses), Decimal(period), Decimal(period), unit)
    low = draw(st.integers(2, 30))
    high = low + draw(st.integers(1, 5))
    name, unit = draw(st.sampled_from([("day", TimeUnit.DAY), ("week", TimeUnit.WEEK), ("month", TimeUnit.MONTH)]))
    pattern = draw(st.sampled_from(EVERY))
    top = high if "{m}" in pattern else low
    return pattern.format(n=low, m=high, unit=name), Schedule(Decimal(1), Decimal(low), Decimal(top), unit)


@st.composite
def paraphrases(draw: st.DrawFn) -> tuple[str, SigPhase]:
    number = draw(st.integers(1, 5000))
    unit, factor = draw(st.sampled_from(MASS_WORDS))
    route_words, route = draw(st.sampled_from(ROUTE_WORDS))
    words, schedule = draw(frequencies())
    lasting, kind = draw(st.sampled_from(LASTING))
    count = draw(st.integers(1, 12))
    written = draw(st.sampled_from(["{:d}", "{:,d}"])).format(number) + draw(st.sampled_from([" ", ""])) + unit
    parts = draw(st.permutations([written, route_words, words + lasting.format(n=count)]))
    opening, closing = draw(st.sampled_from(OPENINGS)), draw(st.sampled_from(CLOSINGS))
    text = " ".join(part for part in (opening, *parts) if part) + closing
    amount = Amount(Decimal(number * factor), Decimal(number * factor), AmountKind.MASS, written)
    return text, SigPhase(amount, route, _lasting(schedule, kind, count))


def _lasting(schedule: Schedule, kind: str | None, count: int) -> Schedule:
    days = Decimal(7 * count) if kind == "for" else None
    doses = count if kind == "count" else None
    parts = (schedule.doses, schedule.period_low, schedule.period_high, schedule.unit)
    return Schedule(*parts, doses, doses, days, days)


@given(paraphrases())
def test_every_paraphrase_reads_back_to_its_numbers(paraphrase: tuple[str, SigPhase]) -> None:
    text, phase = paraphrase

    assert read_sig(text) == SigReading((phase,))


@given(paraphrases(), paraphrases(), st.sampled_from([", then ", "; ", " followed by ", ". Thereafter ", " and then "]))
def test_steps_keep_to_themselves(one: tuple[str, SigPhase], two: tuple[str, SigPhase], joint: str) -> None:
    text = one[0].rstrip(".") + joint + two[0]
    assume(len(text) <= 500)

    assert read_sig(text) == SigReading((one[1], two[1]))


@given(paraphrases(), st.text("abcdefghijklmnopqrstuvwxyz", min_size=4, max_size=12), st.integers(0, 20))
def test_an_unknown_word_anywhere_makes_it_refused(paraphrase: tuple[str, SigPhase], word: str, place: int) -> None:
    known = {part for phrases in PHRASES.values() for phrase, _ in phrases for part in phrase}
    assume(word not in known | set(REPEATS) and not unit_named(word) and read_sig(word) == read_sig("zzzz"))
    words = paraphrase[0].split()
    words.insert(min(place, len(words)), word)

    assert isinstance(read_sig(" ".join(words)), SigRefused)


@given(st.integers(2, 999), st.sampled_from(["mL", "tablets", "ampoules", "capsules"]), st.integers(1, 5000))
def test_a_mass_in_brackets_after_more_than_one_is_never_guessed(count: int, measure: str, mass: int) -> None:
    assert isinstance(read_sig(f"{count} {measure} ({mass} mg) daily"), SigRefused)


ODD_WORDS = (
    "1 2 1,000 .5 mg mcg mL tablet ( ) / - , . ; : x \u00d7 q every each once twice three times a per for as",
    "one or to then daily weekly monthly IM SC deep in into the over before first starting",
    "next dose is due Nov week month total \u00e9",
)
PIECES_OF_TEXT = st.sampled_from([word for line in ODD_WORDS for word in line.split()])


@given(
    st.one_of(
        st.text(max_size=600),
        st.lists(PIECES_OF_TEXT, max_size=60).map(" ".join),
        st.lists(PIECES_OF_TEXT).map("".join),
    )
)
def test_no_text_raises(text: str) -> None:
    assert isinstance(read_sig(text), SigReading | SigRefused)
