"""The way from a card to the SMART app, for clients that can take it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from flask.testing import FlaskClient
from msgspec.structs import replace

from cds_service.clients import Client
from cds_service.demo.patients import load_demo
from cds_service.knowledge import Knowledge, roots
from cds_service.settings import Settings
from tests.helpers.jotted import PATIENT
from tests.helpers.patients import prefetch_of
from tests.helpers.wire import application, ask, call, context

Json = dict[str, Any]
HOSPITAL = Client("hospital", "https://ehr.example", smart_app=True, smart_client_id="b12-app")
NEW = "born 1951; female; PA since 2019; lab 2026-10-20 B12 90 pg/mL; lab 2026-10-20 haemoglobin 9.1 g/dL"


def link_of(caller: FlaskClient) -> list[Json]:
    cards = ask(caller, call("patient-view", context(patientId=PATIENT), prefetch_of(NEW)))
    assert cards
    for card in cards:
        for link in card.get("links", []):
            said = json.loads(link["appContext"])
            assert said["card"] == card["uuid"]
            assert said["rule"] == card["source"]["topic"]["code"] or HOSPITAL.profile == "epic"
    return [link for card in cards for link in card.get("links", [])]


@pytest.mark.parametrize(
    ("profile", "base", "links"),
    [("standard", "https://cds.example", True), ("sandbox", "https://cds.example", True),
     ("inferno", "https://cds.example", True), ("oracle", "https://cds.example", False), ("standard", "", False)],
)  # fmt: skip
def test_cards_lead_to_the_app_where_the_client_can_open_it(
    knowledge: Knowledge,
    settings: Settings,
    profile: Any,
    base: str,
    links: bool,  # noqa: FBT001 - a table
) -> None:
    client = replace(HOSPITAL, profile=profile)
    settings = settings.model_copy(update={"base_url": base})
    caller = application(knowledge, settings, door=lambda *_: client, smart=(client,)).test_client()
    found = link_of(caller)
    assert bool(found) == links
    assert {(link["type"], link["url"]) for link in found} <= {("smart", "https://cds.example/smart/launch")}


def test_cards_lead_to_the_app_in_the_demo_and_not_for_a_client_that_does_not_want_it(
    knowledge: Knowledge, settings: Settings
) -> None:
    in_demo = settings.model_copy(update={"demo": True})
    examples = load_demo(roots().fhir_profiles / "demo")
    demo = application(knowledge, in_demo, demo=examples).test_client()
    assert {link["url"] for link in link_of(demo)} == {"http://localhost/smart/launch"}
    settings = settings.model_copy(update={"base_url": "https://cds.example"})
    plain = application(knowledge, settings, door=lambda *_: Client("plain", "https://x.example")).test_client()
    assert not link_of(plain)
