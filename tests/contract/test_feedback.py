"""Section 1.11: feedback."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from cds_service.knowledge import Knowledge
from cds_service.settings import Settings
from tests.helpers import wire

PATH = "/cds-services/b12-order-sign/feedback"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(spool_dir=tmp_path / "spool", keep_comments=True)


def send(client: FlaskClient, *items: wire.Json) -> TestResponse:
    return client.post(PATH, json={"feedback": list(items)})


def kept(client: FlaskClient, settings: Settings, *items: wire.Json) -> list[wire.Json]:
    """What one batch left on disk."""
    response = send(client, *items)
    assert (response.status_code, response.get_json()) == (200, {})
    return [line for line in wire.spooled(settings) if line["kind"] == "feedback"]


@pytest.mark.parametrize("service", ["b12-patient-view", "b12-order-select", "b12-order-sign"])
def test_83_every_service_takes_feedback(client: FlaskClient, service: str) -> None:
    response = client.post(f"/cds-services/{service}/feedback", json={"feedback": [wire.reaction()]})
    assert response.status_code == 200


def test_83_feedback_to_another_service_is_not_found(client: FlaskClient) -> None:
    wire.refused(client.post("/cds-services/b12/feedback", json={"feedback": [wire.reaction()]}), 404)


def test_84_a_batch_may_hold_several_cards(client: FlaskClient, settings: Settings) -> None:
    lines = kept(client, settings, wire.reaction(card="a"), wire.reaction(card="b"), wire.reaction(card="a"))
    assert [line["card"] for line in lines] == ["a", "b", "a"]
    assert lines[0]["id"] == lines[2]["id"] != lines[1]["id"]


BODIES: dict[str, tuple[object, str]] = {
    "no feedback": ({}, "$"),
    "empty list": ({"feedback": []}, "$.feedback"),
    "an object": ({"feedback": wire.reaction()}, "$.feedback"),
    "a list": ([wire.reaction()], "$"),
    "an item that is none": ({"feedback": ["x"]}, "$.feedback[0]"),
}


@pytest.mark.parametrize(("body", "path"), BODIES.values(), ids=BODIES)
def test_84_anything_but_a_list_of_feedback_is_refused(client: FlaskClient, body: object, path: str) -> None:
    wire.refused(client.post(PATH, json=body), 400, path)


ITEMS: dict[str, tuple[wire.Json, str]] = {
    "no card": (wire.reaction(card=None), "$.feedback[0]"),
    "empty card": (wire.reaction(card=""), "$.feedback[0].card"),
    "no outcome": (wire.reaction(outcome=None), "$.feedback[0]"),
    "another outcome": (wire.reaction(outcome="ignored"), "$.feedback[0].outcome"),
    "no time": (wire.reaction(outcomeTimestamp=None), "$.feedback[0]"),
    "time as a number": (wire.reaction(outcomeTimestamp=1795249622), "$.feedback[0].outcomeTimestamp"),
    "accepted nothing, oddly": (wire.reaction(acceptedSuggestions=[{}]), "$.feedback[0].acceptedSuggestions[0]"),
    "reason as words": (wire.reaction(overrideReason="no"), "$.feedback[0].overrideReason"),
}


@pytest.mark.parametrize(("item", "path"), ITEMS.values(), ids=ITEMS)
def test_85_an_item_without_what_it_needs_is_refused_and_nothing_kept(
    client: FlaskClient, settings: Settings, item: wire.Json, path: str
) -> None:
    wire.refused(send(client, item, wire.reaction()), 400, path)
    assert wire.spooled(settings) == []


def test_84_one_bad_item_names_its_place_and_nothing_of_the_batch_is_kept_until_it_is_sent_again(
    client: FlaskClient, settings: Settings
) -> None:
    good = [wire.reaction(card=card) for card in ("a", "b", "c")]
    wire.refused(send(client, good[0], wire.reaction(outcome="ignored"), *good[1:]), 400, "$.feedback[1].outcome")
    assert wire.spooled(settings) == []
    assert len(kept(client, settings, *good)) == 3


@pytest.mark.parametrize("time", ["2026-11-20T09:00:05Z", "2026-11-20T09:00:05.123Z", "2026-11-20T10:00:05+01:00"])
def test_85_the_time_is_kept_as_it_came(client: FlaskClient, settings: Settings, time: str) -> None:
    [line] = kept(client, settings, wire.reaction(outcomeTimestamp=time))
    assert line["outcome_timestamp"] == time


def test_85_a_card_that_is_no_uuid_is_kept(client: FlaskClient, settings: Settings) -> None:
    [line] = kept(client, settings, wire.reaction(card="urn:com.epic.card/4711"))
    assert line["card"] == "urn:com.epic.card/4711"


UUIDS = {
    "as it left": wire.INSTANCE,
    "in capitals": wire.INSTANCE.upper(),
    "as a URN": f"urn:uuid:{wire.INSTANCE}",
    "as a URN in capitals": f"URN:UUID:{wire.INSTANCE.upper()}",
}


@pytest.mark.parametrize("sent", UUIDS.values(), ids=UUIDS)
def test_85_a_uuid_is_known_however_it_is_written(client: FlaskClient, settings: Settings, sent: str) -> None:
    item = wire.reaction(card=sent, outcome="accepted", acceptedSuggestions=[{"id": sent}])
    plain = wire.reaction(card=wire.INSTANCE, outcome="accepted", acceptedSuggestions=[{"id": wire.INSTANCE}])
    line, same = kept(client, settings, item, plain)
    assert (line["card"], line["suggestions"]) == (wire.INSTANCE, [wire.INSTANCE])
    assert line["id"] == same["id"]


NO_UUIDS = [
    f"{{{wire.INSTANCE.upper()}}}",
    wire.INSTANCE.upper().replace("-", ""),
    f"X{wire.INSTANCE.upper()}",
    f"urn:oid:{wire.INSTANCE.upper()}",
    f"{wire.INSTANCE.upper()}\n",
]


@pytest.mark.parametrize("sent", NO_UUIDS)
def test_85_what_is_no_uuid_stays_as_it_was_sent(client: FlaskClient, settings: Settings, sent: str) -> None:
    [line] = kept(client, settings, wire.reaction(card=sent))
    assert line["card"] == sent


def test_86_accepted_suggestions_are_kept(client: FlaskClient, settings: Settings) -> None:
    item = wire.reaction(outcome="accepted", acceptedSuggestions=[{"id": "s1"}, {"id": "s2", "extension": {}}])
    [line] = kept(client, settings, item)
    assert (line["outcome"], line["suggestions"]) == ("accepted", ["s1", "s2"])


def test_86_accepted_without_a_suggestion_is_taken(client: FlaskClient, settings: Settings) -> None:
    [line] = kept(client, settings, wire.reaction(outcome="accepted"))
    assert (line["outcome"], line["suggestions"]) == ("accepted", [])


REASON = {"code": "intended", "system": "https://example.org/reasons", "display": "As intended"}
WRITTEN = {"reason_code": "intended", "reason_system": "https://example.org/reasons", "reason_display": "As intended"}
NONE = dict.fromkeys(WRITTEN, "")
EPIC = "com.epic.cdshooks.feedback.overrideReason."
LISTED = {"reason_system": EPIC.rstrip(".")}
OVERRIDES: dict[str, tuple[wire.Json, wire.Json]] = {
    "without any reason": ({}, NONE | {"comment": ""}),
    "with a reason": ({"overrideReason": {"reason": REASON}}, WRITTEN | {"comment": ""}),
    "with a comment": ({"overrideReason": {"userComment": "by phone"}}, NONE | {"comment": "by phone"}),
    "with both": ({"overrideReason": {"reason": REASON, "userComment": "x"}}, WRITTEN | {"comment": "x"}),
    "by the plural name (Epic)": ({"overrideReasons": {"reason": REASON}}, WRITTEN | {"comment": ""}),
    "by extension (Epic)": (
        {
            "overrideReasons": {
                "extension": {
                    f"{EPIC}reasonCategory": "1",
                    f"{EPIC}reasonDisplay": "As intended",
                    f"{EPIC}reasonTitle": "x",
                },
                "userComment": "by phone",
            }
        },
        NONE | LISTED | {"reason_display": "As intended", "comment": "by phone"},
    ),
    "by extension with a title only (Epic)": (
        {"overrideReasons": {"extension": {f"{EPIC}reasonTitle": "Known"}}},
        NONE | LISTED | {"reason_display": "Known", "comment": ""},
    ),
    "by an extension of another shape": ({"overrideReason": {"extension": [1]}}, NONE | {"comment": ""}),
    "by several, of which the first counts": (
        {"overrideReasons": [{"reason": REASON}, {"userComment": "x"}]},
        WRITTEN | {"comment": ""},
    ),
    "by none of several": ({"overrideReasons": []}, NONE | {"comment": ""}),
    "with fields that nobody knows": ({"overrideReason": {"reason": REASON | {"version": 1}}, "x": {}}, WRITTEN),
    "with a comment longer than we keep": ({"overrideReason": {"userComment": "x" * 9000}}, {"comment": "x" * 4000}),
    "with a reason without display (sandbox)": (
        {"overrideReason": {"reason": {"code": "intended", "system": "https://example.org/reasons"}}},
        WRITTEN | {"reason_display": "", "comment": ""},
    ),
    "with null": ({"overrideReason": None, "acceptedSuggestions": None}, NONE | {"comment": ""}),
}


@pytest.mark.parametrize(("fields", "expected"), OVERRIDES.values(), ids=OVERRIDES)
def test_87_a_card_may_be_overridden_with_or_without_a_reason(
    client: FlaskClient, settings: Settings, fields: wire.Json, expected: wire.Json
) -> None:
    [line] = kept(client, settings, wire.reaction() | fields)
    assert {name: line[name] for name in expected} == expected


SENTENCE = "Mrs Zaphod asked for it"
DISCREET: dict[str, tuple[wire.Json, wire.Json]] = {
    "a comment": ({"userComment": SENTENCE}, NONE | {"comment": "[not kept]"}),
    "words instead of a code": ({"reason": {"display": SENTENCE}}, NONE | {"reason_display": "[not kept]"}),
    "a coded reason": ({"reason": REASON}, WRITTEN | {"comment": ""}),
    "a choice from Epic's list": (
        {"extension": {f"{EPIC}reasonDisplay": "As intended"}},
        NONE | LISTED | {"reason_display": "As intended"},
    ),
}


@pytest.mark.parametrize(("override", "expected"), DISCREET.values(), ids=DISCREET)
def test_what_clinicians_write_is_not_kept_unless_it_is_set_so(
    knowledge: Knowledge, tmp_path: Path, override: wire.Json, expected: wire.Json
) -> None:
    discreet = Settings(spool_dir=tmp_path / "spool")
    client = wire.application(knowledge, discreet).test_client()
    [line] = kept(client, discreet, wire.reaction(overrideReason=override))
    assert {name: line[name] for name in expected} == expected
    assert "Zaphod" not in str(line)


def test_88_success_is_an_empty_object(client: FlaskClient) -> None:
    response = send(client, wire.reaction())
    assert (response.status_code, response.mimetype, response.get_json()) == (200, "application/json", {})


def test_88_suggestions_are_named_by_the_uuids_that_we_showed(client: FlaskClient, settings: Settings) -> None:
    [card] = wire.ask(client, wire.sign(wire.draft()))
    [suggestion] = card["suggestions"]
    item = wire.reaction(card=card["uuid"], outcome="accepted", acceptedSuggestions=[{"id": suggestion["uuid"]}])
    kept(client, settings, item)
    shown, reaction = wire.spooled(settings)
    assert shown["cards"][0]["uuid"] == reaction["card"]
    assert shown["cards"][0]["suggestions"] == reaction["suggestions"]


def test_89_a_repeat_has_the_same_key_and_another_reaction_another(client: FlaskClient, settings: Settings) -> None:
    send(client, wire.reaction())
    send(client, wire.reaction(outcomeTimestamp="2026-11-20T09:00:06Z"))
    first, second, third = kept(client, settings, wire.reaction())
    assert first["id"] == third["id"] != second["id"]


def test_89_a_card_that_nobody_here_showed_is_taken(client: FlaskClient, settings: Settings) -> None:
    assert kept(client, settings, wire.reaction(card="never-seen"))


@pytest.fixture
def full(knowledge: Knowledge, tmp_path: Path) -> FlaskClient:
    return wire.application(knowledge, Settings(spool_dir=wire.unwritable(tmp_path))).test_client()


def test_89_feedback_that_cannot_be_kept_is_to_be_sent_again(full: FlaskClient) -> None:
    response = send(full, wire.reaction())
    assert wire.refused(response, 503)["code"] == "transient"
    assert int(response.headers["Retry-After"]) > 0


def test_89_advice_flows_although_nothing_can_be_kept(full: FlaskClient) -> None:
    assert wire.topics(wire.ask(full, wire.sign(wire.draft()))) == {"dose_unit_mismatch": "critical"}
