"""Section 1.12: extensions."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from cds_service.knowledge import Knowledge
from cds_service.settings import Settings
from tests.helpers import wire

AS_OF, PROTOCOL = "org.cobalamin-cds.as-of", "org.cobalamin-cds.protocol"
CALL = "/cds-services/b12-order-sign"
EPIC = {
    "com.epic.cdshooks.request.bpa-trigger-action": "23",
    "com.epic.cdshooks.request.cds-hooks-specification-version": "1.1",
    "internal.epic.cdshooks.request.epic-emp-id": "1",
}
FOREIGN: dict[str, object] = {
    "Epic's": EPIC,
    "empty": {},
    "null": None,
    "a list (HealthChain)": [{"url": "x", "valueString": "y"}],
    "a string": "any",
    "a number": 3,
    "ours, of a wrong type": {AS_OF: 17},
    "ours, null": {AS_OF: None, PROTOCOL: None},
}


@pytest.fixture
def demo(knowledge: Knowledge, settings: Settings) -> FlaskClient:
    return wire.application(knowledge, settings.model_copy(update={"demo": True})).test_client()


@pytest.mark.parametrize("where", ["request", "context"])
@pytest.mark.parametrize("extension", FOREIGN.values(), ids=FOREIGN)
def test_90_92_any_extension_is_taken_and_ignored(client: FlaskClient, where: str, extension: object) -> None:
    plain, extended = wire.sign(wire.draft()), wire.sign(wire.draft())
    (extended if where == "request" else extended["context"])["extension"] = extension
    assert wire.ask(client, extended) == wire.ask(client, plain)


def test_92_no_extension_is_echoed(client: FlaskClient) -> None:
    response = wire.post(client, wire.sign(wire.draft(), extension=EPIC))
    assert b"epic" not in response.data


def test_91_our_own_names_are_reverse_domains(client: FlaskClient) -> None:
    [card] = wire.ask(client, wire.sign(wire.draft()))
    assert list(card["extension"]) == ["org.cobalamin-cds.trace"]


def test_90_the_trace_is_an_object_that_says_why_the_card_spoke(client: FlaskClient) -> None:
    [card] = wire.ask(client, wire.sign(wire.draft()))
    trace = card["extension"]["org.cobalamin-cds.trace"]
    assert trace["rule"] == "dose_unit_mismatch"
    assert trace["evidence"] == ["MedicationRequest/o1"]
    assert {"variant", "protocol", "protocolVersion", "knowledge", "asOf", "facts"} <= set(trace)


@pytest.mark.parametrize("extension", [{AS_OF: "2026-01-01T00:00:00Z"}, {PROTOCOL: "us-label"}])
def test_92_a_request_may_not_set_its_day_or_protocol(client: FlaskClient, extension: wire.Json) -> None:
    response = client.post(CALL, json=wire.sign(wire.draft(), extension=extension))
    wire.refused(response, 400, "$.extension")


@pytest.mark.parametrize("instant", ["2025-12-24T10:00:00Z", "2025-12-24T23:30:00-05:00"])
def test_92_in_demo_mode_a_request_may_set_its_day(demo: FlaskClient, instant: str) -> None:
    request = wire.example("patient-view-overdue") | {"extension": {AS_OF: instant}}
    assert "maintenance_overdue" not in wire.topics(wire.ask(demo, request))


def test_92_in_demo_mode_a_request_may_set_its_protocol(demo: FlaskClient) -> None:
    [card] = wire.ask(demo, wire.sign(wire.draft(), extension={PROTOCOL: "us-label"}))
    assert card["extension"]["org.cobalamin-cds.trace"]["protocol"] == "us-label"


WRONG = {
    "no instant": ({AS_OF: "yesterday"}, f"$.extension['{AS_OF}']"),
    "no zone": ({AS_OF: "2026-01-01T00:00:00"}, f"$.extension['{AS_OF}']"),
    "a day": ({AS_OF: "2026-01-01"}, f"$.extension['{AS_OF}']"),
    "unknown protocol": ({PROTOCOL: "made-up"}, f"$.extension['{PROTOCOL}']"),
}


@pytest.mark.parametrize(("extension", "path"), WRONG.values(), ids=WRONG)
def test_92_in_demo_mode_a_wrong_day_or_protocol_is_refused(demo: FlaskClient, extension: wire.Json, path: str) -> None:
    wire.refused(demo.post(CALL, json=wire.sign(wire.draft(), extension=extension)), 400, path)


@pytest.mark.parametrize("instant", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"])
@pytest.mark.parametrize("name", wire.examples())
def test_92_in_demo_mode_the_first_and_the_last_day_are_days(demo: FlaskClient, name: str, instant: str) -> None:
    wire.ask(demo, wire.example(name) | {"extension": {AS_OF: instant}})
