"""Section 1.1: JSON and transport."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from flask.testing import FlaskClient

from tests.helpers import wire

REAL = wire.examples()


@pytest.mark.parametrize("path", ["/cds-services", "/health", "/openapi.json"])
def test_01_answers_are_json(client: FlaskClient, path: str) -> None:
    response = client.get(path)
    assert response.mimetype == "application/json"
    assert json.loads(response.get_data())


@pytest.mark.parametrize("body", [b"", b"B12", b"hook=order-sign", b'"order-sign"', b"[]", b"null", b"\xff\xfe{}"])
def test_01_a_body_that_is_no_json_object_is_refused(client: FlaskClient, body: bytes) -> None:
    response = client.post("/cds-services/b12-order-sign", data=body, content_type="application/json")
    wire.refused(response, 400, "$")


@pytest.mark.parametrize("place", ["hook", "context", "prefetch", "unknown"])
def test_01_bytes_that_are_no_utf_8_are_refused_wherever_they_stand(client: FlaskClient, place: str) -> None:
    request = wire.sign(wire.draft(), prefetch={"patient": {"resourceType": "Patient", "id": "p1"}}, unknown={})
    request[place] = {"x": "@@"} if place != "hook" else "@@"
    body = json.dumps(request).encode().replace(b"@@", b"\xff")
    response = client.post("/cds-services/b12-order-sign", data=body, content_type="application/json")
    wire.refused(response, 400, "$")


@pytest.mark.parametrize(
    "content_type",
    ["application/json", "application/json; charset=utf-8", "Application/JSON;charset=UTF-8", "application/fhir+json"],
)
def test_01_every_spelling_of_the_content_type_is_taken(client: FlaskClient, content_type: str) -> None:
    body = json.dumps(wire.sign(wire.draft()))
    response = client.post("/cds-services/b12-order-sign", data=body, content_type=content_type)
    assert response.status_code == 200


@pytest.mark.parametrize("content_type", ["text/plain", "application/xml", "application/x-www-form-urlencoded", ""])
@pytest.mark.parametrize("path", ["/cds-services/b12-order-sign", "/cds-services/b12-order-sign/feedback"])
def test_01_another_content_type_is_refused(client: FlaskClient, path: str, content_type: str) -> None:
    response = client.post(path, data=json.dumps(wire.sign(wire.draft())), content_type=content_type)
    wire.refused(response, 415, "$")


@pytest.mark.parametrize("name", REAL)
def test_03_04_emitted_resources_are_fhir_and_hold_nothing_empty(client: FlaskClient, name: str) -> None:
    wire.ask(client, wire.example(name))


ANSWERED = {
    **{name: wire.example(name) for name in REAL},
    "no prefetch": wire.sign(wire.draft()),
    "a draft that cannot be read": wire.sign(wire.draft(dosageInstruction=[{"text": "as told"}])),
    "orders that did not come": wire.call("order-sign", wire.context()),
    "a dose twice": wire.sign(wire.draft(), wire.draft(id="o2")),
}


@pytest.mark.parametrize("request_", ANSWERED.values(), ids=ANSWERED)
def test_04_no_answer_holds_a_null_or_anything_empty_but_its_list_of_cards(
    client: FlaskClient, request_: wire.Json
) -> None:
    answer = wire.post(client, request_).get_json()
    cards = answer.pop("cards")
    assert list(empty_at({"cards": cards or [True]} | answer, "$")) == []


def empty_at(value: object, path: str) -> Iterator[str]:
    """Where there is nothing, at any depth: extensions too."""
    if value is None or value in ("", [], {}):
        yield path
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, one in inner:
        yield from empty_at(one, f"{path}.{name}")


EMPTIES = {
    "null": {"note": None},
    "empty list": {"reasonCode": []},
    "empty object": {"encounter": {}},
    "empty string": {"authoredOn": ""},
    "nested": {"reasonCode": [{"coding": [{}]}]},
}


@pytest.mark.parametrize("empty", EMPTIES.values(), ids=EMPTIES)
def test_04_what_was_empty_in_the_draft_is_left_out_of_its_correction(
    client: FlaskClient, empty: dict[str, object]
) -> None:
    order = wire.draft() | empty
    assert wire.topics(wire.ask(client, wire.sign(order))) == {"dose_unit_mismatch": "critical"}


BROKEN = {
    "comment": '{"hook": "order-sign" /* why */}',
    "line comment": '{"hook": "order-sign"} // why',
    "trailing comma": '{"hook": "order-sign",}',
    "single quotes": "{'hook': 'order-sign'}",
    "two values": '{"hook": "order-sign"}{}',
    "NaN": '{"hook": NaN}',
    "surrogate": '{"hook": "\\ud800"}',
}


@pytest.mark.parametrize("body", BROKEN.values(), ids=BROKEN)
def test_05_what_json_does_not_allow_is_refused(client: FlaskClient, body: str) -> None:
    response = client.post("/cds-services/b12-order-sign", data=body, content_type="application/json")
    wire.refused(response, 400, "$")
