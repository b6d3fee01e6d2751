"""Units of a dose as people and systems write them: one alias table, read by structure and by dosage texts alike."""

from __future__ import annotations

from decimal import Decimal

from msgspec import Struct

from cds_service.b12.record import Amount
from cds_service.b12.words import AmountKind, Piece

SNOMED = "http://snomed.info/sct"
UNITY = "1"  # UCUM's "no unit": says nothing against the unit's text
SHORTEST_WORD = 4  # below it the case of a letter may be the meaning: mg, Mg, MG


class Unit(Struct, frozen=True):
    """What a unit measures, and how many micrograms, millilitres or pieces one of it is."""

    kind: AmountKind
    factor: Decimal = Decimal(1)
    piece: Piece | None = None


GRAM = Unit(AmountKind.MASS, Decimal(1_000_000))
MILLIGRAM = Unit(AmountKind.MASS, Decimal(1000))
MICROGRAM = Unit(AmountKind.MASS)
NANOGRAM = Unit(AmountKind.MASS, Decimal("0.001"))
MILLILITRE = Unit(AmountKind.VOLUME)
LITRE = Unit(AmountKind.VOLUME, Decimal(1000))
TABLET = Unit(AmountKind.COUNT, piece=Piece.TABLET)
AMPOULE = Unit(AmountKind.COUNT, piece=Piece.AMPOULE)
VIAL = Unit(AmountKind.COUNT, piece=Piece.VIAL)
SPRAY = Unit(AmountKind.COUNT, piece=Piece.SPRAY)
OTHER = Unit(AmountKind.COUNT, piece=Piece.OTHER)
UNKNOWN = Unit(AmountKind.UNKNOWN)

SPELLINGS: tuple[tuple[Unit, str], ...] = (
    (GRAM, "g gm gram grams"),
    (MILLIGRAM, "mg mgs MG milligram milligrams milligramme milligrammes"),
    (MICROGRAM, "ug mcg mcgs MCG Mcg UG [ug] \u00b5g \u03bcg microg mikrogram mikrogramm gamma \u03b3"),
    (MICROGRAM, "microgram micrograms microgramme microgrammes"),
    (NANOGRAM, "ng nanogram nanograms"),
    (MILLILITRE, "mL ml ML Ml mls mLs cc millilitre millilitres milliliter milliliters"),
    (LITRE, "L litre litres liter liters"),
    (
        TABLET,
        "tab tabs TAB Tab tbl tablet tablets pill pills cap caps CAP Cap capsule capsules lozenge lozenges",
    ),
    (TABLET, "{tbl} {tab} {tablet} {pill} {cap} {capsule} {lozenge}"),
    (AMPOULE, "amp amps Amp AMP ampoule ampoules ampule ampules syringe syringes {amp} {ampoule} {ampule} {syringe}"),
    (VIAL, "vial vials {vial}"),
    (SPRAY, "spray sprays actuation actuations actuat puff puffs {spray} {actuat} {actuation} {puff}"),
    (OTHER, "dose doses injection injections {dose} {injection} 1"),
)
ALIASES: dict[str, Unit] = {word: unit for unit, words in SPELLINGS for word in words.split()}
CONCEPTS: dict[str, tuple[Unit, str]] = {
    "258682000": (GRAM, "g"),
    "258684004": (MILLIGRAM, "mg"),
    "258685003": (MICROGRAM, "microgram"),
    "258686002": (NANOGRAM, "nanogram"),
    "258773002": (MILLILITRE, "mL"),
    "413516001": (AMPOULE, "ampoule"),
    "415818006": (VIAL, "vial"),
    "428673006": (TABLET, "tablet"),
}


def unit_named(text: str) -> Unit | None:
    """
    The unit that a word names, or None.

    Letters count as written, as `mg` is not `Mg`; only words of four letters or more may be
    capitalised at will. `MG` is listed: it means milligram on a dose, never UCUM's megagauss.
    """
    word = text.strip().removesuffix(".").replace("(s)", "s")
    return ALIASES.get(word) or (ALIASES.get(word.lower()) if len(word) >= SHORTEST_WORD else None)


def amount_of(value: Decimal, unit: str, code: str, system: str, high: Decimal | None = None) -> Amount:
    """
    The amount that a FHIR Quantity, or a Range of two in the same unit, states.

    Where code and text name different masses the code decides and `text_mcg` keeps the text's highest.
    Where they name different kinds of thing, or neither is known, the kind is UNKNOWN.
    """
    coded = _unit_coded(code, system)
    spoken = unit_named(unit)
    meant = _agreed(coded, spoken, code)
    top = value if high is None else high
    return Amount(
        value * meant.factor,
        top * meant.factor,
        meant.kind,
        _written(value, high, unit.strip() or _label(code, system)),
        meant.piece,
        top * spoken.factor if spoken and _masses_differ(meant, spoken) else None,
    )


def plain(number: Decimal) -> str:
    """A number as people write it: never with an exponent."""
    return format(number, "f")


def _unit_coded(code: str, system: str) -> Unit | None:
    if system == SNOMED:
        return CONCEPTS[code][0] if code in CONCEPTS else None
    return unit_named(code)


def _label(code: str, system: str) -> str:
    return CONCEPTS[code][1] if system == SNOMED and code in CONCEPTS else code


def _agreed(coded: Unit | None, spoken: Unit | None, code: str) -> Unit:
    if coded is None or spoken is None:
        return coded or spoken or UNKNOWN
    if coded.kind is spoken.kind is AmountKind.MASS:
        return coded
    if coded.kind is spoken.kind is AmountKind.COUNT:
        return spoken if coded.piece is Piece.OTHER else coded
    return spoken if coded == spoken or code == UNITY else UNKNOWN


def _masses_differ(one: Unit, other: Unit) -> bool:
    return one.kind is other.kind is AmountKind.MASS and one.factor != other.factor


def _written(value: Decimal, high: Decimal | None, unit: str) -> str:
    number = plain(value) if high is None or high == value else f"{plain(value)}-{plain(high)}"
    return f"{number} {unit}".strip()
