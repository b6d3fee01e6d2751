"""A corrected draft is read again before it is offered; one that would contradict itself or the card is not offered."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from cds_service.b12 import verdict
from cds_service.b12.policy import Span
from cds_service.b12.verdict import Proposal
from cds_service.b12.words import Route
from cds_service.fhir.proposals import actions_of, desk_of
from cds_service.fhir.reread import Yardstick
from cds_service.knowledge import Knowledge
from tests.helpers.patients import request_of
from tests.helpers.reading import SNOMED, Json, answered, read, resource, timeline, ucum

D = Decimal
REF = "MedicationRequest/o1"
IM, IV = ({"coding": [{"system": SNOMED, "code": code}]} for code in ("78421000", "47625008"))
DAILY, MONTHLY = ({"repeat": {"frequency": 1, "period": 1, "periodUnit": unit}} for unit in ("d", "mo"))
UNCODED = {"text": "cyanocobalamin"}


def dose(value: float, unit: str = "mg", **fields: Any) -> Json:
    return {"route": IM, "timing": MONTHLY, "doseAndRate": [{"doseQuantity": ucum(value, unit)}]} | fields


def offered(known: Knowledge, proposal: Proposal, *instructions: Json, **fields: Any) -> list[Json] | None:
    """The instructions of the order that is offered; None if none is."""
    own: Json = {"id": "o1", "status": "draft", "intent": "order", "dosageInstruction": list(instructions)}
    reading = read(known, drafts=(resource("MedicationRequest", **(own | fields)),))
    yardstick = Yardstick(known.codes, known.protocols["us-practice"].timing)
    desk = desk_of(reading.originals, timeline(known, reading.record).drafts, "p1", yardstick)
    actions = actions_of(proposal, desk)
    found: list[Json] | None = actions[0].resource["dosageInstruction"] if actions and actions[0].resource else None
    return found


def corrected(step: int = 0, mcg: int = 1000) -> Proposal:
    return verdict.CorrectDose(REF, ((step, D(mcg)),))


def doses(instructions: list[Json] | None) -> list[tuple[object, str]]:
    said = (one["doseAndRate"][0]["doseQuantity"] for one in instructions or ())
    return [(one["value"], one["unit"]) for one in said]


# The step that is meant is the one that is corrected

EMPTY: list[Json] = [{}, {"text": ""}, {"timing": {}}, {"sequence": None}, {"route": {"coding": []}, "text": " "}]
SEQUENCES: dict[str, tuple[int | None, int | None]] = {
    "missing": (None, None),
    "in order": (1, 2),
    "repeated": (1, 1),
    "from zero": (0, 1),
    "first missing": (None, 1),
    "second missing": (1, None),
    "out of order": (2, 1),
}


@pytest.mark.parametrize("sequence", SEQUENCES.values(), ids=SEQUENCES)
@pytest.mark.parametrize("place", [0, 1, 2])
@pytest.mark.parametrize("empty", EMPTY, ids=str)
def test_the_mistaken_step_is_corrected_wherever_empty_ones_stand(
    knowledge: Knowledge, empty: Json, place: int, sequence: tuple[int | None, int | None]
) -> None:
    numbers = ({"sequence": one} if one is not None else {} for one in sequence)
    steps = [one | number for one, number in zip((dose(1000, timing=DAILY), dose(1)), numbers, strict=True)]
    own: Json = {"id": "o1", "dosageInstruction": [*steps[:place], empty, *steps[place:]]}
    [read_draft] = timeline(knowledge, read(knowledge, drafts=(resource("MedicationRequest", **own),)).record).drafts
    mistaken = [index for index, step in enumerate(read_draft.steps) if step.stated and step.stated.high > 1000]
    found = offered(knowledge, corrected(*mistaken), *own["dosageInstruction"])

    assert found
    assert doses([one for one in found if "doseAndRate" in one]) == [(1000, "mcg"), (1, "mg")]


def test_an_empty_instruction_costs_no_card(knowledge: Knowledge) -> None:
    request = request_of("order-sign", "", "cyanocobalamin 1000 mg IM monthly")
    order = request["context"]["draftOrders"]["entry"][0]["resource"]
    order["dosageInstruction"].insert(0, {})
    card = answered(knowledge, request).cards[0]

    assert (card.source.topic.code, card.indicator) == ("dose_unit_mismatch", "critical")
    assert card.suggestions


def test_the_text_of_the_step_that_is_meant_is_respelled(knowledge: Knowledge) -> None:
    steps = ({"text": ""}, dose(1, text="1.0 mg IM monthly", sequence=2), dose(1, timing=DAILY, sequence=1))
    found = offered(knowledge, verdict.CorrectText(REF, ((1, "1 mg IM monthly"),)), *steps)

    assert found == [dose(1, text="1 mg IM monthly", sequence=2), dose(1, timing=DAILY, sequence=1)]


# The dose in the texts

FOLLOWS: list[tuple[Json, Json]] = [
    (dose(1000, text="1 g IM monthly"), {"text": "1000 mcg IM monthly"}),
    (dose(1000, text="1000 mg IM monthly", patientInstruction="1 gram every month"),
     {"text": "1000 mcg IM monthly", "patientInstruction": "1000 mcg every month"}),
    (dose(1000, text="1 mL (1000 mg) IM monthly"), {"text": "1 mL (1000 mcg) IM monthly"}),
    (dose(1000, text="1 mg IM monthly"), {"text": "1 mg IM monthly"}),
    (dose(1000, text="as directed"), {"text": "as directed"}),
    (dose(1000, text="1000 mg as the moon waxes"), {"text": "1000 mcg as the moon waxes"}),
    ({"text": "1000 mg IM daily for 7 days, then 1000 mg IM monthly"},
     {"text": "1000 mcg IM daily for 7 days, then 1000 mcg IM monthly"}),
    ({"text": "1000 mcg IM daily for 7 days, then 1000 mg IM monthly"},
     {"text": "1000 mcg IM daily for 7 days, then 1000 mcg IM monthly"}),
    (dose(0, doseAndRate=[{"doseRange": {"low": ucum(500, "mg"), "high": ucum(1000, "mg")}}],
          text="Inject 500 mg to 1000 mg IM once a month"), {"text": "Inject 1000 mcg IM once a month"}),
]  # fmt: skip


@pytest.mark.parametrize(("step", "expected"), FOLLOWS)
def test_the_texts_follow_the_corrected_dose(knowledge: Knowledge, step: Json, expected: Json) -> None:
    found = offered(knowledge, corrected(), step)

    assert doses(found) == [(1000, "mcg")]
    assert found
    assert {name: found[0].get(name) for name in expected} == expected


STAYS: dict[str, Json] = {
    "another dose": dose(1000, text="500 mg IM monthly"),
    "another dose for the patient": dose(1000, text="1000 mg IM monthly", patientInstruction="500 mg every month"),
    "two doses": {"text": "1000 mg IM daily for 7 days, then 500 mg IM monthly"},
    "one right, one wrong": {"text": "100 mcg IM daily for 7 days, then 1000 mg IM monthly"},
    "a dose in letters": dose(1000, text="one gram IM monthly"),
    "a dose that is not understood": dose(1000, text="one gram as the moon waxes"),
    "a volume that holds another": dose(1000, text="10 mL IM monthly"),
    "a strength that no product has": dose(1000, text="1 mL of 1000 mg/mL IM monthly"),
    "a further instruction": dose(1000, additionalInstruction=[{"text": "not above 1000 mg"}]),
}


@pytest.mark.parametrize("step", STAYS.values(), ids=STAYS)
def test_no_dose_is_offered_where_the_order_would_go_on_saying_another(knowledge: Knowledge, step: Json) -> None:
    assert offered(knowledge, corrected(), step) is None


def test_no_dose_is_offered_where_a_note_would_go_on_saying_the_old(knowledge: Knowledge) -> None:
    for note, found in (("1000 mg, as agreed", False), ("keep me", True)):
        assert bool(offered(knowledge, corrected(), dose(1000), note=[{"text": note}])) is found


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("10 mL (1000 mcg) IM monthly", "1 mL (1000 mcg) IM monthly"),
        ("10 mL IM monthly", "1 mL IM monthly"),
        ("10 mL as the moon waxes", "1 mL as the moon waxes"),
        ("500 mcg IM monthly", None),
        ("500 mcg as the moon waxes", None),
        ("10 tablets IM monthly", None),
    ],
)
def test_the_texts_hold_what_the_corrected_volume_holds(knowledge: Knowledge, text: str, expected: str | None) -> None:
    found = offered(knowledge, verdict.CorrectVolume(REF, ((0, D(1)),)), dose(10, "mL", text=text))

    assert (found[0]["text"] if found else None) == expected


def test_a_volume_in_the_text_is_corrected_and_the_mass_in_the_structure_stays(knowledge: Knowledge) -> None:
    proposal = verdict.CorrectVolume(REF, ((0, D(1)),))

    assert offered(knowledge, proposal, dose(1, text="10 mL IM monthly")) == [dose(1, text="1 mL IM monthly")]
    assert offered(knowledge, proposal, dose(5, text="10 mL IM monthly")) is None


# The interval, the route, the text

TWO_TO_THREE_MONTHS = Span(D(56), D(92), "d", None, "x")  # type: ignore[arg-type] # nobody asks since when
INTERVALS = [
    ("1 mg IM monthly", "1 mg IM every 2 to 3 months"),
    ("1 mg IM", "1 mg IM"),
    ("every month as the moon waxes", None),  # not understood, so it may say anything
    ("1 mg IM q4w", None),  # an interval in other words
    ("1 mg IM monthly and weekly", None),
    ("1 mg IM monthly x 3 then 1 mg IM q12w", None),  # the interval that can be rewritten is of another step
    ("1 mg IM every 8 weeks, next dose due after monthly review", None),
]


@pytest.mark.parametrize(("text", "expected"), INTERVALS)
@pytest.mark.parametrize("name", ["text", "patientInstruction"])
def test_no_text_goes_on_saying_an_interval_that_was_corrected(
    knowledge: Knowledge, name: str, text: str, expected: str | None
) -> None:
    found = offered(knowledge, verdict.CorrectInterval(REF, TWO_TO_THREE_MONTHS), dose(1, **{name: text}))

    assert (found[0][name] if found else None) == expected


def test_the_interval_of_the_step_that_goes_on_is_corrected_or_none(knowledge: Knowledge) -> None:
    proposal = verdict.CorrectInterval(REF, TWO_TO_THREE_MONTHS)
    first, last = dose(1, timing=DAILY, sequence=1), dose(1, sequence=2)
    in_words = {"sequence": 2, "text": "1 mg IM monthly"}
    found = offered(knowledge, proposal, last, first)

    assert found
    assert found[1] == first
    assert found[0]["timing"] == {"repeat": {"frequency": 1, "period": 2, "periodMax": 3, "periodUnit": "mo"}}
    assert offered(knowledge, proposal, in_words, first) is None
    assert offered(knowledge, proposal, {"route": IM}) is None


TEXT_GOES: dict[str, tuple[Json, bool]] = {
    "without a text": (dose(1, route=IV), True),
    "a text that agrees": (dose(1, route=IV, text="1 mg IV monthly"), True),
    "a text that names the right route": (dose(1, route=IV, text="1 mg IM monthly"), True),
    "a text of another dose": (dose(1, route=IV, text="500 mcg IV monthly"), False),
    "a text of another interval": (dose(1, route=IV, text="1 mg IV weekly"), False),
    "a text of two steps": (dose(1, route=IV, text="1 mg IV daily for 7 days, then 1 mg IV monthly"), False),
    "a text that says when": (dose(1, route=IV, timing={"code": {"text": "see text"}}, text="1 mg IV weekly"), False),
    "a text that says as needed": (dose(1, route=IV, text="1 mg IV monthly as needed"), False),
    "a dose that only the text gives": (
        dose(0, route=IV, doseAndRate=[{"doseQuantity": ucum(1, "shot")}], text="1 mg IV monthly"),
        False,
    ),
}


@pytest.mark.parametrize(("step", "expected"), TEXT_GOES.values(), ids=TEXT_GOES)
def test_a_route_is_offered_only_where_nothing_is_lost_with_the_text(
    knowledge: Knowledge, step: Json, *, expected: bool
) -> None:
    found = offered(knowledge, verdict.CorrectRoute(REF, Route.INTRAMUSCULAR), step)

    assert bool(found) is expected


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("1.0 mg IM monthly", "1 mg IM monthly", True),
        ("1 mg IM monthly", "10 mg IM monthly", False),
        ("1 mg IM monthly", "1 mg IM weekly", False),
        ("1 mg IM monthly", "1 mg SC monthly", False),
        ("1 mg IM monthly", "1 mg as the moon waxes", False),
        ("as the moon waxes", "as the moon wanes", True),
        ("as the moon waxes", "2 mg IM monthly", False),
    ],
)
def test_another_spelling_says_what_the_text_said_before(
    knowledge: Knowledge, before: str, after: str, *, expected: bool
) -> None:
    found = offered(knowledge, verdict.CorrectText(REF, ((0, after),)), dose(1, text=before))

    assert bool(found) is expected
