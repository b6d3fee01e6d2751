"""What is missing in a language, and every phrase of ours that can reach a card."""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterator
from enum import StrEnum
from functools import cache
from pathlib import Path

from jinja2 import Environment, nodes

from cds_service.answer import FAILED
from cds_service.b12.allergies import Culprit
from cds_service.b12.verdict import Indicator
from cds_service.b12.words import Analyte, Form, Indication, RiskDrug, Route, Substance
from cds_service.dialects import TO_APP
from cds_service.fhir.new_orders import drug_of
from cds_service.fhir.tests_ordered import TESTS, words_of_test
from cds_service.insights_report import TIME_TO_ANSWER, WORDS
from cds_service.insights_said import WITHOUT_CODE
from cds_service.knowledge import Knowledge, roots
from cds_service.language import NOUNS
from cds_service.said import STRETCHES
from cds_service.texts import WordsFile, load_card, load_words
from cds_service.web.pages import LINKS
from cds_service.wording import plain_text
from tests.helpers.demo_phrases import of_the_demo

PACKAGE = Path(__file__).parents[2] / "cds_service"
ENUMS: tuple[type[StrEnum], ...] = (Substance, Form, Route, Analyte, RiskDrug)
CAUSES = frozenset(one.value for one in Indication if one is not Indication.UNKNOWN)
OTHERS = frozenset({FAILED, Culprit.COBALT.value, "an unknown day", "anaemia", "large red cells", "neurological signs"})
SAYING = {"words", "heading"}
WHY_NOT = "_why_not"
PHRASE_FUNCTIONS = {"interval_unread", "not_judged", "_unseen", "_unit_words"}
"""Functions outside the rules that return what is missing, or words for a card."""


def missing_texts(knowledge: Knowledge, code: str) -> list[str]:
    """Cards, lines and words that this language lacks: each is shown in English."""
    return [*_cards(knowledge, code), *_phrases(knowledge, code), *_pages(knowledge, code), *_shared(code)]


def _cards(knowledge: Knowledge, code: str) -> Iterator[str]:
    for rule, card in knowledge.words[code].texts.items():
        if code not in load_card(roots().cards / f"{rule}.toml").titles:
            yield f"cards/{rule}.toml titles.{code}"
        for name, text in card.variants.items():
            if text.language.code != code:
                yield f"cards/{rule}.toml {code}.{name}"


def _phrases(knowledge: Knowledge, code: str) -> Iterator[str]:
    known = knowledge.words[code].language.phrases
    return (f"cards/phrases.toml {phrase!r} {code}" for phrase in sorted(phrases(knowledge)) if phrase not in known)


def _pages(knowledge: Knowledge, code: str) -> Iterator[str]:
    written = tomllib.loads((roots().cards / "pages.toml").read_text("utf-8"))["phrases"]
    known = knowledge.words[code].language.phrases
    wanted = set(written) | page_phrases() | set(_of_knowledge(knowledge))
    return (f"cards/pages.toml {phrase!r} {code}" for phrase in sorted(wanted) if phrase not in known)


def page_phrases() -> frozenset[str]:
    """What templates say by t("..."), and the code that draws the pages by words("...") and heading("...")."""
    said = {words for _, words in LINKS}
    for path in (PACKAGE / "web" / "templates").glob("*.html"):
        for call in Environment(autoescape=True).parse(path.read_text("utf-8")).find_all(nodes.Call):
            if isinstance(call.node, nodes.Name) and call.node.name == "t":
                said |= {one.value for one in call.args if isinstance(one, nodes.Const)}
    for path in (*PACKAGE.glob("*.py"), *(PACKAGE / "web").glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in SAYING:
                said |= {one.value for one in node.args if isinstance(one, ast.Constant) and isinstance(one.value, str)}
    named = {TO_APP, TIME_TO_ANSWER, *STRETCHES.values(), *WORDS.values(), *WITHOUT_CODE, *Indicator}
    return frozenset(said | named | set(_of_the_plan()) | set(_of_thresholds()) | set(of_the_demo()))


def _of_knowledge(knowledge: Knowledge) -> Iterator[str]:
    """What pages tell of the knowledge: who wrote it, what it uses, regimens, and the places in the rules' words."""
    yield from (knowledge.attribution.developer, knowledge.attribution.funding)
    yield from (one.title for protocol in knowledge.protocols.values() for one in protocol.regimens)
    yield from (one for card in knowledge.texts.values() for one in card.demographics)
    for words in knowledge.words.values():
        for text in (text for card in words.texts.values() for text in card.variants.values()):
            yield from re.findall(r"\[[^\]]+\]", plain_text(text.words))


def _of_the_plan() -> Iterator[str]:
    """What planned.py has to say to a reader: its constants, and why nothing is planned."""
    for node in ast.parse((PACKAGE / "planned.py").read_text("utf-8")).body:
        if isinstance(node, ast.Assign):
            yield from (text for text in _texts(node.value) if " " in text)
        elif isinstance(node, ast.FunctionDef) and node.name == WHY_NOT:
            yield from (text for one in ast.walk(node) if isinstance(one, ast.Return) for text in _texts(one))


def _of_thresholds() -> Iterator[str]:
    """Limits as the picture names them ("deficient below"), and what lies beyond them ("deficient")."""
    story = ast.parse((PACKAGE / "story.py").read_text("utf-8"))
    limits = [text for text in _texts(story) if re.fullmatch(r"\w+ (below|above|up to)", text)]
    yield from limits
    yield from (text.split()[0] for text in limits if text != "anaemia below")


def _shared(code: str) -> Iterator[str]:
    words = shared()
    for reason, displays in words.override_reasons.items():
        if code not in displays:
            yield f"cards/words.toml override_reasons.{reason} {code}"
    for name in words.en.types:
        if name not in getattr(words, code).types:
            yield f"cards/words.toml {code}.types.{name}"


@cache
def shared() -> WordsFile:
    """The file of shared words."""
    return load_words(roots().cards / "words.toml")


def phrases(knowledge: Knowledge) -> frozenset[str]:
    """Every phrase of ours that can reach a card as a fact or in the words of an action."""
    values = {one.value for kind in ENUMS for one in kind} | CAUSES | OTHERS
    tests = {words_of_test(one) for one in TESTS}
    pieces = {f"{{n}} {noun}{ending}" for noun in NOUNS.values() for ending in ("", "s")}
    return frozenset(values | tests | pieces | set(_of_protocols(knowledge)) | set(_written()))


def _of_protocols(knowledge: Knowledge) -> Iterator[str]:
    yield from (protocol.title for protocol in knowledge.protocols.values())
    for editions in knowledge.editions.values():
        for regimen in (one for edition in editions for one in edition.protocol.regimens):
            yield drug_of(regimen)
            yield from (step.until for step in regimen.loading if step.until)


def _written() -> Iterator[str]:
    """Constants in the code: what a rule could not look at, and names of conditions, signs and units."""
    for path in sorted([*(PACKAGE / "rules").glob("*.py"), *(PACKAGE / "b12").glob("*.py")]):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.FunctionDef) and node.name in PHRASE_FUNCTIONS:
                yield from (text for one in ast.walk(node) if isinstance(one, ast.Return) for text in _texts(one))
            elif isinstance(node, ast.Call) and _name(node) in {"Undecided", "RiskCondition"}:
                yield from (text for argument in node.args[:1] for text in _texts(argument))


def _name(call: ast.Call) -> str:
    return call.func.id if isinstance(call.func, ast.Name) else ""


def _texts(node: ast.AST) -> Iterator[str]:
    """The texts that an expression may have as its value, not those that it asks for."""
    asked = {id(one) for part in ast.walk(node) for one in _asked(part)}
    for one in ast.walk(node):
        if isinstance(one, ast.Constant) and isinstance(one.value, str) and one.value and id(one) not in asked:
            yield one.value


def _asked(node: ast.AST) -> Iterator[ast.AST]:
    if isinstance(node, ast.IfExp):
        yield from ast.walk(node.test)
    if isinstance(node, ast.Compare):
        yield from ast.walk(node)
