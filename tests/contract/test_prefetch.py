"""Section 1.5: prefetch coming in, and data that are missing. Sections 3.2 and 4.1: what real clients send for it."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from tests.helpers import wire

VIEW = "/cds-services/b12-patient-view"
NEXT = {"relation": "next", "url": "https://ehr.example.org/fhir?page=2"}
OUTCOME = {
    "resourceType": "OperationOutcome",
    "issue": [{"severity": "warning", "code": "informational", "diagnostics": "no results"}],
}
FAILED = {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "timeout"}]}


@pytest.fixture
def overdue() -> wire.Json:
    return wire.example("patient-view-overdue")


def unseen(cards: list[wire.Json]) -> str:
    """The line of the only card that says what was not looked at."""
    [card] = cards
    lines = [line for line in card["detail"].splitlines() if line.startswith("Not seen")]
    return "".join(lines)


EMPTY = {
    "null": None,
    "Bundle without entry": {"resourceType": "Bundle", "type": "searchset", "total": 0},
    "Bundle with no entries": wire.bundle(kind="searchset"),
    "Epic's outcome entry": {
        "resourceType": "Bundle",
        "type": "searchset",
        "total": 0,
        "entry": [{"resource": OUTCOME, "search": {"mode": "outcome"}}],
    },
    "a bare list of no resource": {"resourceType": "Bundle", "type": "searchset", "entry": [{"fullUrl": "urn:x"}]},
}


@pytest.mark.parametrize("empty", EMPTY.values(), ids=EMPTY)
def test_44_a_key_known_to_be_empty_is_seen(client: FlaskClient, overdue: wire.Json, empty: object) -> None:
    overdue["prefetch"]["observations"] = empty
    assert unseen(wire.ask(client, overdue)) == ""


UNKNOWN = {
    "failed": FAILED,
    "failed inside a searchset": wire.bundle(FAILED, kind="searchset") | {"entry": "none"},
    "wrong type": {"resourceType": "Procedure", "id": "1"},
    "a string": "Observation",
    "a number": 7,
    "a list": [],
    "an object of no type": {"id": "1"},
    "a wrapper of nothing": {"resource": None, "response": {"status": "404"}},
}


@pytest.mark.parametrize("value", UNKNOWN.values(), ids=UNKNOWN)
def test_40_44_a_key_that_failed_or_holds_something_else_is_not_seen(
    client: FlaskClient, overdue: wire.Json, value: object
) -> None:
    overdue["prefetch"]["observations"] = value
    assert unseen(wire.ask(client, overdue)) == "Not seen for this check: laboratory results."


def test_44_an_absent_key_is_not_seen(client: FlaskClient, overdue: wire.Json) -> None:
    del overdue["prefetch"]["observations"], overdue["prefetch"]["conditions"]
    assert unseen(wire.ask(client, overdue)) == "Not seen for this check: problem list, laboratory results."


def test_44_an_outcome_entry_of_its_own_type_hides_nothing(client: FlaskClient, overdue: wire.Json) -> None:
    entries = overdue["prefetch"]["medicationAdministrations"]["entry"]
    entries.insert(0, {"resource": OUTCOME, "search": {"mode": "outcome"}})
    assert wire.topics(wire.ask(client, overdue)) == {"maintenance_overdue": "warning"}


def test_44_a_next_link_is_named(client: FlaskClient, overdue: wire.Json) -> None:
    overdue["prefetch"]["medicationRequests"]["link"] = [NEXT]
    assert unseen(wire.ask(client, overdue)) == "Not seen for this check: earlier orders."


@pytest.mark.parametrize("name", wire.examples())
def test_42_wrappers_of_older_clients_are_unwrapped(client: FlaskClient, name: str) -> None:
    request, wrapped = wire.example(name), wire.example(name)
    wrapped["prefetch"] = {
        key: {"resource": value, "response": {"status": "200 OK"}} for key, value in request["prefetch"].items()
    }
    assert wire.ask(client, wrapped) == wire.ask(client, request)


@pytest.mark.parametrize("name", ["order-sign-unit-mix-up", "patient-view-overdue"])
def test_42_resources_are_found_by_type_under_any_key(client: FlaskClient, name: str) -> None:
    request, odd = wire.example(name), wire.example(name)
    odd["prefetch"] = {f"-{number}": value for number, value in enumerate(request["prefetch"].values())}
    told, seen = wire.ask(client, odd), wire.ask(client, request)
    assert wire.topics(told) == wire.topics(seen)


@pytest.mark.parametrize("name", wire.examples())
def test_42_keys_and_members_may_come_in_any_order(client: FlaskClient, name: str) -> None:
    request = wire.example(name)
    assert wire.ask(client, backwards(request)) == wire.ask(client, request)


def backwards(node: object) -> object:
    """The same JSON with the members of every object in the opposite order."""
    if isinstance(node, list):
        return [backwards(one) for one in node]
    if isinstance(node, dict):
        return {key: backwards(node[key]) for key in reversed(node)}
    return node


REQUIRED = {"patient": "patient", "medicationRequests": "medicationRequests"}


@pytest.mark.parametrize("key", REQUIRED)
@pytest.mark.parametrize("value", ["absent", FAILED, "x"], ids=["absent", "failed", "unusable"])
def test_41_43_required_data_that_did_not_come_are_named_with_412(
    client: FlaskClient, overdue: wire.Json, key: str, value: object
) -> None:
    if value == "absent":
        del overdue["prefetch"][key]
    else:
        overdue["prefetch"][key] = value
    issue = wire.refused(client.post(VIEW, json=overdue), 412, "$.prefetch")
    assert key in issue["diagnostics"]
    assert issue["code"] == "required"


def test_41_a_view_without_any_prefetch_names_every_required_key(client: FlaskClient) -> None:
    issue = wire.refused(client.post(VIEW, json=wire.view()), 412, "$.prefetch")
    assert "medicationRequests, patient" in issue["diagnostics"]


def test_41_an_order_without_any_prefetch_is_still_checked(client: FlaskClient) -> None:
    [card] = wire.ask(client, wire.sign(wire.draft()))
    assert card["indicator"] == "critical"
    assert "Not seen for this check: allergies, care plans, problem list, family history" in card["detail"]


def test_44_the_patient_of_another_chart_is_refused(client: FlaskClient, overdue: wire.Json) -> None:
    overdue["prefetch"]["patient"]["id"] = "somebody-else"
    issue = wire.refused(client.post(VIEW, json=overdue), 400, "$.prefetch.patient")
    assert "somebody-else" not in str(issue)


def test_44_another_patients_resources_are_dropped(client: FlaskClient, overdue: wire.Json) -> None:
    for entry in overdue["prefetch"]["medicationAdministrations"]["entry"]:
        entry["resource"]["subject"] = {"reference": "Patient/somebody-else"}
    assert "maintenance_overdue" not in wire.topics(wire.ask(client, overdue))


def test_44_another_patients_dropped_resources_are_not_taken_for_none(client: FlaskClient, overdue: wire.Json) -> None:
    overdue["prefetch"]["observations"]["entry"][0]["resource"]["subject"] = {"reference": "Patient/somebody-else"}
    assert unseen(wire.ask(client, overdue)) == "Not seen for this check: laboratory results."


REFERENCES = [
    "Patient/okafor-daniel",
    "https://ehr.example.org/fhir/Patient/okafor-daniel",
    "https://ehr.example.org/fhir/Patient/okafor-daniel/_history/3",
    "urn:uuid:okafor-daniel",
    "okafor-daniel",
]


@pytest.mark.parametrize("reference", REFERENCES)
def test_44_the_same_patient_may_be_referred_to_in_any_way(
    client: FlaskClient, overdue: wire.Json, reference: str
) -> None:
    for entry in overdue["prefetch"]["medicationAdministrations"]["entry"]:
        entry["resource"]["subject"] = {"reference": reference}
    assert wire.topics(wire.ask(client, overdue)) == {"maintenance_overdue": "warning"}


def test_44_one_unreadable_resource_spoils_no_other_and_is_told(client: FlaskClient, overdue: wire.Json) -> None:
    overdue["prefetch"]["medicationAdministrations"]["entry"].append(
        {"resource": {"resourceType": "MedicationAdministration", "status": ["completed"]}}
    )
    cards = wire.ask(client, overdue)
    assert wire.topics(cards) == {"maintenance_overdue": "warning"}
    assert unseen(cards) == "Not seen for this check: doses given."
