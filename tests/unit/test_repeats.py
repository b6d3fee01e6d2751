"""What is the same advice, and what of it may be held back from whom."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from msgspec.structs import replace

from cds_service.answer import Answer, Asked, answer
from cds_service.clients import Client
from cds_service.hooks import Card, Context, HookRequest, read_request
from cds_service.pseudonyms import names_of, pseudonym
from cds_service.repeats import MOVING, advice_key, holdable, limits_of, why_held
from cds_service.store.shown import Showing
from cds_service.writer import TRACE
from tests.helpers.patients import knowledge, request_of
from tests.helpers.tables import Case, case_of, rows_of, tables

NOW = datetime(2026, 3, 10, 9, tzinfo=UTC)
LATE = "given 2026-01-01 1000 mcg IM"
LOW = "lab 2026-03-01 B12 140 pg/mL"
DAY = timedelta(days=1)


def answered(hook: str = "patient-view", record: str = LATE, draft: str = "", as_of: datetime = NOW) -> Answer:
    request = read_request(json.dumps(request_of(hook, record, draft)).encode())
    return answer(request, Asked(knowledge(), "us-practice", as_of, most_cards=20, most_resources=1000))


def card(hook: str = "patient-view", record: str = LATE, draft: str = "", as_of: datetime = NOW) -> Card:
    return answered(hook, record, draft, as_of).cards[0]


def trace_of(one: Card) -> dict[str, Any]:
    found: dict[str, Any] = (one.extension or {})[TRACE]
    return found


def with_trace(one: Card, **changes: Any) -> Card:
    return replace(one, extension={TRACE: trace_of(one) | changes})


def rules_held(found: Answer) -> set[str]:
    uuids = holdable(found, knowledge().rules)
    return {one.source.topic.code for one in found.cards if str(one.uuid) in uuids}


# What is the same advice


def test_advice_is_the_same_tomorrow_though_a_day_more_is_overdue() -> None:
    today, tomorrow = card(), card(as_of=NOW + DAY)
    assert today.summary != tomorrow.summary
    assert today.uuid != tomorrow.uuid
    assert advice_key(today) == advice_key(tomorrow)


CHANGES = {
    "a state that was not as bad": card(as_of=NOW - timedelta(days=20)),
    "another dose on record": card(record="given 2026-01-02 1000 mcg IM"),
    "a cause found, so that it is urgent": card(record=f"PA; {LATE}"),
    "an order in force, so that none is offered": card(record=f"{LATE}; ordered 2026-03-01 1000 mcg IM monthly"),
    "another finding beside it": with_trace(card(), also=[{"rule": "x", "variant": "y", "facts": {}, "evidence": []}]),
    "another indicator": replace(card(), indicator="info"),
    "other evidence": with_trace(card(), evidence=["Condition/9"]),
    "other data not seen": with_trace(card(), notSeen=["Observation"]),
    "another protocol": with_trace(card(), protocol="uk-nice-bnf"),
    "another edition of the protocol": with_trace(card(), protocolVersion="2099"),
}


@pytest.mark.parametrize("changed", CHANGES.values(), ids=CHANGES.keys())
def test_whatever_else_differs_is_a_change(changed: Card) -> None:
    assert advice_key(changed) != advice_key(card())


def test_a_corrected_result_under_the_same_id_is_a_change() -> None:
    first, corrected = card(record=LOW), card(record=LOW.replace("140", "141"))
    assert trace_of(first)["evidence"] == trace_of(corrected)["evidence"]
    assert advice_key(first) != advice_key(corrected)


def test_a_fact_of_another_finding_on_the_card_counts() -> None:
    also = {"rule": "folate_before_b12", "variant": "low", "facts": {"written": "2 ng/mL"}, "evidence": []}
    changed = also | {"facts": {"written": "1 ng/mL"}}
    assert advice_key(with_trace(card(), also=[also])) != advice_key(with_trace(card(), also=[changed]))


def test_the_order_in_which_evidence_came_is_no_change() -> None:
    one, other = (
        with_trace(card(), evidence=refs) for refs in (["Condition/1", "Condition/2"], ["Condition/2", "Condition/1"])
    )
    assert advice_key(one) == advice_key(other)


def test_what_a_draft_is_called_is_no_change_and_what_it_orders_is() -> None:
    draft = "cyanocobalamin 3000 mcg IM every month"
    found = answered("order-sign", draft=draft)
    body = json.dumps(request_of("order-sign", LATE, draft)).replace("draft-1", "tmp-77")
    asked = Asked(knowledge(), "us-practice", NOW, most_cards=20, most_resources=1000)
    again = answer(read_request(body.encode()), asked)
    other = answered("order-sign", draft=draft.replace("3000", "4000"))
    keys = [[advice_key(one, each.reading.originals) for one in each.cards] for each in (found, again, other)]
    assert keys[0]
    assert keys[0] == keys[1]
    assert not set(keys[0]) & set(keys[2])


NEW_EVERY_DAY = frozenset(
    {("baseline_labs_missing", "tests"), ("supply_mismatch", "needed"), ("supply_mismatch", "quantity")}
)
"""What an order needs does change from one day to the next."""


@pytest.mark.parametrize("path", tables(), ids=lambda path: path.stem)
def test_no_other_fact_moves_with_the_calendar_alone(path: Path) -> None:
    """Over all tables: a finding that stays, on the same evidence, has the same facts a day later."""
    cases = (case_of(row) for row in rows_of(path) if row.expected.kind == "finding")
    moved = {one for case in cases for one in moving(case)}
    assert moved <= {(rule, name) for rule, names in MOVING.items() for name in names} | NEW_EVERY_DAY


def moving(case: Case) -> Iterator[tuple[str, str]]:
    """Facts that differ tomorrow, but for days within a month or year that is not over: those are today at most."""
    tomorrow = replace(case.asked, as_of=case.asked.as_of + DAY)
    later = dict(found_in(answer(case.request, tomorrow)))
    for said, facts in found_in(case.answered):
        for name, value in facts.items() if said in later else ():
            if later[said].get(name) != value and value != case.asked.as_of.date().isoformat():
                yield said[0], name


def found_in(found: Answer) -> Iterator[tuple[tuple[str, ...], Mapping[str, Any]]]:
    for one in found.cards:
        for said in (trace_of(one), *trace_of(one).get("also", ())):
            yield (said["rule"], said["variant"], *said.get("evidence", ())), said.get("facts", {})


# What may be held back at all


def test_a_rule_s_card_may_be_held_back_and_a_critical_one_never() -> None:
    assert rules_held(answered()) == {"maintenance_overdue"}
    critical = answered(record=f"PA; {LATE}")
    assert [one.indicator for one in critical.cards] == ["critical"]
    assert rules_held(critical) == set()


@pytest.mark.parametrize(
    ("hook", "draft", "rule"),
    [
        ("order-sign", "cyanocobalamin 1000 mg IM every month", "dose_unit_mismatch"),
        ("order-sign", "not sent", "order_not_seen"),
        ("order-sign", "garbled", "order_not_seen"),
    ],
)
def test_a_wrong_dose_and_an_order_not_seen_are_never_held_back(hook: str, draft: str, rule: str) -> None:
    found = answered(hook, "", draft)
    assert rule in {one.source.topic.code for one in found.cards}
    assert rule not in rules_held(found)


def test_a_card_that_names_data_not_seen_is_held_back_only_after_one_that_named_the_same() -> None:
    found = answered(record=f"{LATE}; unseen plans")
    [one] = found.cards
    assert trace_of(one)["notSeen"] == ["CarePlan"]
    assert rules_held(found) == {"maintenance_overdue"}
    assert advice_key(one) != advice_key(card())


@pytest.mark.parametrize("rule", ["not_checked", "check_failed", "all_clear"])
def test_what_the_service_says_of_itself_is_never_held_back(rule: str) -> None:
    found = answered()
    [one] = found.cards
    own = replace(one, source=replace(one.source, topic=replace(one.source.topic, code=rule)))
    assert rule in knowledge().words["en"].system
    assert rules_held(replace(found, cards=(own,))) == set()


def test_a_card_that_also_says_what_was_not_checked_is_never_held_back() -> None:
    found = answered()
    [one] = found.cards
    assert rules_held(replace(found, cards=(with_trace(one, notChecked=["the dose"]),))) == set()


def test_of_the_same_advice_on_two_orders_none_is_held_back() -> None:
    found = answered("order-sign", draft="cyanocobalamin 3000 mcg IM every month")
    [one] = found.cards
    assert rules_held(found) == {one.source.topic.code}
    assert rules_held(replace(found, cards=(one, replace(one, uuid=UUID(int=2))))) == set()


# Who sees what again

VIEW, START, SELECT, SIGN = "patient-view", "encounter-start", "order-select", "order-sign"
REASON, BARE, ACCEPTED = ("overridden", True), ("overridden", False), ("accepted", False)
WRITING = (
    SELECT,
    SIGN,
    "medication-refill",
    "encounter-discharge",
    "problem-list-item-create",
    "allergyintolerance-create",
)


@dataclass(frozen=True)
class Before:
    """A card shown so many hours ago in a hook, and a reaction so many hours ago."""

    hook: str
    hours: float
    said: tuple[str, bool] | None = None
    said_hours: float = 0
    instance: str = "another"

    @property
    def showing(self) -> Showing:
        at = NOW - timedelta(hours=self.hours)
        if self.said is None:
            return Showing("a", self.hook, self.instance, at)
        outcome, reasoned = self.said
        return Showing("a", self.hook, self.instance, at, outcome, reasoned, NOW - timedelta(hours=self.said_hours))


SEEN = [
    # now, what was before, with 12 hours and 30 days
    (VIEW, [], None),
    (VIEW, [Before(VIEW, 0.01)], "repeat"),
    (VIEW, [Before(START, 1)], "repeat"),
    (START, [Before(VIEW, 1)], "repeat"),
    (VIEW, [Before(VIEW, 11.99)], "repeat"),
    (VIEW, [Before(VIEW, 12)], None),
    (VIEW, [Before(VIEW, 40), Before(VIEW, 3)], "repeat"),
    (VIEW, [Before(VIEW, -1)], None),  # by a clock that runs ahead
    (VIEW, [Before(SIGN, 1)], None),  # it left the screen with the next call
    *[(hook, [Before(VIEW, 1), Before(hook, 1)], None) for hook in WRITING],
    # Muted, in every hook
    *[(hook, [Before(SIGN, 48, REASON, 47)], "muted") for hook in (VIEW, START, *WRITING)],
    (VIEW, [Before(VIEW, 1, REASON, 1)], "muted"),
    (VIEW, [Before(VIEW, 24 * 34, REASON, 24 * 30 - 0.01)], "muted"),  # it counts from the answer
    (VIEW, [Before(VIEW, 24 * 30, REASON, 24 * 30)], None),
    (VIEW, [Before(VIEW, 1, REASON, -1)], "repeat"),
    # What does not mute
    (SIGN, [Before(SIGN, 1, BARE, 1)], None),
    (SIGN, [Before(SIGN, 1, ACCEPTED, 1)], None),
    (VIEW, [Before(VIEW, 13, BARE, 13)], None),
    (SIGN, [Before(SIGN, 48, REASON, 48), Before(SIGN, 24, ACCEPTED, 24)], None),  # a change of mind
    (SIGN, [Before(SIGN, 48, ACCEPTED, 48), Before(SIGN, 24, REASON, 24)], "muted"),
    (SIGN, [Before(SIGN, 48, REASON, 48), Before(SIGN, 24, BARE, 24)], "muted"),
    # The same call again
    (VIEW, [Before(VIEW, 0, instance="this")], None),
    (VIEW, [Before(VIEW, 1), Before(VIEW, 0, instance="this")], None),
    (SIGN, [Before(SIGN, 0, REASON, 0, instance="this")], None),
]


@pytest.mark.parametrize(("hook", "before", "why"), SEEN)
def test_what_is_held_back_and_why(hook: str, before: list[Before], why: str | None) -> None:
    request = HookRequest(hook, "this", Context("1"))
    assert why_held(request, [one.showing for one in before], NOW, limits_of(12, 30)) == why


@pytest.mark.parametrize(
    ("repeat_hours", "mute_days", "why"), [(0, 30, "muted"), (12, 0, "repeat"), (0, 0, None), (2, 0.04, "repeat")]
)
def test_zero_switches_off(repeat_hours: float, mute_days: float, why: str | None) -> None:
    request = read_request(json.dumps(request_of(VIEW, LATE, "")).encode())
    before = [Before(VIEW, 1, REASON, 1).showing]
    assert why_held(request, before, NOW, limits_of(repeat_hours, mute_days)) == why


# Pseudonyms


def test_a_pseudonym_is_stable_and_tells_apart_keys_issuers_and_people() -> None:
    one = pseudonym("key", "https://ehr", "Patient/1")
    assert one == pseudonym("key", "https://ehr", "Patient/1")
    assert len(one) == 32
    others = [
        ("k2", "https://ehr", "Patient/1"),
        ("key", "https://e", "hrPatient/1"),
        ("key", "https://ehr", "Patient/2"),
    ]
    assert len({one, *(pseudonym(*other) for other in others)}) == 4


def test_an_id_is_of_one_server_however_its_address_is_written() -> None:
    client = Client("ehr", "https://ehr")
    body = request_of(VIEW, LATE, "")
    servers = ["https://a.example/fhir", "https://A.example:443/fhir/", "https://b.example/fhir", None, {"odd": 1}]
    names = [names_of(read_request(json.dumps(body | {"fhirServer": one}).encode()), client, "key") for one in servers]
    assert names[0] == names[1]
    assert names[3] == names[4]
    assert len({one.patient_key for one in names}) == 3


@pytest.mark.parametrize(("key", "reference"), [("", "Patient/1"), ("key", "")])
def test_without_a_key_or_a_name_nobody_is_named(key: str, reference: str) -> None:
    assert pseudonym(key, "https://ehr", reference) == ""
