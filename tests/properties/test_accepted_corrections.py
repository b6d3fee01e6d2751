"""Whoever accepts what is recommended gets an order that the same checks find nothing more to say about."""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from cds_service.answer import Answer, Asked, answer
from cds_service.b12.conflict import conflicts_of
from cds_service.b12.dose import Step, mass_of_amount
from cds_service.b12.record import Strength
from cds_service.b12.verdict import Finding
from cds_service.hooks import ENCODER, Card, read_request
from tests.helpers.patients import knowledge, request_of
from tests.helpers.reading import UCUM
from tests.helpers.tables import instant

Json = dict[str, Any]
MISTAKES = frozenset({"dose_unit_mismatch", "dose_volume_mismatch", "dose_text_conflict", "dose_unreadable"})
"""A dose without a mistake may still be an unusual one, which is only asked then."""
BY_ROUTE = frozenset({"dose_unit_mismatch", "dose_volume_mismatch"})
"""What is a mistake by one route may be none by another."""
PRODUCTS = (
    "[cyanocobalamin 1 mg/mL]", "[cyanocobalamin 5 mg/mL]", "cyanocobalamin", "hydroxocobalamin", "vitamin B12",
    "hydroxocobalamin contained 500 mcg/mL", '"Cyanocobalamin 1000 mcg tablet"',
)  # fmt: skip
RECORDS = ("", "PA; given 2026-01-10 1000 mcg IM; given 2026-02-10 1000 mcg IM", "neuropathy; PA", "born 2020")
ROUTES = ("IM", "SC", "IV", "oral", "intradermal", "")
TIMES = ("monthly", "daily", "weekly", "every 3 months", "every 6 months", "once", "")
NUMBERS = ("0.5", "1", "1.0", "1.5", "2", "5", "10", "100", "500", "1000", "1,000", "1500")
MASSES = ("mg", "mcg", "g", "µg", "milligrams", "micrograms", "MG")
MEASURES = (*MASSES, "mL", "ml", "tablet", "ampoule", "vial", "shot")
CODES = {"mg": "mg", "mcg": "ug", "g": "g", "µg": "ug", "mL": "mL", "MG": "mg"}
WORDS = (
    "{0} IM monthly",
    "Inject {0} intramuscularly once a month",
    "{0} ({1}) IM monthly",
    "1 mL ({0}) IM every 4 weeks",
    "{0} IM daily for 7 days, then {0} IM monthly",
    "{0} IM daily for 7 days, then {1} IM monthly",
    "{0} to {1} IM monthly",
    "{0} of 1000 mcg/mL IM monthly",
    "{0} IV q1mo",
    "{0} by mouth QD",
    "take {0} as the moon waxes",
    "{0}s under the moon, one milligram each",
    "as directed",
    "one milligram IM monthly",
    "{0} IM monthly as needed",
    "{0} IM every month, with a 25 G needle",
)

numbers = st.sampled_from(NUMBERS)
measured = st.tuples(numbers, st.sampled_from(MEASURES)).map(" ".join)
texts = st.builds(lambda words, one, two: words.format(one, two), st.sampled_from(WORDS), measured, measured)


def quantity(number: str, unit: str, code: str) -> Json:
    coded = {"system": UCUM, "code": code} if code else {}
    return {"value": Decimal(number.replace(",", "")), "unit": unit} | coded


quantities = st.one_of(
    st.builds(lambda number, unit: quantity(number, unit, CODES.get(unit, "")), numbers, st.sampled_from(MEASURES)),
    st.builds(quantity, numbers, st.sampled_from(["mg", "mcg"]), st.sampled_from(["mg", "ug", "mL", ""])),
)
rows = st.one_of(
    quantities.map(lambda one: {"doseQuantity": one}),
    st.builds(lambda low, high: {"doseRange": {"low": low, "high": high}}, quantities, quantities),
)
worded = st.fixed_dictionaries({}, optional={"text": texts, "patientInstruction": texts})
steps = st.tuples(st.sampled_from(ROUTES), st.sampled_from(TIMES), st.none() | rows, worded)
sequences = st.sampled_from([None, None, 1, 2, 3])
empties: st.SearchStrategy[Json] = st.sampled_from([
    {}, {"text": ""}, {"sequence": 2, "text": ""}, {"timing": {"repeat": {}}},
])  # fmt: skip
supplies = st.sampled_from(["", "supply 10 mL", "supply 1 mL refills 2", "supply 30 tablets", "supply 400 mL"])


@st.composite
def orders(draw: st.DrawFn) -> tuple[str, Json]:
    """A record and a draft order."""
    product, supply = draw(st.sampled_from(PRODUCTS)), draw(supplies)
    instructions: list[Json] = []
    for route, time, row, said in draw(st.lists(steps, min_size=1, max_size=2)):
        written = request_of("order-sign", "", f"{product} {route} {time} {supply}".strip())
        order: Json = written["context"]["draftOrders"]["entry"][0]["resource"]
        one = (order.get("dosageInstruction") or [{}])[0] | said | ({"doseAndRate": [row]} if row else {})
        number = draw(sequences)
        instructions.append(one | ({"sequence": number} if number else {}))
    for place in draw(st.lists(st.integers(0, 2), max_size=1)):
        instructions.insert(place, draw(empties))
    return draw(st.sampled_from(RECORDS)), order | {"dosageInstruction": instructions}


def asked(record: str, order: Json, protocol: str) -> Answer:
    request: Json = request_of("order-sign", record, "1000 mcg IM monthly")
    request["context"]["draftOrders"]["entry"] = [{"resource": order}]
    asking = Asked(knowledge(), protocol, instant("2026-03-10"), most_cards=20, most_resources=1000)
    return answer(read_request(ENCODER.encode(request)), asking)


def accepted(card: Card) -> Json | None:
    """The order once the recommended suggestion is accepted; None where that is not a corrected draft."""
    for one in card.suggestions[:1]:
        for action in one.actions:
            if action.type == "update":
                found: Json = json.loads(ENCODER.encode(action.resource), parse_float=Decimal)
                return found
    return None


def findings(found: Answer) -> set[str]:
    return {one.rule for one in found.judged if isinstance(one.verdict, Finding) and one.subject}


def said(found: Answer) -> list[Step]:
    """The steps of the order that say anything."""
    assert found.episode
    [draft] = found.episode.drafts
    return [one for one in draft.steps if one.amount or one.schedule or one.route or one.sig]


def contradictions(step: Step) -> set[str]:
    return {one.kind for one in conflicts_of(step, knowledge().protocols["us-practice"].timing)}


def masses(step: Step, strength: Strength | None) -> list[Decimal]:
    """Micrograms of every amount of a step, in structure and text."""
    amounts = [step.amount, *(phase.amount for phase in step.text_phases)]
    return [mass.high for one in amounts if one and (mass := mass_of_amount(one, strength))]


def faults(before: Answer, after: Answer, rule: str) -> Iterator[str]:
    """What is wrong with an order that was corrected as a rule's card recommends."""
    if rule in findings(after):
        yield "the same is found again"
    watched = MISTAKES - (BY_ROUTE if rule == "route_not_recommended" else frozenset())
    if more := (findings(after) - findings(before)) & watched:
        yield f"{more} is found as well"
    assert after.episode
    strength = after.episode.drafts[0].product.strength
    for was, now in zip(said(before), said(after)[-len(said(before)) :], strict=True):
        if contradictions(now) - contradictions(was):
            yield "a contradiction came with it"
        if was.amount != now.amount:
            held = masses(now, strength)
            if held and max(held) > min(held) * Decimal("1.1"):
                yield "structure and text hold different doses"


@settings(max_examples=150, deadline=None, derandomize=True)
@given(case=orders(), protocol=st.sampled_from(["us-practice", "uk-nice-bnf", "de-label"]))
def test_an_accepted_correction_leaves_nothing_to_say_about_the_same(case: tuple[str, Json], protocol: str) -> None:
    record, order = case
    before = asked(record, order, protocol)
    for card in before.cards:
        corrected = accepted(card)
        if corrected is not None:
            found = list(faults(before, asked(record, corrected, protocol), card.source.topic.code))
            assert not found, (card.summary, corrected["dosageInstruction"])
