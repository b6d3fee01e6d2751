"""What may be shown of a count, and that nothing more can be worked out from everything that is shown."""

from __future__ import annotations

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cds_service.insights import (
    ACCEPTED,
    FEWEST,
    IN_WORDS,
    NO_REASON,
    OTHER_REASON,
    OVERRIDDEN,
    UNANSWERED,
    Count,
    Leaf,
    Took,
    leaves,
    measured,
    protected,
    took,
)
from cds_service.insights_report import compared, months_of, report_of, rounded_up
from cds_service.insights_said import Teller
from cds_service.store.insights import Asked, Place, Reaction, Tally, Version
from cds_service.store.tallies import LONGER, SHOWN, TOOK, UNDECIDED, step_of
from tests.helpers.ledger import FIRST

REASONS = {"intended": "Dose and unit are as intended"}
PLACE = Place("2026-01", "ehr", "order-sign", "us-label", "2026.1", "k", "dose_unit_mismatch")
PLACES = [
    Place(month, client, hook, "us-label", "2026.1", "k", rule)
    for month in ("2026-01", "2026-02")
    for client in ("ehr", "clinic")
    for hook in ("order-sign", "patient-view")
    for rule in ("a", "b")
]


def shown(place: Place, number: int) -> Tally:
    return Tally(place, SHOWN, "", number)


def reaction(number: int, outcome: str = "overridden", code: str = "", display: str = "", **more: bool) -> Reaction:
    return Reaction(PLACE, outcome, code, "urn:site" if code else "", display, more.get("worded", False), number)


def told(*reactions: Reaction, number: int = 100) -> dict[tuple[str, str], str]:
    found = leaves([shown(PLACE, number)], reactions, REASONS, lambda _: True)
    return {(leaf.measure, leaf.item): str(leaf.count) for leaf in found}


@pytest.mark.parametrize(
    ("number", "settled", "running"),
    [
        (-1, "0", "0"),
        (0, "0", "0"),
        (1, "fewer than 5", "fewer than 5"),
        (4, "fewer than 5", "fewer than 5"),
        (5, "5", "5 to 9"),
        (9, "9", "5 to 9"),
        (10, "10", "10 to 14"),
        (1234, "1234", "1230 to 1234"),
    ],
)
def test_a_count_is_shown_as(number: int, settled: str, running: str) -> None:
    assert str(protected(number, settled=True)) == settled
    assert str(protected(number, settled=False)) == running


def test_a_sum_with_small_counts_in_it_is_a_range() -> None:
    small = protected(2, settled=True)
    assert str(small + small) == "fewer than 9"
    assert str(small + protected(12, settled=True)) == "13 to 16"
    assert str(Count() + protected(12, settled=True)) == "12"


def test_reasons_are_ours_or_of_no_words() -> None:
    said = told(
        reaction(6, code="intended"),
        reaction(4, code="17", display="Rarely chosen"),
        reaction(3, code="18"),
        reaction(5, code="19", display="Often chosen"),
        reaction(8, display="Mrs Example", worded=True),
        reaction(9),
        reaction(10, outcome="accepted"),
    )
    assert said == {
        (OVERRIDDEN, "Dose and unit are as intended"): "6",
        (OVERRIDDEN, OTHER_REASON): "7",
        (OVERRIDDEN, "Often chosen"): "5",
        (OVERRIDDEN, IN_WORDS): "8",
        (OVERRIDDEN, NO_REASON): "9",
        (ACCEPTED, ""): "10",
        (UNANSWERED, ""): "55",
    }


def test_what_was_shown_cannot_give_a_small_part_of_it_away() -> None:
    found = leaves([shown(PLACE, 12)], [reaction(11, "accepted"), reaction(1)], REASONS, lambda _: True)
    counts = measured(found)
    assert (str(counts[SHOWN]), str(counts[ACCEPTED]), str(counts[OVERRIDDEN])) == ("12 to 15", "11", "fewer than 5")
    assert Teller().share(counts.share(OVERRIDDEN)) == "8 to 27%"


def test_more_reactions_than_cards_are_no_negative_count() -> None:
    assert told(reaction(6, "accepted"), number=5) == {(ACCEPTED, ""): "6"}


def test_a_share_of_too_few_is_not_given() -> None:
    few = leaves([shown(PLACE, 4)], [], REASONS, lambda _: True)
    assert measured(few).share(ACCEPTED) is None
    all_of_them = measured(leaves([shown(PLACE, 5)], [], REASONS, lambda _: True)).share(UNANSWERED)
    assert Teller().share(all_of_them) == "100%"


NUMBERS = st.lists(st.integers(0, 12), min_size=len(PLACES), max_size=len(PLACES))


def answers(numbers: list[int]) -> list[Count]:
    """The total under every filter by month, client, hook and rule that there is."""
    found = leaves([shown(*pair) for pair in zip(PLACES, numbers, strict=True)], [], REASONS, lambda _: True)
    names = ("month", "client", "hook", "rule")
    filters = [{}, *({name: getattr(place, name) for name in chosen} for place in PLACES for chosen in _subsets(names))]
    return [measured(_only(found, wanted))[SHOWN] for wanted in filters]


def _subsets(names: tuple[str, ...]) -> list[tuple[str, ...]]:
    return [chosen for size in range(1, len(names) + 1) for chosen in combinations(names, size)]


def _only(found: list[Leaf], wanted: dict[str, str]) -> list[Leaf]:
    return [leaf for leaf in found if all(getattr(leaf.place, name) == value for name, value in wanted.items())]


@given(NUMBERS, st.data())
def test_no_answers_together_tell_one_small_count_from_another(numbers: list[int], data: st.DataObject) -> None:
    """Whatever small counts are replaced by others, every answer to every question stays the same."""
    other = [number if number in {0, *range(FEWEST, 99)} else data.draw(st.integers(1, 4)) for number in numbers]
    assert answers(numbers) == answers(other)


@given(NUMBERS)
def test_every_total_holds_the_true_number(numbers: list[int]) -> None:
    [whole, *_] = answers(numbers)
    assert whole.low <= sum(numbers) <= whole.high


def spent(*steps: tuple[int, int]) -> list[Tally]:
    return [Tally(PLACE, TOOK, step_of(microseconds), number) for microseconds, number in steps]


def test_times_are_those_that_so_many_calls_did_not_exceed() -> None:
    assert took(spent((4_000, 50), (15_000, 45), (250_000, 5))) == Took("5", "20")
    assert took(spent((4_000, 49), (15_000, 45), (250_000, 6))) == Took("20", "300")
    assert took(spent((99_000_000, 20))) == Took(LONGER, LONGER)
    assert took(spent((4_000, 19))) == Took("", "")


def test_a_report_has_every_month_and_bars_within_the_plot() -> None:
    asked = Asked("2025-11", "2026-02")
    tallies = [shown(place, 7) for place in PLACES] + [Tally(PLACE, UNDECIDED, "a weight", 6), *spent((4_000, 30))]
    report = report_of(asked, leaves(tallies, [], REASONS, lambda _: True), tallies)
    assert [month for month, _, _ in report.months] == list(months_of(asked))
    assert list(months_of(asked)) == ["2025-11", "2025-12", "2026-01", "2026-02"]
    assert {(line.item, str(line.count)) for line in report.missing} == {("a weight", "6")}
    assert [plot.title for plot in report.plots][-1] == "Time to answer"
    assert all(0 <= bar.low <= bar.high <= 100 for plot in report.plots for bar in plot.bars)
    assert not report.empty


def test_versions_are_compared_as_asked_or_the_two_newest() -> None:
    versions = [Version(name, FIRST) for name in ("a", "b", "c")]
    assert compared(versions, "", "") == (versions[1], versions[2])
    assert compared(versions, "c", "a") == (versions[2], versions[0])
    assert compared(versions, "a", "unknown") == (versions[1], versions[2])
    assert compared(versions[:1], "", "") is None


TOPS = [(0, 5), (5, 5), (6, 10), (11, 20), (21, 50), (51, 100), (201, 500), (9999, 10_000)]


@pytest.mark.parametrize(("number", "top"), TOPS)
def test_an_axis_ends_at_a_round_number(number: int, top: int) -> None:
    assert rounded_up(number) == top
