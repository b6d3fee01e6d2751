"""Sections 1.7 to 1.9 and 1.16: the answer, its cards, suggestions and actions."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from uuid import UUID

import pytest
from flask.testing import FlaskClient

from cds_service.knowledge import Knowledge
from cds_service.settings import Settings
from tests.helpers import wire

TALKING = [name for name in wire.examples() if name != "order-sign-correct"]
HTML = re.compile(r"[<>]|&\w+;")


@pytest.fixture(params=TALKING)
def request_(request: pytest.FixtureRequest) -> wire.Json:
    return wire.example(request.param)


@pytest.fixture
def cards(client: FlaskClient, request_: wire.Json) -> list[wire.Json]:
    found = wire.ask(client, request_)
    assert found
    return found


def test_51_success_is_200_with_cards(client: FlaskClient, request_: wire.Json) -> None:
    response = wire.post(client, request_)
    assert response.status_code == 200
    assert list(response.get_json()) == ["cards"]


def test_52_no_guidance_is_an_empty_list(client: FlaskClient) -> None:
    response = wire.post(client, wire.example("order-sign-correct"))
    assert (response.status_code, response.get_json()) == (200, {"cards": []})


def test_53_78_79_there_are_no_system_actions(client: FlaskClient, request_: wire.Json) -> None:
    assert "systemActions" not in wire.post(client, request_).get_json()


def test_56_the_summary_is_one_line_of_fewer_than_140_characters(cards: list[wire.Json]) -> None:
    for card in cards:
        assert 0 < len(card["summary"]) < 140
        assert "\n" not in card["summary"]


def test_56_the_summary_stays_short_whatever_the_draft_holds(client: FlaskClient) -> None:
    order = wire.draft()
    order["dosageInstruction"][0]["doseAndRate"][0]["doseQuantity"] = {"value": 1000, "unit": "m" + "g" * 3000}
    for card in wire.ask(client, wire.sign(order)):
        assert len(card["summary"]) < 140


def test_57_the_indicator_is_one_of_three(cards: list[wire.Json]) -> None:
    assert {card["indicator"] for card in cards} <= {"info", "warning", "critical"}


def test_58_61_the_source_has_a_label_and_an_absolute_url(cards: list[wire.Json]) -> None:
    for card in cards:
        assert card["source"]["label"]
        assert card["source"]["url"].startswith("https://")


def test_59_every_card_has_a_uuid_of_its_own(cards: list[wire.Json]) -> None:
    uuids = [UUID(card["uuid"]) for card in cards]
    assert len(set(uuids)) == len(cards)


def test_59_the_same_request_gives_the_same_bytes(client: FlaskClient, request_: wire.Json) -> None:
    assert wire.post(client, request_).data == wire.post(client, request_).data


def test_59_another_process_gives_the_same_bytes(
    client: FlaskClient, request_: wire.Json, knowledge: Knowledge, settings: Settings
) -> None:
    other = wire.application(knowledge, settings).test_client()
    assert wire.post(client, request_).data == wire.post(other, request_).data


def uuids(cards: list[wire.Json]) -> set[str]:
    return {one["uuid"] for card in cards for one in [card, *card.get("suggestions", [])]}


def test_59_71_a_new_hook_instance_gives_new_uuids_and_nothing_else_new(
    client: FlaskClient, request_: wire.Json, cards: list[wire.Json]
) -> None:
    again = wire.ask(client, request_ | {"hookInstance": wire.INSTANCE})
    assert uuids(cards).isdisjoint(uuids(again))
    assert without_uuids(cards) == without_uuids(again)


def without_uuids(cards: list[wire.Json]) -> str:
    return re.sub(r'"uuid": "[^"]*"', "", json.dumps(cards))


def test_60_the_detail_is_markdown_without_html(cards: list[wire.Json]) -> None:
    for card in cards:
        assert card["detail"].strip()
        assert not HTML.search(card["detail"])


MARKUP = "<img src=x onerror=alert(1)> [click](http://evil.example) **bold**"


def test_60_words_of_the_data_are_no_markup_in_the_detail(client: FlaskClient) -> None:
    request = wire.example("patient-view-overdue")
    [result, *_] = [entry["resource"] for entry in request["prefetch"]["observations"]["entry"]]
    result["valueQuantity"] = wire.quantity(112, MARKUP, "pmol/L")
    [detail] = [card["detail"] for card in wire.ask(client, request) if "onerror" in card["detail"]]
    assert "‹img src=x onerror=alert(1)›" in detail
    assert r"\[click\](http://evil.example) \*\*bold\*\*" in detail


def test_63_69_the_topic_names_the_rule_by_code_and_system(cards: list[wire.Json]) -> None:
    for card in cards:
        topic = card["source"]["topic"]
        assert topic["system"].startswith("https://")
        assert re.fullmatch(r"\w{1,100}", topic["code"])


def test_63_the_topic_is_the_same_for_every_showing(client: FlaskClient, request_: wire.Json) -> None:
    again = wire.ask(client, request_ | {"hookInstance": wire.INSTANCE})
    assert wire.topics(again) == wire.topics(wire.ask(client, request_))


def test_64_what_would_be_empty_is_left_out(client: FlaskClient) -> None:
    [card] = wire.ask(client, wire.sign(wire.draft(dosageInstruction=None)))
    assert not {"suggestions", "links", "selectionBehavior"} & set(card)


def test_65_66_suggestions_come_with_how_many_may_be_chosen(cards: list[wire.Json]) -> None:
    for card in cards:
        assert ("suggestions" in card) == ("selectionBehavior" in card)
        assert card.get("selectionBehavior") in {None, "at-most-one"}


def test_67_69_override_reasons_have_code_system_and_display(cards: list[wire.Json]) -> None:
    for card in cards:
        assert card["overrideReasons"]
        assert all(set(one) == {"code", "system", "display"} for one in card["overrideReasons"])


def test_70_71_every_suggestion_has_a_label_and_a_uuid(cards: list[wire.Json]) -> None:
    found = [one for card in cards for one in card.get("suggestions", [])]
    assert found or not any("suggestions" in card for card in cards)
    assert all(one["label"] and UUID(one["uuid"]) for one in found)


def test_72_at_most_one_suggestion_is_recommended(cards: list[wire.Json]) -> None:
    for card in cards:
        assert sum(one.get("isRecommended", False) for one in card.get("suggestions", [])) <= 1


def test_73_actions_delete_then_create_then_update(client: FlaskClient) -> None:
    order = ["delete", "create", "update"]
    for request in (wire.example(name) for name in wire.examples()):
        for card in wire.ask(client, request):
            for one in card.get("suggestions", []):
                kinds = [action["type"] for action in one["actions"]]
                assert kinds == sorted(kinds, key=order.index)


def test_74_nothing_says_how_many_actions_may_be_chosen(cards: list[wire.Json]) -> None:
    assert "actionSelectionBehavior" not in json.dumps(cards)


def test_75_every_action_has_a_type_and_a_description(cards: list[wire.Json]) -> None:
    for action in wire.actions(cards):
        assert action["type"] in {"create", "update", "delete"}
        assert action["description"].strip()


def test_76_an_update_is_the_whole_order_under_its_own_id(client: FlaskClient) -> None:
    request = wire.example("order-sign-unit-mix-up")
    [draft] = [entry["resource"] for entry in request["context"]["draftOrders"]["entry"]]
    [action] = wire.actions(wire.ask(client, request))
    assert action["type"] == "update"
    assert set(action["resource"]) == set(draft)
    assert action["resource"]["id"] == draft["id"]


def test_76_a_create_is_a_new_order_without_an_id(client: FlaskClient) -> None:
    [action] = wire.actions(wire.ask(client, wire.example("encounter-discharge-no-order")))
    assert action["type"] == "create"
    assert "id" not in action["resource"]
    assert action["resource"]["status"] == "draft"
    assert action["resource"]["subject"] == {"reference": "Patient/obrien-patrick"}


def test_77_a_delete_names_the_order_and_brings_none(client: FlaskClient) -> None:
    request = wire.example("order-sign-unit-mix-up")
    request["context"]["draftOrders"] = wire.bundle(oral("miller-ruth"))
    request["prefetch"]["medicationRequests"] = None
    kinds = {action["type"]: action for action in wire.actions(wire.ask(client, request))}
    assert kinds["delete"]["resourceId"] == "MedicationRequest/o1"
    assert "resource" not in kinds["delete"]
    assert "resource" in kinds["create"]


def oral(patient: str) -> wire.Json:
    """Too little by mouth in pernicious anaemia: the order is to be replaced."""
    dosage = {
        "timing": {"repeat": {"frequency": 1, "period": 1, "periodUnit": "d"}},
        "route": {"coding": [{"system": wire.SNOMED, "code": "26643006"}]},
        "doseAndRate": [{"doseQuantity": wire.quantity(50, "ug")}],
    }
    product = {"text": "cyanocobalamin 50 mcg tablet"}
    return wire.draft(
        subject={"reference": f"Patient/{patient}"}, medicationCodeableConcept=product, dosageInstruction=[dosage]
    )


def at_most_one_recommended(card: wire.Json) -> bool:
    recommended = sum(one.get("isRecommended", False) for one in card.get("suggestions", []))
    return card.get("selectionBehavior") == "any" or recommended <= 1


def deletes_by_id(card: wire.Json) -> bool:
    deletes = [action for action in wire.actions([card]) if action["type"] == "delete"]
    return all("resourceId" in action and "resource" not in action for action in deletes)


def contexts_are_smart(card: wire.Json) -> bool:
    return all(link["type"] == "smart" for link in card.get("links", []) if "appContext" in link)


def reasons_are_displayed(card: wire.Json) -> bool:
    return all(reason.get("display") for reason in card.get("overrideReasons", []))


def actions_are_described(card: wire.Json) -> bool:
    return all(action.get("description") for action in wire.actions([card]))


def selection_is_said(card: wire.Json) -> bool:
    return "selectionBehavior" in card or "suggestions" not in card


def no_action_selection(card: wire.Json) -> bool:
    return not any("actionSelectionBehavior" in one for one in card.get("suggestions", []))


INVARIANTS: dict[str, Callable[[wire.Json], bool]] = {
    "cds-resp-1": at_most_one_recommended,
    "cds-resp-2": deletes_by_id,
    "cds-resp-3": contexts_are_smart,
    "cds-resp-4": reasons_are_displayed,
    "cds-resp-5": actions_are_described,
    "cds-resp-6": selection_is_said,
    "cds-resp-7": no_action_selection,
}


@pytest.mark.parametrize("holds", INVARIANTS.values(), ids=INVARIANTS)
def test_invariants_of_the_logical_model_hold(cards: list[wire.Json], holds: Callable[[wire.Json], bool]) -> None:
    assert all(holds(card) for card in cards)


def test_cards_come_most_urgent_first(client: FlaskClient) -> None:
    request = wire.example("patient-view-overdue")
    request |= {"hook": "order-sign"}
    request["context"]["draftOrders"] = wire.bundle(
        wire.draft(id="fine", subject=None, dosageInstruction=None), wire.draft(subject=None)
    )
    order = ["critical", "warning", "info"]
    kinds = [card["indicator"] for card in wire.ask(client, request)]
    assert len(kinds) > 1
    assert kinds == sorted(kinds, key=order.index)
