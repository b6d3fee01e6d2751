"""Card texts: the words of every rule as templates, compiled once."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Literal

from jinja2 import Template, TemplateError, nodes
from jinja2.meta import find_undeclared_variables
from msgspec import Struct

from cds_service.b12.verdict import Indicator
from cds_service.errors import KnowledgeFault
from cds_service.knowledge_files import line_of, load
from cds_service.wording import environment

Demographic = Literal["date of birth", "sex"]
LANGUAGE = "en"
WORDS = "words"
SYSTEM_FACTS = frozenset({"missing", "failed", "asked", "unseen", "summary", "protocol", "more", "due"})
SYSTEM_CARDS = ("not_checked", "check_failed", "all_clear")


class Variant(Struct, frozen=True, forbid_unknown_fields=True):
    """The words of one kind of finding: templates over its facts."""

    summary: str
    detail: str
    suggestion: str = ""


class CardFile(Struct, frozen=True, forbid_unknown_fields=True):
    """
    One cards/*.toml. `rank` orders findings about one subject: the lowest leads.

    `citation` is the rule's own source beside the protocol's; `demographics` what it uses of the patient's person.
    """

    indicator: Indicator
    rank: int
    en: dict[str, Variant]
    override_reasons: tuple[str, ...] = ()
    citation: str = ""
    demographics: tuple[Demographic, ...] = ()


class SystemCard(Struct, frozen=True, forbid_unknown_fields=True):
    """A card that the service itself writes."""

    indicator: Indicator
    summary: str
    detail: str


class SystemWords(Struct, frozen=True, forbid_unknown_fields=True):
    """Shared lines, and the cards of the service itself."""

    partial: str
    unchecked: str
    also: str
    more: str
    source: str
    types: dict[str, str]
    not_checked: SystemCard
    check_failed: SystemCard
    all_clear: SystemCard


class Attribution(Struct, frozen=True, forbid_unknown_fields=True):
    """Who wrote the rules, who paid for it, and since when they are out."""

    developer: str
    funding: str
    released: date


class WordsFile(Struct, frozen=True, forbid_unknown_fields=True):
    """cards/words.toml."""

    system: str
    attribution: Attribution
    override_reasons: dict[str, dict[str, str]]
    en: SystemWords


class Text(Struct, frozen=True):
    """Compiled templates of one variant, and its summary as written."""

    summary: Template
    detail: Template
    suggestion: Template | None
    words: str


class CardText(Struct, frozen=True):
    """One rule's words, compiled."""

    id: str
    indicator: Indicator
    rank: int
    override_reasons: tuple[tuple[str, str], ...]
    variants: Mapping[str, Text]
    citation: str = ""
    demographics: tuple[str, ...] = ()


class Lines(Struct, frozen=True):
    """The shared lines, compiled."""

    partial: Template
    unchecked: Template
    also: Template
    more: Template
    source: Template


def load_words(path: Path) -> WordsFile:
    """The shared words; raises KnowledgeFault, also for an override reason without a display."""
    words = load(path, WordsFile)
    for reason, displays in words.override_reasons.items():
        if LANGUAGE not in displays:
            line = line_of(path, reason, "")
            raise KnowledgeFault(path.name, f"$.override_reasons.{reason}", f"expected words in {LANGUAGE}", line)
    return words


def lines_of(words: WordsFile) -> Lines:
    """The shared lines, compiled."""
    named = {name: getattr(words.en, name) for name in Lines.__struct_fields__}
    return Lines(**{name: _template(Path(f"{WORDS}.toml"), name, text, SYSTEM_FACTS) for name, text in named.items()})


def load_card(path: Path, words: WordsFile, says: Mapping[str, str]) -> CardText:
    """
    One rule's words; `says` are the facts that the rule promises for each variant.

    Raises KnowledgeFault, also for a variant or a variable that the rule does not know.
    """
    file = load(path, CardFile)
    for reason in file.override_reasons:
        if reason not in words.override_reasons:
            line = line_of(path, "override_reasons", "")
            known = ", ".join(words.override_reasons)
            raise KnowledgeFault(path.name, "override_reasons", f"expected one of {known}, got {reason}", line)
    reasons = tuple((key, words.override_reasons[key][LANGUAGE]) for key in file.override_reasons)
    _same_variants(path, file, says)
    variants = {name: _text(path, name, variant, facts_of(says[name])) for name, variant in file.en.items()}
    return CardText(path.stem, file.indicator, file.rank, reasons, variants, file.citation, file.demographics)


def facts_of(promised: str) -> frozenset[str]:
    """The names of facts that a rule promises for a variant; a "?" marks those that are not always there."""
    return frozenset(name.rstrip("?") for name in promised.split())


def _same_variants(path: Path, file: CardFile, says: Mapping[str, str]) -> None:
    for name in sorted(set(file.en) ^ set(says)):
        got = "words for it only" if name in file.en else "none in the card"
        raise KnowledgeFault(path.name, f"$.{LANGUAGE}.{name}", f"expected words for what the rule says, got {got}")


def system_card(name: str, card: SystemCard) -> CardText:
    """The words of a card that the service itself writes."""
    text = _text(Path(f"{WORDS}.toml"), name, Variant(card.summary, card.detail), SYSTEM_FACTS)
    return CardText(name, card.indicator, 0, (), {name: text})


def _text(path: Path, name: str, variant: Variant, facts: frozenset[str]) -> Text:
    summary, detail = (_template(path, name, text, facts) for text in (variant.summary, variant.detail))
    suggestion = _template(path, name, variant.suggestion, facts) if variant.suggestion else None
    return Text(summary, detail, suggestion, variant.summary)


def _template(path: Path, name: str, text: str, facts: frozenset[str]) -> Template:
    """Jinja looks up filters and variables only when it comes to them, so the names are checked here."""
    compiler, key = environment(), f"$.{LANGUAGE}.{name}"
    try:
        parsed = compiler.parse(text)
        template = compiler.from_string(text)
    except TemplateError as fault:
        raise KnowledgeFault(path.name, key, f"expected a template, got {fault}") from None
    used = {node.name for node in parsed.find_all(nodes.Filter)}
    _known(path, key, "filters", used, frozenset(compiler.filters))
    _known(path, key, "facts", find_undeclared_variables(parsed), facts)
    return template


def _known(path: Path, key: str, what: str, used: set[str], known: frozenset[str]) -> None:
    if unknown := sorted(used - known):
        line = line_of(path, unknown[0], "") if path.exists() else None
        raise KnowledgeFault(path.name, key, f"expected known {what}, got {', '.join(unknown)}", line)
