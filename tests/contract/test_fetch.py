"""Sections 1.5 and 1.6: what prefetch did not bring is fetched from the call's FHIR server, in time, and safely."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack, closing
from typing import Any

import pytest
from flask.testing import FlaskClient

from cds_service.clients import Client
from cds_service.fhir.fetching import Fetching
from cds_service.knowledge import Knowledge
from cds_service.settings import Settings
from cds_service.wsgi import fetching_of, outbound_of
from tests.helpers import wire
from tests.helpers.fhir_server import FhirServer, Reply, outcome, resources_of, serving

TOKEN = "planted-token"  # noqa: S105 - it opens nothing
KEYS = 12
"""How many keys are asked for when a chart is opened."""


@pytest.fixture
def overdue() -> wire.Json:
    return wire.example("patient-view-overdue")


@pytest.fixture
def server(overdue: wire.Json) -> Iterator[FhirServer]:
    with serving(resources_of(overdue["prefetch"])) as running:
        yield running


@pytest.fixture
def ways() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


def way(ways: ExitStack, knowledge: Knowledge, settings: Settings, **changes: Any) -> Fetching:
    set_so = settings.model_copy(update={"private_networks": True, **changes})
    outbound = ways.enter_context(closing(outbound_of(set_so)))
    return ways.enter_context(closing(fetching_of(set_so, knowledge, outbound)))


@pytest.fixture
def patient_settings(settings: Settings) -> Settings:
    """With time enough for a slow machine."""
    return settings.model_copy(update={"budget_ms": 10_000})


@pytest.fixture
def client(knowledge: Knowledge, patient_settings: Settings, ways: ExitStack) -> FlaskClient:
    fetching = way(ways, knowledge, patient_settings)
    return wire.application(knowledge, patient_settings, fetching=fetching).test_client()


def asking(request: wire.Json, server: FhirServer, **prefetch: Any) -> wire.Json:
    """The request with the address of a server, and this prefetch only."""
    kept = {name: value for name, value in request.items() if name != "prefetch"}
    return kept | {"fhirServer": server.base} | ({"prefetch": prefetch} if prefetch else {})


def cut(request: wire.Json, server: FhirServer, **changes: Any) -> wire.Json:
    """The request with its prefetch changed; a key given as ... is left out."""
    prefetch = {key: value for key, value in (request["prefetch"] | changes).items() if value is not ...}
    return asking(request, server, **prefetch)


def not_seen(cards: list[wire.Json]) -> list[str]:
    """The types that the cards name as not seen, after their words were found to say so too."""
    found: list[str] = cards[0]["extension"]["org.cobalamin-cds.trace"].get("notSeen", [])
    for card in cards:
        assert card["extension"]["org.cobalamin-cds.trace"].get("notSeen", []) == found
        assert ("Not seen for this check" in card["detail"]) is bool(found)
    return found


def bundle_of(request: wire.Json, key: str) -> wire.Json:
    found: wire.Json = request["prefetch"][key]
    return found


def test_39_without_prefetch_every_key_is_fetched_at_once_and_the_cards_are_the_same(
    client: FlaskClient, overdue: wire.Json, server: FhirServer
) -> None:
    with_prefetch = wire.ask(client, overdue)
    assert wire.ask(client, asking(overdue, server)) == with_prefetch
    assert len(server.seen) == len(set(server.asked())) == KEYS


def test_39_what_was_sent_is_not_fetched_again(client: FlaskClient, overdue: wire.Json, server: FhirServer) -> None:
    wire.ask(client, cut(overdue, server, observations=...))
    assert server.asked() == ["Observation"]
    wire.ask(client, cut(overdue, server))
    assert server.asked() == ["Observation"]


STATES: dict[str, tuple[object, list[str]]] = {
    # value under the key `conditions`: what is asked for
    "absent": (..., ["Condition"]),
    "null": (None, []),
    "a Bundle without entries": ({"resourceType": "Bundle", "type": "searchset", "total": 0}, []),
    "a Bundle of no entries": (wire.bundle(kind="searchset"), []),
    "a Bundle of a warning": (wire.bundle(outcome("informational"), kind="searchset"), []),
    "an OperationOutcome": (outcome("timeout"), ["Condition"]),
    "another type": ({"resourceType": "Procedure", "id": "1"}, ["Condition"]),
    "a number": (7, ["Condition"]),
    "an object of no type": ({"id": "1"}, ["Condition"]),
    "a wrapper of a Bundle": ({"resource": wire.bundle(kind="searchset")}, []),
    "a wrapper of nothing": ({"resource": None}, ["Condition"]),
}


@pytest.mark.parametrize(("value", "asked"), STATES.values(), ids=STATES)
def test_44_each_state_of_a_key_gets_its_own_answer(
    client: FlaskClient, overdue: wire.Json, server: FhirServer, value: object, asked: list[str]
) -> None:
    cards = wire.ask(client, cut(overdue, server, conditions=value))
    assert server.asked() == asked
    assert not_seen(cards) == []


LINKS = {
    "on the server": ("{base}/Condition?patient=p&_page=0", ["Condition"], []),
    "relative": ("Condition?patient=p&_page=0", ["Condition"], []),
    "on another host": ("https://evil.example/fhir/Condition?patient=p", [], ["Condition"]),
    "on another port": ("http://127.0.0.1:1/fhir/Condition?patient=p", [], ["Condition"]),
    "above the base": ("{base}/../admin?x=1", [], ["Condition"]),
    "no address": ("", [], ["Condition"]),
}


@pytest.mark.parametrize(("link", "asked", "unseen"), LINKS.values(), ids=LINKS)
def test_44_a_bundle_that_goes_on_is_followed_on_the_same_server_only(
    client: FlaskClient, overdue: wire.Json, server: FhirServer, link: str, asked: list[str], unseen: list[str]
) -> None:
    going_on = [{"relation": "next", "url": link.format(base=server.base)}]
    cards = wire.ask(client, cut(overdue, server, conditions=bundle_of(overdue, "conditions") | {"link": going_on}))
    assert server.asked() == asked
    assert not_seen(cards) == unseen


FAULTS = {
    "401": Reply({}, 401),
    "403": Reply(outcome("forbidden"), 403),
    "404": Reply(outcome("not-found"), 404),
    "429": Reply({}, 429),
    "500": Reply(b"<html>", 500, kind="text/html"),
    "503 for long": Reply({}, 503, headers={"Retry-After": "60"}),
    "HTML": Reply(b"<html>sign in</html>", kind="text/html"),
    "a redirect": Reply(b"", 302, headers={"Location": "https://evil.example/"}),
    "an OperationOutcome": Reply(outcome()),
    "another type": Reply({"resourceType": "Procedure", "id": "1"}),
    "null": Reply(None),
    "a number": Reply(5),
    "no JSON": Reply(b'{"resourceType": "Bundle"'),
    "no text": Reply(b'{"resourceType": "Bundle", "x": "\xff"}'),
    "no FHIR": Reply({"entry": []}),
    "deep": Reply(b'{"resourceType":"Bundle","x":' + b"[" * 3000 + b"]" * 3000 + b"}"),
    "cut off": Reply({"resourceType": "Bundle"}, cut=True),
}


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_a_query_that_fails_leaves_advice_from_the_rest_and_its_type_named(
    client: FlaskClient, overdue: wire.Json, server: FhirServer, fault: Reply
) -> None:
    server.fail(fault, "Condition")
    assert not_seen(wire.ask(client, asking(overdue, server))) == ["Condition"]


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_41_required_data_that_cannot_be_had_are_412_and_named(
    client: FlaskClient, overdue: wire.Json, server: FhirServer, fault: Reply
) -> None:
    server.fail(fault, "MedicationRequest", "Patient")
    issue = wire.refused(wire.post(client, asking(overdue, server)), 412, "$.prefetch")
    assert "medicationRequests, patient" in issue["diagnostics"]


def test_a_busy_server_is_asked_again(client: FlaskClient, overdue: wire.Json, server: FhirServer) -> None:
    server.fail(Reply({}, 429, headers={"Retry-After": "0"}), "Condition", times=1)
    assert not_seen(wire.ask(client, asking(overdue, server))) == []


@pytest.mark.parametrize("slow", [Reply({}, wait=60), Reply({"x": "y" * 999}, drip=0.05)], ids=["silent", "dripping"])
def test_a_slow_server_costs_no_more_than_the_budget_and_what_came_in_time_counts(
    knowledge: Knowledge, settings: Settings, ways: ExitStack, overdue: wire.Json, server: FhirServer, slow: Reply
) -> None:
    server.fail(slow, "Condition", "Observation")
    set_so = settings.model_copy(update={"budget_ms": 1500})
    client = wire.application(knowledge, set_so, fetching=way(ways, knowledge, set_so)).test_client()
    begun = time.monotonic()
    assert not_seen(wire.ask(client, asking(overdue, server))) == ["Condition", "Observation"]
    assert time.monotonic() - begun < 15


def test_40_45_46_what_prefetch_did_not_bring_is_fetched_with_the_token_of_the_call(
    client: FlaskClient, overdue: wire.Json, server: FhirServer
) -> None:
    own = {"access_token": TOKEN, "token_type": "Bearer", "expires_in": 300, "scope": "Condition.Read (R4)"}
    wire.ask(client, asking(overdue, server) | {"fhirAuthorization": own})
    assert {seen.headers["Authorization"] for seen in server.seen} == {f"Bearer {TOKEN}"}


@pytest.mark.parametrize(
    "own", [None, {}, {"access_token": ""}, "x", 5, [], {"access_token": 5}, {"access_token": None}]
)
def test_46_an_open_server_is_asked_without_a_token(
    client: FlaskClient, overdue: wire.Json, server: FhirServer, own: object
) -> None:
    wire.ask(client, asking(overdue, server) | {"fhirAuthorization": own})
    assert len(server.seen) == KEYS
    assert not [seen for seen in server.seen if "Authorization" in seen.headers]


@pytest.mark.parametrize("token", ["a b", "a\r\nHost: evil.example", "é", "x" * 9000])
def test_a_token_that_is_none_is_not_sent_and_nothing_else_either(
    client: FlaskClient, overdue: wire.Json, server: FhirServer, token: str
) -> None:
    request = cut(overdue, server, conditions=...) | {"fhirAuthorization": {"access_token": token}}
    assert not_seen(wire.ask(client, request)) == ["Condition"]
    assert server.seen == []


@pytest.mark.parametrize("url", [5, [], {}, "", "x", "https://a@b/", "ftp://127.0.0.1/"])
def test_a_server_that_is_none_is_not_called(client: FlaskClient, overdue: wire.Json, url: object) -> None:
    kept = overdue | {"prefetch": {key: value for key, value in overdue["prefetch"].items() if key != "conditions"}}
    assert not_seen(wire.ask(client, kept | {"fhirServer": url})) == ["Condition"]


def allowed(server: FhirServer, *bases: str) -> Client:
    return Client("clinic", "https://issuer.example", fhir_servers=tuple(one.format(base=server.base) for one in bases))


ALLOWED = {
    "its own": (["{base}"], True),
    "with a slash": (["{base}/"], True),
    "above it": (["http://127.0.0.1:1/fhir", "{base}/.."], False),
    "none": ([], False),
    "another host": (["https://ehr.example/fhir"], False),
    "one that begins so": (["{base}2"], False),
    "one below it": (["{base}/R4"], False),
}


@pytest.mark.parametrize(("bases", "called"), ALLOWED.values(), ids=ALLOWED)
def test_50_only_the_servers_of_the_client_are_called(
    knowledge: Knowledge, patient_settings: Settings, ways: ExitStack, overdue: wire.Json, server: FhirServer,
    bases: list[str], *, called: bool,
) -> None:  # fmt: skip
    caller = allowed(server, *bases)
    parts: Any = {"fetching": way(ways, knowledge, patient_settings), "door": lambda *_: caller}
    client = wire.application(knowledge, patient_settings, **parts).test_client()
    cards = wire.ask(client, cut(overdue, server, conditions=...))
    assert (not_seen(cards) == []) is called
    assert bool(server.seen) is called


def test_50_loopback_is_not_called_unless_a_setting_opens_it(
    knowledge: Knowledge, patient_settings: Settings, ways: ExitStack, overdue: wire.Json, server: FhirServer
) -> None:
    fetching = way(ways, knowledge, patient_settings, private_networks=False)
    client = wire.application(knowledge, patient_settings, fetching=fetching).test_client()
    assert not_seen(wire.ask(client, cut(overdue, server, conditions=...))) == ["Condition"]
    assert server.seen == []
