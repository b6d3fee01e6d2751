"""Reading a product from its name: the fallback where no coding is known, and the strength that only a name gives."""

from __future__ import annotations

import re
from decimal import Decimal

from cds_service.b12.record import Strength
from cds_service.b12.words import AmountKind, Form, Substance

MASS = (
    r"(?<![\d.])(?!(?<=b)12,|(?<=b[ -])12,)"  # "B12,1000 mcg" is no 12,1 mcg
    r"(?P<mass>\d+(?:,\d+)*(?:\.\d+)?|\.\d+)\s*(?P<unit>mcg|ug|µg|μg|micrograms?|mg|milligrams?|g|grams?)\b"
)
MILLILITRES = r"ml|millilitres?|milliliters?"
PER = rf"\s*(?:/|per)\s*(?P<volume>\d+(?:\.\d+)?)?\s*(?P<per>{MILLILITRES}|actuat\w*|spray)\b"
VOLUME = re.compile(rf"(?<![\d.,])(\d+(?:\.\d+)?)\s*(?:{MILLILITRES})\b", re.IGNORECASE)
CONCENTRATION = re.compile(MASS + PER, re.IGNORECASE)
CONTENT = re.compile(MASS + r"(?!\s*/)", re.IGNORECASE)
MICROGRAMS = {"m": Decimal(1000), "g": Decimal(1_000_000), "u": Decimal(1), "µ": Decimal(1), "μ": Decimal(1)}
SUBSTANCES = (
    (Substance.HYDROXOCOBALAMIN, re.compile(r"hydr?oxoc?y?cobalamin|hydroxycobalamin", re.IGNORECASE)),
    (Substance.MECOBALAMIN, re.compile(r"mecobalamin|methyl-?cobalamin", re.IGNORECASE)),
    (Substance.COBAMAMIDE, re.compile(r"cobamamide|adenosyl-?cobalamin|dibencozide", re.IGNORECASE)),
    (Substance.CYANOCOBALAMIN, re.compile(r"cyano-?cobalamin", re.IGNORECASE)),
    (Substance.UNSPECIFIED, re.compile(r"\bvit(?:amin)?\.?\s*b[\s-]?12\b|\bb-?12\b|\bcobalamin\b", re.IGNORECASE)),
)
ANY = re.compile(r"cobalamin|cobamamide|dibencozide|\bvit(?:amin)?\.?\s*b[\s-]?12\b|\bb-?12\b", re.IGNORECASE)
AMPOULE = r"\bamp(?:s|ou?les?|ule?s?|ullen?|ollas?)?\b"
FORMS = (
    (Form.NASAL, re.compile(r"nasal|actuat", re.IGNORECASE)),
    (Form.SUBLINGUAL, re.compile(r"sublingual|\bSL\b|disintegrating", re.IGNORECASE)),
    (Form.INJECTION, re.compile(rf"inject|{AMPOULE}|syringe|\bvial|\binj\b", re.IGNORECASE)),
    (Form.ORAL, re.compile(r"\boral|tablet|capsule|\btabs?\b|\bcaps?\b|chewable|lozenge", re.IGNORECASE)),
)
ONE_DOSE = re.compile(rf"{AMPOULE}|pre-?\s?(?:filled|loaded)|single[\s-]*(?:dose|use)", re.IGNORECASE)
MANY_DOSES = re.compile(r"multi(?:ple)?[\s-]*(?:dose|use)|\bMDV\b", re.IGNORECASE)
ANTIDOTE = re.compile(r"cyanokit", re.IGNORECASE)
ANTIFOLATE = re.compile(r"\b(?:pemetrexed|pralatrexate)\b", re.IGNORECASE)
OTHER_INGREDIENT = re.compile(
    r"[/+]\s*[a-z]{4}|[a-z]{4}\s*[/+]|\band\b|\bwith\b|\bcomplex\b|multi-?vit|prenatal|\bfol(?:ic|ate|inic)\b|\biron\b|ferr(?:ous|ic)|\bb-?[169]\b"
    r"|methionine|lipo|lidocaine|intrinsic factor|test|antibod|radio|\b57[\s-]?co\b|\bco(?:balt)?[\s(-]*57\b"
    r"|\b(?:mg|mcg|ug|g)\s*[/+]\s*(?:\d|$)",
    re.IGNORECASE,
)
# Some systems list the excipients of an injection or tablet beside its active ingredient.
EXCIPIENT = re.compile(
    r"\bwater\b|sodium|benzyl alcohol|hydrochloric|acetic acid|paraben|phosph|lactose|cellulose|stearate|starch",
    re.IGNORECASE,
)
FORM_WORDS = re.compile(
    r"(?:intramuscular|\bIM)\W*(?:and|or)?\W*(?:deep )?(?:subcutaneous|sub-?cut|SC\b|SQ\b)"
    r"|with (?:syringe|needle|filter|diluent)s?(?: and (?:syringe|needle|filter)s?)?|\w+ and \w+[ -]free"
    r"|inject\w*|solution|intramuscular|subcutaneous|tablets?|capsules?|oral",
    re.IGNORECASE,
)
GROUPED = re.compile(r"[1-9]\d{0,2}(?:,\d{3})+(?:\.\d+)?")
LONGEST_NAME = 300


def substance_of_name(name: str) -> Substance | None:
    """The cobalamin a product name speaks of, or None."""
    return next((substance for substance, pattern in SUBSTANCES if pattern.search(name[:LONGEST_NAME])), None)


def mentions_b12(text: str) -> bool:
    """True if any name of a cobalamin occurs."""
    return _hinted(text.lower()) and ANY.search(text) is not None


def mentions_antifolate(text: str) -> bool:
    """True if pemetrexed or pralatrexate is named."""
    return _hinted(text.lower()) and ANTIFOLATE.search(text) is not None


def of_interest(name: str) -> bool:
    """The name is of a cobalamin, or of a drug with a B12 schedule of its own."""
    return _hinted(name.lower()) and (ANY.search(name) is not None or ANTIFOLATE.search(name) is not None)


def _hinted(lower: str) -> bool:
    """Plain finds spare nearly every name in a chart the slower search."""
    return "cob" in lower or "12" in lower or "trex" in lower or "dibenc" in lower


def single_ingredient(name: str) -> bool:
    """False if the name speaks of anything beside the cobalamin, its strength and its form."""
    bare = FORM_WORDS.sub(" ", CONCENTRATION.sub(" ", name[:LONGEST_NAME]))
    for _, pattern in SUBSTANCES:
        bare = pattern.sub(" ", bare)
    return OTHER_INGREDIENT.search(bare) is None


def form_of_name(name: str) -> Form | None:
    """The form a product name speaks of, or None."""
    return next((form for form, pattern in FORMS if pattern.search(name[:LONGEST_NAME])), None)


def strengths_of_name(name: str) -> tuple[Strength, ...]:
    """
    Every strength that a product name states: micrograms per mL, per spray, or per piece.

    "10 mg/2 mL" gives 5000 micrograms per mL and a container of 2 mL. A mass without "per" is the
    content of one piece, and only where the form is swallowed or dissolved: for an injection it does
    not say per what.
    """
    name = name[:LONGEST_NAME]
    stated = tuple(found for match in CONCENTRATION.finditer(name) if (found := _concentration(match, name)))
    if stated or form_of_name(name) not in {Form.ORAL, Form.SUBLINGUAL}:
        return stated
    return tuple(Strength(_mcg(match), AmountKind.COUNT, "product name") for match in CONTENT.finditer(name))


def strength_of_name(name: str) -> Strength | None:
    """The first strength that a product name states."""
    return next(iter(strengths_of_name(name)), None)


def one_dose_ml(name: str) -> Decimal | None:
    """Millilitres in a container that holds one dose by what the name calls it, such as "1 mg/1 mL ampoules"."""
    name = name[:LONGEST_NAME]
    if not ONE_DOSE.search(name) or MANY_DOSES.search(name):
        return None
    held = {Decimal(match["volume"]) for match in CONCENTRATION.finditer(name) if match["volume"]}
    held = held or {Decimal(volume) for volume in VOLUME.findall(CONCENTRATION.sub(" ", name))}
    return max(held) if len(held) == 1 and max(held) > 0 else None


def content_of_name(name: str) -> Strength | None:
    """The only mass that a name states, as the content of one piece whatever its form, such as "Folic Acid 5 MG"."""
    found = list(CONTENT.finditer(name[:LONGEST_NAME]))
    return Strength(_mcg(found[0]), AmountKind.COUNT, "product name") if len(found) == 1 else None


def _concentration(match: re.Match[str], name: str) -> Strength | None:
    volume = Decimal(match["volume"] or 1)
    if not volume:
        return None
    if not match["per"].lower().startswith("m"):
        return Strength(_mcg(match) / volume, AmountKind.COUNT, "product name")
    container = volume if match["volume"] and volume != 1 else one_dose_ml(name)  # "/1 mL" may be no more than "per mL"
    return Strength(_mcg(match) / volume, AmountKind.VOLUME, "product name", container)


def _mcg(match: re.Match[str]) -> Decimal:
    unit = match["unit"].lower()
    factor = Decimal(1) if unit.startswith(("mc", "mic")) else MICROGRAMS[unit[0]]
    return number_of(match["mass"]) * factor


def number_of(digits: str) -> Decimal:
    """A number as written in English, "1,000.5", or with a decimal comma where the comma cannot group: "0,5"."""
    decimal_comma = digits.count(",") == 1 and "." not in digits and not GROUPED.fullmatch(digits)
    return Decimal(digits.replace(",", "." if decimal_comma else ""))
