"""Units as they are written: every alias means one thing, and what is not known is not guessed."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cds_service.b12.units import ALIASES, SNOMED, amount_of, unit_named
from cds_service.b12.words import AmountKind, Piece

UCUM = "http://unitsofmeasure.org"
MASSES = {
    "1": "ug mcg MCG µg μg microgram micrograms Micrograms MICROGRAMS microgram(s) mikrogram microg gamma [ug] mcg. UG",
    "1000": "mg MG milligram milligrams Milligram(s) mg.",
    "1000000": "g gram grams Grams",
    "0.001": "ng nanogram",
}
PIECES = {
    Piece.TABLET: "{tbl} {tablet} {pill} {capsule} tab tabs tablet tablets Tablet(s) capsule capsules cap lozenge",
    Piece.AMPOULE: "amp ampoule ampoules ampule ampules {ampule} syringe",
    Piece.VIAL: "vial vials {vial}",
    Piece.SPRAY: "spray sprays actuation {actuat} puff",
    Piece.OTHER: "dose {dose} injection injections 1",
}


@pytest.mark.parametrize(("factor", "word"), [(f, word) for f, words in MASSES.items() for word in words.split()])
def test_a_mass_is_micrograms(factor: str, word: str) -> None:
    assert amount_of(Decimal(2), word, "", "").low == 2 * Decimal(factor)


@pytest.mark.parametrize("word", ["mL", "ml", "ML", "cc", "millilitre", "millilitres", "milliliter", "Milliliters"])
def test_a_volume_is_millilitres(word: str) -> None:
    amount = amount_of(Decimal("0.5"), word, "", "")

    assert (amount.kind, amount.low) == (AmountKind.VOLUME, Decimal("0.5"))


@pytest.mark.parametrize(("piece", "word"), [(p, word) for p, words in PIECES.items() for word in words.split()])
def test_a_count_knows_its_piece(piece: Piece, word: str) -> None:
    amount = amount_of(Decimal(1), "", word, UCUM)

    assert (amount.kind, amount.piece) == (AmountKind.COUNT, piece)


@pytest.mark.parametrize(
    ("word", "meant"), [("Vial", "vial"), ("GRAM", "gram"), ("Tablet(s)", "tablets"), ("ml.", "ml")]
)
def test_words_of_four_letters_may_be_capitalised_and_any_may_be_cut_short(word: str, meant: str) -> None:
    assert unit_named(word) == unit_named(meant) is not None


@pytest.mark.parametrize("word", ["", "IU", "[iU]", "U", "units", "Mg", "mG", "kg", "G", "NG", "shot", "µ", "m", "MEQ"])
def test_what_is_not_known_is_not_guessed(word: str) -> None:
    amount = amount_of(Decimal(1000), word, word, UCUM)

    assert unit_named(word) is None
    assert (amount.kind, amount.low, amount.piece) == (AmountKind.UNKNOWN, 1000, None)


@pytest.mark.parametrize(
    ("code", "kind", "low", "written"),
    [
        ("258684004", AmountKind.MASS, 1000, "1 mg"),
        ("258685003", AmountKind.MASS, 1, "1 microgram"),
        ("258682000", AmountKind.MASS, 1_000_000, "1 g"),
        ("258686002", AmountKind.MASS, Decimal("0.001"), "1 nanogram"),
        ("258773002", AmountKind.VOLUME, 1, "1 mL"),
        ("413516001", AmountKind.COUNT, 1, "1 ampoule"),
        ("415818006", AmountKind.COUNT, 1, "1 vial"),
        ("428673006", AmountKind.COUNT, 1, "1 tablet"),
        ("99", AmountKind.UNKNOWN, 1, "1 99"),
    ],
)
def test_snomed_units(code: str, kind: AmountKind, low: Decimal, written: str) -> None:
    amount = amount_of(Decimal(1), "", code, SNOMED)

    assert (amount.kind, amount.low, amount.written) == (kind, low, written)


def test_a_snomed_code_counts_only_under_snomed() -> None:
    assert amount_of(Decimal(1), "", "258684004", UCUM).kind is AmountKind.UNKNOWN


def test_the_code_decides_and_the_text_is_kept_where_masses_differ() -> None:
    amount = amount_of(Decimal(1000), "mcg", "mg", UCUM)

    assert (amount.low, amount.text_mcg, amount.written) == (1_000_000, 1000, "1000 mcg")


def test_ucum_megagauss_is_a_milligram() -> None:
    amount = amount_of(Decimal(1), "mg", "MG", UCUM)

    assert (amount.low, amount.text_mcg) == (1000, None)


@pytest.mark.parametrize(("unit", "code"), [("mcg", "???"), ("???", "ug"), ("mcg", ""), ("", "ug"), ("mcg", "1")])
def test_the_known_one_of_two_is_used(unit: str, code: str) -> None:
    amount = amount_of(Decimal(100), unit, code, UCUM)

    assert (amount.kind, amount.low, amount.text_mcg) == (AmountKind.MASS, 100, None)


@pytest.mark.parametrize(
    ("unit", "code"), [("mL", "mg"), ("tablet", "mL"), ("mg", "{tbl}"), ("L", "mL"), ("mg", "{dose}")]
)
def test_two_kinds_at_once_are_unknown(unit: str, code: str) -> None:
    assert amount_of(Decimal(1), unit, code, UCUM).kind is AmountKind.UNKNOWN


@pytest.mark.parametrize(("unit", "code"), [("ampoule", "1"), ("ampoule", "{dose}"), ("dose", "{ampule}")])
def test_the_more_telling_piece_is_kept(unit: str, code: str) -> None:
    assert amount_of(Decimal(1), unit, code, UCUM).piece is Piece.AMPOULE


def test_a_range_keeps_both_ends() -> None:
    amount = amount_of(Decimal("0.25"), "mg", "mg", UCUM, high=Decimal(1))

    assert (amount.low, amount.high, amount.written) == (250, 1000, "0.25-1 mg")


def test_written_has_no_exponent() -> None:
    assert amount_of(Decimal("1E+3"), "mg", "mg", UCUM).written == "1000 mg"
    assert amount_of(Decimal(5), "", "", "").written == "5"


@given(value=st.decimals(min_value="0.001", max_value=10_000, places=3), word=st.sampled_from(sorted(ALIASES)))
def test_amounts_are_exact(value: Decimal, word: str) -> None:
    amount = amount_of(value, word, "", "")

    assert amount.low == amount.high == value * ALIASES[word].factor


@given(word=st.text(max_size=20))
def test_no_unit_text_raises(word: str) -> None:
    amount_of(Decimal(1), word, word, UCUM)
