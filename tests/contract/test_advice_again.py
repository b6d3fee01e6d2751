"""The same advice again: through the application, a real database and the drain between them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from time import monotonic

import pytest
from pydantic import SecretStr
from sqlalchemy import select

from cds_service.knowledge import Knowledge
from cds_service.repeats import RepeatsOnRecord
from cds_service.settings import Settings
from cds_service.store.database import reading
from cds_service.store.models import EvaluationRow
from cds_service.store.shown import ShownLately
from cds_service.web.state import all_shown
from cds_service.wsgi import repeats_of
from tests.helpers import wire
from tests.helpers.again import LATE, SECRET, Site, of_another, request, rules, site_on

RED = "PA; given 2025-09-01 1000 mcg IM"
HIGH = "cyanocobalamin 3000 mcg IM every month"
CODED = {"reason": {"code": "patient-declined", "system": "urn:x"}}
COMMENT = {"userComment": "given at home"}
EPIC = {"extension": {"com.epic.cdshooks.feedback.overrideReason.reasonDisplay": "Not relevant"}}


@pytest.fixture
def site(knowledge: Knowledge, tmp_path: Path, store_url: str) -> Iterator[Site]:
    asking = ShownLately(store_url, monotonic, seconds=30)
    with site_on(store_url, tmp_path, knowledge, asking) as site:
        yield site
    assert asking.unanswered == 0


def test_a_chart_opened_again_shows_the_same_advice_once_in_twelve_hours(site: Site) -> None:
    told = []
    for _ in range(9):
        told.append(rules(site.ask(request())))
        site.wait(hours=3)
    again = ["maintenance_overdue"]
    assert told == [again, [], [], [], again, [], [], [], again]
    assert [held for _, held in site.kept()] == ["", "repeat", "repeat", "repeat"] * 2 + [""]


AGAIN: dict[str, tuple[Callable[[Site], list[wire.Json]], bool]] = {
    "as a visit begins": (lambda site: site.ask(request("encounter-start")), False),
    "by another user": (lambda site: site.ask(request(), userId="Practitioner/2"), True),
    "of another patient": (lambda site: site.ask(of_another(request())), True),
    "on another server of the client": (
        lambda site: site.ask(request() | {"fhirServer": "https://other.example/fhir"}),
        True,
    ),
    "from another client": (lambda site: site.ask(request(), "other"), True),
    "with an older dose on record": (lambda site: site.ask(request(record="given 2025-12-30 1000 mcg IM")), True),
    "with a cause": (lambda site: site.ask(request(record=f"PA; {LATE}")), True),
    "while B12 is ordered": (lambda site: site.ask(request("order-sign", LATE, "cyanocobalamin 1000 mcg IM")), True),
}


@pytest.mark.parametrize(("again", "shown"), AGAIN.values(), ids=AGAIN.keys())
def test_an_hour_later(site: Site, again: Callable[[Site], list[wire.Json]], shown: bool) -> None:  # noqa: FBT001
    assert rules(site.ask(request())) == ["maintenance_overdue"]
    site.wait(hours=1)
    assert bool(again(site)) is shown


def test_the_same_advice_a_day_later_is_still_muted_though_a_day_more_is_overdue(site: Site) -> None:
    [card] = site.ask(request())
    site.react(card, overrideReason=CODED)
    site.wait(days=1)
    assert site.ask(request()) == []
    assert site.kept() == [("maintenance_overdue", ""), ("maintenance_overdue", "muted")]


def test_a_call_asked_again_gets_the_same_cards(site: Site) -> None:
    once = request() | {"hookInstance": "one"}
    first = site.ask(once)
    assert first
    assert site.ask(once) == first
    site.react(first[0], overrideReason=CODED)
    assert site.ask(once) == first
    assert site.ask(request()) == []
    assert site.ask(once) == first


@pytest.mark.parametrize("hook", ["order-select", "order-sign", "medication-refill"])
def test_a_draft_is_judged_aloud_every_time(site: Site, hook: str) -> None:
    first = site.ask(request(hook, draft=f"selected: {HIGH}" if hook == "order-select" else HIGH))
    assert first
    for _ in range(3):
        site.wait(minutes=1)
        again = site.ask(request(hook, draft=f"selected: {HIGH}" if hook == "order-select" else HIGH))
        assert rules(again) == rules(first)


MUTES = {
    "a coded reason": ({"overrideReason": CODED}, True),
    "a comment": ({"overrideReason": COMMENT}, True),
    "Epic's reason": ({"overrideReasons": EPIC}, True),
    "no reason": ({}, False),
    "an empty reason": ({"overrideReason": {"reason": {}}}, False),
    "acceptance": ({"outcome": "accepted", "acceptedSuggestions": [{"id": "s"}]}, False),
}


@pytest.mark.parametrize(("said", "muted"), MUTES.values(), ids=MUTES.keys())
def test_an_override_with_a_reason_mutes_a_draft_s_card_at_signing_too(
    site: Site,
    said: wire.Json,
    muted: bool,  # noqa: FBT001
) -> None:
    [card] = site.ask(request("order-select", draft=f"selected: {HIGH}"))
    site.react(card, **said)
    site.wait(minutes=1)
    found = rules(site.ask(request("order-sign", draft=HIGH)))
    assert (card["source"]["topic"]["code"] not in found) is muted


def test_a_mute_ends_after_its_days_and_is_one_user_s_and_one_client_s(site: Site) -> None:
    [card] = site.ask(request("order-sign", draft=HIGH))
    site.react(card, "other", overrideReason=CODED)
    assert site.ask(request("order-sign", draft=HIGH)), "another client's feedback mutes nothing here"
    site.react(card, overrideReason=CODED)
    site.wait(days=29.9)
    sign = request("order-sign", draft=HIGH)
    assert "dose_out_of_range" not in rules(site.ask(sign))
    assert "dose_out_of_range" in rules(site.ask(sign, userId="Practitioner/2"))
    site.wait(days=0.1)
    assert "dose_out_of_range" in rules(site.ask(sign))


def test_a_muted_card_comes_back_when_the_dose_is_another(site: Site) -> None:
    [card] = site.ask(request("order-sign", draft=HIGH))
    site.react(card, overrideReason=CODED)
    assert site.ask(request("order-sign", draft=HIGH)) == []
    assert site.ask(request("order-sign", draft=HIGH.replace("3000", "4000")))


@pytest.mark.parametrize(
    ("hook", "record", "draft"),
    [("patient-view", RED, ""), ("order-sign", "", "cyanocobalamin 1000 mg IM every month")],
)
def test_a_critical_card_is_never_held_back_and_never_muted(site: Site, hook: str, record: str, draft: str) -> None:
    for _ in range(3):
        cards = [card for card in site.ask(request(hook, record, draft)) if card["indicator"] == "critical"]
        assert cards
        for card in cards:
            site.react(card, overrideReason=CODED)
        site.wait(minutes=5)


def test_without_a_user_nothing_is_held_back(site: Site) -> None:
    body = request("medication-refill", draft=HIGH)
    del body["context"]["userId"]
    [card] = site.ask(body)
    site.react(card, overrideReason=CODED)
    assert site.ask(body)


def test_patients_and_users_are_on_record_as_pseudonyms_only(site: Site) -> None:
    site.ask(request(), userId="Practitioner/amelia-77")
    with reading(site.engine).begin() as connection:
        rows = connection.execute(select(EvaluationRow.__table__)).all()
    assert "amelia" not in repr(rows)
    assert [len(rows[0].patient_key), len(rows[0].user_key)] == [32, 32]


@pytest.mark.parametrize(
    ("changes", "on"),
    [
        ({}, True),
        ({"repeat_hours": 0}, True),
        ({"mute_days": 0}, True),
        ({"repeat_hours": 0, "mute_days": 0}, False),
        ({"pseudonym_key": ""}, False),
        ({"demo": True}, False),
    ],
)
def test_it_is_on_where_people_can_be_known_again_and_off_in_demo_mode(
    knowledge: Knowledge,
    tmp_path: Path,
    changes: wire.Json,
    on: bool,  # noqa: FBT001
) -> None:
    settings = Settings(database_url=f"sqlite:///{tmp_path}/store.db", pseudonym_key=SecretStr(SECRET))
    repeats = repeats_of(settings.model_copy(update=changes | _secret(changes)), knowledge)
    assert isinstance(repeats, RepeatsOnRecord) is on
    assert (repeats is all_shown) is not on


def _secret(changes: wire.Json) -> wire.Json:
    return {name: SecretStr(changes[name]) for name in changes.keys() & {"pseudonym_key"}}
