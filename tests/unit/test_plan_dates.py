from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cds_service.b12.protocol import Regimen, RegimenFor
from cds_service.b12.words import Phase
from cds_service.errors import MalformedRequest
from cds_service.plan_dates import AHEAD, Choices, allowed_intervals, check_choices, chosen_regimen, planned_steps
from tests.helpers.patients import knowledge

TUESDAY = date(2026, 3, 10)
GRACE = 2
REGIMENS = [
    regimen
    for protocol in knowledge().protocols.values()
    for regimen in protocol.regimens
    if regimen.injected and regimen.maintenance
]
IDS = [regimen.id for regimen in REGIMENS]


def standard(protocol: str = "us-practice") -> Regimen:
    found = knowledge().protocols[protocol].regimen(RegimenFor.STANDARD)
    assert found
    return found


def days_of(
    regimen: Regimen, remaining: int | None = None, weekday: int | None = None, interval: int = 31
) -> list[str]:
    steps = planned_steps(regimen, remaining, Choices(TUESDAY, weekday, interval), GRACE)
    return [f"{day:%a %d %b}" for step in steps for day in step.days]


def test_loading_then_maintenance_are_dated_by_the_fewest_doses_at_the_longest_interval() -> None:
    assert days_of(standard())[:10] == [
        "Tue 10 Mar", "Thu 12 Mar", "Sat 14 Mar", "Mon 16 Mar",
        "Mon 23 Mar", "Mon 30 Mar", "Mon 06 Apr", "Mon 13 Apr",
        "Thu 14 May", "Sun 14 Jun",
    ]  # fmt: skip


def test_only_the_rest_of_a_loading_is_planned() -> None:
    steps = planned_steps(standard(), 3, Choices(TUESDAY, None, 31), GRACE)
    assert [len(step.days) for step in steps if step.phase is Phase.LOADING] == [3]
    assert steps[0].days == (TUESDAY, TUESDAY + timedelta(days=7), TUESDAY + timedelta(days=14))


def test_the_weekday_holds_for_doses_a_week_or_more_apart_after_the_first() -> None:
    found = days_of(standard(), weekday=4)
    assert found[:4] == ["Tue 10 Mar", "Thu 12 Mar", "Sat 14 Mar", "Mon 16 Mar"]
    assert all(day.startswith("Fri") for day in found[4:])


@pytest.mark.parametrize("regimen", REGIMENS, ids=IDS)
@pytest.mark.parametrize("weekday", range(7))
def test_for_a_weekday_no_dose_leaves_the_interval_by_more_than_a_few_days(regimen: Regimen, weekday: int) -> None:
    allowed = allowed_intervals(regimen)
    assert allowed
    for interval in allowed:
        steps = planned_steps(regimen, None, Choices(TUESDAY, weekday, interval), GRACE)
        for step in steps:
            between = [(after - before).days for before, after in pairwise(step.days)]
            longest = max(step.interval, allowed[1] if step.phase is Phase.MAINTENANCE else 0)
            assert all(0 < days <= longest + GRACE for days in between)


@pytest.mark.parametrize("regimen", REGIMENS, ids=IDS)
def test_without_a_weekday_every_dose_is_an_interval_after_the_one_before(regimen: Regimen) -> None:
    allowed = allowed_intervals(regimen)
    assert allowed
    for step in planned_steps(regimen, None, Choices(TUESDAY, None, allowed[1]), GRACE):
        assert {(after - before).days for before, after in pairwise(step.days)} <= {step.interval}


def test_a_step_without_a_number_of_doses_ends_the_dates() -> None:
    regimen = knowledge().protocols["uk-nice-bnf"].regimen(RegimenFor.NEUROLOGICAL)
    assert regimen
    [step] = planned_steps(regimen, None, Choices(TUESDAY, None, 62), GRACE)
    assert step.days == (TUESDAY,)
    assert step.until == "until no further improvement"


def test_maintenance_is_dated_for_a_year() -> None:
    [step] = planned_steps(chosen_regimen(standard(), None, Choices(TUESDAY)), 0, Choices(TUESDAY, None, 31), GRACE)[
        -1:
    ]
    assert TUESDAY + AHEAD - timedelta(days=31) < step.days[-1] <= step.days[0] + AHEAD


@pytest.mark.parametrize("interval", [28, 31])
def test_an_interval_at_the_ends_of_the_protocol_s_range_is_taken(interval: int) -> None:
    assert check_choices(Choices(TUESDAY, 0, interval), standard(), TUESDAY).interval == interval


@pytest.mark.parametrize(
    ("choices", "path"),
    [
        (Choices(TUESDAY, None, 27), "$.choices.interval"),
        (Choices(TUESDAY, None, 32), "$.choices.interval"),
        (Choices(TUESDAY, 7), "$.choices.weekday"),
        (Choices(TUESDAY, -1), "$.choices.weekday"),
        (Choices(TUESDAY - timedelta(days=1)), "$.choices.start"),
        (Choices(TUESDAY + timedelta(days=366)), "$.choices.start"),
    ],
)
def test_what_the_protocol_does_not_allow_is_refused_by_its_path(choices: Choices, path: str) -> None:
    with pytest.raises(MalformedRequest) as fault:
        check_choices(choices, standard(), TUESDAY)
    assert fault.value.path == path


def test_without_a_choice_the_interval_is_the_protocol_s_longest() -> None:
    assert check_choices(Choices(TUESDAY), standard(), TUESDAY).interval == 31


def test_a_regimen_is_written_as_it_was_chosen() -> None:
    chosen = chosen_regimen(standard(), 5, Choices(TUESDAY, None, 29))
    assert [int(step.doses.low) for step in chosen.loading if step.doses] == [1, 4]
    assert chosen.maintenance
    assert (chosen.maintenance.interval.low, chosen.maintenance.interval.high) == (29, 29)
    as_it_is = chosen_regimen(standard(), None, Choices(TUESDAY, None, 31))
    assert as_it_is.maintenance == standard().maintenance


@given(st.dates(date(2026, 1, 1), date(2035, 1, 1)), st.none() | st.integers(0, 6), st.integers(28, 31))
def test_dates_go_forward_only(start: date, weekday: int | None, interval: int) -> None:
    steps = planned_steps(standard(), None, Choices(start, weekday, interval), GRACE)
    days = [day for step in steps for day in step.days]
    assert days[0] == start
    assert all(before < after for before, after in pairwise(days))
