"""What a prefetch key may hold: something, nothing, a failure, half of it, or nonsense."""

from __future__ import annotations

import pytest

from cds_service.errors import RequestTooLarge
from cds_service.fhir import elements as fhir
from cds_service.fhir.prefetch import Prefetched, read_bundle, read_prefetch
from cds_service.fhir.templates import LAB_CODES, TEMPLATES, missing_keys
from cds_service.knowledge import Knowledge
from tests.helpers.reading import LOINC, MOST, Json, bundle, raw

CONDITION = {"resourceType": "Condition", "id": "c"}
OUTCOME = {"resourceType": "OperationOutcome", "issue": []}
NEXT = {"link": [{"relation": "self", "url": "x"}, {"relation": "next", "url": "y"}]}


FLAG = {"resourceType": "Flag"}


def along(mode: str, other: Json | None = None) -> Json:
    """A match, and a resource that came along with it."""
    second = {"resource": other or {"resourceType": "Medication", "id": "m"}, "search": {"mode": mode}}
    return {"resourceType": "Bundle", "entry": [{"resource": CONDITION, "search": {"mode": "match"}}, second]}


def sent(value: object, key: str = "conditions", most: int = MOST) -> Prefetched:
    return read_prefetch({key: raw(value)}, most)


STATES: dict[str, tuple[object, int, bool, bool, int]] = {
    # value: resources, seen, partial, notes
    "null: nothing there": (None, 0, True, False, 0),
    "an empty Bundle": (bundle(), 0, True, False, 0),
    "a Bundle without entries": ({"resourceType": "Bundle"}, 0, True, False, 0),
    "a Bundle with a warning only": (bundle(OUTCOME), 0, True, False, 0),
    "a Bundle": (bundle(CONDITION), 1, True, False, 0),
    "a Bundle with an empty entry": ({"resourceType": "Bundle", "entry": [{}]}, 0, True, False, 0),
    "a Bundle cut short": (bundle(CONDITION) | NEXT, 1, True, True, 0),
    "an empty Bundle cut short": (bundle() | NEXT, 0, True, True, 0),
    "a Bundle with an unknown type": (bundle(CONDITION, {"resourceType": "Flag"}), 1, True, False, 0),
    "an odd Bundle cut short": (bundle(CONDITION, {"resourceType": "Flag"}) | NEXT, 1, True, True, 0),
    "an odd Bundle with a warning": (bundle({"resourceType": "Flag"}, OUTCOME), 0, True, False, 0),
    "an odd Bundle with an empty entry": (
        {"resourceType": "Bundle", "entry": [{}, {"resource": {"resourceType": "Flag"}}, {"resource": CONDITION}]},
        1, True, False, 0,
    ),
    "a Bundle that says how many": (bundle(CONDITION) | {"total": 1}, 1, True, False, 0),
    "a Bundle of fewer than it says": (bundle(CONDITION) | {"total": 2}, 1, True, True, 0),
    "nothing of what it says": ({"resourceType": "Bundle", "total": 12}, 0, True, True, 0),
    "a Bundle of more than it says": (bundle(CONDITION, FLAG) | {"total": 0}, 1, True, False, 0),
    "an odd Bundle of fewer than it says": (bundle(CONDITION, FLAG) | {"total": 3}, 1, True, True, 0),
    "a total in words": (bundle(CONDITION) | {"total": "2"}, 1, True, False, 0),
    "a total in parts": (bundle(CONDITION) | {"total": 2.5}, 1, True, False, 0),
    "a total of something else": (bundle(CONDITION) | {"total": {"value": 2}}, 1, True, False, 0),
    "a total below nothing": (bundle(CONDITION) | {"total": -2}, 1, True, False, 0),
    "no total": (bundle(CONDITION) | {"total": None}, 1, True, False, 0),
    "a total beside what came along": (along("include") | {"total": 1}, 2, True, False, 0),
    "what came along in place of a match": (along("include") | {"total": 2}, 2, True, True, 0),
    "a warning in place of a match": (along("outcome", OUTCOME) | {"total": 2}, 1, True, True, 0),
    "two kinds of matches": (along("match") | {"total": 2}, 2, True, False, 0),
    "a Bundle in a Bundle": (bundle(bundle(CONDITION)), 1, True, False, 0),
    "a cut Bundle in a Bundle": (bundle(bundle(CONDITION) | {"total": 2}), 1, True, True, 0),
    "an entry without a wrapper": ({"resourceType": "Bundle", "entry": [CONDITION]}, 1, True, False, 0),
    "an answer without a resource": (
        {"resourceType": "Bundle", "entry": [{"response": {"status": "404"}}]}, 0, True, False, 0,
    ),
    "one resource": (CONDITION, 1, True, False, 0),
    "wrapped": ({"resource": CONDITION, "response": {"status": "200"}}, 1, True, False, 0),
    "a wrapped Bundle": ({"resource": bundle(CONDITION)}, 1, True, False, 0),
    "a failure": (OUTCOME, 0, False, False, 1),
    "nothing known": ({}, 0, False, False, 1),
    "a wrapper of nothing": ({"resource": None}, 0, False, False, 1),
    "a number": (5, 0, False, False, 1),
    "a text": ("x", 0, False, False, 1),
    "a Bundle of a text": ({"resourceType": "Bundle", "entry": "x"}, 0, False, False, 1),
}  # fmt: skip


@pytest.mark.parametrize(("value", "expected"), [(one[0], one[1:]) for one in STATES.values()], ids=STATES)
def test_each_state_is_told_apart(value: object, expected: tuple[int, bool, bool, int]) -> None:
    found = sent(value)
    seen, partial = "Condition" in found.seen, "Condition" in found.partial

    assert (len(found.resources), seen, partial, len(found.unread)) == expected


def test_an_absent_key_is_not_seen_and_a_type_is_seen_under_any_key() -> None:
    assert read_prefetch({}, MOST).seen == frozenset()
    assert "Condition" in sent(bundle(CONDITION), "-x").seen
    assert sent(None, "-x").seen == frozenset()


UNREADABLE: dict[str, Json] = {
    "of a type that is read": {"resource": {"resourceType": "Condition", "id": 5}},
    "without a type": {"resource": {"id": "5"}},
    "without a type or a wrapper": {"id": "5", "code": {"text": "B12 deficiency"}},
}


@pytest.mark.parametrize("bad", UNREADABLE.values(), ids=UNREADABLE)
def test_an_unreadable_entry_is_noted_and_spoils_no_other(bad: Json) -> None:
    found = sent({"resourceType": "Bundle", "entry": [bad, {"resource": CONDITION}]})

    assert (len(found.resources), found.partial) == (1, {"Condition"})
    assert [one.where for one in found.unread] == ["prefetch.conditions.entry[0]"]
    assert [where for where, _ in found.unread_raw] == ["prefetch.conditions.entry[0]"]


def test_a_resource_alone_that_cannot_be_read_is_noted() -> None:
    found = sent({"resourceType": "Condition", "id": 5})

    assert [one.where for one in found.unread] == ["prefetch.conditions"]


@pytest.mark.parametrize("value", [bundle(CONDITION, CONDITION), bundle(CONDITION, {"resourceType": "Flag"})])
def test_more_resources_than_allowed_are_too_many(value: Json) -> None:
    assert sent(value, most=2)
    with pytest.raises(RequestTooLarge, match="at most 1 resources"):
        sent(value, most=1)


def test_drafts_keep_their_bytes_and_their_place() -> None:
    draft = {"resourceType": "MedicationRequest", "id": "o", "note": [{"text": "1.0"}]}
    [found] = read_bundle(raw(bundle(draft)), "context.draftOrders", MOST).resources

    assert bytes(found.raw) == bytes(raw(draft))
    assert found.where == "context.draftOrders.entry[0]"


@pytest.mark.parametrize("value", [CONDITION, bundle(CONDITION), bundle(CONDITION, {"resourceType": "Flag"})])
def test_what_does_not_matter_is_seen_and_passed_over(value: Json) -> None:
    found = read_prefetch({"x": raw(value)}, MOST, {fhir.Condition: lambda _: False})

    assert (found.resources, found.seen, found.unread) == ((), {"Condition"}, ())


def test_what_is_no_bundle_of_drafts_is_noted() -> None:
    assert [one.where for one in read_bundle(raw("?"), "context.draftOrders", MOST).unread] == ["context.draftOrders"]


def test_the_keys_of_missing_types_are_named() -> None:
    assert set(missing_keys(frozenset({"Patient", "Observation"}))) == {"patient", "observations"}


def test_every_type_is_asked_for_once_by_simple_tokens() -> None:
    assert len({kind for kind, _ in TEMPLATES.values()}) == len(TEMPLATES)
    assert all(query.count("{{") == 1 and "{{context.patientId}}" in query for _, query in TEMPLATES.values())


def test_every_laboratory_code_that_is_asked_for_is_known(knowledge: Knowledge) -> None:
    assert sorted((LOINC, code) for code in LAB_CODES) == sorted(knowledge.codes.labs)
