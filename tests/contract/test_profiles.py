"""The same calls under each profile: all of what changes in the whole answer, and nothing else does."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from cds_service.clients import Client, Profile
from cds_service.knowledge import Knowledge
from cds_service.settings import Settings
from cds_service.wsgi import build
from tests.helpers import tokens, wire
from tests.helpers.profiles import MIX_UP, answer_of, service

GONE = "gone"


def changes(old: Any, new: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """(where, what stands there now) for all that differs; a list of another length counts as a whole."""
    if isinstance(old, dict) and isinstance(new, dict):
        for name in sorted(old.keys() | new.keys()):
            yield from changes(old.get(name, GONE), new.get(name, GONE), f"{path}.{name}".lstrip("."))
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        for index, (one, other) in enumerate(zip(old, new, strict=True)):
            yield from changes(one, other, f"{path}[{index}]")
    elif old != new:
        yield path, new


BY_HAND = "\n\nBy hand, because a card cannot do it in this system: "
INSTEAD = (
    "Order hydroxocobalamin by protocol instead (hydroxocobalamin injection intramuscular, 1000 mcg every day, 14"
    " doses; then 1000 mcg every 3 to 4 days, as long as improvement continues; then 1000 mcg every 1 to 3 months)."
)
NO_BUTTON = {"suggestions": GONE, "selectionBehavior": GONE}
UNTICKED = {"suggestions[0].isRecommended": GONE}
BY_1_0 = {"overrideReasons": GONE, "detail": "- source"}
WITH_ACTIONS: wire.Json = {"systemActions": []}

Changed = dict[str, Any]


def card(number: int, *parts: Changed) -> Changed:
    """Changes of one card; a detail that begins with "+" or "-" is what is added to it, or its source taken away."""
    merged: Changed = {}
    for part in parts:
        merged |= {f"cards[{number}].{name}": value for name, value in part.items()}
    return merged


def topic(code: str) -> Changed:
    return {"source.topic.code": code}


def by_hand(words: str) -> Changed:
    return {"detail": f"+{BY_HAND}{words}"}


def by_1_0_and_by_hand(words: str) -> Changed:
    return {"overrideReasons": GONE, "detail": f"-{BY_HAND}{words}"}


EXPECTED: dict[str, dict[Profile, Changed]] = {
    "a dose to correct": {
        "epic": card(0, NO_BUTTON, topic("doseunitmismatch"), by_hand("Change the dose to 1000 mcg.")),
        "oracle": card(0, BY_1_0, UNTICKED),
        "sandbox": {},
        "inferno": WITH_ACTIONS,
    },
    "an order to replace": {
        "epic": card(0, NO_BUTTON, topic("formcontraindicated"), by_hand(INSTEAD)),
        "oracle": card(0, NO_BUTTON, by_1_0_and_by_hand(INSTEAD)),
        "sandbox": card(0, NO_BUTTON, by_hand(INSTEAD)),
        "inferno": WITH_ACTIONS,
    },
    "an order to remove": {
        "epic": card(0, {"selectionBehavior": "any"}, UNTICKED, topic("allergyconflict"))
        | card(
            1,
            NO_BUTTON,
            topic("baselinelabsmissing"),
            by_hand("Order before the first dose: total vitamin B12, blood count (Vitamin B12, serum; Blood count)."),
        ),
        "oracle": card(0, NO_BUTTON, by_1_0_and_by_hand("Remove this order.")) | card(1, BY_1_0, UNTICKED),
        "sandbox": {},
        "inferno": card(0, NO_BUTTON, by_hand("Remove this order.")) | WITH_ACTIONS,
    },
    "a chart with critical advice": {
        "epic": card(
            0,
            NO_BUTTON,
            topic("maintenanceoverdue"),
            by_hand("Order the maintenance dose (cyanocobalamin injection intramuscular, 1000 mcg every month)."),
        ),
        "oracle": card(0, BY_1_0, UNTICKED, {"indicator": "warning"}),
        "sandbox": {},
        "inferno": {},
    },
    "a test to remove": {
        "epic": card(0, {"selectionBehavior": "any"}, UNTICKED, topic("b12rechecknotuseful")),
        "oracle": card(0, NO_BUTTON, by_1_0_and_by_hand("Remove the B12 level.")),
        "sandbox": {},
        "inferno": card(0, NO_BUTTON, by_hand("Remove the B12 level.")) | WITH_ACTIONS,
    },
    "nothing to say": {"epic": {}, "oracle": {}, "sandbox": {}, "inferno": WITH_ACTIONS},
}


def in_full(expected: Changed, standard: wire.Json) -> Changed:
    """The details written out."""
    full = dict(expected)
    for number, one in enumerate(standard["cards"]):
        said = full.get(f"cards[{number}].detail")
        if said:
            without = one["detail"].rpartition("\n\nSource: ")[0]
            full[f"cards[{number}].detail"] = (one["detail"] if said[0] == "+" else without) + said[1:].removeprefix(
                " source"
            )
    return full


@pytest.mark.parametrize("profile", ["epic", "oracle", "sandbox", "inferno"])
@pytest.mark.parametrize("name", EXPECTED)
def test_what_a_profile_changes_in_an_answer(knowledge: Knowledge, tmp_path: Path, name: str, profile: Profile) -> None:
    standard = answer_of(knowledge, tmp_path / "standard", Client("c", "i"), name)
    told = answer_of(knowledge, tmp_path / profile, Client("c", "i", profile=profile), name)
    assert dict(changes(standard, told)) == in_full(EXPECTED[name][profile], standard)


def test_epic_orders_tests_by_the_site_s_own_keys(knowledge: Knowledge, tmp_path: Path) -> None:
    client = Client("c", "i", profile="epic", preference_list={"2132-9": "item-1", "58410-2": "item-2"})
    [found] = answer_of(knowledge, tmp_path, client, "tests to order")["cards"]
    assert found["selectionBehavior"] == "any"
    assert [one["label"] for one in found["suggestions"]] == ["Vitamin B12, serum", "Blood count"]
    codes = [one["actions"][0]["resource"]["code"]["coding"][0]["code"] for one in found["suggestions"]]
    assert codes == ["item-1", "item-2"]
    assert "By hand" not in found["detail"]


@pytest.mark.parametrize("profile", ["standard", "epic", "oracle", "sandbox", "inferno"])
@pytest.mark.parametrize("name", wire.examples())
def test_every_example_is_answered_in_every_profile(
    knowledge: Knowledge, tmp_path: Path, name: str, profile: Profile
) -> None:
    http, _ = service(knowledge, tmp_path, Client("c", "i", profile=profile))
    cards = wire.ask(http, wire.example(name))
    assert bool(cards) is (name != "order-sign-correct")
    sent = wire.post(http, wire.example(name)).get_json()
    assert [path for path in empties(sent) if path != "systemActions" or profile != "inferno"] == [
        path for path in ["cards"] if not cards
    ]


def empties(node: Any, path: str = "") -> Iterator[str]:
    """Where nothing stands: null, or an empty text, list or object, outside the trace, which is ours."""
    if node in (None, "", [], {}):
        yield path
    elif isinstance(node, dict):
        for name, value in node.items():
            if name != "extension":
                yield from empties(value, f"{path}.{name}".lstrip("."))
    elif isinstance(node, list):
        for index, value in enumerate(node):
            yield from empties(value, f"{path}[{index}]")


# A call whose content Epic took out


def stripped(**fields: Any) -> wire.Json:
    return {"hook": "order-sign", "hookInstance": wire.INSTANCE, "context": {}} | fields


@pytest.mark.parametrize("sent", [stripped(), stripped(context=None, prefetch={}), stripped(context={"userId": "x/1"})])
def test_a_call_that_epic_stripped_gets_no_card_and_is_told_apart_from_all_is_well(
    knowledge: Knowledge, tmp_path: Path, caplog: pytest.LogCaptureFixture, sent: wire.Json
) -> None:
    http, settings = service(knowledge, tmp_path, Client("general", "i", profile="epic"))
    response = wire.post(http, sent)
    assert response.status_code == 200
    wire.check("response", response.json)
    assert response.get_json()["cards"] == []
    assert "came without its content" in json.dumps(response.get_json()["extension"])
    [logged] = [one for one in caplog.records if one.message == "call came without its content"]
    assert (logged.levelname, vars(logged)["client"], vars(logged)["service"]) == (
        "WARNING",
        "general",
        "b12-order-sign",
    )
    assert wire.spooled(settings) == []


def test_a_call_without_content_is_an_error_in_every_other_profile(knowledge: Knowledge, tmp_path: Path) -> None:
    for profile in ("standard", "oracle", "sandbox", "inferno"):
        http, _ = service(knowledge, tmp_path, Client("c", "i", profile=profile))  # type: ignore[arg-type] # a Profile
        wire.refused(wire.post(http, stripped()), 400, "$.context")


def test_a_broken_call_is_an_error_for_epic_too(knowledge: Knowledge, tmp_path: Path) -> None:
    http, _ = service(knowledge, tmp_path, Client("c", "i", profile="epic"))
    assert http.post("/cds-services/b12-order-sign", data=b"{", content_type="application/json").status_code == 400
    wire.refused(wire.post(http, stripped(prefetch={"patient": {"resourceType": "Patient"}})), 400, "$.context")
    assert wire.post(http, stripped(context={"patientId": 1})).status_code == 400


# From the file of clients to the answer


def test_each_issuer_is_answered_as_the_file_of_clients_says(tmp_path: Path) -> None:
    keys = json.dumps(tokens.jwks(tokens.jwk(tokens.private_key())))
    path = tmp_path / "clients.toml"
    path.write_text(
        f"""
[[client]]
id = "general"
issuer = "https://general.example"
jwks = '{keys}'
profile = "epic"

[[client]]
id = "quiet"
issuer = "https://quiet.example"
jwks = '{keys}'
protocol = "uk-nice-bnf"
rules = {{ shadow = ["dose_unit_mismatch"] }}
""",
        "utf-8",
    )
    app = build(Settings(spool_dir=tmp_path / "spool", clients=str(path), base_url=tokens.BASE, fetch=False))
    answers = {}
    for name in ("general", "quiet"):
        claims = tokens.claims(datetime.now(UTC).timestamp(), iss=f"https://{name}.example")
        headers = tokens.bearer(tokens.token(claims))
        response = app.test_client().post(tokens.SIGN, json=wire.example(MIX_UP), headers=headers)
        assert response.status_code == 200, response.get_data(as_text=True)
        answers[name] = response.get_json()["cards"]
    assert wire.topics(answers["general"]) == {"doseunitmismatch": "critical"}
    assert "dose_unit_mismatch" not in wire.topics(answers["quiet"])
    assert app.test_client().post(tokens.SIGN, json=wire.example(MIX_UP)).status_code == 401
