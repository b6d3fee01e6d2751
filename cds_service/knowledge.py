"""Knowledge: protocols, code sets, card texts and rules, loaded once, checked against each other, and hashed."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

from msgspec import Struct

from cds_service.b12.codes import CodeSets
from cds_service.b12.episode_of import Guidance
from cds_service.b12.protocol import Protocol
from cds_service.b12.sig import read_sig
from cds_service.errors import KnowledgeFault
from cds_service.fhir.relevance import Matters, relevance
from cds_service.fhir.terminology import load_code_sets
from cds_service.protocol_files import load_protocols
from cds_service.rules import Rule, load_rules
from cds_service.texts import (
    SYSTEM_CARDS,
    WORDS,
    Attribution,
    CardText,
    Lines,
    lines_of,
    load_card,
    load_words,
    system_card,
)

PACKAGE = Path(__file__).parent


class Roots(Struct, frozen=True):
    """Where the knowledge lies: in the checkout, or carried inside the installed package."""

    cards: Path
    fhir_profiles: Path
    protocols: Path


def roots() -> Roots:
    """The folders of this installation."""
    carried = PACKAGE / "_knowledge"
    base = carried if carried.is_dir() else PACKAGE.parent
    return Roots(base / "cards", base / "fhir_profiles", PACKAGE / "protocols")


class Knowledge(Struct, frozen=True):
    """Everything the rules and the writer go by. `version` changes with any byte of it."""

    version: str
    protocols: Mapping[str, Protocol]
    codes: CodeSets
    matters: Matters
    rules: Mapping[str, Rule]
    texts: Mapping[str, CardText]
    system: Mapping[str, CardText]
    lines: Lines
    attribution: Attribution
    reason_system: str
    type_names: Mapping[str, str]

    def guidance(self, protocol_id: str) -> Guidance:
        """What a record is read by under one protocol."""
        accepted = tuple(regimen for one in self.protocols.values() for regimen in one.regimens)
        return Guidance(self.codes, self.protocols[protocol_id], accepted, read_sig)


def load_knowledge(where: Roots) -> Knowledge:
    """All knowledge; raises KnowledgeFault naming file, line, key and what was expected."""
    words = load_words(where.cards / f"{WORDS}.toml")
    rules, codes = load_rules(), load_code_sets(where.fhir_profiles)
    paths = {path.stem: path for path in sorted(where.cards.glob("*.toml")) if path.stem != WORDS}
    _same_ids(rules, paths)
    texts = {name: load_card(path, words, rules[name].says) for name, path in paths.items()}
    system = {name: system_card(name, getattr(words.en, name)) for name in SYSTEM_CARDS}
    return Knowledge(
        version=_hash(where),
        protocols=load_protocols(where.protocols),
        codes=codes,
        matters=relevance(codes),
        rules=rules,
        texts=texts,
        system=system,
        lines=lines_of(words),
        attribution=words.attribution,
        reason_system=words.system,
        type_names=words.en.types,
    )


def _same_ids(rules: Mapping[str, Rule], texts: Mapping[str, Path]) -> None:
    for missing in sorted(set(rules) ^ set(texts)):
        lacking = "card" if missing in rules else "rule"
        raise KnowledgeFault(f"{missing}.toml", "$", f"expected a rule and a card of one name, got no {lacking}")


def _hash(where: Roots) -> str:
    """Twelve hexadecimal digits over every byte of knowledge, the rules' code included."""
    digest = hashlib.sha256()
    folders = (where.cards, where.fhir_profiles / "valuesets", where.fhir_profiles / "codesystems", where.protocols)
    files = [path for folder in folders for path in folder.glob("*.*") if path.suffix in {".toml", ".json"}]
    files += [path for folder in ("rules", "b12") for path in (PACKAGE / folder).glob("*.py")]
    for path in sorted(files, key=lambda path: path.name):
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()[:12]
