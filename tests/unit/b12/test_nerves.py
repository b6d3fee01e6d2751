"""What neurological involvement asks for, and what is lighter than that."""

from __future__ import annotations

import pytest

from cds_service.b12.episode import Episode, Stage
from cds_service.b12.nerves import (
    injection_in_force,
    is_maintenance_draft,
    judged_draft,
    light_interval,
    light_loading,
    neuro_regimen,
    never_loaded,
    short_loading,
    slow_loading,
    stopped_short,
)
from tests.helpers.reading import standing

UK = "uk-nice-bnf"
SIX = "PA; neuropathy; given 6 times from 2026-01-05 every 2 days hydroxocobalamin 1 mg IM"  # the last on 2026-01-15


def drafted(draft: str, record: str = "PA; neuropathy", protocol: str = UK) -> Episode:
    return standing(record, "2026-01-16", draft, protocol)


@pytest.mark.parametrize(
    ("protocol", "draft", "regimen"),
    [
        (UK, "hydroxocobalamin 1 mg IM monthly", "uk-neurological"),
        (UK, "vitamin B12 1 mg IM monthly", "uk-neurological"),
        (UK, "cyanocobalamin 1 mg IM monthly", ""),
        ("ch-label", "hydroxocobalamin 1 mg IM monthly", ""),
        ("ch-label", "cyanocobalamin 1 mg IM monthly", "ch-neurological"),
        ("us-practice", "cyanocobalamin 1 mg IM monthly", ""),
    ],
)
def test_the_regimen_is_of_the_cobalamin_that_is_ordered(protocol: str, draft: str, regimen: str) -> None:
    episode = drafted(draft, protocol=protocol)
    found = neuro_regimen(episode, episode.drafts[0])

    assert (found.id if found else "") == regimen


def test_without_an_order_the_cobalamin_in_use_counts_and_any_where_none_is_named() -> None:
    found = [neuro_regimen(drafted("", record), None) for record in (SIX, "PA", "PA; given 2026-01-05 1 mg IM")]

    assert [one.id if one else "" for one in found] == ["uk-neurological", "uk-neurological", ""]


@pytest.mark.parametrize(
    ("every", "light"),
    [
        ("every 68 days", False),
        ("every 68.2 days", False),
        ("every 69 days", True),
        ("every 2-3 months", True),
        ("every 3 months x 1", False),
        ("", False),
    ],
)
def test_an_interval_is_light_beyond_the_tolerance(every: str, *, light: bool) -> None:
    episode = drafted(f"hydroxocobalamin 1 mg IM {every}")
    regimen = neuro_regimen(episode, None)

    assert regimen
    assert bool(light_interval(episode.drafts[0], regimen, episode)) is light


@pytest.mark.parametrize(
    ("every", "doses"),
    [
        ("every 2 days x 6", 6),
        ("every 2 days x 7", None),
        ("every 2 days x 2", 2),
        ("every 2 days x 1", None),
        ("every 2 days x 3 then 1 mg IM every 5 days x 2", 5),
        ("every 2 days x 3 then 1 mg IM every 5 days", None),
        ("every 2 days", None),
        ("every 2 months", None),
    ],
)
def test_a_loading_is_light_with_no_more_doses_than_the_standard(every: str, doses: int | None) -> None:
    episode = drafted(f"hydroxocobalamin 1 mg IM {every}")

    assert light_loading(episode.drafts[0], episode) == doses


@pytest.mark.parametrize(
    ("every", "slow"),
    [
        ("3 times a week", False),
        ("every 2 days", False),
        ("every 2-3 days", False),
        ("every 3 days", True),
        ("weekly", True),
        ("every 2 days x 3 then 1 mg IM every 5 days x 20", False),
        ("every 2 months", False),
    ],
)
def test_a_loading_is_slow_by_whole_days(every: str, *, slow: bool) -> None:
    episode = drafted(f"hydroxocobalamin 1 mg IM {every}")
    regimen = neuro_regimen(episode, None)

    assert regimen
    assert bool(slow_loading(episode.drafts[0], regimen, episode)) is slow


def test_a_loading_is_short_until_a_dose_too_many_or_a_dose_that_follows() -> None:
    assert len(short_loading(drafted("", SIX))) == 6
    assert short_loading(standing(SIX.replace("6 times", "7 times"), "2026-01-17", protocol=UK)) == ()
    later = standing(f"{SIX}; given 2026-03-15 hydroxocobalamin 1 mg IM", "2026-03-16", protocol=UK)
    assert short_loading(later) == ()
    assert short_loading(drafted("", SIX.replace("; neuropathy", ""))) == ()


@pytest.mark.parametrize(
    ("doses", "as_of", "stopped"),
    [(6, "2026-01-22", False), (6, "2026-01-23", True), (5, "2026-01-23", False), (7, "2026-01-27", False)],
)
def test_a_short_loading_has_stopped_after_the_longest_gap(doses: int, as_of: str, *, stopped: bool) -> None:
    record = SIX.replace("6 times", f"{doses} times")

    assert stopped_short(standing(record, as_of, protocol=UK)) is stopped


@pytest.mark.parametrize(
    ("record", "unloaded"),
    [
        ("given 2025-07-17 hydroxocobalamin 1 mg IM", True),
        ("given 2025-07-16 hydroxocobalamin 1 mg IM", False),
        ("given 2025-07 hydroxocobalamin 1 mg IM", False),
        ("given 2 times from 2026-01-05 every 2 days hydroxocobalamin 1 mg IM", False),
        ("given 2026-01-05 1000 mcg oral", False),
        ("done 2020 injections started; given 2026-01-05 hydroxocobalamin 1 mg IM", False),
        ("", False),
    ],
)
def test_never_loaded_as_far_as_half_a_year_tells(record: str, *, unloaded: bool) -> None:
    assert never_loaded(drafted("", record)) is unloaded


def test_the_order_that_is_judged() -> None:
    episode = drafted("1000 mcg oral daily & hydroxocobalamin 1 mg IM & hydroxocobalamin 1 mg IM every 2 months")
    draft = judged_draft(episode)

    assert draft
    assert draft.ref == "MedicationRequest/draft-3"
    assert is_maintenance_draft(draft, episode)


@pytest.mark.parametrize(
    ("drafts", "judged"),
    [
        ("hydroxocobalamin 1 mg IM every 2 days x 20 & hydroxocobalamin 1 mg IM every 2 days x 6", "draft-2"),
        ("hydroxocobalamin 1 mg IM every 2 days x 20 & hydroxocobalamin 1 mg IM every 3 days x 20", "draft-2"),
        ("hydroxocobalamin 1 mg IM every 2 days x 20 & hydroxocobalamin 1 mg IM every 2 months", "draft-1"),
        ("cyanocobalamin 1 mg IM every 3 months & hydroxocobalamin 1 mg IM every 3 months", "draft-2"),
    ],
)
def test_of_several_orders_the_one_that_is_too_light_is_judged(drafts: str, judged: str) -> None:
    found = judged_draft(drafted(drafts))

    assert found
    assert found.ref == f"MedicationRequest/{judged}"


def test_maintenance_beside_a_loading_is_not_all_that_is_ordered() -> None:
    beside = drafted("hydroxocobalamin 1 mg IM every 2 months & hydroxocobalamin 1 mg IM every 2 days")
    assert not is_maintenance_draft(beside.drafts[0], beside)


def test_the_latest_injection_in_force() -> None:
    record = "ordered 2025-01-05 1 mg IM every 3 months; ordered 2025-06-05 1 mg IM monthly; ordered 1 mg IM weekly"
    record += "; ordered 2025-12-05 1 mg oral daily; ordered 2025-12-06 1 mg IM"
    found = injection_in_force(standing(record, "2026-01-16", stage=Stage.VIEW))

    assert found
    assert found.ref == "MedicationRequest/MedicationRequest-2"
    assert injection_in_force(drafted("")) is None
