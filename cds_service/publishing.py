"""The knowledge for others to read: as FHIR definitions, and as one page of facts for each rule."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any

from msgspec import Struct

from cds_service.b12.protocol import Protocol
from cds_service.fhir.definitions import Edition, Resource, RuleText, activity_definition, plan_definition
from cds_service.hooks import ENCODER
from cds_service.knowledge import Knowledge, Roots
from cds_service.rules import Rule
from cds_service.texts import Text
from cds_service.wording import plain_text


class Saying(Struct, frozen=True):
    """What a card says in short, and the language of that: English where another has no words for it."""

    variant: str
    summary: str
    language: str


class RulePage(Struct, frozen=True):
    """
    What a rule's page tells: when it speaks (`text`, in English), its words, and where the advice comes from.

    `citations` are the rule's own source and every protocol's; `demographics` what it uses of the patient's person.
    """

    text: RuleText
    title: str
    sayings: tuple[Saying, ...]
    demographics: tuple[str, ...]
    developer: str
    funding: str
    released: date
    version: str


Published = Mapping[str, Mapping[str, Resource]]
"""Type -> id -> resource."""


def published(knowledge: Knowledge, where: Roots) -> Published:
    """All definitions: rules, regimens and value sets; raises OutputFault if one is not valid FHIR."""
    edition = edition_of(knowledge)
    plans = (plan_definition(rule_text(rule, knowledge), edition) for rule in knowledge.rules.values())
    return {
        "PlanDefinition": _by_id(plans),
        "ActivityDefinition": _by_id(_activities(knowledge, edition)),
        "ValueSet": _value_sets(where),
    }


def _value_sets(where: Roots) -> Mapping[str, Resource]:
    """Ours, each with the codes that the clinic's own folder adds to it."""
    ours = _by_id(_read(where.fhir_profiles / "valuesets"))
    for added in _read(where.site) if where.site else ():
        ours[added["id"]]["compose"]["include"] += added["compose"]["include"]
    return ours


def _read(folder: Path) -> Iterator[dict[str, Any]]:
    return (json.loads(path.read_text("utf-8")) for path in sorted(folder.glob("*.json")))


def export(definitions: Published, folder: Path) -> Iterator[Path]:
    """Write each definition to `folder`/Type/id.json, and tell which was written."""
    for kind, resources in definitions.items():
        (folder / kind).mkdir(parents=True, exist_ok=True)
        for name, resource in resources.items():
            path = folder / kind / f"{name}.json"
            path.write_text(json.dumps(json.loads(ENCODER.encode(resource)), indent=2) + "\n", "utf-8")
            yield path


def edition_of(knowledge: Knowledge) -> Edition:
    """Which knowledge this is."""
    by = knowledge.attribution
    return Edition(knowledge.version, by.released, by.developer)


def rule_page(rule: Rule, knowledge: Knowledge, code: str) -> RulePage:
    """The page of one rule in the language of this code."""
    by, words = knowledge.attribution, knowledge.words[code]
    card = words.texts[rule.id]
    return RulePage(
        rule_text(rule, knowledge),
        words.titles[rule.id],
        tuple(Saying(name, _plain(variant), variant.language.code) for name, variant in card.variants.items()),
        card.demographics,
        by.developer,
        by.funding,
        by.released,
        knowledge.version,
    )


def _plain(variant: Text) -> str:
    return plain_text(variant.words, variant.language)


def rule_text(rule: Rule, knowledge: Knowledge) -> RuleText:
    """A rule in its own words."""
    card = knowledge.texts[rule.id]
    summaries = {name: _plain(variant) for name, variant in card.variants.items()}
    own = (card.citation,) if card.citation else ()
    cited = (*own, *dict.fromkeys(one.source.label for one in knowledge.protocols.values()))
    return RuleText(rule.id, rule.title, rule.speaks, sorted(rule.hooks), card.indicator.value, summaries, cited)


def _activities(knowledge: Knowledge, edition: Edition) -> Iterator[Resource]:
    for protocol in knowledge.protocols.values():
        for regimen in protocol.regimens:
            yield activity_definition(regimen, protocol.id, _cited(protocol), edition)


def _cited(protocol: Protocol) -> tuple[str, ...]:
    return (protocol.source.label,)


def _by_id(resources: Iterator[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {one["id"]: one for one in resources}
