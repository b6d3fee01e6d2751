"""A rule's proposal becomes CDS Hooks actions, or nothing where no valid resource can be written."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from cds_service.b12 import verdict
from cds_service.b12.verdict import Proposal
from cds_service.b12.words import Analyte, Route
from cds_service.fhir.proposals import WRITERS, Desk, actions_of, desk_of
from cds_service.fhir.reread import Yardstick
from cds_service.hooks import ENCODER
from cds_service.knowledge import Knowledge
from cds_service.language import ENGLISH
from tests.helpers.reading import Json, read, resource, timeline, ucum

REF = "MedicationRequest/o1"
STEP = {
    "timing": {"repeat": {"frequency": 1, "period": 1, "periodUnit": "mo"}},
    "doseAndRate": [{"doseQuantity": ucum(1000, "mg")}],
}
REQUEST = {"quantity": ucum(1, "mL")}


def desk(knowledge: Knowledge, **fields: Any) -> Desk:
    own: Json = {
        "id": "o1",
        "status": "draft",
        "intent": "order",
        "dosageInstruction": [STEP],
        "dispenseRequest": REQUEST,
    }
    reading = read(knowledge, drafts=(resource("MedicationRequest", **(own | fields)),))
    return desk_of(reading.originals, timeline(knowledge, reading.record).drafts, "p1", yardstick(knowledge))


def yardstick(knowledge: Knowledge) -> Yardstick:
    return Yardstick(knowledge.codes, knowledge.protocols["us-practice"].timing)


def corrections(knowledge: Knowledge, ref: str = REF) -> dict[str, tuple[Proposal, list[str]]]:
    """Those that need the draft."""
    regimen = knowledge.protocols["uk-nice-bnf"].regimens[0]
    assert regimen.maintenance
    return {
        "dose": (verdict.CorrectDose(ref, ((0, Decimal(1000)),)), ["update"]),
        "volume": (verdict.CorrectVolume(ref, ((0, Decimal(1)),)), ["update"]),
        "route": (verdict.CorrectRoute(ref, Route.INTRAMUSCULAR), ["update"]),
        "interval": (verdict.CorrectInterval(ref, regimen.maintenance.interval), ["update"]),
        "supply": (verdict.CorrectSupply(ref, Decimal(6), 1), ["update"]),
        "text": (verdict.CorrectText(ref, ((0, "1000 mg IM"),)), ["update"]),
        "loading": (verdict.AddLoading(ref, regimen), ["update"]),
        "regimen": (verdict.ReplaceWithRegimen(ref, regimen), ["delete", "create"]),
        "removal": (verdict.RemoveDraft(ref), ["delete"]),
    }


def creations(knowledge: Knowledge) -> dict[str, tuple[Proposal, list[str]]]:
    """Those that do not."""
    protocol = knowledge.protocols["uk-nice-bnf"]
    regimen = protocol.regimens[0]
    return {
        "maintenance": (verdict.OrderMaintenance(regimen), ["create"]),
        "start": (verdict.OrderRegimen(regimen), ["create"]),
        "rest": (verdict.OrderLoading(regimen, 2), ["create"]),
        "tests": (verdict.OrderTests((Analyte.B12, Analyte.MMA)), ["create", "create"]),
        "plan": (verdict.RecordPlan(regimen, protocol.monitoring.checks), ["create"]),
    }


CORRECTIONS = ["dose", "volume", "route", "interval", "supply", "text", "loading", "regimen", "removal"]
CREATIONS = ["maintenance", "start", "rest", "tests", "plan"]


def test_every_proposal_has_a_writer_and_is_tried_here(knowledge: Knowledge) -> None:
    tried = {type(one) for one, _ in (corrections(knowledge) | creations(knowledge)).values()}

    assert tried == set(WRITERS) == set(Proposal.__args__)
    assert [*corrections(knowledge), *creations(knowledge)] == CORRECTIONS + CREATIONS


@pytest.mark.parametrize("name", CORRECTIONS + CREATIONS)
def test_each_proposal_is_actions(knowledge: Knowledge, name: str) -> None:
    proposal, types = (corrections(knowledge) | creations(knowledge))[name]
    step = STEP | ({"doseAndRate": [{"doseQuantity": ucum(10, "mL")}]} if name == "volume" else {})
    found = actions_of(proposal, desk(knowledge, dosageInstruction=[step]))

    assert [one.type for one in found] == types
    assert all((one.resource is None) == (one.type == "delete") for one in found)
    assert ENCODER.encode([one.resource for one in found])


@pytest.mark.parametrize("name", ["regimen", "removal"])
def test_a_draft_that_is_taken_away_is_named(knowledge: Knowledge, name: str) -> None:
    assert actions_of(corrections(knowledge)[name][0], desk(knowledge))[0].resource_id == REF


def test_after_loading_only_the_maintenance_comes_in_place_of_a_draft(knowledge: Knowledge) -> None:
    regimen = knowledge.protocols["uk-nice-bnf"].regimens[0]
    whole, maintenance = (
        actions_of(verdict.ReplaceWithRegimen(REF, regimen, loaded), desk(knowledge))[1].resource
        for loaded in (False, True)
    )

    assert whole
    assert maintenance
    assert [len(order["dosageInstruction"]) for order in (whole, maintenance)] == [2, 1]


def test_a_draft_is_decoded_anew_for_every_correction(knowledge: Knowledge) -> None:
    here = desk(knowledge)
    [first], [second] = (actions_of(corrections(knowledge)["supply"][0], here) for _ in range(2))
    [dose] = actions_of(corrections(knowledge)["dose"][0], here)

    assert first == second
    assert first.resource is not second.resource
    assert dose.resource
    assert dose.resource["dispenseRequest"] == REQUEST


def test_a_dose_written_in_milligrams_is_corrected_to_micrograms(knowledge: Knowledge) -> None:
    for rows, unit in ((STEP["doseAndRate"], "mcg"), (None, "mg")):
        [action] = actions_of(
            corrections(knowledge)["dose"][0],
            desk(knowledge, dosageInstruction=[STEP | {"doseAndRate": rows or [], "text": "x"}]),
        )
        assert action.resource
        assert action.resource["dosageInstruction"][0]["doseAndRate"][0]["doseQuantity"]["unit"] == unit


def test_each_of_several_tests_is_an_action_that_names_it(knowledge: Knowledge) -> None:
    found = actions_of(creations(knowledge)["tests"][0], desk(knowledge))

    assert [one.names(ENGLISH) for one in found] == ["Vitamin B12, serum", "Methylmalonic acid, serum"]
    assert [one.resource and one.resource["code"]["text"] for one in found] == [one.names(ENGLISH) for one in found]


def test_a_test_being_ordered_can_be_taken_away(knowledge: Knowledge) -> None:
    code = {"coding": [{"system": "http://loinc.org", "code": "2132-9"}]}
    reading = read(knowledge, drafts=(resource("ServiceRequest", id="t1", status="draft", intent="order", code=code),))
    [action] = actions_of(
        verdict.RemoveDraft("ServiceRequest/t1"), desk_of(reading.originals, (), "p1", yardstick(knowledge))
    )

    assert (action.type, action.resource_id) == ("delete", "ServiceRequest/t1")


HOPELESS: dict[str, tuple[Json, str]] = {
    "without an id": ({"id": None}, "context.draftOrders.entry[0]"),
    "of STU3": ({"dosageInstruction": [{"doseQuantity": ucum(1000, "mg")}]}, REF),
    "not valid itself": ({"priority": 5}, REF),
}
REMOVED = {"regimen", "removal"}


@pytest.mark.parametrize("name", [name for name in CORRECTIONS if name not in REMOVED])
@pytest.mark.parametrize(("fields", "ref"), HOPELESS.values(), ids=HOPELESS)
def test_a_draft_that_cannot_be_written_back_gets_no_action(
    knowledge: Knowledge, fields: Json, ref: str, name: str
) -> None:
    assert actions_of(corrections(knowledge, ref)[name][0], desk(knowledge, **fields)) == ()


@pytest.mark.parametrize("name", sorted(REMOVED))
def test_a_draft_without_an_id_cannot_be_taken_away(knowledge: Knowledge, name: str) -> None:
    fields, ref = HOPELESS["without an id"]

    assert actions_of(corrections(knowledge, ref)[name][0], desk(knowledge, **fields)) == ()


def test_a_draft_nested_too_deeply_to_check_gets_no_action(knowledge: Knowledge) -> None:
    deep: Json = {"url": "x"}
    for _ in range(400):
        deep = {"extension": [deep]}

    assert actions_of(corrections(knowledge)["dose"][0], desk(knowledge, extension=[deep])) == ()
