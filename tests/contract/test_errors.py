"""Every error is an OperationOutcome that names the path and never a value."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient
from msgspec.structs import replace
from werkzeug.test import TestResponse

from cds_service.b12.verdict import Verdict
from cds_service.knowledge import Knowledge
from cds_service.recorder import Recorder
from cds_service.settings import Settings
from tests.helpers import wire

CALL, VIEW = "/cds-services/b12-order-sign", "/cds-services/b12-patient-view"
FEEDBACK = f"{CALL}/feedback"
NAME = "Sentinelsson"
"""Stands for anything about a patient: it must come back nowhere."""


def named(**fields: object) -> wire.Json:
    """A request full of the name, in which one field is of the wrong type."""
    patient = {"resourceType": "Patient", "id": wire.PATIENT, "name": [{"family": NAME}], "birthDate": NAME}
    order = wire.draft(note=[{"text": NAME}], reasonCode=[{"text": NAME}])
    return wire.sign(order, prefetch={"patient": patient}) | fields


def post(client: FlaskClient, path: str, body: object) -> TestResponse:
    return client.post(path, json=body)


FAULTS: dict[str, tuple[str, object, int]] = {
    "hook of a wrong type": (CALL, named(hook=[NAME]), 400),
    "another hook": (CALL, named(hook=NAME), 400),
    "instance of a wrong type": (CALL, named(hookInstance={NAME: NAME}), 400),
    "instance too long": (CALL, named(hookInstance=NAME * 100), 400),
    "context as a name": (CALL, named(context=NAME), 400),
    "patient as an object": (CALL, named(context={"patientId": {"name": NAME}}), 400),
    "prefetch as a name": (CALL, named(prefetch=NAME), 400),
    "a patient's data missing": (VIEW, wire.view({"observations": {"name": NAME}}), 412),
    "another patient": (VIEW, wire.view({"patient": {"resourceType": "Patient", "id": NAME}}), 400),
    "outcome as a name": (FEEDBACK, {"feedback": [wire.reaction(outcome=NAME)]}, 400),
    "outcome as a path": (FEEDBACK, {"feedback": [wire.reaction(outcome=f"x - at `$.{NAME}`")]}, 400),
    "time as a list": (FEEDBACK, {"feedback": [wire.reaction(outcomeTimestamp=[NAME])]}, 400),
    "comment as an object": (FEEDBACK, {"feedback": [wire.reaction(overrideReason={"userComment": {NAME: 1}})]}, 400),
    "card too long": (FEEDBACK, {"feedback": [wire.reaction(card=NAME * 100)]}, 400),
    "address": (f"/cds-services/{NAME}", named(), 404),
}


@pytest.mark.parametrize(("path", "body", "status"), FAULTS.values(), ids=FAULTS)
def test_43_no_value_of_the_request_comes_back_or_is_logged(
    client: FlaskClient, caplog: pytest.LogCaptureFixture, path: str, body: object, status: int
) -> None:
    caplog.set_level(0)
    response = post(client, path, body)
    assert response.status_code == status
    wire.check("operation-outcome", response.json)
    assert NAME not in response.get_data(as_text=True)
    assert NAME not in everything(caplog)


def everything(caplog: pytest.LogCaptureFixture) -> str:
    """Every record with all that was attached to it."""
    return caplog.text + "".join(str(record.__dict__) for record in caplog.records)


@pytest.mark.parametrize("name", wire.examples())
def test_43_an_answered_call_logs_nothing_of_the_patient(
    client: FlaskClient, caplog: pytest.LogCaptureFixture, name: str
) -> None:
    caplog.set_level(0)
    request = wire.example(name)
    wire.ask(client, request)
    logged = everything(caplog)
    assert request["context"]["patientId"] not in logged
    assert request["prefetch"]["patient"]["name"][0]["family"] not in logged


def test_43_a_body_that_is_cut_off_is_not_quoted(client: FlaskClient, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(0)
    body = json.dumps(named())
    response = client.post(CALL, data=body[: body.index(NAME) + 20], content_type="application/json")
    wire.refused(response, 400, "$")
    assert NAME not in response.get_data(as_text=True) + everything(caplog)


@pytest.mark.parametrize("path", [CALL, FEEDBACK])
def test_43_a_body_that_is_too_large_is_refused(knowledge: Knowledge, settings: Settings, path: str) -> None:
    small = wire.application(knowledge, settings.model_copy(update={"max_body_bytes": 1000})).test_client()
    response = small.post(path, data=b"{" + b" " * 1000 + b"}", content_type="application/json")
    assert wire.refused(response, 413, "$")["code"] == "too-long"


PLACES: dict[str, Callable[[wire.Json], wire.Json]] = {
    "$.prefetch.medicationRequests": lambda many: wire.sign(wire.draft(), prefetch={"medicationRequests": many}),
    "$.context.draftOrders": lambda many: wire.call("order-sign", wire.context(draftOrders=many)),
}


@pytest.mark.parametrize(("path", "build"), PLACES.items(), ids=PLACES)
def test_43_too_many_resources_are_refused(
    knowledge: Knowledge, settings: Settings, path: str, build: Callable[[wire.Json], wire.Json]
) -> None:
    few = wire.application(knowledge, settings.model_copy(update={"max_resources": 3})).test_client()
    many = wire.bundle(*(wire.draft(id=f"o{number}") for number in range(4)))
    assert wire.refused(few.post(CALL, json=build(many)), 413, path)["code"] == "too-long"


class Broken(Exception):
    pass


def breaking(*_: object, **__: object) -> Verdict:
    raise Broken(NAME)


@pytest.fixture
def broken(monkeypatch: pytest.MonkeyPatch, app: Flask) -> FlaskClient:
    monkeypatch.setattr(Recorder, "keep_evaluation", breaking)
    return app.test_client()


def test_43_a_fault_of_ours_is_500_and_says_nothing(broken: FlaskClient, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(0)
    response = post(broken, CALL, named())
    assert wire.refused(response, 500)["code"] == "exception"
    assert NAME not in response.get_data(as_text=True) + everything(caplog)
    assert "Broken" in everything(caplog)


def test_43_a_rule_that_breaks_silences_no_other(
    knowledge: Knowledge, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(0)
    rules = dict(knowledge.rules)
    rules["route_not_recommended"] = replace(rules["route_not_recommended"], judge=breaking)
    client = wire.application(replace(knowledge, rules=rules), settings).test_client()
    cards = wire.ask(client, named())
    assert wire.topics(cards) == {"dose_unit_mismatch": "critical", "check_failed": "warning"}
    assert NAME not in everything(caplog)
    assert "route_not_recommended" in everything(caplog)


@pytest.mark.parametrize("method", ["get", "head"])
@pytest.mark.parametrize("path", [CALL, FEEDBACK])
def test_43_reading_what_can_only_be_posted_is_405(client: FlaskClient, path: str, method: str) -> None:
    response = getattr(client, method)(path)
    assert response.status_code == 405
    assert response.mimetype == "application/fhir+json"


@pytest.mark.parametrize("path", ["/cds-services", "/health", "/openapi.json"])
def test_43_posting_to_what_can_only_be_read_is_405(client: FlaskClient, path: str) -> None:
    response = client.post(path, json={})
    wire.refused(response, 405)
    assert response.headers["Allow"] == "GET, HEAD, OPTIONS"
