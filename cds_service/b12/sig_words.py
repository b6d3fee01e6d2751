"""The vocabulary of dosage texts, and cutting a text into tokens. A word that is not here is not understood."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from decimal import Decimal
from enum import Enum, auto

from msgspec import Struct

from cds_service.b12.record import Schedule
from cds_service.b12.words import Route, TimeUnit


class Misread(Exception):
    """The text cannot be read soundly. The message holds nothing of the text."""


class Mark(Enum):
    """What a word or phrase does that is neither a route nor a frequency."""

    HARMLESS = auto()
    THEN = auto()
    MAINTENANCE = auto()
    ONCE = auto()
    SINGLE = auto()
    OPEN_ENDED = auto()
    AS_NEEDED = auto()
    INDICATION = auto()
    DUE_DATE = auto()


class Token(Struct, frozen=True):
    """One word, number or sign: in lower case, as written, its value, and where it stands."""

    word: str
    raw: str
    start: int
    end: int
    number: Decimal | None = None
    spelled: bool = False


LONGEST_NUMBER = 12  # characters

Meaning = Schedule | Route | Mark
Phrase = tuple[tuple[str, ...], Meaning]

NUMBER_WORDS: dict[str, Decimal] = {
    word: Decimal(value)
    for value, word in enumerate(
        [
            "one",
            "two",
            "three",
            "four",
            "five",
            "six",
            "seven",
            "eight",
            "nine",
            "ten",
            "eleven",
            "twelve",
            "thirteen",
            "fourteen",
            "fifteen",
        ],
        start=1,
    )
} | {
    "twenty": Decimal(20),
    "thirty": Decimal(30),
    "forty": Decimal(40),
    "sixty": Decimal(60),
    "ninety": Decimal(90),
}
ORDINALS: dict[str, Decimal] = {"second": Decimal(2), "third": Decimal(3), "fourth": Decimal(4), "sixth": Decimal(6)}
ORDINAL_ENDINGS = frozenset({"nd", "rd", "th"})
TIME_UNITS: dict[str, TimeUnit] = {
    word: unit
    for unit, words in (
        (TimeUnit.HOUR, "h hr hrs hour hours"),
        (TimeUnit.DAY, "d day days"),
        (TimeUnit.WEEK, "w wk wks week weeks"),
        (TimeUnit.MONTH, "mo mos mth mths month months"),
        (TimeUnit.YEAR, "yr yrs year years"),
    )
    for word in words.split()
}
ADVERBS: dict[str, TimeUnit] = {
    "daily": TimeUnit.DAY,
    "weekly": TimeUnit.WEEK,
    "monthly": TimeUnit.MONTH,
    "yearly": TimeUnit.YEAR,
    "annually": TimeUnit.YEAR,
}
REPEATS: dict[str, Decimal] = {"once": Decimal(1), "twice": Decimal(2), "thrice": Decimal(3)}
SITES = frozenset(
    [
        "deltoid",
        "ventrogluteal",
        "dorsogluteal",
        "gluteal",
        "gluteus",
        "gluteals",
        "thigh",
        "thighs",
        "buttock",
        "arm",
        "muscle",
        "abdomen",
        "site",
        "sites",
        "left",
        "right",
        "upper",
        "outer",
        "anterior",
        "lateral",
        "alternating",
    ]
)
MONTHS = frozenset(
    [
        "jan",
        "feb",
        "mar",
        "apr",
        "may",
        "jun",
        "jul",
        "aug",
        "sep",
        "sept",
        "oct",
        "nov",
        "dec",
        "january",
        "february",
        "march",
        "april",
        "june",
        "july",
        "august",
        "september",
        "october",
        "november",
        "december",
    ]
)
DOSE_NOUNS = frozenset({"dose", "doses", "injection", "injections"})
FIRST_TREATMENTS = frozenset({"dose", "cycle", "treatment"})


def every(doses: int, period: int, unit: TimeUnit) -> Schedule:
    """A frequency: so many doses in every period."""
    return Schedule(Decimal(doses), Decimal(period), Decimal(period), unit)


_FREQUENCIES: tuple[tuple[Schedule, str], ...] = (
    (every(1, 1, TimeUnit.DAY), "daily|od|qd|nightly|qhs|at bedtime|at night|every morning|every evening|every night"),
    (every(1, 1, TimeUnit.DAY), "each morning|each evening|each night"),
    (every(2, 1, TimeUnit.DAY), "bd|bid"),
    (every(3, 1, TimeUnit.DAY), "tds|tid"),
    (every(4, 1, TimeUnit.DAY), "qds|qid"),
    (every(1, 2, TimeUnit.DAY), "qod|every other day|on alternate days|alternate days|alternate day"),
    (every(1, 2, TimeUnit.DAY), "every alternate day|on every other day"),
    (every(1, 1, TimeUnit.WEEK), "weekly|qweek|qwk"),
    (every(1, 2, TimeUnit.WEEK), "fortnightly|every fortnight|once a fortnight|every other week|every alternate week"),
    (every(1, 2, TimeUnit.WEEK), "alternate weeks|on alternate weeks"),
    (every(1, 1, TimeUnit.MONTH), "monthly|qmonth"),
    (every(1, 2, TimeUnit.MONTH), "every other month|alternate months|on alternate months|every alternate month"),
    (every(1, 3, TimeUnit.MONTH), "quarterly"),
    (every(1, 1, TimeUnit.YEAR), "yearly|annually"),
)
_ROUTES: tuple[tuple[Route, str], ...] = (
    (Route.INTRAMUSCULAR, "im|i / m|intramuscular|intramuscularly|intramascular|into the muscle|into a muscle"),
    (Route.INTRAMUSCULAR, "intra - muscular|intra - muscularly"),
    (Route.SUBCUTANEOUS, "sc|sq|s / c|sub q|sub - q|subq|subcut|sub cut|subcutaneous|subcutaneously|under the skin"),
    (Route.INTRAVENOUS, "iv|i / v|intravenous|intravenously"),
    (Route.INTRADERMAL, "id|intradermal|intradermally"),
    (Route.ORAL, "po|oral|orally|by mouth|per os"),
    (Route.SUBLINGUAL, "sl|sublingual|sublingually|under the tongue"),
    (Route.NASAL, "nasal|nasally|intranasal|intranasally|nasal spray|in one nostril|into one nostril"),
)
_MARKS: tuple[tuple[Mark, str], ...] = (
    (Mark.THEN, "then|and then|followed by|and followed by|thereafter|after that|after which|afterwards"),
    (Mark.MAINTENANCE, "maintenance|maintenance dose|maintenance dosing|maintenance therapy|maintenance treatment"),
    (Mark.SINGLE, "stat|single dose|a single dose|as a single dose|as a one off dose"),
    (Mark.OPEN_ENDED, "for life|lifelong|life long|long term|long - term|indefinitely|until no further improvement"),
    (Mark.OPEN_ENDED, "until there is no further improvement"),
    (Mark.AS_NEEDED, "prn|as needed|as required|if needed|if required|when needed|when required"),
    (Mark.INDICATION, "for pernicious anaemia|for pernicious anemia|for b12 deficiency|for vitamin b12 deficiency"),
    (Mark.INDICATION, "for vit b12 deficiency|for neuropathy|for deficiency|for macrocytosis|for anaemia|for anemia"),
    (Mark.DUE_DATE, "next dose is due|next dose due|next due|next injection due|next injection is due"),
)
# Words that may be passed over: none of them can change a dose, a route or a time.
_HARMLESS = (
    "take|inject|administer|give|given|to be given|infused|please|you need|of|the|by|via|route|use|use only|pom"
    "|vitamin|vitamins|vit|b12|vitamin b12|cobalamin|cyanocobalamin|cyanocobalamin b12|hydroxocobalamin"
    "|hydroxycobalamin|methylcobalamin|mecobalamin|adenosylcobalamin|cobamamide|cyanokit|cytamen"
    "|injection|injections|injectable|inj|solution|soln|solution for injection|for injection|pre - filled|prefilled"
    "|tablet|tablets|tab|tabs|capsule|capsules|lozenge|ampoule|ampoules|ampule|amp|vial|syringe|spray"
    "|dose|doses|dosing|per dose|/ dose|therapy|deep|loading|loading dose|loading doses|loading phase|initially"
    "|prophylactically"
    "|per mar|as per mar|per protocol|as per protocol|as directed|as shown by your clinician|charted as administered"
    "|rotate injection sites|rotate sites|rotate injection site|rotating sites|between meals|with food|without food"
    "|with or without food|with meals|before food|after food|with water|with a glass of water"
    "|and allow to dissolve|allow to dissolve|depending on the presence of neurological involvement"
)
# Only where nothing more is said of it, as in "after loading doses of 1 mg".
_AFTER_LOADING = ("after loading", "after loading dose", "after loading doses", "after the loading dose")
_CLOSINGS = (")", ",", ".", "")
_PUNCTUATION = ("(", ")", ",", ".", ":")


_MEANINGS: tuple[tuple[Meaning, str], ...] = (*_FREQUENCIES, *_ROUTES, *_MARKS)
_ENTRIES: tuple[Phrase, ...] = (
    *(((sign,), Mark.HARMLESS) for sign in _PUNCTUATION),
    *((tuple(phrase.split()), Mark.HARMLESS) for phrase in _HARMLESS.split("|")),
    *(((*phrase.split(), closing), Mark.HARMLESS) for phrase in _AFTER_LOADING for closing in _CLOSINGS),
    *((tuple(phrase.split()), meaning) for meaning, phrases in _MEANINGS for phrase in phrases.split("|")),
)


def by_first_word(entries: Iterable[Phrase]) -> dict[str, tuple[Phrase, ...]]:
    """Phrases by their first word, longer ones first, so that the longest that fits is met first."""
    found: defaultdict[str, list[Phrase]] = defaultdict(list)
    for words, meaning in sorted(entries, key=lambda entry: -len(entry[0])):
        found[words[0]].append((words, meaning))
    return {first: tuple(phrases) for first, phrases in found.items()}


PHRASES: dict[str, tuple[Phrase, ...]] = by_first_word(_ENTRIES)

# Every branch starts with a different kind of character and repeats one class only, so the time is linear.
_TOKEN = re.compile(
    r"(?P<b12>\b[bB][- ]?12\b)"
    r"|(?P<dotted>\b[A-Za-z](?:\.[A-Za-z])+\b\.?)"
    r"|(?P<number>[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]+)?(?![0-9])|[0-9]+(?:\.[0-9]+)?|(?<![\w.,])\.[0-9]+)"
    r"|(?P<word>[A-Za-z\u00b5\u03bc]+(?:\(s\))?)"
    r"|(?P<split>[.,](?=[0-9])|(?<=[0-9])\.(?=\s+[0-9]))"
    r"|(?P<dash>[-\u2010\u2011\u2012\u2013\u2014])"
    r"|(?P<times>\u00d7)"
    r"|(?P<sign>[/(),.:;])"
    r"|(?P<strange>\S)"
)
_DOUBTFUL_NUMBER = re.compile(r"[1-9][0-9]{0,2}\.[0-9]{3}|0[0-9].*|0,.*")
_FIXED = {"b12": "b12", "dash": "-", "times": "x"}


def tokens_of(text: str) -> list[Token]:
    """
    The tokens of a text.

    Refused are signs of no meaning here, numbers that are cut by a stray space or comma, and numbers
    that may be European ("1.000"), lack their point ("05") or are absurdly long.
    """
    return [_token(match) for match in _TOKEN.finditer(text)]


def _token(match: re.Match[str]) -> Token:
    kind, raw = match.lastgroup or "strange", match[0]
    if kind == "word":
        word = raw.lower()
        return Token(word, raw, *match.span(), NUMBER_WORDS.get(word), word in NUMBER_WORDS)
    if kind == "number":
        return Token("#", raw, *match.span(), _number(raw))
    if kind in {"strange", "split"}:
        raise Misread("a sign is not understood" if kind == "strange" else "a number is cut in two")
    word = raw.lower().replace(".", "") if kind == "dotted" else _FIXED.get(kind, raw)
    return Token(word, raw, *match.span())


def _number(raw: str) -> Decimal:
    if len(raw) > LONGEST_NUMBER:
        raise Misread("a number is too long")
    if _DOUBTFUL_NUMBER.fullmatch(raw):
        raise Misread("a number can be read in two ways")
    return Decimal(raw.replace(",", ""))
