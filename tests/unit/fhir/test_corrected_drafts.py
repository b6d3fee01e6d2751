"""Corrected orders: the draft itself with one thing changed, valid FHIR R4, and nothing else touched."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from msgspec import Raw

from cds_service.b12.policy import Span
from cds_service.b12.protocol import Regimen, RegimenFor
from cds_service.b12.record import Amount
from cds_service.b12.units import amount_of
from cds_service.b12.words import Route
from cds_service.errors import OutputFault
from cds_service.fhir import drafts, quantities
from cds_service.fhir.valid import Resource, check
from cds_service.hooks import ENCODER
from cds_service.knowledge import Knowledge
from tests.helpers.reading import SNOMED, UCUM, Json, raw, ucum

IM = {"coding": [{"system": SNOMED, "code": "78421000"}]}
MONTHLY = {"repeat": {"frequency": 1, "period": 1, "periodUnit": "mo"}}
INSTRUCTION = {
    "text": "1000 mg IM monthly",
    "route": IM,
    "timing": MONTHLY,
    "doseAndRate": [{"doseQuantity": ucum(1000, "mg")}],
}
DRAFT = {
    "resourceType": "MedicationRequest",
    "id": "o1",
    "status": "draft",
    "intent": "order",
    "subject": {"reference": "Patient/p1"},
    "medicationCodeableConcept": {"text": "cyanocobalamin"},
    "dosageInstruction": [INSTRUCTION],
}
D = Decimal


def draft(*instructions: Json, **fields: Any) -> Resource:
    return drafts.draft_of(raw(DRAFT | ({"dosageInstruction": list(instructions)} if instructions else {}) | fields))


def without_instructions() -> Resource:
    return {name: kept for name, kept in draft().items() if name != "dosageInstruction"}


MISTAKEN = amount_of(D(1000), "mg", "mg", UCUM)


def corrected(order: Resource, value: str = "1000", unit: str = "mcg", old: Amount | None = MISTAKEN) -> Json:
    """The first instruction with another dose."""
    code = {"mcg": "ug"}.get(unit, unit)
    quantity = {"value": quantities.plain(D(value)), "unit": unit, "system": UCUM, "code": code}
    drafts.correct_dose(order["dosageInstruction"][0], old, amount_of(D(value), unit, code, UCUM), quantity)
    return check(drafts.finished(order))


def wire(order: Resource) -> str:
    return ENCODER.encode(order).decode()


# The draft as it came


def test_decimals_and_unknown_elements_come_through_as_they_were_written() -> None:
    text = '{"resourceType":"MedicationRequest","x":1.50,"y":0.10000000000000000000000000001,"z":{"a":[1,true,"é"]}}'

    assert wire(drafts.draft_of(Raw(text.encode()))) == text


@pytest.mark.parametrize(
    "number", ["1.0e999", "1e99999999999999999999", "0.0e99999999999999999999", "1" * 5000 + ".5", "1" * 5000]
)
def test_a_number_that_others_cannot_read_is_not_sent_on(number: str) -> None:
    with pytest.raises(OutputFault, match="can be sent on"):
        drafts.draft_of(Raw(f'{{"x":{number}}}'.encode()))


@pytest.mark.parametrize("name", ["category", "reasonCode"])
def test_an_object_for_a_list_becomes_a_list(name: str) -> None:
    found = draft(**{name: {"text": "a"}})

    assert found[name] == [{"text": "a"}]
    assert check(found)


def test_an_object_for_the_instruction_and_its_rows_becomes_a_list() -> None:
    loose = INSTRUCTION | {"doseAndRate": INSTRUCTION["doseAndRate"][0]}  # type: ignore[index] # a list of one
    found = drafts.draft_of(raw(DRAFT | {"dosageInstruction": loose}))

    assert found["dosageInstruction"] == [INSTRUCTION]


@pytest.mark.parametrize("empty", [None, "", [], {}, [None], [{}], {"coding": [{"code": ""}]}])
def test_what_is_empty_is_left_out(empty: object) -> None:
    assert draft(reasonCode=empty) == draft()


@pytest.mark.parametrize("empty", [{}, {"text": ""}, {"timing": {"repeat": {}}, "route": None}])
def test_an_empty_instruction_keeps_its_place_until_the_draft_is_finished(empty: Json) -> None:
    found = draft(empty, INSTRUCTION)

    assert found["dosageInstruction"] == [{}, INSTRUCTION]
    assert check(drafts.finished(found)) == draft()
    assert "dosageInstruction" not in drafts.finished(draft(empty))


def test_a_finished_draft_has_no_summary_of_the_old_order() -> None:
    summary = {"status": "generated", "div": '<div xmlns="http://www.w3.org/1999/xhtml">1000 mg</div>'}

    assert drafts.finished(draft(text=summary)) == draft()


def test_false_and_zero_are_not_empty() -> None:
    found = draft(doNotPerform=False, dispenseRequest={"numberOfRepeatsAllowed": 0})

    assert (found["doNotPerform"], found["dispenseRequest"]) == (False, {"numberOfRepeatsAllowed": 0})


# Another dose


def test_only_dose_and_text_change() -> None:
    before, after = (draft(note=[{"text": "keep 1.0 me"}], priority="routine") for _ in range(2))
    corrected(after)
    step, old = after.pop("dosageInstruction")[0], before.pop("dosageInstruction")[0]

    assert wire(after) == wire(before)
    assert step.pop("doseAndRate") == [{"doseQuantity": ucum(1000, "mcg", "ug")}]
    assert step.pop("text") == "1000 mcg IM monthly"
    assert wire(step) == wire({name: kept for name, kept in old.items() if name not in {"doseAndRate", "text"}})


def test_of_several_rows_the_ordered_one_stays_and_keeps_its_rate() -> None:
    rows = [
        {"type": {"text": "calculated"}, "doseQuantity": ucum(9, "mL")},
        {"type": {"coding": [{"code": "ordered"}]}, "doseQuantity": ucum(1000, "mg"), "rateQuantity": ucum(1, "mL/h")},
    ]
    [row] = corrected(draft(INSTRUCTION | {"doseAndRate": rows}))["dosageInstruction"][0]["doseAndRate"]

    assert row == rows[1] | {"doseQuantity": ucum(1000, "mcg", "ug")}


def test_of_several_rows_none_of_which_is_ordered_one_of_no_type_stays() -> None:
    rows = [{"type": {"text": "calculated"}, "doseQuantity": ucum(9, "mL")}, {"doseQuantity": ucum(1000, "mg")}]
    [row] = corrected(draft(INSTRUCTION | {"doseAndRate": rows}))["dosageInstruction"][0]["doseAndRate"]

    assert row == {"doseQuantity": ucum(1000, "mcg", "ug")}


def test_a_range_or_nothing_gives_way_to_the_dose() -> None:
    span = {"doseRange": {"low": ucum(500, "mg"), "high": ucum(1000, "mg")}}

    for rows in ([span], None):
        order = draft({name: kept for name, kept in (INSTRUCTION | {"doseAndRate": rows}).items() if kept})
        [row] = corrected(order)["dosageInstruction"][0]["doseAndRate"]
        assert row == {"doseQuantity": ucum(1000, "mcg", "ug")}


TEXTS = [
    ("inject 1000 mg monthly", "inject 1000 mcg monthly"),
    ("inject 1,000 mg (1000 mg) monthly", "inject 1000 mcg (1000 mcg) monthly"),
    ("inject 1 mL (1000 mg) monthly", "inject 1 mL (1000 mcg) monthly"),
    ("1 g monthly with a 25 G needle", "1000 mcg monthly with a 25 G needle"),
    ("1 gram monthly", "1000 mcg monthly"),
    ("1000 mcg monthly", "1000 mcg monthly"),
    ("1 mg monthly", "1 mg monthly"),
    ("500 mg then 250 mg", "500 mg then 250 mg"),
    ("500 mg monthly", "500 mg monthly"),
    ("1000mg of 1000 mcg/mL", "1000 mcg of 1000 mcg/mL"),
    ("1000mg of 1000 mcg per mL", "1000 mcg of 1000 mcg per mL"),
    ("as directed", "as directed"),
    ("1/1000 mg", "1/1000 mg"),
    ("vitamin B12 - 1000 mg monthly", "vitamin B12 - 1000 mcg monthly"),
]


@pytest.mark.parametrize(("text", "expected"), TEXTS)
def test_the_mistaken_amount_in_the_text_is_rewritten_and_no_other(text: str, expected: str) -> None:
    after = corrected(draft(INSTRUCTION | {"text": text, "patientInstruction": text}))["dosageInstruction"][0]

    assert (after["text"], after["patientInstruction"]) == (expected, expected)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("500 mg to 1000 mg monthly", "1000 mcg monthly"),
        ("500-1000 mg monthly", "1000 mcg monthly"),
        ("500 to 1 g monthly", "500 to 1 g monthly"),
        ("1000 mg, at first 500 mg", "1000 mcg, at first 1000 mcg"),
    ],
)
def test_a_range_in_the_text_is_rewritten_whole(text: str, expected: str) -> None:
    old = amount_of(D(500), "mg", "mg", UCUM, high=D(1000))

    assert corrected(draft(INSTRUCTION | {"text": text}), old=old)["dosageInstruction"][0]["text"] == expected


def test_of_a_unit_whose_code_and_text_differ_either_reading_is_rewritten() -> None:
    old = amount_of(D(1), "mcg", "mg", UCUM)
    found = [
        corrected(draft(INSTRUCTION | {"text": text}), "900", old=old)["dosageInstruction"][0]["text"]
        for text in ("1 mg monthly", "1 mcg monthly")
    ]
    assert found == ["900 mcg monthly"] * 2


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1000 mg monthly", "1000 mcg monthly"),
        ("1000 mg daily, then 1 g monthly", "1000 mcg daily, then 1000 mcg monthly"),
        ("1000 mcg daily, then 1000 mg monthly", "1000 mcg daily, then 1000 mcg monthly"),
        ("500 mg then 250 mg", "500 mg then 250 mg"),
    ],
)
def test_a_text_that_gives_the_dose_alone_is_rewritten_if_one_amount_is_mistaken(text: str, expected: str) -> None:
    after = corrected(draft({"text": text, "timing": MONTHLY}), old=None)

    assert after["dosageInstruction"][0]["text"] == expected


def test_a_volume_is_replaced_by_a_volume() -> None:
    order = draft(INSTRUCTION | {"text": "10 mL (1000 mcg) IM", "doseAndRate": [{"doseQuantity": ucum(10, "mL")}]})
    after = corrected(order, "1.0", "mL", amount_of(D(10), "mL", "mL", UCUM))["dosageInstruction"][0]

    assert after["text"] == "1 mL (1000 mcg) IM"
    assert '"value":1,' in wire(after)


@pytest.mark.parametrize(
    ("value", "written"), [("1000.0", "1000"), ("1.50", "1.5"), ("0.10", "0.1"), ("1E+3", "1000"), ("0", "0")]
)
def test_a_trailing_zero_is_never_written(value: str, written: str) -> None:
    assert f'"value":{written},' in wire(corrected(draft(), value))
    assert corrected(draft(), value)["dosageInstruction"][0]["text"] == f"{written} mcg IM monthly"


# Another route


def routed(order: Resource, route: Route) -> Json:
    drafts.correct_route(order, route)
    return check(order)


def test_another_route_is_written_in_every_instruction_and_nothing_names_the_old() -> None:
    order = draft(INSTRUCTION | {"site": {"text": "vein"}, "method": {"text": "push"}}, {"timing": MONTHLY})
    first, second = routed(order, Route.SUBCUTANEOUS)["dosageInstruction"]

    assert first == {"route": quantities.route_concept(Route.SUBCUTANEOUS), "timing": MONTHLY} | {
        "doseAndRate": INSTRUCTION["doseAndRate"]
    }
    assert second["route"]["coding"][0]["code"] == "34206005"


@pytest.mark.parametrize("kept", [("text",), ("text", "timing"), ("text", "doseAndRate")])
def test_no_route_is_written_where_the_dose_or_schedule_would_be_lost_with_the_text(kept: tuple[str, ...]) -> None:
    order = draft({name: INSTRUCTION[name] for name in kept})

    with pytest.raises(OutputFault, match="the text alone"):
        drafts.correct_route(order, Route.INTRAMUSCULAR)


def test_a_draft_without_instructions_gets_no_route() -> None:
    assert routed(without_instructions(), Route.ORAL) == without_instructions()


# Another interval


def regimen(knowledge: Knowledge, protocol: str, whom: RegimenFor = RegimenFor.STANDARD) -> Regimen:
    found = knowledge.protocols[protocol].regimen(whom)
    assert found
    return found


@pytest.fixture
def upkeep(knowledge: Knowledge) -> Span:
    """Every 2 to 3 months."""
    maintenance = regimen(knowledge, "uk-nice-bnf").maintenance
    assert maintenance
    return maintenance.interval


TWO_TO_THREE_MONTHS = {"frequency": 1, "period": 2, "periodMax": 3, "periodUnit": "mo"}


def spaced(order: Resource, interval: Span) -> Json:
    """The first instruction at another interval."""
    drafts.correct_interval(order["dosageInstruction"][0], interval)
    return check(order)


def test_the_interval_is_written_into_the_timing_and_the_text(upkeep: Span) -> None:
    before = INSTRUCTION | {"text": "1000 mcg IM monthly"}
    [after] = spaced(draft(before), upkeep)["dosageInstruction"]

    assert after == before | {"timing": {"repeat": TWO_TO_THREE_MONTHS}, "text": "1000 mcg IM every 2 to 3 months"}


def test_bounds_and_number_of_doses_stay_and_what_belongs_to_the_old_interval_goes(upkeep: Span) -> None:
    bounds = {"boundsDuration": ucum(1, "a"), "count": 4, "countMax": 6}
    old = {"frequency": 2, "frequencyMax": 3, "period": 1, "periodUnit": "wk", "dayOfWeek": ["mon"], "when": ["MORN"]}
    timing = {"repeat": bounds | old, "code": {"text": "weekly"}}
    [step] = spaced(draft({"timing": timing}), upkeep)["dosageInstruction"]

    assert step["timing"] == {"repeat": bounds | TWO_TO_THREE_MONTHS}


def test_a_timing_by_code_alone_becomes_one_that_repeats(upkeep: Span) -> None:
    [step] = spaced(draft({"timing": {"code": {"coding": [{"code": "MO"}]}}}), upkeep)["dosageInstruction"]

    assert step["timing"] == {"repeat": TWO_TO_THREE_MONTHS}


@pytest.mark.parametrize("step", [{"text": "1 mg IM monthly"}, {"timing": {"event": ["2026-01-01"]}}])
def test_no_interval_is_written_where_no_timing_repeats(upkeep: Span, step: Json) -> None:
    with pytest.raises(OutputFault, match="a timing that repeats"):
        spaced(draft(step), upkeep)


# Another supply, another text


def supplied(order: Resource, quantity: str | None, repeats: int | None) -> Json:
    drafts.correct_supply(order, D(quantity) if quantity else None, repeats)
    found: Json = check(order)["dispenseRequest"]
    return found


def test_quantity_and_refills_change_and_the_rest_of_the_request_stays() -> None:
    request = {"quantity": ucum(1, "mL"), "numberOfRepeatsAllowed": 2, "expectedSupplyDuration": ucum(30, "d")}

    assert supplied(draft(dispenseRequest=request), "12.0", None) == request | {"quantity": ucum(12, "mL")}
    assert supplied(draft(dispenseRequest=request), None, 11) == request | {"numberOfRepeatsAllowed": 11}
    assert supplied(draft(), None, 0) == {"numberOfRepeatsAllowed": 0}


def test_no_quantity_is_written_without_a_unit() -> None:
    with pytest.raises(OutputFault, match="a quantity whose unit can stand"):
        drafts.correct_supply(draft(), D(1), None)


def test_a_text_is_written_where_it_was_read_from() -> None:
    steps: list[tuple[Json, Json]] = [
        ({"text": "a", "patientInstruction": "b"}, {"text": "new", "patientInstruction": "b"}),
        ({"patientInstruction": "b"}, {"patientInstruction": "new"}),
    ]
    for step, expected in steps:
        order = draft(step)
        drafts.correct_text(order["dosageInstruction"][0], "new")
        assert check(order)["dosageInstruction"] == [expected]


# Loading


def loaded(
    knowledge: Knowledge, order: Resource, remaining: int | None = None, protocol: str = "uk-nice-bnf"
) -> list[Json]:
    own = order.get("dosageInstruction", [])
    drafts.add_loading(order, own, regimen(knowledge, protocol), remaining)
    steps: list[Json] = check(order)["dosageInstruction"]
    return steps


def test_loading_is_put_first_and_numbered(knowledge: Knowledge) -> None:
    loading, own = loaded(knowledge, draft())

    assert loading["timing"]["repeat"] == {"count": 6, "frequency": 1, "period": 2, "periodMax": 3, "periodUnit": "d"}
    assert loading["doseAndRate"][0]["doseQuantity"] == ucum(1000, "mcg", "ug")
    assert loading["route"] == IM
    assert own == INSTRUCTION | {"sequence": 2}


def test_only_the_rest_of_loading_is_put_first(knowledge: Knowledge) -> None:
    assert [one["timing"]["repeat"].get("count") for one in loaded(knowledge, draft(), 2)] == [2, None]
    counts = [one["timing"]["repeat"].get("count") for one in loaded(knowledge, draft(), 9, "us-label")]
    assert counts == [5, 4, None]
    assert len(loaded(knowledge, draft(), None, "us-label")) == 4


def test_a_draft_without_instructions_gets_loading_alone_by_the_regimens_route(knowledge: Knowledge) -> None:
    [loading] = loaded(knowledge, without_instructions())

    assert loading["route"] == quantities.route_concept(Route.INTRAMUSCULAR)


def test_own_instructions_follow_in_sequence_and_those_at_one_time_stay_so(knowledge: Knowledge) -> None:
    steps = [INSTRUCTION | {"sequence": number, "text": name} for number, name in ((1, "a"), (1, "b"), (2, "c"))]

    assert [(one["sequence"], one["text"]) for one in loaded(knowledge, draft(*steps))[1:]] == [
        (2, "a"),
        (2, "b"),
        (3, "c"),
    ]
    assert [one["sequence"] for one in loaded(knowledge, draft(INSTRUCTION, INSTRUCTION))] == [1, 2, 3]


def test_every_regimen_of_every_protocol_can_be_put_first(knowledge: Knowledge) -> None:
    for protocol in knowledge.protocols.values():
        for one in protocol.regimens:
            order = draft()
            drafts.add_loading(order, order["dosageInstruction"], one, None)
            assert check(order)
