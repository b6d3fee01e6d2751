"""Beside a confirmed allergy to a cobalamin no suggestion of any rule, at any hook, holds it or what may be it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cds_service.answer import Answer, Asked, answer, page_of
from cds_service.b12 import names
from cds_service.b12.offering import TOLD
from cds_service.b12.verdict import Finding
from cds_service.b12.words import Substance
from cds_service.hooks import HookRequest, read_request
from cds_service.writer import Judged, write_cards
from tests.helpers.patients import knowledge, request_of
from tests.helpers.tables import HOOKS, instant, rows_of, tables
from tests.properties.charts import FEW, PROTOCOLS, TODAY, calls

pytestmark = pytest.mark.no_cover  # goes over again what other tests measure, and is quicker so
ALLERGIES = {
    "cyanocobalamin": {Substance.CYANOCOBALAMIN, Substance.UNSPECIFIED},
    "hydroxocobalamin": {Substance.HYDROXOCOBALAMIN, Substance.UNSPECIFIED},
    "vitamin B12": set(Substance),
    "cobalt": set(Substance),
}
GIVING = frozenset({"MedicationRequest", "CarePlan"})
CONFLICT, WRITING = "allergy_conflict", "allergyintolerance-create"


ROWS = {path.stem: tuple(row for row in rows_of(path) if row.verdict.startswith("finding")) for path in tables()}


def ask(hook: str, record: str, draft: str, asked: Asked) -> tuple[HookRequest, Answer]:
    request = read_request(json.dumps(request_of(hook, record, draft)).encode())
    return request, answer(request, asked)


def asked_on(as_of: str, protocol: str) -> Asked:
    return Asked(knowledge(), protocol, instant(as_of), most_cards=20, most_resources=1000)


def substances(request: HookRequest, found: Answer, asked: Asked) -> Iterator[Substance]:
    """
    What every finding suggests to give, each on a card of its own, so that none is hidden behind a more urgent one.

    A corrected draft holds what the draft does; what is new names its cobalamin in words.
    """
    if found.episode is None:
        return
    drafts = {one.ref.rpartition("/")[2]: one.product.substance for one in found.episode.drafts}
    page = page_of(request, found.episode, found.reading, asked)
    for card in (card for one in found.judged for card in write_cards([one], page)):
        for action in (action for suggestion in card.suggestions for action in suggestion.actions):
            resource = action.resource or {}
            if resource.get("id") in drafts:
                yield drafts[resource["id"]]
            elif resource.get("resourceType") in GIVING:
                drugs = re.findall(r"\b\w*cobal\w+", json.dumps(resource))
                yield from (names.substance_of_name(one) or Substance.UNSPECIFIED for one in drugs or [""])


def told(judged: tuple[Judged, ...]) -> frozenset[str]:
    """The subjects of cards that name the allergy."""
    named = (one for one in judged if isinstance(one.verdict, Finding))
    return frozenset(one.verdict.about for one in named if one.rule == CONFLICT or TOLD in one.verdict.facts)


def without_a_word(free: Answer, bound: Answer) -> set[str]:
    """The findings that offer less than without the allergy, on cards that do not name it."""
    before = {(one.rule, one.subject): one.verdict for one in free.judged}
    silent = set()
    for one in bound.judged:
        other, subjects = before.get((one.rule, one.subject)), told(bound.judged)
        if isinstance(one.verdict, Finding) and isinstance(other, Finding) and one.verdict.about not in subjects:
            less = len(one.verdict.proposals) < len(other.proposals)
            silent |= {f"{one.rule} {one.verdict.variant}"} if less else set()
    return silent


def free_of_allergies(record: str) -> str:
    return "; ".join(one for one in record.split("; ") if "allerg" not in one)


@settings(FEW, max_examples=100)
@given(call=calls(), protocol=PROTOCOLS, allergen=st.sampled_from(sorted(ALLERGIES)))
def test_no_chart_gets_what_it_names_as_an_allergy(call: tuple[str, str, str], protocol: str, allergen: str) -> None:
    hook, record, draft = call
    record, asked = free_of_allergies(record), asked_on(TODAY.isoformat(), protocol)
    request, bound = ask(hook, f"{record}; allergic to {allergen}", draft, asked)
    assert not set(substances(request, bound, asked)) & ALLERGIES[allergen]
    if hook != WRITING:
        assert not without_a_word(ask(hook, record, draft, asked)[1], bound)


@pytest.mark.parametrize("rule", [rule for rule in ROWS if rule != CONFLICT])
def test_no_row_of_a_rules_table_gets_what_it_names_as_an_allergy(rule: str) -> None:
    for row in ROWS[rule]:
        hook, record = HOOKS[row.hook], free_of_allergies(row.record)
        asked = asked_on(row.as_of, row.protocol)
        free = ask(hook, record, row.draft, asked)[1]
        for allergen in ("cyanocobalamin", "hydroxocobalamin"):
            request, bound = ask(hook, f"{record}; allergic to {allergen}", row.draft, asked)
            assert not set(substances(request, bound, asked)) & ALLERGIES[allergen], row.name
            assert hook == WRITING or not without_a_word(free, bound), row.name
