"""Section 1.4: the service call."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.helpers import wire

WRONG_HOOKS = ["patient-view", "order-select", "order-dispatch", "", "ORDER-SIGN"]
CALL = "/cds-services/b12-order-sign"


@pytest.mark.parametrize("name", wire.examples())
def test_32_every_service_answers_a_post_of_json(client: FlaskClient, name: str) -> None:
    assert wire.post(client, wire.example(name)).status_code == 200


@pytest.mark.parametrize(
    "path",
    [CALL, f"{CALL}/", "/cds-services//b12-order-sign", "//cds-services///b12-order-sign//"],
)
def test_32_slashes_too_many_are_no_other_address(client: FlaskClient, path: str) -> None:
    response = client.open(method="POST", json=wire.sign(wire.draft()), environ_overrides={"PATH_INFO": path})
    assert response.status_code == 200


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize("path", [CALL, f"{CALL}/feedback"])
def test_32_another_method_is_refused_and_the_right_one_named(client: FlaskClient, path: str, method: str) -> None:
    response = client.open(path, method=method)
    assert response.status_code == 405
    assert response.headers["Allow"] == "OPTIONS, POST"
    if method != "HEAD":
        wire.refused(response, 405)


@pytest.mark.parametrize("path", ["/", "/cds-services/b12", f"{CALL}/x", "/cds-services/b12/feedback", "/favicon.ico"])
def test_32_another_address_is_not_found(client: FlaskClient, path: str) -> None:
    wire.refused(client.post(path, json=wire.sign(wire.draft())), 404)


INSTANCES = {
    "version 4": wire.INSTANCE,
    "version 1 (Epic)": "fcee3ae0-6f1b-11ea-bc55-0242ac130003",
    "upper case": wire.INSTANCE.upper(),
    "no uuid": "00-4bf92f3577b34da6a3ce929d0e0e4736",
    "a word": "demo",
}


@pytest.mark.parametrize("instance", INSTANCES.values(), ids=INSTANCES)
def test_33_hook_instances_of_any_shape_are_taken(client: FlaskClient, instance: str) -> None:
    assert wire.ask(client, wire.sign(wire.draft(), hookInstance=instance))


@pytest.mark.parametrize("field", ["hook", "hookInstance", "context"])
@pytest.mark.parametrize("value", ["absent", None, 7, ""])
def test_33_36_a_required_field_is_required(client: FlaskClient, field: str, value: object) -> None:
    request = wire.sign(wire.draft())
    if value == "absent":
        del request[field]
    else:
        request[field] = value
    path = "$" if value == "absent" else f"$.{field}"
    wire.refused(client.post(CALL, json=request), 400, path)


SERVERS = {
    "https": {"fhirServer": "https://ehr.example.org/fhir"},
    "http, as the sandbox": {"fhirServer": "http://127.0.0.1:9190/fhir"},
    "none": {},
    "null": {"fhirServer": None, "fhirAuthorization": None},
}


@pytest.mark.parametrize("server", SERVERS.values(), ids=SERVERS)
def test_34_the_fhir_server_is_optional(client: FlaskClient, server: wire.Json) -> None:
    assert wire.ask(client, wire.sign(wire.draft()) | server)


SCOPES = ["patient/*.read", "patient/Observation.rs user/*.rs", "MedicationRequest.Read (R4)", "launch openid"]


@pytest.mark.parametrize("scope", SCOPES)
def test_35_scopes_of_any_syntax_are_taken(client: FlaskClient, scope: str) -> None:
    assert wire.ask(client, wire.sign(wire.draft(), **authorized(scope)))


def authorized(scope: str = "patient/*.read", token: str = "secret-token") -> wire.Json:  # noqa: S107 - no password
    authorization = {"access_token": token, "token_type": "Bearer", "expires_in": 300, "scope": scope, "subject": "cds"}
    return {"fhirServer": "https://ehr.example.org/fhir", "fhirAuthorization": authorization}


def test_36_prefetch_and_extension_are_optional(client: FlaskClient) -> None:
    assert wire.ask(client, wire.sign(wire.draft()))
    assert wire.ask(client, wire.sign(wire.draft(), prefetch={}, extension={}))


CONTEXTS: dict[str, tuple[wire.Json, str]] = {
    "no patient": ({"patientId": None}, "$.context"),
    "empty patient": ({"patientId": ""}, "$.context.patientId"),
    "patient without an id": ({"patientId": "Patient/"}, "$.context.patientId"),
    "numeric patient": ({"patientId": 17}, "$.context.patientId"),
    "no user": ({"userId": None}, "$.context.userId"),
    "empty user": ({"userId": ""}, "$.context.userId"),
    "selections of numbers": ({"selections": [1]}, "$.context.selections[0]"),
    "selections as a string": ({"selections": "MedicationRequest/o1"}, "$.context.selections"),
}


@pytest.mark.parametrize(("change", "path"), CONTEXTS.values(), ids=CONTEXTS)
def test_36_a_context_without_what_its_hook_requires_is_refused(
    client: FlaskClient, change: wire.Json, path: str
) -> None:
    fields = wire.context(draftOrders=wire.bundle(wire.draft()), **change)
    wire.refused(client.post(CALL, json=wire.call("order-sign", fields)), 400, path)


CLINICIANS = [
    "Practitioner/dr-1",
    "PractitionerRole/r-1",
    "https://e.org/Practitioner/1",
    "1",
]
LAYMEN = ["Patient/p1", "RelatedPerson/x", "https://e.org/Patient/1", "https://e.org/RelatedPerson/1"]


@pytest.mark.parametrize("user", CLINICIANS)
def test_36_clinicians_of_any_kind_are_answered(client: FlaskClient, user: str) -> None:
    request = wire.sign(wire.draft())
    request["context"]["userId"] = user
    assert wire.ask(client, request)


@pytest.mark.parametrize("name", wire.examples())
@pytest.mark.parametrize("user", LAYMEN)
def test_36_a_patient_or_a_proxy_gets_no_words_meant_for_clinicians(client: FlaskClient, user: str, name: str) -> None:
    request = wire.example(name)
    request["context"]["userId"] = user
    assert wire.ask(client, request) == []


PATIENTS = ["p1", "Patient/p1", "https://ehr.example.org/fhir/Patient/p1"]


@pytest.mark.parametrize("patient", PATIENTS)
def test_36_the_patient_may_be_an_id_or_a_reference(client: FlaskClient, patient: str) -> None:
    request = wire.sign(wire.draft(), prefetch={"patient": {"resourceType": "Patient", "id": "p1"}})
    request["context"]["patientId"] = patient
    assert wire.topics(wire.ask(client, request)) == {"dose_unit_mismatch": "critical"}


ORDERING = {"order-sign": "draftOrders", "order-select": "draftOrders", "medication-refill": "medications"}


@pytest.mark.parametrize("drafts", [{}, {"resourceType": "Bundle"}, {"resourceType": "Bundle", "entry": []}])
@pytest.mark.parametrize("hook", ORDERING)
def test_36_an_order_hook_in_which_nothing_is_ordered_has_nothing_to_say(
    client: FlaskClient, hook: str, drafts: object
) -> None:
    assert wire.ask(client, wire.call(hook, wire.context() | {ORDERING[hook]: drafts})) == []


@pytest.mark.parametrize("sent", [{}, dict.fromkeys(ORDERING.values())], ids=["absent", "null"])
@pytest.mark.parametrize("hook", ORDERING)
def test_36_an_order_hook_without_its_orders_says_that_nothing_was_checked(
    client: FlaskClient, hook: str, sent: wire.Json
) -> None:
    assert wire.topics(wire.ask(client, wire.call(hook, wire.context() | sent))) == {"order_not_seen": "info"}


def test_37_unknown_and_legacy_fields_are_ignored(client: FlaskClient) -> None:
    request = wire.sign(wire.draft(), user="Practitioner/1", patient="1", redirect="https://e.org", oauth=None)
    request["context"] |= {"encounterId": None, "episodeOfCare": {"any": ["thing"]}, "siteId": 4}
    assert wire.topics(wire.ask(client, request)) == {"dose_unit_mismatch": "critical"}


@pytest.mark.parametrize("hook", WRONG_HOOKS)
def test_38_a_hook_of_another_service_is_refused(client: FlaskClient, hook: str) -> None:
    request = wire.sign(wire.draft()) | {"hook": hook}
    wire.refused(client.post(CALL, json=request), 400, "$.hook")


def test_47_the_token_is_neither_logged_nor_recorded(
    client: FlaskClient, app: Flask, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(0)
    wire.ask(client, wire.sign(wire.draft(), **authorized(token="sentinel-token")))  # noqa: S106 - no password
    client.post(CALL, json=wire.sign(**authorized(token="sentinel-token")) | {"hook": "x"})  # noqa: S106 - no password
    settings = app.extensions["cobalamin-cds"].settings
    assert "sentinel-token" not in caplog.text + str(wire.spooled(settings))
