"""From verdicts to cards: order, cap, one card for one subject, stable uuids, and nothing hostile let through."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from cds_service.answer import FAILED, Answer
from cds_service.b12.verdict import Finding, Indicator, Silent, Undecided, Verdict
from cds_service.fhir.proposals import Desk
from cds_service.fhir.reread import Yardstick
from cds_service.hooks import Card, HookResponse, write_response
from cds_service.knowledge import Knowledge
from cds_service.writer import LONGEST_SUMMARY, TRACE, Judged, Page, write_cards
from tests.helpers import wire
from tests.helpers.reading import NOON, answered

DRAFT = "MedicationRequest/o1"
OTHER = "MedicationRequest/o2"


def page(known: Knowledge, most: int = 5, **fields: Any) -> Page:
    own = Page(
        knowledge=known,
        protocol=known.protocols["us-practice"],
        instance="i1",
        as_of=NOON,
        desk=Desk({}, {}, "p1", Yardstick(known.codes, known.protocols["us-practice"].timing)),
        unseen=frozenset(),
        complete=frozenset({DRAFT, OTHER}),
        most=most,
    )
    return msgspec.structs.replace(own, **fields)


def unreadable(about: str = DRAFT, indicator: Indicator | None = None) -> Judged:
    facts = {"written": "1 shot", "product": "x"}
    return Judged("dose_unreadable", Finding("unknown_unit", facts, (about,), indicator=indicator, about=about), about)


def swapped(about: str = DRAFT) -> Judged:
    facts = {"written": "1000 mg"} | {
        name: Decimal(1000) for name in ("reads_mcg", "meant_mcg", "usual_low", "usual_high")
    }
    return Judged("dose_unit_mismatch", Finding("too_high", facts, (about,), about=about), about)


def judged(verdict: Verdict, subject: str = DRAFT) -> Judged:
    return Judged("dose_text_conflict", verdict, subject)


def topics(cards: tuple[Card, ...]) -> list[tuple[str, str]]:
    return [(card.source.topic.code, card.indicator) for card in cards]


# Order and cap


def many(count: int, indicator: Indicator) -> list[Judged]:
    return [unreadable(f"MedicationRequest/{indicator}{number}", indicator) for number in range(count)]


def test_critical_comes_before_warning_before_info(knowledge: Knowledge) -> None:
    cards = write_cards(
        [*many(1, Indicator.INFO), *many(1, Indicator.WARNING), *many(1, Indicator.CRITICAL)], page(knowledge)
    )

    assert [card.indicator for card in cards] == ["critical", "warning", "info"]


CAPS = [(0, 3, 2, 2), (2, 3, 2, 2), (3, 3, 2, 3), (3, 3, 4, 4), (1, 9, 5, 5)]


@pytest.mark.parametrize(("critical", "info", "most", "shown"), CAPS)
def test_the_cap_cuts_the_least_urgent_and_never_a_critical_card(
    knowledge: Knowledge, critical: int, info: int, most: int, shown: int
) -> None:
    cards = write_cards([*many(info, Indicator.INFO), *many(critical, Indicator.CRITICAL)], page(knowledge, most))

    assert len(cards) == shown
    assert sum(card.indicator == "critical" for card in cards) == critical


def test_no_card_that_says_that_something_was_not_checked_is_cut(knowledge: Knowledge) -> None:
    unseen = Judged("order_not_seen", Finding("lost", {"orders": 1}, indicator=Indicator.WARNING, about="call"))
    unchecked = judged(Undecided("the moon"), OTHER)
    failed = Judged("dose_out_of_range", Undecided(FAILED), failed=True)
    cards = write_cards([*many(6, Indicator.WARNING), unseen, unchecked, failed], page(knowledge, 3))

    assert {topic for topic, _ in topics(cards)} >= {"order_not_seen", "not_checked", "check_failed"}
    assert sum(topic == "dose_unreadable" for topic, _ in topics(cards)) <= 3


def test_the_order_of_the_verdicts_makes_no_difference(knowledge: Knowledge) -> None:
    verdicts = [unreadable(), swapped(), *many(3, Indicator.INFO), judged(Undecided("the moon"))]

    assert write_cards(verdicts, page(knowledge)) == write_cards(verdicts[::-1], page(knowledge))


# One subject, one card


def test_findings_about_one_subject_share_a_card_led_by_the_most_urgent(knowledge: Knowledge) -> None:
    [card] = write_cards([unreadable(), swapped()], page(knowledge))

    assert topics((card,)) == [("dose_unit_mismatch", "critical")]
    assert "Also: B12 dose 1 shot: the unit is not known" in card.detail


def test_of_two_equally_urgent_the_lower_rank_leads(knowledge: Knowledge) -> None:
    [card] = write_cards([unreadable(indicator=Indicator.CRITICAL), swapped()], page(knowledge))

    assert card.source.topic.code == "dose_unit_mismatch"


def test_findings_about_two_subjects_are_two_cards(knowledge: Knowledge) -> None:
    assert len(write_cards([unreadable(DRAFT), unreadable(OTHER)], page(knowledge))) == 2


def test_what_joins_a_card_is_counted_beyond_a_glance_and_traced_whole(knowledge: Knowledge) -> None:
    [card] = write_cards([swapped(), *[unreadable()] * 4], page(knowledge))

    assert card.detail.count("Also: ") == 3
    assert "And 1 more point about this order or therapy." in card.detail
    also = (card.extension or {})[TRACE]["also"]
    facts = {"written": "1 shot", "product": "x"}
    assert also == [{"rule": "dose_unreadable", "variant": "unknown_unit", "facts": facts, "evidence": [DRAFT]}] * 4


# All clear, where it is asked for


def clear(known: Knowledge) -> Page:
    return page(known, clear_until=NOON.date() + timedelta(days=9))


def test_all_clear_is_said_where_it_is_asked_for(knowledge: Knowledge) -> None:
    [card] = write_cards([judged(Silent("fine"), "")], clear(knowledge))

    assert topics((card,)) == [("all_clear", "info")]
    assert (NOON.date() + timedelta(days=9)).isoformat() in card.summary


def test_all_is_not_clear_where_something_was_found_or_could_not_be_looked_at(knowledge: Knowledge) -> None:
    assert write_cards([judged(Undecided("the moon"), "")], clear(knowledge)) == ()
    assert topics(write_cards([unreadable()], clear(knowledge))) == [("dose_unreadable", "warning")]


# What could not be looked at


def test_what_is_missing_is_told_once_in_the_card_about_that_draft(knowledge: Knowledge) -> None:
    missing = [judged(Undecided("the moon")), judged(Undecided("the moon")), judged(Undecided("the stars"))]
    [card] = write_cards([unreadable(), *missing], page(knowledge))

    assert "Not checked, because this is missing: the moon; the stars." in card.detail


def test_an_unchecked_draft_without_a_finding_gets_a_quiet_card(knowledge: Knowledge) -> None:
    [card] = write_cards([judged(Undecided("the moon")), judged(Silent("fine"))], page(knowledge))

    assert topics((card,)) == [("not_checked", "info")]
    assert "the moon" in card.detail


def test_a_draft_that_is_still_being_written_gets_none(knowledge: Knowledge) -> None:
    assert write_cards([judged(Undecided("the moon"))], page(knowledge, complete=frozenset())) == ()


def test_what_is_missing_for_the_patient_makes_no_card_of_its_own(knowledge: Knowledge) -> None:
    assert write_cards([judged(Undecided("the moon"), "")], page(knowledge)) == ()


def test_silence_is_no_card(knowledge: Knowledge) -> None:
    assert write_cards([judged(Silent("fine"))], page(knowledge)) == ()


def test_every_card_says_what_was_not_seen(knowledge: Knowledge) -> None:
    unseen = frozenset({"Condition", "Observation", "Basic"})
    [card] = write_cards([unreadable()], page(knowledge, unseen=unseen))

    assert "Not seen for this check: Basic, problem list, laboratory results." in card.detail


# uuids and trace


def test_the_same_call_has_the_same_uuids_and_another_showing_others(knowledge: Knowledge) -> None:
    def uuids(**fields: Any) -> set[str]:
        return {str(card.uuid) for card in write_cards([unreadable(DRAFT), swapped(OTHER)], page(knowledge, **fields))}

    first = uuids()
    others = [
        uuids(instance="i2"),
        uuids(as_of=NOON + timedelta(days=1)),
        uuids(protocol=knowledge.protocols["us-label"]),
        uuids(knowledge=msgspec.structs.replace(knowledge, version="0" * 12)),
    ]

    assert len(first) == 2
    assert uuids() == uuids(as_of=NOON + timedelta(hours=1)) == first
    assert all(first.isdisjoint(other) for other in others)


def test_a_card_says_which_protocol_and_version_spoke_and_why(knowledge: Knowledge) -> None:
    [card] = write_cards([unreadable()], page(knowledge))
    trace = (card.extension or {})[TRACE]

    assert (trace["rule"], trace["variant"], trace["evidence"]) == ("dose_unreadable", "unknown_unit", [DRAFT])
    assert (trace["protocol"], trace["knowledge"], trace["asOf"]) == (
        "us-practice",
        knowledge.version,
        NOON.isoformat(),
    )
    assert "us-practice" in card.source.label


def test_evidence_that_was_read_from_words_is_marked(knowledge: Knowledge) -> None:
    [card] = write_cards([unreadable()], page(knowledge, by_text=frozenset({DRAFT, OTHER})))

    assert (card.extension or {})[TRACE]["readFromWords"] == [DRAFT]


def test_a_card_tells_the_source_attributes_of_its_advice(knowledge: Knowledge) -> None:
    [card] = write_cards([unreadable()], page(knowledge))
    source = (card.extension or {})[TRACE]["source"]

    assert set(source) == {"citation", "developer", "funding", "released", "revised", "demographics"}
    assert knowledge.protocols["us-practice"].source.label in source["citation"]
    assert source["revised"] == knowledge.protocols["us-practice"].version


# Whole answers


def call(product: str = "cyanocobalamin injection", instance: str = wire.INSTANCE) -> wire.Json:
    return wire.sign(wire.draft(medicationCodeableConcept={"text": product}), hookInstance=instance)


def test_the_same_request_has_the_same_answer_and_a_new_instance_new_uuids(knowledge: Knowledge) -> None:
    def uuids(answer: Answer) -> list[str]:
        return [str(card.uuid) for card in answer.cards] + [
            str(one.uuid) for card in answer.cards for one in card.suggestions
        ]

    first, again = answered(knowledge, call()), answered(knowledge, call())

    assert first.cards == again.cards
    assert len(uuids(first)) == 2
    assert set(uuids(first)).isdisjoint(uuids(answered(knowledge, call(instance="another"))))


HOSTILE = [
    "cyanocobalamin [x](javascript:alert(1))",
    "cyanocobalamin <b>bold</b><img src=x onerror=alert(1)>",
    "cyanocobalamin\n\n# Heading\n\n| a | b |",
    "cyanocobalamin " + "y" * 5000,
    "cyanocobalamin {{ 7 * 7 }}",
    "cyanocobalamin \u202egnorw",
]


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("unit", ["mg", "[x](y)", "<b>", "a\n# b", "z" * 5000])
def test_no_name_or_unit_acts_as_markdown_or_breaks_the_card(knowledge: Knowledge, name: str, unit: str) -> None:
    step = wire.milligrams_for_micrograms() | {"doseAndRate": [{"doseQuantity": {"value": 1000, "unit": unit}}]}
    order = wire.draft(medicationCodeableConcept={"text": name}, dosageInstruction=[step])
    cards = answered(knowledge, wire.sign(order)).cards

    assert cards
    assert write_response(HookResponse(cards))
    for card in cards:
        assert len(card.summary) <= LONGEST_SUMMARY
        assert "\n" not in card.summary
        assert not {"<", ">"} & set(card.detail)
        assert "](" not in card.detail.replace(r"\](", "")
        assert "\n# " not in card.detail


def broken(knowledge: Knowledge, *rules: str) -> Knowledge:
    def judge(*_: object) -> Verdict:
        raise ValueError("patient 12345 is called Smith")

    replaced = {name: msgspec.structs.replace(knowledge.rules[name], judge=judge) for name in rules}
    return msgspec.structs.replace(knowledge, rules={**knowledge.rules, **replaced})


def test_a_rule_that_breaks_is_told_in_a_card_and_the_others_still_speak(
    knowledge: Knowledge, caplog: pytest.LogCaptureFixture
) -> None:
    answer = answered(broken(knowledge, "dose_text_conflict", "loading_missing"), call())
    failed = [one for one in answer.judged if one.failed]

    assert topics(answer.cards) == [("dose_unit_mismatch", "critical"), ("check_failed", "warning")]
    assert f"2 of {len(answer.judged)} checks" in answer.cards[1].detail
    assert {one.verdict for one in failed} == {Undecided(FAILED)}
    assert {record.__dict__["fault"] for record in caplog.records} == {"ValueError"}
    assert "Smith" not in caplog.text


def test_if_every_rule_breaks_the_answer_is_not_empty(knowledge: Knowledge) -> None:
    assert topics(answered(broken(knowledge, *knowledge.rules), call()).cards) == [("check_failed", "warning")]


def test_a_suggestion_is_named_and_recommended_and_offers_one_of_many(knowledge: Knowledge) -> None:
    [card] = answered(knowledge, call()).cards
    [suggestion] = card.suggestions

    assert (card.selectionBehavior, suggestion.isRecommended) == ("at-most-one", True)
    assert suggestion.label == suggestion.actions[0].description == "Change the dose to 1000 mcg"
    assert [one.code for one in card.overrideReasons] == ["intended", "other-product", "specialist-plan"]


def test_without_a_valid_correction_the_words_stand_alone(knowledge: Knowledge) -> None:
    [card] = answered(knowledge, wire.sign(wire.draft(priority=5))).cards

    assert (card.suggestions, card.selectionBehavior) == ((), None)
