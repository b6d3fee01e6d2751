"""What is too much is refused with 413 or 429, says when to come back, and never hits normal use."""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from cds_service.clients import Client
from cds_service.errors import Unauthorized
from cds_service.fhir.fetching import Fetch, no_fetch
from cds_service.knowledge import Knowledge
from cds_service.settings import Settings
from cds_service.web.limits import WRONG_TOKENS_PER_MINUTE
from tests.helpers import wire

CALL = "/cds-services/b12-order-sign"
FEEDBACK = f"{CALL}/feedback"
BODIES = {CALL: wire.sign(wire.draft()), FEEDBACK: {"feedback": [wire.reaction()]}}
ORIGIN = {"Origin": "https://sandbox.cds-hooks.org"}


def limited(knowledge: Knowledge, settings: Settings, parts: Mapping[str, Any] = {}, **changes: object) -> Flask:
    return wire.application(knowledge, settings.model_copy(update=changes), **parts)


def by_name(authorization: str | None, path: str) -> Client:  # noqa: ARG001 - a Door
    """A door that takes every name but one at its word."""
    if authorization == "Bearer wrong":
        raise Unauthorized("expected a signature by this client's key, got another")
    return Client(authorization or "", "https://ehr.example.org")


DOOR: Mapping[str, Any] = {"door": by_name}


def refused_for_now(response: TestResponse, most_seconds: int) -> None:
    issue = wire.refused(response, 429)
    assert issue["code"] == "throttled"
    assert 1 <= int(response.headers["Retry-After"]) <= most_seconds


@pytest.mark.parametrize("path", [CALL, FEEDBACK])
def test_a_client_that_calls_too_often_is_told_when_to_come_back(
    knowledge: Knowledge, settings: Settings, path: str
) -> None:
    client = limited(knowledge, settings, calls_per_minute=3).test_client()
    statuses = [client.post(path, json=BODIES[path]).status_code for _ in range(3)]
    response = client.post(path, json=BODIES[path], headers=ORIGIN)
    assert statuses == [200, 200, 200]
    refused_for_now(response, 60)
    assert response.headers["Access-Control-Allow-Origin"] in {"*", ORIGIN["Origin"]}


def test_one_client_is_not_refused_for_what_another_does(knowledge: Knowledge, settings: Settings) -> None:
    client = limited(knowledge, settings, DOOR, calls_per_minute=2).test_client()
    ask = {name: {"Authorization": name} for name in ("first", "second")}
    statuses = [client.post(CALL, json=BODIES[CALL], headers=ask["first"]).status_code for _ in range(3)]
    assert statuses == [200, 200, 429]
    assert client.post(CALL, json=BODIES[CALL], headers=ask["second"]).status_code == 200


@pytest.mark.parametrize("path", ["/cds-services", "/health", "/health/ready", "/version", "/metrics", "/openapi.json"])
def test_what_is_only_read_is_not_counted(knowledge: Knowledge, settings: Settings, path: str) -> None:
    client = limited(knowledge, settings, calls_per_minute=1, calls_at_once=1).test_client()
    assert {client.get(path).status_code for _ in range(5)} == {200}


def test_a_browsers_question_is_neither_counted_nor_asked_for_a_token(knowledge: Knowledge, settings: Settings) -> None:
    client = limited(knowledge, settings, DOOR, calls_per_minute=1).test_client()
    asked = ORIGIN | {"Access-Control-Request-Method": "POST", "Authorization": "Bearer wrong"}
    assert {client.options(CALL, headers=asked).status_code for _ in range(5)} == {200}


def test_the_default_is_beyond_what_a_big_hospital_does() -> None:
    fifty_a_second = 50 * 60
    assert Settings().calls_per_minute >= 3 * fifty_a_second  # one worker may get them all
    assert Settings().calls_at_once < Settings().threads  # a thread is left to say 429 and to answer health


class Still:
    """A way to the FHIR server on which calls stand still until they may go on."""

    def __init__(self) -> None:
        self.inside, self.go = threading.Semaphore(0), threading.Event()

    def __call__(self, *_: object) -> Fetch:
        self.inside.release()
        assert self.go.wait(60)
        return no_fetch


@contextmanager
def standing(app: Flask, still: Still, calls: int) -> Iterator[None]:
    """So many calls inside the service, all standing still."""
    ask = partial(app.test_client().post, CALL, json=BODIES[CALL])
    threads = [threading.Thread(target=ask) for _ in range(calls)]
    for thread in threads:
        thread.start()
    try:
        for _ in threads:
            assert still.inside.acquire(timeout=60)
        yield
    finally:
        still.go.set()
        for thread in threads:
            thread.join()


@pytest.mark.parametrize("path", [CALL, FEEDBACK])
def test_too_many_calls_at_once_are_refused_without_waiting(
    knowledge: Knowledge, settings: Settings, path: str
) -> None:
    still = Still()
    app = limited(knowledge, settings, {"fetching": still}, calls_at_once=2)
    with standing(app, still, 2):
        refused_for_now(app.test_client().post(path, json=BODIES[path], headers=ORIGIN), 1)
        assert app.test_client().get("/health/ready").status_code == 200
    assert app.test_client().post(path, json=BODIES[path]).status_code == 200


@pytest.mark.parametrize(
    ("body", "status"), [({}, 400), (wire.view(), 400), ({"hook": []}, 400)], ids=["empty", "another hook", "broken"]
)
def test_a_call_that_fails_gives_its_place_back(
    knowledge: Knowledge, settings: Settings, body: wire.Json, status: int
) -> None:
    client = limited(knowledge, settings, calls_at_once=1).test_client()
    assert {client.post(CALL, json=body).status_code for _ in range(4)} == {status}
    assert client.post(CALL, json=BODIES[CALL]).status_code == 200


def wrong(client: FlaskClient, address: str = "192.0.2.1") -> TestResponse:
    headers = {"Authorization": "Bearer wrong"}
    return client.post(CALL, json=BODIES[CALL], headers=headers, environ_base={"REMOTE_ADDR": address})


def test_many_wrong_tokens_from_one_address_are_slowed_down(
    knowledge: Knowledge, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    client = limited(knowledge, settings, DOOR).test_client()
    statuses = [wrong(client).status_code for _ in range(WRONG_TOKENS_PER_MINUTE)]
    assert set(statuses) == {401}
    logged = len([record for record in caplog.records if record.message == "token refused"])
    refused_for_now(wrong(client), 60)
    assert wrong(client, "192.0.2.2").status_code == 401
    assert len([record for record in caplog.records if record.message == "token refused"]) == logged + 1


def test_a_right_token_is_let_in_whatever_else_comes_from_its_address(knowledge: Knowledge, settings: Settings) -> None:
    """Behind a proxy all have one address: nobody may lock the others out."""
    client = limited(knowledge, settings, DOOR).test_client()
    for _ in range(WRONG_TOKENS_PER_MINUTE + 1):
        wrong(client)
    headers, address = {"Authorization": "ehr"}, {"REMOTE_ADDR": "192.0.2.1"}
    assert client.post(CALL, json=BODIES[CALL], headers=headers, environ_base=address).status_code == 200


def test_what_was_refused_is_counted(knowledge: Knowledge, settings: Settings) -> None:
    client = limited(knowledge, settings, calls_per_minute=1).test_client()
    for _ in range(3):
        client.post(CALL, json=BODIES[CALL])
    assert 'cobalamin_limited_total{limit="per minute"} 2.0' in client.get("/metrics").get_data(as_text=True)


DEPTHS = {"in a field that nobody knows": "unknown", "in prefetch": "prefetch", "in context": "context"}


@pytest.mark.parametrize("place", DEPTHS.values(), ids=DEPTHS)
@pytest.mark.parametrize("brackets", ["[]", "{}"])
def test_a_body_nested_too_deeply_is_refused_with_400(client: FlaskClient, place: str, brackets: str) -> None:
    deep = 100_000
    opened = "[" * deep + "]" * deep if brackets == "[]" else '{"a":' * deep + "1" + "}" * deep
    body = f'{{"hook": "order-sign", "hookInstance": "{wire.INSTANCE}", "{place}": {{"x": {opened}}}}}'
    response = client.post(CALL, data=body, content_type="application/json")
    wire.refused(response, 400, "$")


@pytest.mark.parametrize("place", ["prefetch", "draft", "extension", "fhirServer", "fhirAuthorization"])
def test_no_depth_lies_between_what_is_read_and_what_is_refused(client: FlaskClient, place: str) -> None:
    """A part is read from further within than the whole was, so it meets Python's bound at a depth of its own."""
    shapes = {
        "prefetch": BODIES[CALL] | {"prefetch": {"zz": "@@"}},
        "draft": wire.sign(wire.draft(note="@@")),
        "extension": BODIES[CALL] | {"extension": "@@"},
        "fhirServer": BODIES[CALL] | {"fhirServer": "@@"},
        "fhirAuthorization": BODIES[CALL] | {"fhirServer": "https://ehr.example.org", "fhirAuthorization": "@@"},
    }
    whole = json.dumps(shapes[place])
    bound = sys.getrecursionlimit()
    bodies = (whole.replace('"@@"', '{"a":' * deep + "1" + "}" * deep) for deep in range(bound - 150, bound + 1, 2))
    statuses = [client.post(CALL, data=body, content_type="application/json").status_code for body in bodies]
    assert {*statuses} <= {200, 400}
    assert statuses[0] == 200
    assert statuses[-1] == 400


def test_ordinary_depth_is_far_below_the_bound(client: FlaskClient) -> None:
    """FHIR nests some dozen levels; Python's own bound, which holds the readers, is hundreds."""
    deep: object = 1
    for _ in range(200):
        deep = [deep]
    assert sys.getrecursionlimit() >= 1000
    assert client.post(CALL, json=BODIES[CALL] | {"extension": {"x": deep}}).status_code == 200
