"""Card texts: the words of every rule as templates in every language, compiled once."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Literal

from jinja2 import Template, TemplateError, nodes
from jinja2.meta import find_undeclared_variables
from msgspec import Struct

from cds_service.b12.verdict import Indicator
from cds_service.card_facts import OURS, OURS_HERE
from cds_service.errors import KnowledgeFault
from cds_service.grammar import GRAMMARS
from cds_service.knowledge_files import line_of, load
from cds_service.language import ENGLISH, Language
from cds_service.wording import environment

Demographic = Literal["date of birth", "sex"]
LANGUAGE = "en"
LANGUAGES = tuple(GRAMMARS)
WORDS, PHRASES, PAGES = "words", "phrases", "pages"
SHARED = frozenset({WORDS, PHRASES, PAGES})
"""The files among cards/*.toml that belong to no rule."""
SYSTEM_FACTS = frozenset(
    {"missing", "failed", "asked", "unseen", "summary", "protocol", "more", "due", "choices", "allergic_to"}
)
SYSTEM_CARDS = ("not_checked", "check_failed", "all_clear")


class Variant(Struct, frozen=True, forbid_unknown_fields=True):
    """The words of one kind of finding: templates over its facts."""

    summary: str
    detail: str
    suggestion: str = ""


class CardFile(Struct, frozen=True, forbid_unknown_fields=True):
    """
    One cards/*.toml. `rank` orders findings about one subject: the lowest leads.

    `titles` are the rule in a line, by language; in English its module says that. `citation` is the rule's own source
    beside the protocol's; `demographics` what it uses of the patient's person. English has words for all that the rule
    says; what another language lacks is shown in English.
    """

    indicator: Indicator
    rank: int
    en: dict[str, Variant]
    titles: dict[str, str] = {}
    es: dict[str, Variant] = {}
    de: dict[str, Variant] = {}
    override_reasons: tuple[str, ...] = ()
    citation: str = ""
    demographics: tuple[Demographic, ...] = ()


class SystemCard(Struct, frozen=True, forbid_unknown_fields=True):
    """A card that the service itself writes."""

    indicator: Indicator
    summary: str
    detail: str


class SystemWords(Struct, frozen=True, forbid_unknown_fields=True):
    """Shared lines, and the cards of the service itself: a language that has these is offered."""

    partial: str
    unchecked: str
    also: str
    allergy: str
    in_part: str
    more: str
    source: str
    by_hand: str
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
    es: SystemWords | None = None
    de: SystemWords | None = None


class PhrasesFile(Struct, frozen=True, forbid_unknown_fields=True):
    """
    cards/phrases.toml: our own phrases that reach cards as facts, by the English one and by language.

    cards/pages.toml: the words of the pages.
    """

    phrases: dict[str, dict[str, str]]


class Text(Struct, frozen=True):
    """
    Compiled templates of one variant, its summary as written, and the language that it is in.

    `ours` are the facts that are words of ours.
    """

    summary: Template
    detail: Template
    suggestion: Template | None
    words: str
    language: Language = ENGLISH
    ours: frozenset[str] = frozenset()


class CardText(Struct, frozen=True):
    """One rule's words, compiled. A variant that its language lacks is in English."""

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
    allergy: Template
    in_part: Template
    more: Template
    source: Template
    by_hand: Template


class Words(Struct, frozen=True):
    """Everything that is said in one language. `titles` are the rules in a line each, by id."""

    language: Language
    texts: Mapping[str, CardText]
    titles: Mapping[str, str]
    system: Mapping[str, CardText]
    lines: Lines
    types: Mapping[str, str]


def load_words(path: Path) -> WordsFile:
    """The shared words; raises KnowledgeFault, also for an override reason without a display."""
    words = load(path, WordsFile)
    for reason, displays in words.override_reasons.items():
        _known_languages(path, f"override_reasons.{reason}", displays)
        if LANGUAGE not in displays:
            line = line_of(path, reason, "")
            raise KnowledgeFault(path.name, f"$.override_reasons.{reason}", f"expected words in {LANGUAGE}", line)
    return words


def load_phrases(path: Path) -> Mapping[str, Mapping[str, str]]:
    """Phrases in other languages, by the English one; raises KnowledgeFault."""
    phrases = load(path, PhrasesFile).phrases
    for phrase, said in phrases.items():
        _known_languages(path, f"phrases.'{phrase}'", said)
    return phrases


def _known_languages(path: Path, key: str, said: Mapping[str, str]) -> None:
    if unknown := sorted(set(said) - set(LANGUAGES)):
        expected = ", ".join(LANGUAGES)
        raise KnowledgeFault(
            path.name, f"$.{key}", f"expected one of {expected}, got {unknown[0]}", line_of(path, key, "")
        )


def load_languages(folder: Path, words: WordsFile) -> tuple[Language, ...]:
    """The languages offered, English first, with our phrases in them; raises KnowledgeFault."""
    phrases = {**load_phrases(folder / f"{PHRASES}.toml"), **load_phrases(folder / f"{PAGES}.toml")}
    return tuple(
        Language(GRAMMARS[code], {phrase: said[code] for phrase, said in phrases.items() if code in said})
        for code in LANGUAGES
        if getattr(words, code)
    )


def lines_of(words: WordsFile, language: Language) -> Lines:
    """The shared lines, compiled."""
    own = getattr(words, language.code)
    named = {name: getattr(own, name) for name in Lines.__struct_fields__}
    path = Path(f"{WORDS}.toml")
    return Lines(**{name: _template(path, name, text, SYSTEM_FACTS, language) for name, text in named.items()})


def load_card(path: Path) -> CardFile:
    """One rule's words as written; raises KnowledgeFault."""
    card = load(path, CardFile)
    _known_languages(path, "titles", card.titles)
    return card


def card_text(path: Path, file: CardFile, words: WordsFile, says: Mapping[str, str], language: Language) -> CardText:
    """
    One rule's words in one language; `says` are the facts that the rule promises for each variant.

    Raises KnowledgeFault, also for a variant or a variable that the rule does not know.
    """
    for reason in file.override_reasons:
        if reason not in words.override_reasons:
            line = line_of(path, "override_reasons", "")
            known = ", ".join(words.override_reasons)
            raise KnowledgeFault(path.name, "override_reasons", f"expected one of {known}, got {reason}", line)
    displays = ((key, words.override_reasons[key]) for key in file.override_reasons)
    reasons = tuple((key, said.get(language.code, said[LANGUAGE])) for key, said in displays)
    own: Mapping[str, Variant] = getattr(file, language.code)
    _same_variants(path, own, says, language.code)
    _same_buttons(path, own, file.en, language.code)
    variants = {
        name: _text(path, name, own[name] if name in own else file.en[name], facts_of(promised), spoken)
        for name, promised in says.items()
        for spoken in (language if name in own else ENGLISH,)
    }
    return CardText(path.stem, file.indicator, file.rank, reasons, variants, file.citation, file.demographics)


def facts_of(promised: str) -> frozenset[str]:
    """The names of facts that a rule promises for a variant; a "?" marks those that are not always there."""
    return frozenset(name.rstrip("?") for name in promised.split())


def _same_variants(path: Path, own: Mapping[str, Variant], says: Mapping[str, str], code: str) -> None:
    lacking = set(says) - set(own) if code == LANGUAGE else set()
    for name in sorted(lacking | (set(own) - set(says))):
        got = "words for it only" if name in own else "none in the card"
        raise KnowledgeFault(path.name, f"$.{code}.{name}", f"expected words for what the rule says, got {got}")


def _same_buttons(path: Path, own: Mapping[str, Variant], english: Mapping[str, Variant], code: str) -> None:
    for name, variant in own.items():
        if bool(variant.suggestion) != bool(english[name].suggestion):
            what, got = (
                ("a suggestion, as in English", "none") if english[name].suggestion else ("none, as in English", "one")
            )
            raise KnowledgeFault(path.name, f"$.{code}.{name}.suggestion", f"expected {what}, got {got}")


def system_card(name: str, words: WordsFile, language: Language) -> CardText:
    """The words of a card that the service itself writes."""
    card: SystemCard = getattr(getattr(words, language.code), name)
    text = _text(Path(f"{WORDS}.toml"), name, Variant(card.summary, card.detail), SYSTEM_FACTS, language)
    return CardText(name, card.indicator, 0, (), {name: text})


def _text(path: Path, name: str, variant: Variant, facts: frozenset[str], language: Language) -> Text:
    summary, detail = (_template(path, name, text, facts, language) for text in (variant.summary, variant.detail))
    suggestion = _template(path, name, variant.suggestion, facts, language) if variant.suggestion else None
    ours = OURS | OURS_HERE.get((path.stem, name), frozenset())
    return Text(summary, detail, suggestion, variant.summary, language, ours)


def _template(path: Path, name: str, text: str, facts: frozenset[str], language: Language) -> Template:
    """Jinja looks up filters and variables only when it comes to them, so the names are checked here."""
    compiler, key = environment(language), f"$.{language.code}.{name}"
    try:
        parsed = compiler.parse(text)
        template = compiler.from_string(parsed)
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
