"""Every card that a rule can write, as each kind of client takes it: nothing it would reject, and nothing lost."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

import pytest
from msgspec.structs import replace

from cds_service.b12.verdict import Finding
from cds_service.clients import Client, Profile, RuleChanges
from cds_service.dialects import DIALECTS, WHILE_ORDERING, Told, response_for
from cds_service.fhir.tests_ordered import PREFERENCE_LIST, TESTS
from cds_service.hooks import Action, Card, Suggestion, write_response
from tests.helpers.patients import knowledge
from tests.helpers.tables import HOOKS, case_of, rows_of, tables

KEYS = {codes[0][0]: f"key-{codes[0][0]}" for _, codes in TESTS.values()}
PROFILES: tuple[Profile, ...] = ("standard", "epic", "oracle", "sandbox", "inferno")


@cache
def written() -> tuple[tuple[str, Card], ...]:
    """(hook, card) for every variant and indicator of every rule: the first row of its table that has it."""
    found: dict[tuple[str, str], tuple[str, Card]] = {}
    for row in (row for path in tables() for row in rows_of(path) if row.expected.kind == "finding"):
        key = (row.rule, row.verdict.partition(":")[0])
        if key not in found:
            case = case_of(row)
            assert isinstance(case.verdict, Finding)
            found[key] = (HOOKS[row.hook], case.card)
    return tuple(found.values())


def told(profile: Profile, hook: str = "order-sign", **fields: object) -> Told:
    return Told(hook, Client("c", "i", profile=profile, **fields), knowledge().words)  # type: ignore[arg-type] # a Client's own


def as_told(profile: Profile, **fields: object) -> Iterator[tuple[str, Card, Card]]:
    """(hook, card as written, card as told)."""
    for hook, card in written():
        yield hook, card, response_for((card,), told(profile, hook, **fields)).cards[0]


def actions(card: Card) -> Iterator[Action]:
    return (action for suggestion in card.suggestions for action in suggestion.actions)


def kinds(suggestion: Suggestion) -> list[tuple[str, str]]:
    """(what is done, to which type of resource)."""
    return [
        (one.type, one.resource["resourceType"] if one.resource else str(one.resourceId).partition("/")[0])
        for one in suggestion.actions
    ]


def plain(detail: str) -> str:
    """Markdown without the marks that keep words from acting as marks."""
    return re.sub(r"\\([\\`*_\[\]#|~!])", r"\1", detail)


def test_the_cards_tried_here_hold_every_form_of_suggestion() -> None:
    shapes = {tuple(kinds(one)) for _, card in written() for one in card.suggestions}
    assert shapes >= {
        (("update", "MedicationRequest"),),
        (("delete", "MedicationRequest"),),
        (("delete", "ServiceRequest"),),
        (("delete", "MedicationRequest"), ("create", "MedicationRequest")),
        (("create", "MedicationRequest"),),
        (("create", "ServiceRequest"),),
        (("create", "ServiceRequest"), ("create", "ServiceRequest")),
        (("create", "CarePlan"),),
    }


@pytest.mark.parametrize("profile", PROFILES)
def test_no_dialect_touches_what_feedback_and_audit_hang_on(profile: Profile) -> None:
    for _, card, said in as_told(profile):
        assert (said.uuid, said.summary, said.extension) == (card.uuid, card.summary, card.extension)
        assert said.source.label == card.source.label
        assert bool(said.suggestions) is (said.selectionBehavior is not None)


@pytest.mark.parametrize("profile", PROFILES)
def test_every_card_in_every_dialect_can_be_sent(profile: Profile) -> None:
    for hook, card in written():
        assert write_response(response_for((card,), told(profile, hook, preference_list=KEYS)))


@pytest.mark.parametrize("profile", PROFILES)
def test_a_suggestion_that_is_not_offered_is_told_in_words(profile: Profile) -> None:
    for _, card, said in as_told(profile):
        offered = [suggestion.label for suggestion in said.suggestions]
        for suggestion in card.suggestions:
            if suggestion.label not in offered:
                assert "By hand, because a card cannot do it in this system: " in said.detail
                assert suggestion.label in plain(said.detail)
        if len(said.suggestions) >= len(card.suggestions):
            assert "By hand" not in said.detail


def test_what_a_client_cannot_be_offered_is_told_with_its_dose() -> None:
    details = [plain(said.detail) for _, _, said in as_told("epic")]
    by_hand = "\n".join(detail.rpartition("By hand")[2] for detail in details)
    assert "Change the dose to 1000 mcg" in by_hand
    assert "Order maintenance (cyanocobalamin injection intramuscular, 1000 mcg every month)" in by_hand
    assert re.search(r"Order hydroxocobalamin by protocol instead \(hydroxocobalamin injection .* mcg every ", by_hand)
    assert re.search(r"Put loading before maintenance in this order \(1000 mcg every .*, \d+ doses", by_hand)
    assert re.search(r"Change the route to one that is labelled \((intramuscular|subcutaneous|oral|nasal)\)", by_hand)


def test_words_from_an_order_cannot_act_as_markdown() -> None:
    _, card = next((hook, card) for hook, card in written() if kinds_of(card) == {"update"})
    hostile = replace(card, suggestions=(replace(card.suggestions[0], label="# *x* ![y](z)"),))
    [said] = response_for((hostile,), told("epic")).cards
    assert r"\# \*x\* \!\[y\](z)" in said.detail
    assert "*x*" not in said.detail


def kinds_of(card: Card) -> set[str]:
    return {action.type for action in actions(card)}


# standard


def test_the_standard_dialect_changes_nothing() -> None:
    for _, card, said in as_told("standard"):
        assert said == card


# epic


@pytest.mark.parametrize("keys", [{}, KEYS], ids=["no preference list", "a preference list"])
def test_epic_gets_single_actions_that_it_can_do_whole(keys: dict[str, str]) -> None:
    for _, _, said in as_told("epic", preference_list=keys):
        assert said.selectionBehavior in {None, "any"}
        for suggestion in said.suggestions:
            assert not suggestion.isRecommended
            [action] = suggestion.actions
            assert kinds(suggestion)[0] in {
                ("delete", "MedicationRequest"),
                ("delete", "ServiceRequest"),
                ("create", "ServiceRequest"),
            }
            if action.resource:
                first = action.resource["code"]["coding"][0]
                assert first["system"] == PREFERENCE_LIST
                assert first["code"] in keys.values()


def test_epic_gets_tests_one_by_one_and_only_all_of_them_or_none() -> None:
    several = [card for _, card in written() if card.suggestions and len(card.suggestions[0].actions) > 1]
    several = [card for card in several if {kind for _, kind in kinds(card.suggestions[0])} == {"ServiceRequest"}]
    assert several
    for card in several:
        [all_of_them] = response_for((card,), told("epic", preference_list=KEYS)).cards
        label = card.suggestions[0].label
        names = [action.description.removeprefix(f"{label}: ") for action in card.suggestions[0].actions]
        assert [one.label for one in all_of_them.suggestions] == names
        assert len({one.uuid for one in all_of_them.suggestions}) == len(names)
        code = next(actions(card)).resource["code"]["coding"][0]["code"]  # type: ignore[index] # a creation
        fewer = {loinc: key for loinc, key in KEYS.items() if loinc != code}
        [none] = response_for((card,), told("epic", preference_list=fewer)).cards
        assert (none.suggestions, none.selectionBehavior) == ((), None)


def test_epic_is_offered_no_alternatives_because_a_user_could_accept_them_all() -> None:
    _, card = next((hook, card) for hook, card in written() if kinds_of(card) == {"delete"})
    other = replace(card.suggestions[0], label="Remove the other", isRecommended=False)
    [said] = response_for((replace(card, suggestions=(*card.suggestions, other)),), told("epic")).cards
    assert [one.label for one in said.suggestions] == [card.suggestions[0].label]
    assert "Remove the other" in said.detail


def test_epic_is_not_offered_the_second_best_alone() -> None:
    """A deletion beside a correction that stays behind would look like the advice."""
    correction = next(card.suggestions[0] for _, card in written() if kinds_of(card) == {"update"})
    _, card = next((hook, card) for hook, card in written() if kinds_of(card) == {"delete"})
    second = replace(card.suggestions[0], isRecommended=False)
    [said] = response_for((replace(card, suggestions=(correction, second)),), told("epic")).cards
    assert said.suggestions == ()
    assert f"{correction.label}; or {second.label}" in plain(said.detail)


def test_epic_topics_are_alphanumeric_and_still_tell_rules_apart() -> None:
    topics = {said.source.topic.code: card.source.topic.code for _, card, said in as_told("epic")}
    assert all(re.fullmatch(r"[A-Za-z0-9]{1,100}", topic) for topic in topics)
    assert sorted(topics.values()) == sorted(knowledge().texts)


# oracle

MEMBERS_OF_1_0 = {"summary", "indicator", "detail", "source", "suggestions", "selectionBehavior", "links"}
INERT = {"uuid", "extension"}


def test_oracle_gets_the_members_of_1_0_and_some_that_do_nothing_there() -> None:
    for _, _, said in as_told("oracle"):
        sent = {name for name in said.__struct_fields__ if getattr(said, name) not in (None, ())}
        assert sent <= MEMBERS_OF_1_0 | INERT
        assert said.selectionBehavior in {None, "at-most-one"}
        assert not any(one.isRecommended for one in said.suggestions)
        assert not any(one.type == "delete" for one in actions(said))


def test_oracle_cards_leave_out_the_source_that_the_card_names_elsewhere() -> None:
    for _, card, said in as_told("oracle"):
        assert "\n\nSource: " in card.detail
        assert "Source: " not in said.detail
        kept = card.detail.rpartition("\n\n")[0]
        assert said.detail.startswith(kept)


def test_oracle_opens_a_window_only_while_ordering_or_as_the_site_says() -> None:
    loud = [(hook, card) for hook, card in written() if card.indicator == "critical"]
    assert {hook in WHILE_ORDERING for hook, _ in loud} == {True, False}
    for hook, card in loud:
        [said] = response_for((card,), told("oracle", hook)).cards
        assert said.indicator == ("critical" if hook in WHILE_ORDERING else "warning")
        chosen = RuleChanges(indicators={card.source.topic.code: "critical"})
        [said] = response_for((card,), told("oracle", hook, rules=chosen)).cards
        assert said.indicator == "critical"


# sandbox and inferno


def test_the_sandbox_gets_no_deletion_together_with_something_else() -> None:
    refused = 0
    for _, card, said in as_told("sandbox"):
        assert all(kinds(one)[0][0] != "delete" or len(one.actions) == 1 for one in said.suggestions)
        refused += said.suggestions != card.suggestions
        assert said.overrideReasons == card.overrideReasons
        assert all(reason.display for reason in said.overrideReasons)
    assert refused


def test_inferno_gets_a_deletion_only_beside_a_creation_of_the_same_type() -> None:
    both = 0
    for _, _, said in as_told("inferno"):
        for suggestion in said.suggestions:
            deleted = {kind for done, kind in kinds(suggestion) if done == "delete"}
            assert deleted <= {kind for done, kind in kinds(suggestion) if done == "create"}
            both += bool(deleted)
        assert said.source.topic.system
        assert said.source.topic.code
    assert both


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("hook", ["patient-view", "order-select", "order-sign"])
def test_system_actions_are_sent_to_inferno_alone_and_only_where_it_asks(profile: Profile, hook: str) -> None:
    asked = (profile, hook) == ("inferno", "order-sign")
    response = response_for((), told(profile, hook))
    assert write_response(response) == (b'{"cards":[],"systemActions":[]}' if asked else b'{"cards":[]}')


def test_every_profile_of_a_client_has_its_dialect() -> None:
    assert tuple(DIALECTS) == PROFILES
