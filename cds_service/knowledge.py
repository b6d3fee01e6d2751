"""Knowledge: protocols, code sets, card texts and rules, loaded once, checked against each other, and hashed."""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar

import msgspec
from jinja2 import Template, TemplateError
from msgspec import Struct

from cds_service.b12.codes import CodeSets
from cds_service.b12.episode import Guidance
from cds_service.b12.protocol import Protocol
from cds_service.b12.sig import read_sig
from cds_service.b12.verdict import Indicator
from cds_service.errors import KnowledgeFault
from cds_service.fhir.relevance import Matters, relevance
from cds_service.fhir.terminology import load_code_sets
from cds_service.rules import Rule, load_rules
from cds_service.wording import environment

PACKAGE = Path(__file__).parent
HOUSE = "house"
WORDS = "words"
LANGUAGE = "en"


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
    reason_system: str
    type_names: Mapping[str, str]

    def guidance(self, protocol_id: str) -> Guidance:
        """What a record is read by under one protocol."""
        accepted = tuple(regimen for one in self.protocols.values() for regimen in one.regimens)
        return Guidance(self.codes, self.protocols[protocol_id], accepted, read_sig)


File = TypeVar("File")


def load_knowledge(where: Roots) -> Knowledge:
    """All knowledge; raises KnowledgeFault naming file, line, key and what was expected."""
    words = _load(where.cards / f"{WORDS}.toml", WordsFile)
    rules, codes = load_rules(), load_code_sets(where.fhir_profiles)
    texts = {path.stem: _card(path, words) for path in sorted(where.cards.glob("*.toml")) if path.stem != WORDS}
    _same_ids(rules, texts)
    compiler = environment()
    system = {
        name: _system_card(name, getattr(words.en, name)) for name in ("not_checked", "draft_lost", "check_failed")
    }
    lines = Lines(*(compiler.from_string(getattr(words.en, name)) for name in Lines.__struct_fields__))
    return Knowledge(
        version=_hash(where),
        protocols=_protocols(where.protocols),
        codes=codes,
        matters=relevance(codes),
        rules=rules,
        texts=texts,
        system=system,
        lines=lines,
        reason_system=words.system,
        type_names=words.en.types,
    )


def _load(path: Path, kind: type[File]) -> File:
    return _convert(path, _toml(path), kind)


def _toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as fault:
        found = re.search(r"at line (\d+)", str(fault))
        raise KnowledgeFault(path.name, "$", str(fault), int(found[1]) if found else None) from None


def _convert(path: Path, loaded: dict[str, Any], kind: type[File]) -> File:
    try:
        return msgspec.convert(loaded, kind, strict=False)
    except msgspec.ValidationError as fault:
        message, _, key = str(fault).partition(" - at `")
        key = key.rstrip("`") or "$"
        raise KnowledgeFault(path.name, key, message, _line_of(path, key, message)) from None


def _line_of(path: Path, key: str, message: str) -> int | None:
    """The first line that names the last word of the key, or the field that the message names."""
    named = re.search(r"field `(\w+)`", message)
    word = named[1] if named else re.split(r"[.\[\]]+", key.strip(".[]"))[-1]
    lines = path.read_text("utf-8").splitlines()
    found = (
        index for index, line in enumerate(lines, start=1) if re.search(rf"(?:^|[\s.{{\[]){re.escape(word)}\b", line)
    )
    return next(found, None)


def _protocols(folder: Path) -> Mapping[str, Protocol]:
    """House defaults first; a protocol's own keys go before them."""
    house = _toml(folder / f"{HOUSE}.toml")
    paths = [path for path in sorted(folder.glob("*.toml")) if path.stem != HOUSE]
    loaded = {path.stem: _convert(path, house | _toml(path), Protocol) for path in paths}
    for stem, protocol in loaded.items():
        _check_protocol(stem, protocol)
    return loaded


def _check_protocol(stem: str, protocol: Protocol) -> None:
    file = f"{stem}.toml"
    if protocol.id != stem:
        raise KnowledgeFault(file, "id", f"expected the file's stem {stem}, got {protocol.id}")
    for path, node in _figures(protocol, "$"):
        if not node.source.strip():
            raise KnowledgeFault(file, f"{path}.source", "expected a source, got nothing")
        wanted = UNITS_BY_KEY.get(path.rpartition(".")[2])
        if wanted and node.unit not in wanted:
            raise KnowledgeFault(file, f"{path}.unit", f"expected {' or '.join(wanted)}, got {node.unit}")


UNITS_BY_KEY: Mapping[str, tuple[str, ...]] = {
    "dose": ("ug",),
    "usual": ("ug",),
    "labelled_high": ("ug",),
    "warn_above": ("ug",),
    "critical_above": ("ug",),
    "low_below": ("ug",),
    "antidote_from": ("ug",),
    "minimum": ("ug", "ug/d"),
    "interval": ("d",),
    "grace": ("d",),
    "lapse_after": ("d",),
    "loading_gap_daily": ("d",),
    "loading_gap_weekly": ("d",),
    "stale_order": ("d",),
    "adult_from": ("a",),
}


def _figures(node: object, path: str) -> Iterator[tuple[str, Any]]:
    """Every number of a protocol with its path."""
    if isinstance(node, tuple):
        for index, item in enumerate(node):
            yield from _figures(item, f"{path}[{index}]")
    elif isinstance(node, Struct):
        if {"unit", "since", "source"} <= set(node.__struct_fields__):
            yield path, node
        for name in node.__struct_fields__:
            yield from _figures(getattr(node, name), f"{path}.{name}")


def _card(path: Path, words: WordsFile) -> CardText:
    file = _load(path, CardFile)
    for reason in file.override_reasons:
        if reason not in words.override_reasons:
            line = _line_of(path, "override_reasons", "")
            known = ", ".join(words.override_reasons)
            raise KnowledgeFault(path.name, "override_reasons", f"expected one of {known}, got {reason}", line)
    reasons = tuple((key, words.override_reasons[key][LANGUAGE]) for key in file.override_reasons)
    variants = {name: _text(path, name, variant) for name, variant in file.en.items()}
    return CardText(path.stem, file.indicator, file.rank, reasons, variants)


def _system_card(name: str, card: SystemCard) -> CardText:
    text = _text(Path(f"{WORDS}.toml"), name, Variant(card.summary, card.detail))
    return CardText(name, card.indicator, 0, (), {name: text})


def _text(path: Path, name: str, variant: Variant) -> Text:
    compiler = environment()
    try:
        templates = [compiler.from_string(part) for part in (variant.summary, variant.detail, variant.suggestion)]
    except TemplateError as fault:
        raise KnowledgeFault(path.name, f"$.{LANGUAGE}.{name}", f"expected a template, got {fault}") from None
    return Text(templates[0], templates[1], templates[2] if variant.suggestion else None)


def _same_ids(rules: Mapping[str, Rule], texts: Mapping[str, CardText]) -> None:
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
