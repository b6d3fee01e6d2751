"""The hooks beside patient-view, order-select and order-sign: what their contexts hold, and what becomes of it."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from tests.helpers import wire

REFILL, PROBLEM, ALLERGY = "medication-refill", "problem-list-item-create", "allergyintolerance-create"
START, DISCHARGE = "encounter-start", "encounter-discharge"
RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
STANDING = wire.draft(
    id="o2",
    status="active",
    medicationCodeableConcept={"coding": [{"system": RXNORM, "code": "309594"}]},
    dosageInstruction=[{"text": "Inject 1000 mcg intramuscularly once a month"}],
)
ORDERS = {"medicationRequests": wire.bundle(STANDING, kind="searchset")}


def allergy(**changes: object) -> wire.Json:
    body = {
        "resourceType": "AllergyIntolerance",
        "id": "a1",
        "type": "allergy",
        "clinicalStatus": {"coding": [{"code": "active"}]},
        "code": {"text": "Vitamin B12"},
        "patient": {"reference": f"Patient/{wire.PATIENT}"},
    }
    return {name: value for name, value in (body | changes).items() if value is not None}


def adding(entry: object, prefetch: wire.Json | None = None, name: str = "allergyIntolerance") -> wire.Json:
    return wire.call(ALLERGY, wire.context() | {name: entry}, ORDERS if prefetch is None else prefetch)


@pytest.mark.parametrize("hook", [START, DISCHARGE])
def test_36_a_visit_is_looked_at_as_a_chart_is(client: FlaskClient, hook: str) -> None:
    request = wire.example("patient-view-overdue") | {"hook": hook}
    topics = wire.topics(wire.ask(client, request))
    assert ("maintenance_overdue" in topics) is (hook == START)


@pytest.mark.parametrize("hook", [START, DISCHARGE])
@pytest.mark.parametrize("key", ["patient", "medicationRequests"])
def test_41_a_visit_needs_what_a_chart_needs(client: FlaskClient, hook: str, key: str) -> None:
    request = wire.example("patient-view-overdue") | {"hook": hook}
    del request["prefetch"][key]
    issue = wire.refused(wire.post(client, request), 412, "$.prefetch")
    assert key in issue["diagnostics"]


def test_36_a_patient_who_leaves_without_an_order_is_told_of(client: FlaskClient) -> None:
    assert "maintenance_order_missing" in wire.topics(wire.ask(client, wire.example("encounter-discharge-no-order")))


@pytest.mark.parametrize("user", [None, "Practitioner/dr-1"])
def test_33_36_a_refill_needs_no_user(client: FlaskClient, user: str | None) -> None:
    context = wire.context(userId=user, medications=wire.bundle(wire.draft()))
    assert wire.topics(wire.ask(client, wire.call(REFILL, context)))["dose_unit_mismatch"] == "critical"


def test_36_drafts_of_another_hook_are_not_a_refill(client: FlaskClient) -> None:
    context = wire.context(draftOrders=wire.bundle(wire.draft()))
    assert wire.topics(wire.ask(client, wire.call(REFILL, context))) == {"order_not_seen": "info"}


SHAPES = {
    "bare": allergy(),
    "wrapped, as in the hook's example": {"resource": allergy()},
    "in a Bundle": wire.bundle(allergy()),
    "without an id": allergy(id=None),
    "coded": allergy(code={"coding": [{"system": RXNORM, "code": "11248"}]}),
    "by its reaction": allergy(code={"text": "injection"}, reaction=[{"substance": {"text": "cyanocobalamin"}}]),
    "DSTU2": allergy(code=None, clinicalStatus=None, status="active", substance={"text": "Cobalamin"}),
    "STU3": allergy(clinicalStatus="active", verificationStatus="confirmed"),
    "cobalt": allergy(code={"text": "Cobalt"}),
    "no patient": allergy(patient=None),
}


@pytest.mark.parametrize("entry", SHAPES.values(), ids=SHAPES)
def test_36_an_allergy_is_held_against_the_orders_in_force(client: FlaskClient, entry: wire.Json) -> None:
    assert wire.topics(wire.ask(client, adding(entry)))["allergy_conflict"] == "critical"


def test_36_the_older_name_of_the_field_is_taken_too(client: FlaskClient) -> None:
    request = adding(wire.bundle(allergy()), name="allergyIntolerances")
    assert "allergy_conflict" in wire.topics(wire.ask(client, request))


SILENT = {
    "another substance": allergy(code={"text": "Penicillin"}),
    "of another patient": allergy(patient={"reference": "Patient/p2"}),
    "refuted": allergy(verificationStatus={"coding": [{"code": "refuted"}]}),
    "another substance, unreadable": allergy(code={"text": "Penicillin"}, reaction="hives"),
    "no resource": {},
    "null": None,
    "a number": 7,
    "an empty Bundle": wire.bundle(),
}


@pytest.mark.parametrize("entry", SILENT.values(), ids=SILENT)
def test_36_other_allergies_are_met_with_silence(client: FlaskClient, entry: object) -> None:
    assert wire.ask(client, adding(entry)) == []


def test_41_an_allergy_to_b12_needs_the_orders(client: FlaskClient) -> None:
    issue = wire.refused(wire.post(client, adding(allergy(), prefetch={})), 412, "$.prefetch")
    assert "medicationRequests" in issue["diagnostics"]


def test_41_another_allergy_needs_nothing(client: FlaskClient) -> None:
    assert wire.ask(client, adding(allergy(code={"text": "Penicillin"}), prefetch={})) == []


def test_44_what_an_allergy_card_did_not_ask_for_is_not_named_as_not_seen(client: FlaskClient) -> None:
    [card] = wire.ask(client, adding(allergy()))
    assert "Not seen for this check: allergies, problem list, age.\n" in card["detail"]


def test_36_an_allergy_to_b12_that_cannot_be_read_is_never_silence(client: FlaskClient) -> None:
    assert "order_not_seen" in wire.topics(wire.ask(client, adding(allergy(reaction="hives"))))


def problem(**changes: object) -> wire.Json:
    body = {
        "resourceType": "Condition",
        "id": "c1",
        "clinicalStatus": {"coding": [{"code": "active"}]},
        "code": {"coding": [{"system": wire.SNOMED, "code": "73891003"}]},
        "subject": {"reference": f"Patient/{wire.PATIENT}"},
    }
    return {name: value for name, value in (body | changes).items() if value is not None}


def listing(conditions: object) -> wire.Json:
    prefetch = dict.fromkeys(("patient", "conditions", "medicationRequests", "observations"))
    return wire.call(PROBLEM, wire.context() | {"conditions": conditions}, prefetch)


PROBLEMS = {
    "R4": problem(),
    "STU3": problem(clinicalStatus="active", category="problem-list-item"),
    "DSTU2": problem(subject=None, patient={"reference": f"Patient/{wire.PATIENT}"}, clinicalStatus="active"),
    "no id": problem(id=None),
}


@pytest.mark.parametrize("condition", PROBLEMS.values(), ids=PROBLEMS)
def test_36_a_new_problem_is_judged(client: FlaskClient, condition: wire.Json) -> None:
    cards = wire.ask(client, listing(wire.bundle(condition)))
    assert "nitrous_oxide_exposure" in wire.topics(cards)


OTHERS = {
    "another problem": wire.bundle(problem(code={"coding": [{"system": wire.SNOMED, "code": "16114001"}]})),
    "another patient's": wire.bundle(problem(subject={"reference": "Patient/p2"})),
    "entered in error": wire.bundle(problem(verificationStatus={"coding": [{"code": "entered-in-error"}]})),
    "none": wire.bundle(),
    "no Bundle": "Condition",
    "null": None,
}


@pytest.mark.parametrize("conditions", OTHERS.values(), ids=OTHERS)
def test_36_other_problems_are_met_with_silence(client: FlaskClient, conditions: object) -> None:
    assert wire.ask(client, listing(conditions)) == []


def test_36_a_problem_that_bears_on_b12_and_cannot_be_read_is_told(client: FlaskClient) -> None:
    cards = wire.ask(client, listing(wire.bundle(problem(onsetDateTime=7))))
    assert wire.topics(cards) == {"order_not_seen": "warning"}
