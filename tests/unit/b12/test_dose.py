"""What an order says to give: stated, computed from strength, or said by the text; each kept apart."""

from __future__ import annotations

from decimal import Decimal

import pytest

from cds_service.b12.concept import Code, Concept
from cds_service.b12.dose import B12Order, mcg_per_unit, route_of
from cds_service.b12.record import Amount, Strength
from cds_service.b12.sig import read_sig
from cds_service.b12.words import AmountKind, Piece, Route
from cds_service.knowledge import Knowledge
from tests.helpers.reading import standing

VOLUME, COUNT, MASS, UNKNOWN = AmountKind.VOLUME, AmountKind.COUNT, AmountKind.MASS, AmountKind.UNKNOWN


def order(draft: str) -> B12Order:
    [found] = standing("", draft=draft).drafts
    return found


MASSES: dict[str, tuple[str, str, str] | None] = {
    "cyanocobalamin 1000 mcg IM": ("1000", "1000", "stated"),
    "cyanocobalamin 500-1000 mcg IM": ("500", "1000", "stated"),
    'cyanocobalamin text "1 mg IM monthly"': ("1000", "1000", "stated"),
    'cyanocobalamin 2 mg IM text "1 mg IM monthly"': ("2000", "2000", "stated"),
    "[cyanocobalamin 1 mg/mL] 2 mL IM": ("2000", "2000", "volume and strength"),
    "[cyanocobalamin 1 mg/mL] 0.5-1 mL IM": ("500", "1000", "volume and strength"),
    '[cyanocobalamin 1 mg/mL] text "1 mL IM monthly"': ("1000", "1000", "volume and strength"),
    "[hydroxocobalamin 10 mg/2 mL ampoule] 1 ampoule IM": ("10000", "10000", "volume and strength"),
    "[cyanocobalamin 1 mg tablet] 2 tablets oral": ("2000", "2000", "volume and strength"),
    "[cyanocobalamin 1 mg/mL] 1 vial IM": None,
    "[cyanocobalamin 1 mg/mL] 1 tablet oral": None,
    "cyanocobalamin 1 mL IM": None,
    'cyanocobalamin 0 mg IM text "1 mg IM monthly"': None,
    'cyanocobalamin 1000-1 mg IM text "1 mg IM monthly"': None,
    'cyanocobalamin 1 "shot" IM text "1 mg IM monthly"': ("1000", "1000", "stated"),
    'cyanocobalamin 1 "shot" IM': None,
    "cyanocobalamin IM": None,
    'cyanocobalamin text "1 mL IM daily for 7 days then 1000 mcg IM monthly"': ("1000", "1000", "stated"),
    'cyanocobalamin text "IM daily for 7 days then 500 mcg IM monthly"': ("500", "500", "stated"),
    'cyanocobalamin text "as directed"': None,
    'cyanocobalamin text "ask me"': None,
    "cyanocobalamin 1000 mcg IM x 6 then 500 mcg IM monthly": ("500", "500", "stated"),
    "cyanocobalamin 1000 mcg IM x 6 then IM monthly": ("1000", "1000", "stated"),
}


@pytest.mark.parametrize(("draft", "mass"), MASSES.items())
def test_an_order_gives_a_mass(draft: str, mass: tuple[str, str, str] | None) -> None:
    found = order(draft).mass

    assert (found and (found.low, found.high, found.basis)) == (mass and (Decimal(mass[0]), Decimal(mass[1]), mass[2]))


PER_ML = Strength(Decimal(1000), VOLUME, "x")
PER_PIECE = Strength(Decimal(50), COUNT, "x")
TEN_ML = Strength(Decimal(1000), VOLUME, "x", Decimal(10))
UNITS: list[tuple[AmountKind, Piece | None, Strength | None, int | None]] = [
    (VOLUME, None, None, None),
    (VOLUME, None, PER_ML, 1000),
    (VOLUME, None, PER_PIECE, None),
    (COUNT, Piece.TABLET, PER_PIECE, 50),
    (COUNT, Piece.SPRAY, PER_PIECE, 50),
    (COUNT, Piece.AMPOULE, PER_PIECE, 50),
    (COUNT, Piece.OTHER, PER_PIECE, 50),
    (COUNT, Piece.VIAL, PER_PIECE, None),
    (COUNT, Piece.AMPOULE, PER_ML, None),
    (COUNT, Piece.AMPOULE, TEN_ML, 10000),
    (COUNT, Piece.VIAL, TEN_ML, 10000),
    (COUNT, Piece.TABLET, TEN_ML, None),
    (UNKNOWN, None, PER_ML, None),
]


@pytest.mark.parametrize(("kind", "piece", "strength", "mcg"), UNITS)
def test_one_unit_holds_so_many_micrograms(
    kind: AmountKind, piece: Piece | None, strength: Strength | None, mcg: int | None
) -> None:
    assert mcg_per_unit(Amount(Decimal(1), Decimal(1), kind, "1", piece), strength) == mcg


ROUTES: dict[str, Route | None] = {
    "cyanocobalamin 1000 mcg SC": Route.SUBCUTANEOUS,
    "cyanocobalamin 1000 mcg IV": Route.INTRAVENOUS,
    "cyanocobalamin 1000 mcg intradermal": Route.INTRADERMAL,
    "cyanocobalamin 1000 mcg intra-articular": Route.OTHER,
    'cyanocobalamin text "1 mg IM monthly"': Route.INTRAMUSCULAR,
    'cyanocobalamin text "1 mg daily for 7 days then 1 mg IM monthly"': Route.INTRAMUSCULAR,
    "[cyanocobalamin 1 mg tablet] 1 tablet": Route.ORAL,
    "[cyanocobalamin 6 mg sublingual tablet] 1 tablet": Route.SUBLINGUAL,
    "[cyanocobalamin 1 mg/mL] 1 mL": None,
    "cyanocobalamin 1000 mcg": None,
    "cyanocobalamin 1000 mcg x 6 then 1000 mcg IM": Route.INTRAMUSCULAR,
}


@pytest.mark.parametrize(("draft", "route"), ROUTES.items())
def test_the_route_is_as_structured_else_as_said_else_as_the_form_demands(draft: str, route: Route | None) -> None:
    assert order(draft).route is route


UNDER_THE_SKIN = Code("http://snomed.info/sct", "34206005", "Subcutaneous route")
UNKNOWN_CODE = Code("http://local.example", "77", "")
CONCEPTS: list[tuple[Concept | None, Route | None]] = [
    (None, None),
    (Concept(), None),
    (Concept((UNKNOWN_CODE,)), None),
    (Concept((UNKNOWN_CODE,), "Intramuscular route"), Route.INTRAMUSCULAR),
    (Concept((UNKNOWN_CODE,), "into the knee"), Route.OTHER),
    (Concept((UNDER_THE_SKIN,)), Route.SUBCUTANEOUS),
    (Concept((UNDER_THE_SKIN,), "IM"), Route.SUBCUTANEOUS),
]


@pytest.mark.parametrize(("concept", "route"), CONCEPTS)
def test_a_coded_route_is_what_its_code_says_and_its_words_count_only_without(
    concept: Concept | None, route: Route | None, knowledge: Knowledge
) -> None:
    assert route_of(concept, knowledge.codes, read_sig) is route


SCHEDULES: dict[str, tuple[int, int | None]] = {
    # how many schedules, days between doses in the last
    "cyanocobalamin 1000 mcg IM": (0, None),
    'cyanocobalamin text "1 mg IM"': (0, None),
    "cyanocobalamin 1000 mcg IM weekly": (1, 7),
    'cyanocobalamin text "1 mg IM weekly"': (1, 7),
    'cyanocobalamin 1 mg IM daily text "1 mg IM weekly"': (1, 1),
    "cyanocobalamin 1000 mcg IM daily x 6 then 1000 mcg IM weekly": (2, 7),
    'cyanocobalamin text "1 mg IM daily for 7 days then 1 mg IM weekly"': (2, 7),
    'cyanocobalamin 1 mg IM weekly text "1 mg IM daily for 7 days then 1 mg IM weekly"': (2, 7),
    "cyanocobalamin 1000 mcg IM weekly then 500 mcg": (1, 7),
}


@pytest.mark.parametrize(("draft", "expected"), SCHEDULES.items())
def test_the_schedules_are_those_of_the_steps_or_of_the_text(draft: str, expected: tuple[int, int | None]) -> None:
    found = order(draft)

    assert len(found.schedules) == expected[0]
    assert (found.schedule and found.schedule.interval[1]) == expected[1]
    last = found.schedules[-1] if found.schedules else None
    assert (last and last.interval[1]) == expected[1]


@pytest.mark.parametrize(
    ("draft", "filled"),
    [
        ("cyanocobalamin IM", False),
        ('cyanocobalamin 1 "shot"', True),
        ('cyanocobalamin text "ask me"', True),
        ("cyanocobalamin IM weekly x 4 then 1000 mcg IM monthly", True),
    ],
)
def test_anything_in_the_dose_counts_as_filled_in(draft: str, *, filled: bool) -> None:
    assert order(draft).has_dose is filled


def test_an_order_of_something_else_is_none() -> None:
    assert standing("", draft="[multivitamin with B12] 1 tablet oral").drafts == ()
