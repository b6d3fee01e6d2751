"""Requests that others published, and what the public sandbox really sent. Nobody here wrote them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.helpers import wire

DATA = Path(__file__).parents[2].parent / "shared" / "data"
PUBLISHED = sorted([*DATA.glob("requests/*.json"), *DATA.glob("requests/repaired/*.json")])
SANDBOX = sorted(DATA.glob("sandbox/*.json"))
HOOKS = ("patient-view", "order-select", "order-sign")

pytestmark = pytest.mark.skipif(
    not DATA.is_dir(), reason="the collection of public requests is not beside this checkout"
)


def name_of(path: Path) -> str:
    return f"{path.parent.name}/{path.stem}"


def variants(body: bytes) -> Iterator[tuple[str, bytes]]:
    """The request as published to its own service; and made one of each of our hooks, so that its data are read."""
    try:
        published = json.loads(body)
    except ValueError:
        published = None
    if not isinstance(published, dict):
        yield from ((hook, body) for hook in HOOKS)
        return
    request: dict[str, Any] = published if "context" in published else {"context": published}
    context = {"userId": "Practitioner/1", "patientId": "1"} | request["context"]
    for hook in HOOKS:
        yield hook, body
        whole = {"hookInstance": wire.INSTANCE} | request | {"hook": hook, "context": context}
        yield hook, json.dumps(whole).encode()


def has_no_orders(hook: str, body: bytes) -> bool:
    """What we made an ordering hook of although it brings no orders: that they were not sent is all there is to say."""
    orders = json.loads(body)["context"].get("draftOrders")
    return hook != "patient-view" and not (isinstance(orders, dict) and orders.get("resourceType") == "Bundle")


@pytest.mark.parametrize("path", PUBLISHED, ids=name_of)
def test_a_published_request_is_answered_or_refused_and_gets_no_b12_card(client: FlaskClient, path: Path) -> None:
    for hook, body in variants(path.read_bytes()):
        response = client.post(f"/cds-services/b12-{hook}", data=body, content_type="application/json")
        assert response.status_code in {200, 400, 412}
        if response.status_code == 200:
            topics = [card["source"]["topic"]["code"] for card in response.get_json()["cards"]]
            assert topics == (["order_not_seen"] if has_no_orders(hook, body) else [])
        else:
            wire.check("operation-outcome", response.json)


def test_most_published_requests_are_answered_once_they_name_our_hook(client: FlaskClient) -> None:
    answered = [
        client.post(f"/cds-services/b12-{hook}", data=body, content_type="application/json").status_code == 200
        for path in PUBLISHED
        for hook, body in variants(path.read_bytes())
        if hook == "order-sign"
    ]
    assert sum(answered) > len(PUBLISHED) / 2


def sandbox(name: str) -> tuple[str, dict[str, Any]]:
    """(path, body) of what the sandbox sent, to the service that we have for its hook."""
    sent = json.loads((DATA / "sandbox" / f"{name}.json").read_text("utf-8"))
    body = sent["body"]
    path = f"/cds-services/b12-{body['hook']}" if "hook" in body else sent["path"]
    return path, body


EXPECTED: dict[str, tuple[int, set[str]]] = {
    "feedback-accepted": (200, set()),
    "feedback-overridden": (200, set()),
    "feedback-overridden-reason": (200, set()),
    "order-select-DSTU2-MedicationOrder": (200, {"not_checked"}),
    "order-select-MedicationRequest-bare": (200, set()),
    "order-select-MedicationRequest-bare-reason": (200, set()),
    "order-select-MedicationRequest-with-med": (200, {"not_checked"}),
    "order-select-ServiceRequest-bare": (200, set()),
    "order-select-no-context": (200, {"order_not_seen"}),
    "order-sign-MedicationRequest-bare": (200, set()),
    "order-sign-MedicationRequest-bare-noprefetch": (200, set()),
    "order-sign-MedicationRequest-with-med": (200, {"not_checked"}),
    "order-sign-MedicationRequest-with-med-noprefetch": (200, {"not_checked"}),
    "patient-view": (412, set()),
    "patient-view-noprefetch": (412, set()),
}


@pytest.mark.parametrize("name", EXPECTED)
def test_what_the_sandbox_sends_is_answered_sensibly(client: FlaskClient, name: str) -> None:
    path, body = sandbox(name)
    status, topics = EXPECTED[name]
    response = client.post(path, json=body)
    assert response.status_code == status
    assert set(wire.topics(response.get_json().get("cards", []))) == topics


def test_every_capture_of_the_sandbox_is_expected_here() -> None:
    assert {path.stem for path in SANDBOX} == set(EXPECTED)
