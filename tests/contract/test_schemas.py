"""The schemas of the project: they hold for good messages, and each rule in them refuses a bad one."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from tests.helpers import wire

ABSENT = "absent"
BASE = "https://cobalamin-cds.org/schemas/"
CARD: wire.Json = {
    "uuid": wire.INSTANCE,
    "summary": "s",
    "detail": "d",
    "indicator": "info",
    "source": {"label": "l", "topic": {"system": "https://e.org", "code": "c"}},
    "suggestions": [
        {
            "label": "l",
            "uuid": wire.INSTANCE,
            "isRecommended": True,
            "actions": [
                {"type": "delete", "description": "d", "resourceId": "MedicationRequest/1"},
                {"type": "create", "description": "d", "resource": {"resourceType": "Task", "status": "draft"}},
            ],
        },
        {"label": "l", "uuid": wire.INSTANCE},
    ],
    "selectionBehavior": "at-most-one",
    "overrideReasons": [{"code": "c", "system": "s", "display": "d"}],
    "links": [{"label": "l", "url": "https://e.org", "type": "smart", "appContext": "x"}],
}
ACCEPTED = wire.reaction(outcome="accepted", acceptedSuggestions=[{"id": "s"}])
OVERRIDDEN = wire.reaction(overrideReason={"reason": {"code": "c", "system": "s"}, "userComment": "x"})
AUTHORIZED = {
    "fhirServer": "https://ehr.example.org/fhir",
    "fhirAuthorization": {
        "access_token": "x",
        "token_type": "Bearer",
        "expires_in": 300,
        "scope": "patient/*.rs",
        "subject": "cds",
        "patient": "p1",
    },
}
GOOD: dict[str, Any] = {
    "response": {"cards": [CARD]},
    "request-order-sign": wire.sign(wire.draft(), prefetch={"patient": None}) | AUTHORIZED,
    "request-order-select": wire.select(wire.draft()),
    "request-encounter-start": wire.call("encounter-start", wire.context(encounterId="e1")),
    "request-encounter-discharge": wire.call("encounter-discharge", wire.context(encounterId="e1")),
    "request-medication-refill": wire.call("medication-refill", wire.context(medications=wire.bundle(wire.draft()))),
    "request-problem-list-item-create": wire.call(
        "problem-list-item-create", wire.context(conditions=wire.bundle({"resourceType": "Condition"}))
    ),
    "request-allergyintolerance-create": wire.call(
        "allergyintolerance-create", wire.context(allergyIntolerance={"resourceType": "AllergyIntolerance"})
    ),
    "request-patient-view": wire.view({"patient": {"resourceType": "Patient"}}),
    "feedback": {"feedback": [ACCEPTED, OVERRIDDEN]},
    "discovery": {
        "services": [{"hook": "h", "description": "d", "id": "i", "prefetch": {"p": "Patient/{{context.patientId}}"}}]
    },
    "operation-outcome": {
        "resourceType": "OperationOutcome",
        "issue": [{"severity": "error", "code": "invalid", "diagnostics": "d", "expression": ["$"]}],
    },
}


@pytest.mark.parametrize("name", wire.SCHEMAS)
def test_every_schema_is_one_and_is_named_after_its_file(name: str) -> None:
    schema = wire.SCHEMAS[name]
    Draft202012Validator.check_schema(schema)
    assert schema["$id"] == BASE + name


@pytest.mark.parametrize("name", GOOD)
def test_a_good_message_passes(name: str) -> None:
    wire.check(name, GOOD[name])


@pytest.mark.parametrize("name", wire.examples())
def test_every_example_is_a_strict_request_of_its_hook(name: str) -> None:
    request = wire.example(name)
    wire.check(f"request-{request['hook']}", request)


SUGGESTION, ACTION = "cards 0 suggestions 0", "cards 0 suggestions 0 actions"
BAD: list[tuple[str, str, object]] = [
    ("response", "cards", ABSENT),
    ("response", "cards 0 uuid", "1"),
    ("response", "cards 0 uuid", ABSENT),
    ("response", "cards 0 summary", "x" * 140),
    ("response", "cards 0 summary", ""),
    ("response", "cards 0 summary", "two\nlines"),
    ("response", "cards 0 detail", "<b>bold</b>"),
    ("response", "cards 0 detail", ""),
    ("response", "cards 0 indicator", "hard-stop"),
    ("response", "cards 0 source label", ABSENT),
    ("response", "cards 0 source topic", ABSENT),
    ("response", "cards 0 source topic code", "two words"),
    ("response", "cards 0 source topic code", "x" * 101),
    ("response", "cards 0 source topic system", ABSENT),
    ("response", "cards 0 source url", "example.org"),
    ("response", "cards 0 suggestions", []),
    ("response", "cards 0 selectionBehavior", ABSENT),
    ("response", "cards 0 selectionBehavior", "all"),
    ("response", "cards 0 suggestions 1 isRecommended", True),
    ("response", f"{SUGGESTION} label", ABSENT),
    ("response", f"{SUGGESTION} uuid", ABSENT),
    ("response", f"{SUGGESTION} actions", []),
    ("response", f"{SUGGESTION} actionSelectionBehavior", "any"),
    ("response", f"{ACTION} 0 resource", {"resourceType": "MedicationRequest"}),
    ("response", f"{ACTION} 0 resourceId", ABSENT),
    ("response", f"{ACTION} 0 description", ABSENT),
    ("response", f"{ACTION} 0 type", "replace"),
    ("response", f"{ACTION} 1 resource", ABSENT),
    ("response", f"{ACTION} 1 resource", "MedicationRequest/1"),
    ("response", f"{ACTION} 1 resource status", None),
    ("response", f"{ACTION} 1 resource status", ""),
    ("response", f"{ACTION} 1 resource note", [{"text": {}}]),
    ("response", f"{ACTION} 1 resourceId", "MedicationRequest/1"),
    ("response", "cards 0 overrideReasons", []),
    ("response", "cards 0 overrideReasons 0 display", ABSENT),
    ("response", "cards 0 overrideReasons 0 system", ABSENT),
    ("response", "cards 0 links", []),
    ("response", "cards 0 links 0 type", "absolute"),
    ("response", "cards 0 links 0 url", ABSENT),
    ("response", "cards 0 extension", ["x"]),
    ("response", "cards 0 madeUp", 1),
    ("request-order-sign", "hook", "order-select"),
    ("request-order-sign", "hookInstance", "1"),
    ("request-order-sign", "hookInstance", ABSENT),
    ("request-order-sign", "fhirServer", ABSENT),
    ("request-order-sign", "fhirServer", None),
    ("request-order-sign", "fhirAuthorization token_type", "bearer"),
    ("request-order-sign", "fhirAuthorization expires_in", "300"),
    ("request-order-sign", "fhirAuthorization scope", ABSENT),
    ("request-order-sign", "context", ABSENT),
    ("request-order-sign", "context userId", "Patient/p1"),
    ("request-order-sign", "context userId", "dr-1"),
    ("request-order-sign", "context userId", ABSENT),
    ("request-order-sign", "context patientId", "Patient/p1"),
    ("request-order-sign", "context patientId", "x" * 65),
    ("request-order-sign", "context draftOrders", ABSENT),
    ("request-order-sign", "context draftOrders type", ABSENT),
    ("request-order-sign", "context draftOrders entry", []),
    ("request-order-sign", "prefetch", []),
    ("request-order-sign", "prefetch patient", "Patient/p1"),
    ("request-order-sign", "extension", []),
    ("request-order-select", "context selections", ABSENT),
    ("request-order-select", "context selections", []),
    ("request-order-select", "context selections 0", "o1"),
    ("request-encounter-start", "context encounterId", ABSENT),
    ("request-encounter-start", "hook", "patient-view"),
    ("request-encounter-discharge", "context encounterId", ABSENT),
    ("request-encounter-discharge", "context userId", "Patient/p1"),
    ("request-medication-refill", "context medications", ABSENT),
    ("request-medication-refill", "context userId", "Patient/p1"),
    ("request-problem-list-item-create", "context conditions", ABSENT),
    ("request-problem-list-item-create", "context conditions entry 0 resource resourceType", "Observation"),
    ("request-problem-list-item-create", "context userId", ABSENT),
    ("request-allergyintolerance-create", "context allergyIntolerance", ABSENT),
    ("request-allergyintolerance-create", "context allergyIntolerance resourceType", "Condition"),
    ("request-allergyintolerance-create", "context userId", ABSENT),
    ("request-patient-view", "context patientId", ABSENT),
    ("request-patient-view", "context userId", "Device/1"),
    ("feedback", "feedback", []),
    ("feedback", "feedback 0 card", ABSENT),
    ("feedback", "feedback 0 outcome", "ignored"),
    ("feedback", "feedback 0 outcomeTimestamp", "2026-11-20"),
    ("feedback", "feedback 0 outcomeTimestamp", "2026-11-20T09:00:05+01:00"),
    ("feedback", "feedback 0 acceptedSuggestions", ABSENT),
    ("feedback", "feedback 0 acceptedSuggestions 0 id", ABSENT),
    ("feedback", "feedback 0 overrideReason", {"userComment": "x"}),
    ("feedback", "feedback 1 acceptedSuggestions", [{"id": "s"}]),
    ("feedback", "feedback 1 overrideReason", {}),
    ("feedback", "feedback 1 overrideReason reason system", ABSENT),
    ("discovery", "services", ABSENT),
    ("discovery", "services 0 id", ABSENT),
    ("discovery", "services 0 id", "a/b"),
    ("discovery", "services 0 description", ""),
    ("discovery", "services 0 prefetch p", "https://ehr.example.org/Patient/1"),
    ("discovery", "services 0 prefetch p", "Patient/{{context.draftOrders.id}}"),
    ("discovery", "services 0 prefetch p", "Patient/{{today()}}"),
    ("operation-outcome", "issue", []),
    ("operation-outcome", "issue 0 diagnostics", ABSENT),
    ("operation-outcome", "issue 0 code", "bad"),
]


@pytest.mark.parametrize(("schema", "path", "value"), BAD, ids=[f"{one[0]} {one[1]} {one[2]}"[:80] for one in BAD])
def test_a_bad_message_does_not_pass(schema: str, path: str, value: object) -> None:
    assert not wire.validator(schema).is_valid(changed(GOOD[schema], path, value))


def changed(message: Any, path: str, value: object) -> Any:
    """The message with one element replaced, or left out."""
    message = deepcopy(message)
    *steps, last = [int(step) if step.isdigit() else step for step in path.split()]
    node = message
    for step in steps:
        node = node[step]
    if value == ABSENT:
        del node[last]
    else:
        node[last] = value
    return message


def test_a_refill_may_be_asked_for_without_a_user() -> None:
    message = deepcopy(GOOD["request-medication-refill"])
    del message["context"]["userId"]
    wire.check("request-medication-refill", message)


def test_an_allergy_may_come_wrapped_as_in_the_example_of_its_hook() -> None:
    path = "context allergyIntolerance"
    wrapped = {"resource": {"resourceType": "AllergyIntolerance"}}
    wire.check("request-allergyintolerance-create", changed(GOOD["request-allergyintolerance-create"], path, wrapped))


@pytest.mark.parametrize(("schema", "message"), [("discovery", {"services": []}), ("response", {"cards": []})])
def test_lists_that_may_be_empty_may_be(schema: str, message: wire.Json) -> None:
    wire.check(schema, message)
