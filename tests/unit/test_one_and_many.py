"""That no text counts wrongly: each is written in every language with each of its numbers at one, and at none."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from functools import cache

import pytest

from cds_service.b12.verdict import Fact, Finding
from cds_service.knowledge import Knowledge
from cds_service.texts import Text
from cds_service.wording import write_detail, write_line
from tests.helpers.patients import knowledge as known
from tests.helpers.tables import case_of, rows_of, tables

pytestmark = pytest.mark.no_cover  # goes over again what other tests measure, and is quicker so
Facts = Mapping[str, Fact]
LONGEST = 1000
NUMBER = r"(?<![\d.,] )(?<![\d.,/-])\b{count}\b(?![.,]\d) (?:B12 |loading )?"
WRONG_AT_ONE = {
    "en": re.compile(
        NUMBER.format(count=1) + r"(?!as\b|is\b|was\b)\w+s\b|\b(?:other|remaining) 1\b|1 of \d+ \w+ were\b|\b1 were\b"
    ),
    "es": re.compile(NUMBER.format(count=1) + r"(?!dosis\b|más\b)\w+s\b|\bl[ao]s 1\b|1 dosis restantes|constan 1\b"),
    "de": re.compile(
        NUMBER.format(count=1)
        + r"(?:Tagen?|Gaben|B12-Injektionen|Wochen|Monaten?|Jahren?|Verordnungen|Dosen)(?<!Tag)\b|Gaben[^.:]* \(1\)"
    ),
}
WRONG_AT_NONE = {
    "en": re.compile(NUMBER.format(count=0) + r"(?:day|dose|injection|week|month)\b"),
    "es": re.compile(NUMBER.format(count=0) + r"(?:día|inyección|semana|mes)\b"),
    "de": re.compile(NUMBER.format(count=0) + r"(?:Tag|Gabe|B12-Injektion|Woche|Monat)\b"),
}


@cache
def findings_of(rule: str) -> tuple[Finding, ...]:
    """The findings of the rule's table, one for each variant and each set of facts that it comes with."""
    found: dict[tuple[str, frozenset[str], bool], Finding] = {}
    for row in next(rows_of(path) for path in tables() if path.stem == rule):
        verdict = case_of(row).verdict if row.verdict.startswith("finding") else None
        if isinstance(verdict, Finding):
            found.setdefault((verdict.variant, frozenset(verdict.facts), bool(verdict.proposals)), verdict)
    return tuple(found.values())


def at(facts: Facts, count: int) -> Facts:
    """Every number at `count`; of those needed one more than are given, so that one is left. Units are the chart's."""
    numbers = {name for name, value in facts.items() if isinstance(value, int | Decimal)}
    changed = {name: count + 1 if name == "needed" else count for name in numbers}
    return {**facts, **changed, **({"unit": "mL"} if "unit" in facts else {})}


def written(text: Text, facts: Facts, *, offered: bool) -> str:
    said = text.language.facts(facts, text.ours)
    label = write_line(text.suggestion, said, LONGEST) if text.suggestion and offered else ""
    return "\n".join([write_line(text.summary, said, LONGEST), write_detail(text.detail, said), label])


@pytest.mark.parametrize("rule", sorted(known().rules))
def test_no_text_counts_one_as_many_or_none_as_one(rule: str, knowledge: Knowledge) -> None:
    for finding in findings_of(rule):
        for code, words in knowledge.words.items():
            text = words.texts[rule].variants[finding.variant]
            for count, wrong in ((1, WRONG_AT_ONE[code]), (0, WRONG_AT_NONE[code])):
                said = written(text, at(finding.facts, count), offered=bool(finding.proposals))
                assert not wrong.search(said), f"{code} {rule}.{finding.variant}: {wrong.search(said)}"


@pytest.mark.parametrize("rule", sorted(known().rules))
def test_every_text_is_tried_with_every_number(rule: str, knowledge: Knowledge) -> None:
    """A table has a row for each variant, so that none of them is left out above."""
    assert {one.variant for one in findings_of(rule)} == set(knowledge.rules[rule].says)


WRONG = {
    "en": ("only 1 days before", "overdue by 1 days:", "Were the other 1 given", "the remaining 1 loading doses"),
    "es": ("con 1 días de", "las 1 restantes", "las 1 dosis restantes", "1 inyecciones de"),
    "de": ("nach 1 Tagen", "1 Tage überfällig", "nach 1 Gaben", "Restliche Gaben der Aufsättigung (1)"),
}
RIGHT = {
    "en": ("1 of 2 doses", "by 1 day:", "1 was", "11 days", "1.5 days", "a dose of 0.1 days"),
    "es": ("1 de 2 dosis", "1 día", "tras 1 dosis", "21 días", "1 más"),
    "de": ("1 von 2 Gaben", "nach 1 Tag", "1 Gabe", "11 Tage", "2,1 Tage"),
}


@pytest.mark.parametrize("code", WRONG)
def test_the_patterns_know_wrong_from_right(code: str) -> None:
    assert all(WRONG_AT_ONE[code].search(one) for one in WRONG[code])
    assert not [one for one in RIGHT[code] if WRONG_AT_ONE[code].search(one)]
