"""A rule's proposal becomes CDS Hooks actions, or nothing where no valid order can be written."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from cds_service.b12.verdict import (
    AddLoading,
    CorrectDose,
    CorrectRoute,
    CorrectVolume,
    OrderMaintenance,
    Proposal,
    ReplaceWithRegimen,
)
from cds_service.b12.words import Route
from cds_service.fhir.proposals import Desk, actions_of
from cds_service.hooks import ENCODER
from cds_service.knowledge import Knowledge
from cds_service.writer import desk_of
from tests.helpers.reading import Json, read, resource, timeline, ucum

REF = "MedicationRequest/o1"
STEP = {
    "timing": {"repeat": {"frequency": 1, "period": 1, "periodUnit": "mo"}},
    "doseAndRate": [{"doseQuantity": ucum(1000, "mg")}],
}


def desk(knowledge: Knowledge, **fields: Any) -> Desk:
    own: Json = {"id": "o1", "status": "draft", "intent": "order", "dosageInstruction": [STEP]}
    reading = read(knowledge, drafts=(resource("MedicationRequest", **(own | fields)),))
    return desk_of(reading.originals, timeline(knowledge, reading.record).drafts, "p1")


def proposals(knowledge: Knowledge, ref: str = REF) -> dict[str, tuple[Proposal, list[str]]]:
    regimen = knowledge.protocols["uk-nice-bnf"].regimens[0]
    return {
        "dose": (CorrectDose(ref, ((0, Decimal(1000)),)), ["update"]),
        "volume": (CorrectVolume(ref, ((0, Decimal(1)),)), ["update"]),
        "route": (CorrectRoute(ref, Route.INTRAMUSCULAR), ["update"]),
        "loading": (AddLoading(ref, regimen), ["update"]),
        "regimen": (ReplaceWithRegimen(ref, regimen), ["delete", "create"]),
        "maintenance": (OrderMaintenance(regimen), ["create"]),
    }


NAMES = ["dose", "volume", "route", "loading", "regimen", "maintenance"]


@pytest.mark.parametrize("name", NAMES)
def test_each_proposal_is_actions(knowledge: Knowledge, name: str) -> None:
    proposal, types = proposals(knowledge)[name]
    found = actions_of(proposal, desk(knowledge))

    assert [one.type for one in found] == types
    assert all((one.resource is None) == (one.type == "delete") for one in found)
    assert ENCODER.encode(found)


def test_a_draft_that_is_replaced_is_named(knowledge: Knowledge) -> None:
    gone, _ = actions_of(proposals(knowledge)["regimen"][0], desk(knowledge))

    assert gone.resource_id == REF


def test_a_dose_written_in_milligrams_is_corrected_to_micrograms(knowledge: Knowledge) -> None:
    for rows, unit in ((STEP["doseAndRate"], "mcg"), (None, "mg")):
        [action] = actions_of(
            proposals(knowledge)["dose"][0],
            desk(knowledge, dosageInstruction=[STEP | {"doseAndRate": rows or [], "text": "x"}]),
        )
        assert action.resource
        assert action.resource["dosageInstruction"][0]["doseAndRate"][0]["doseQuantity"]["unit"] == unit


HOPELESS: dict[str, tuple[Json, str]] = {
    "without an id": ({"id": None}, "context.draftOrders.entry[0]"),
    "of STU3": ({"dosageInstruction": [{"doseQuantity": ucum(1000, "mg")}]}, REF),
    "not valid itself": ({"priority": 5}, REF),
}


@pytest.mark.parametrize("name", [name for name in NAMES if name not in {"maintenance", "regimen"}])
@pytest.mark.parametrize(("fields", "ref"), HOPELESS.values(), ids=HOPELESS)
def test_a_draft_that_cannot_be_written_back_gets_no_action(
    knowledge: Knowledge, fields: Json, ref: str, name: str
) -> None:
    assert actions_of(proposals(knowledge, ref)[name][0], desk(knowledge, **fields)) == ()


def test_a_draft_nested_too_deeply_to_copy_gets_no_action(knowledge: Knowledge) -> None:
    deep: Json = {"url": "x"}
    for _ in range(400):
        deep = {"extension": [deep]}

    assert actions_of(proposals(knowledge)["dose"][0], desk(knowledge, extension=[deep])) == ()
