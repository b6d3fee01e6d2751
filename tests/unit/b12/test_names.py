"""What a product's name alone says: which cobalamin, whether alone, in what form and strength."""

from __future__ import annotations

from decimal import Decimal

import pytest

from cds_service.b12 import names
from cds_service.b12.record import Strength
from cds_service.b12.words import AmountKind, Form, Substance

SUBSTANCES = {
    "Cyanocobalamin 1000 mcg/mL": Substance.CYANOCOBALAMIN,
    "cyano-cobalamin": Substance.CYANOCOBALAMIN,
    "VITAMIN B12(CYANOCOBALAMIN)": Substance.CYANOCOBALAMIN,
    "Hydroxocobalamin 1mg/1ml": Substance.HYDROXOCOBALAMIN,
    "hydroxycobalamin": Substance.HYDROXOCOBALAMIN,
    "hydoxocobalamin": Substance.HYDROXOCOBALAMIN,
    "Methylcobalamin 5000 mcg": Substance.MECOBALAMIN,
    "mecobalamin": Substance.MECOBALAMIN,
    "adenosylcobalamin": Substance.COBAMAMIDE,
    "dibencozide": Substance.COBAMAMIDE,
    "Vitamin B 12 1 MG Oral Tablet": Substance.UNSPECIFIED,
    "Vit. B-12": Substance.UNSPECIFIED,
    "B12 shot": Substance.UNSPECIFIED,
    "vitamin B1": None,
    "B120": None,
    "metformin": None,
    "": None,
}


@pytest.mark.parametrize(("name", "substance"), SUBSTANCES.items())
def test_a_name_tells_the_cobalamin(name: str, substance: Substance | None) -> None:
    assert names.substance_of_name(name) is substance
    assert names.mentions_b12(name) is (substance is not None)
    assert names.of_interest(name) is (substance is not None)


@pytest.mark.parametrize(
    ("name", "expected"), [("PEMETREXED 500 mg", True), ("pralatrexate", True), ("methotrexate", False)]
)
def test_antifolates_are_of_interest(name: str, *, expected: bool) -> None:
    assert names.mentions_antifolate(name) is names.of_interest(name) is expected


ALONE = [
    "Vitamin B12 5 MG/ML Injectable Solution",
    "cyanocobalamin (vitamin B-12) 1,000 mcg/mL injection",
    "Hydroxocobalamin 10mg/2ml solution for injection ampoules",
    "Cyanocobalamin 1000 mcg/mL, 30 mL multi-dose vial",
    "Cyanocobalamin injection USP, IM/SC",
    "Cyanocobalamin 1000 mcg/mL for intramuscular and subcutaneous use",
    "Cyanocobalamin 1000 mcg/mL IM or deep SC",
    "Cyanocobalamin injection with syringe and needles",
    "Vitamin B-12 1000 mcg tablet, sugar and gluten free",
    "Cyanocobalamin 570 mcg tablet",
    "hydroxocobalamin acetate 1 mg / 1 mL",
]
BESIDE_OTHERS = [
    "Hydroxocobalamin / Ibuprofen",
    "folic acid / vitamin B12",
    "Vitamin B12/Folic acid",
    "Vitamin B6 and B12",
    "B-Complex with B-12",
    "Salicylamide 450 MG / Vitamin B 12 30 MG Oral Tablet",
    "Vitamin B 12 0.1 MG / folate 0.4 MG",
    "iron + B12",
    "Prenatal multivitamin B12",
    "Lipo-B12 methionine",
    "B12 with lidocaine",
    "Intrinsic factor/vitamin b12",
    "Vitamin B12 antibody test",
    "Cyanocobalamin Co-57",
    "57-Co cyanocobalamin",
    "Cyanocobalamin (cobalt 57)",
]


@pytest.mark.parametrize("name", ALONE)
def test_a_name_of_a_cobalamin_its_strength_and_form_is_of_a_single_ingredient(name: str) -> None:
    assert names.single_ingredient(name)


@pytest.mark.parametrize("name", BESIDE_OTHERS)
def test_a_name_that_speaks_of_something_else_is_not(name: str) -> None:
    assert not names.single_ingredient(name)


FORMS = {
    "nasal spray": Form.NASAL,
    "500 MCG/ACTUAT": Form.NASAL,
    "sublingual tablet": Form.SUBLINGUAL,
    "1 mg SL": Form.SUBLINGUAL,
    "disintegrating tablet": Form.SUBLINGUAL,
    "Injectable Solution": Form.INJECTION,
    "ampoules": Form.INJECTION,
    "Ampullen": Form.INJECTION,
    "ampollas": Form.INJECTION,
    "1 mL amp": Form.INJECTION,
    "amplified": None,
    "prefilled syringe": Form.INJECTION,
    "oral tablet": Form.ORAL,
    "capsule": Form.ORAL,
    "lozenge": Form.ORAL,
    "powder": None,
}


@pytest.mark.parametrize(("name", "form"), FORMS.items())
def test_a_name_tells_the_form(name: str, form: Form | None) -> None:
    assert names.form_of_name(name) is form


VOLUME, COUNT = AmountKind.VOLUME, AmountKind.COUNT
STRENGTHS: dict[str, tuple[str, AmountKind, str | None] | None] = {
    "1000 mcg/mL": ("1000", VOLUME, None),
    "1,000 mcg/mL": ("1000", VOLUME, None),
    "1000 mcg per mL": ("1000", VOLUME, None),
    "1 MG/ML Injectable Solution": ("1000", VOLUME, None),
    "1mg/1ml inj": ("1000", VOLUME, None),
    "1mg/1ml solution for injection ampoules": ("1000", VOLUME, "1"),
    "1mg/1ml inj amp": ("1000", VOLUME, "1"),
    "1 mg/1 mL pre-filled syringe": ("1000", VOLUME, "1"),
    "1 mg/1 mL single-dose vial": ("1000", VOLUME, "1"),
    "1 mg/1 mL vial": ("1000", VOLUME, None),
    "1 mg/1 mL injection with syringe": ("1000", VOLUME, None),
    "1 mg/mL ampoules": ("1000", VOLUME, None),
    "1 mg/mL, 1 mL ampoule": ("1000", VOLUME, "1"),
    "1000 µg/ml, 5 Ampullen 1 ml": ("1000", VOLUME, "1"),
    "1 mg/mL, 10 mL (10 x 1 mL ampoules)": ("1000", VOLUME, None),
    "1 mg/mL, 0 mL ampoules": ("1000", VOLUME, None),
    "10mg/2ml ampoules": ("5000", VOLUME, "2"),
    "1000 mcg/mL, 10 mL multi-dose vial": ("1000", VOLUME, None),
    "B12,1000 mcg/mL": ("1000", VOLUME, None),
    "B 12,500 mcg/mL": ("500", VOLUME, None),
    "12,500 mcg/mL": ("12500", VOLUME, None),
    "1.000.000 mcg/mL": None,
    "0.1 mg/ml": ("100", VOLUME, None),
    ".5 mg/mL": ("500", VOLUME, None),
    "0,5 mg/ml": ("500", VOLUME, None),
    "1,5 mg/ml": ("1500", VOLUME, None),
    "0,500 mg/ml": ("500", VOLUME, None),
    "10 mg/2 mL": ("5000", VOLUME, "2"),
    "500 μg/mL": ("500", VOLUME, None),
    "500 µg/mL": ("500", VOLUME, None),
    "250 micrograms/1 millilitre": ("250", VOLUME, None),
    "5 g / 200 ml": ("25000", VOLUME, "200"),
    "25 mcg/0.1 mL": ("250", VOLUME, "0.1"),
    "500 mcg/spray": ("500", COUNT, None),
    "0.5 MG/ACTUAT": ("500", COUNT, None),
    "500 mcg per 2 actuations": ("250", COUNT, None),
    "1 MG Oral Tablet": ("1000", COUNT, None),
    "5000 mcg sublingual": ("5000", COUNT, None),
    "1,000 mcg tablets": ("1000", COUNT, None),
    "1000 mcg/0 mL": None,
    "1000 mcg injection": None,
    "1000 mcg": None,
    "oral tablet": None,
}


@pytest.mark.parametrize(("name", "strength"), STRENGTHS.items())
def test_a_name_tells_the_strength(name: str, strength: tuple[str, AmountKind, str | None] | None) -> None:
    expected = None
    if strength:
        mcg, per, container = strength
        expected = Strength(Decimal(mcg), per, "product name", Decimal(container) if container else None)

    assert names.strength_of_name(f"cyanocobalamin {name}") == expected


CONTENTS = {
    "Folic Acid 5 MG": "5000",
    "folic acid 400 mcg tablets": "400",
    "Folic Acid 5 MG/ML": None,
    "Folic Acid 5 MG with 0.4 mg": None,
    "folic acid": None,
}


@pytest.mark.parametrize(("name", "mcg"), CONTENTS.items())
def test_the_only_mass_of_a_name_is_the_content_of_one_piece(name: str, mcg: str | None) -> None:
    assert names.content_of_name(name) == (Strength(Decimal(mcg), COUNT, "product name") if mcg else None)


NUMBERS = {
    "1000": "1000",
    "1,000": "1000",
    "1,000,000.5": "1000000.5",
    "0,5": "0.5",
    "12,5": "12.5",
    "1,2,3": "123",
    "1,5.2": "15.2",
}


@pytest.mark.parametrize(("digits", "number"), NUMBERS.items())
def test_a_comma_groups_where_it_can_and_else_is_a_decimal_comma(digits: str, number: str) -> None:
    assert names.number_of(digits) == Decimal(number)


def test_an_endless_name_is_read_in_its_first_part_only() -> None:
    assert names.substance_of_name("x" * 400 + " cyanocobalamin") is None
    assert names.strength_of_name("9" * 100_000) is None
