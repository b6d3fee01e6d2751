"""Card texts: the words of every rule as templates, compiled once."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from jinja2 import Template, TemplateError, nodes
from msgspec import Struct

from cds_service.b12.verdict import Indicator
from cds_service.errors import KnowledgeFault
from cds_service.knowledge_files import line_of, load
from cds_service.wording import environment

LANGUAGE = "en"
WORDS = "words"
SYSTEM_CARDS = ("not_checked", "draft_lost", "check_failed")


class Variant(Struct, frozen=True, forbid_unknown_fields=True):
    """The words of one kind of finding: templates over its facts."""

    summary: str
    detail: str
    suggestion: str = ""


class CardFile(Struct, frozen=True, forbid_unknown_fields=True):
    """One cards/*.toml. `rank` orders findings about one subject: the lowest leads."""

    indicator: Indicator
    rank: int
    en: dict[str, Variant]
    override_reasons: tuple[str, ...] = ()


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
    source: str
    types: dict[str, str]
    not_checked: SystemCard
    draft_lost: SystemCard
    check_failed: SystemCard


class WordsFile(Struct, frozen=True, forbid_unknown_fields=True):
    """cards/words.toml."""

    system: str
    override_reasons: dict[str, dict[str, str]]
    en: SystemWords


class Text(Struct, frozen=True):
    """Compiled templates of one variant."""

    summary: Template
    detail: Template
    suggestion: Template | None


class CardText(Struct, frozen=True):
    """One rule's words, compiled."""

    id: str
    indicator: Indicator
    rank: int
    override_reasons: tuple[tuple[str, str], ...]
    variants: Mapping[str, Text]


class Lines(Struct, frozen=True):
    """The shared lines, compiled."""

    partial: Template
    unchecked: Template
    also: Template
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
    return Lines(**{name: _template(Path(f"{WORDS}.toml"), name, text) for name, text in named.items()})


def load_card(path: Path, words: WordsFile) -> CardText:
    """One rule's words; raises KnowledgeFault."""
    file = load(path, CardFile)
    for reason in file.override_reasons:
        if reason not in words.override_reasons:
            line = line_of(path, "override_reasons", "")
            known = ", ".join(words.override_reasons)
            raise KnowledgeFault(path.name, "override_reasons", f"expected one of {known}, got {reason}", line)
    reasons = tuple((key, words.override_reasons[key][LANGUAGE]) for key in file.override_reasons)
    variants = {name: _text(path, name, variant) for name, variant in file.en.items()}
    return CardText(path.stem, file.indicator, file.rank, reasons, variants)


def system_card(name: str, card: SystemCard) -> CardText:
    """The words of a card that the service itself writes."""
    text = _text(Path(f"{WORDS}.toml"), name, Variant(card.summary, card.detail))
    return CardText(name, card.indicator, 0, (), {name: text})


def _text(path: Path, name: str, variant: Variant) -> Text:
    summary, detail = _template(path, name, variant.summary), _template(path, name, variant.detail)
    return Text(summary, detail, _template(path, name, variant.suggestion) if variant.suggestion else None)


def _template(path: Path, name: str, text: str) -> Template:
    """Jinja looks up a filter only when it comes to it, so the names are checked here."""
    compiler = environment()
    try:
        used = {node.name for node in compiler.parse(text).find_all(nodes.Filter)}
        template = compiler.from_string(text)
    except TemplateError as fault:
        raise KnowledgeFault(path.name, f"$.{LANGUAGE}.{name}", f"expected a template, got {fault}") from None
    if unknown := used - set(compiler.filters):
        got = ", ".join(sorted(unknown))
        raise KnowledgeFault(path.name, f"$.{LANGUAGE}.{name}", f"expected known filters, got {got}")
    return template
