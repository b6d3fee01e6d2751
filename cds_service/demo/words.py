"""What the demo page's scripts say, which hold no sentence of their own; and the products as a reader knows them."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from cds_service.b12.record import Strength
from cds_service.b12.words import AmountKind, TimeUnit
from cds_service.language import Language
from cds_service.wording import capital

SCRIPT_WORDS: Mapping[str, str] = {
    "feedbackLost": "Feedback was not taken:",
    "ambiguous": "1,000 or 1.000 may be read as one or as a thousand: write 1000.",
    "andMore": "and {count} more",
    "asInOrder": "as in the order",
    "asking": "Asking the service ...",
    "card": "card",
    "cards": "cards",
    "chooseProduct": "Choose a product",
    "comment": "Comment",
    "critical": "Critical",
    "facts": "What they saw",
    "feedback": "feedback",
    "feedbackKept": "Feedback is kept; no rule looks at it.",
    "finding": "Spoke",
    "info": "Information",
    "noAnswer": "The service did not answer:",
    "noCards": "No cards: the service has nothing to say.",
    "noReason": "No reason given",
    "notB12": "Nothing in this call concerns B12: no rule was asked.",
    "notLaunched": "(could not be launched)",
    "notSigned": "Not signed yet: accept, override, or sign again as it is.",
    "onOpening": "As the chart was opened",
    "onOrder": "On this order",
    "override": "Override",
    "overrideOpen": "Override ...",
    "overridden": "Overridden",
    "reason": "Reason",
    "saved": "Saved",
    "sign": "Sign",
    "signMany": "Sign {count} orders",
    "signAsItIs": "Sign as it is",
    "signed": "Signed",
    "silent": "Looked, and had nothing to say",
    "source": "Source",
    "tooMuch": "This order is more than the form has fields for. Sign or remove it as it is.",
    "undecided": "Could not look",
    "unread": "Not read",
    "warning": "Warning",
}
"""By the name that the scripts use. Their words in other languages are in cards/pages.toml."""
ROUTES: Mapping[str, str] = {
    "78421000": "intramuscular",
    "34206005": "subcutaneous",
    "26643006": "oral",
    "37839007": "sublingual",
    "46713006": "nasal",
    "47625008": "intravenous",
}
"""The routes that the order form offers, by SNOMED CT code."""
TABLET, SUBLINGUAL_TABLET = "tablet", "sublingual tablet"
PERIODS = (TimeUnit.DAY, TimeUnit.WEEK, TimeUnit.MONTH)


def spoken(language: Language) -> dict[str, Any]:
    """All that the scripts say, in one language."""
    return {
        **{name: language.words(words) for name, words in SCRIPT_WORDS.items()},
        "routes": {code: capital(language.words(route)) for code, route in ROUTES.items()},
        "units": {"mcg": language.grammar.mcg, "mL": language.grammar.millilitre, TABLET: language.words(TABLET)},
        "schedule": _schedule(language),
    }


def _schedule(language: Language) -> dict[str, Any]:
    """How a step of an order is said that has no text."""
    grammar = language.grammar
    return {
        "each": dict(grammar.each),
        "within": dict(grammar.within),
        "units": dict(grammar.units),
        "times": {str(number): words for number, words in grammar.times.items()},
        "often": grammar.often,
        "every": grammar.every,
        "withinMany": grammar.within_many,
        "span": grammar.span,
        "dose": grammar.dose,
        "then": grammar.then,
    }


def periods(language: Language) -> list[tuple[str, str]]:
    """Units of time between doses: what the order's field holds, and its word."""
    return [(unit.value, language.grammar.units[unit][1]) for unit in PERIODS]


def label_of(product: Mapping[str, Any], language: Language) -> str:
    """A product in the reader's words; in English as the order names it."""
    if not language.phrases:
        return str(product["text"])
    if product["form"] == "injection":
        held = language.strength(Strength(Decimal(product["mcg"]), AmountKind.VOLUME, ""))
        return f"{capital(language.words(product['substance'] + ' injection'))}, {held}"
    piece = SUBLINGUAL_TABLET if product["form"] == "sublingual" else TABLET
    return ", ".join([
        capital(language.words(product["substance"])),
        language.words(piece),
        language.mcg(Decimal(product["mcg"])),
    ])  # fmt: skip
