"""Knowledge: protocols, code sets, card texts and rules, loaded once, checked against each other, and hashed."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import date
from pathlib import Path

from msgspec import Struct

from cds_service.b12.codes import CodeSets
from cds_service.b12.episode_of import Guidance
from cds_service.b12.protocol import Protocol
from cds_service.b12.sig import read_sig
from cds_service.b12.sig_commas import read_sig_with_commas
from cds_service.b12.words import DecimalMark
from cds_service.errors import KnowledgeFault
from cds_service.fhir.relevance import Matters, relevance
from cds_service.fhir.terminology import load_code_sets
from cds_service.language import Language
from cds_service.protocol_files import Edition, load_editions
from cds_service.rules import Rule, load_rules
from cds_service.texts import (
    LANGUAGE,
    SHARED,
    SYSTEM_CARDS,
    WORDS,
    Attribution,
    CardFile,
    CardText,
    SystemWords,
    Words,
    WordsFile,
    card_text,
    lines_of,
    load_card,
    load_languages,
    load_words,
    system_card,
)

PACKAGE = Path(__file__).parent


class Roots(Struct, frozen=True):
    """Where the knowledge lies: in the checkout or inside the installed package. `site` is the clinic's own folder."""

    cards: Path
    fhir_profiles: Path
    protocols: Path
    site: Path | None = None


def roots(site_codes: str = "") -> Roots:
    """The folders of this installation, with the clinic's own folder of code sets, if it has one."""
    carried = PACKAGE / "_knowledge"
    base = carried if carried.is_dir() else PACKAGE.parent
    return Roots(
        base / "cards", base / "fhir_profiles", PACKAGE / "protocols", Path(site_codes) if site_codes else None
    )


class Knowledge(Struct, frozen=True):
    """Everything the rules and the writer go by. `version` changes with any byte of it."""

    version: str
    editions: Mapping[str, tuple[Edition, ...]]
    codes: CodeSets
    matters: Matters
    rules: Mapping[str, Rule]
    words: Mapping[str, Words]
    attribution: Attribution
    reason_system: str

    @property
    def texts(self) -> Mapping[str, CardText]:
        """The rules' cards in English."""
        return self.words[LANGUAGE].texts

    @property
    def protocols(self) -> Mapping[str, Protocol]:
        """The newest edition of every protocol."""
        return {name: editions[-1].protocol for name, editions in self.editions.items()}

    def protocol(self, protocol_id: str, day: date) -> Protocol:
        """The protocol as it holds on that day."""
        return next(one.protocol for one in reversed(self.editions[protocol_id]) if one.since <= day)

    def guidance(self, protocol_id: str, day: date) -> Guidance:
        """What a record is read by on that day under one protocol."""
        accepted = tuple(regimen for name in self.editions for regimen in self.protocol(name, day).regimens)
        protocol = self.protocol(protocol_id, day)
        reader = read_sig if protocol.decimal_mark is DecimalMark.POINT else read_sig_with_commas
        return Guidance(self.codes, protocol, accepted, reader)


def load_knowledge(where: Roots) -> Knowledge:
    """All knowledge; raises KnowledgeFault naming file, line, key and what was expected."""
    words = load_words(where.cards / f"{WORDS}.toml")
    rules, codes = load_rules(), load_code_sets(where.fhir_profiles, where.site)
    paths = {path.stem: path for path in sorted(where.cards.glob("*.toml")) if path.stem not in SHARED}
    _same_ids(rules, paths)
    languages = load_languages(where.cards, words)
    cards = {path: load_card(path) for path in paths.values()}
    return Knowledge(
        version=_hash(where),
        editions=load_editions(where.protocols),
        codes=codes,
        matters=relevance(codes),
        rules=rules,
        words={one.code: _words(cards, words, rules, one) for one in languages},
        attribution=words.attribution,
        reason_system=words.system,
    )


def _words(cards: Mapping[Path, CardFile], words: WordsFile, rules: Mapping[str, Rule], language: Language) -> Words:
    own: SystemWords = getattr(words, language.code)
    return Words(
        language,
        {path.stem: card_text(path, file, words, rules[path.stem].says, language) for path, file in cards.items()},
        {path.stem: file.titles.get(language.code, rules[path.stem].title) for path, file in cards.items()},
        {name: system_card(name, words, language) for name in SYSTEM_CARDS},
        lines_of(words, language),
        own.types,
    )


def _same_ids(rules: Mapping[str, Rule], texts: Mapping[str, Path]) -> None:
    for missing in sorted(set(rules) ^ set(texts)):
        lacking = "card" if missing in rules else "rule"
        raise KnowledgeFault(f"{missing}.toml", "$", f"expected a rule and a card of one name, got no {lacking}")


def _hash(where: Roots) -> str:
    """Twelve hexadecimal digits over every byte of knowledge, the rules' code included."""
    digest = hashlib.sha256()
    folders = [where.cards, where.fhir_profiles / "valuesets", where.fhir_profiles / "codesystems", where.protocols]
    folders += [where.site] if where.site else []
    files = [path for folder in folders for path in folder.glob("*.*") if path.suffix in {".toml", ".json"}]
    files += [path for folder in ("rules", "b12") for path in (PACKAGE / folder).glob("*.py")]
    for path in sorted(files, key=lambda path: path.name):
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()[:12]
