from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cds_service.drawing import LEFT, RIGHT, WIDEST, Picture, picture_of
from cds_service.said import Sayer
from tests.helpers.telling import story

PA = "born 1951; female; PA since 2019"
RECORD = (
    f"{PA}; given 4 times from 2026-01-12 every 1 days 1000 mcg IM; given 2026-02-01 hydroxocobalamin 1000 mcg SC;"
    " given 2026-02-10 mecobalamin 1000 mcg oral; lab 2026-01-05 B12 90 pg/mL; lab 2026-02 B12 500 pg/mL;"
    " lab 2026-01-05 MMA 900 nmol/L"
)


def drawn(record: str = RECORD, width: int = 900, back: timedelta | None = None) -> Picture:
    return picture_of(story(record), Sayer(), width, back)


def test_time_goes_from_left_to_right_and_today_lies_where_it_belongs() -> None:
    found = drawn()
    places = [mark.x for mark in found.doses if mark.looks.startswith("dose")]
    assert places == sorted(places)
    assert found.left <= places[0] < places[-1] < found.today < found.right
    track = found.tracks[0]
    assert track.marks[0].x < track.marks[1].x


def test_more_is_higher_and_thresholds_lie_between_what_they_part() -> None:
    low, high = drawn().tracks[0].marks
    deficient, unclear = drawn().tracks[0].lines
    assert low.y > deficient.y > unclear.y > high.y


def test_form_and_route_are_told_by_shape_and_filling_and_the_legend_names_those_shown() -> None:
    found = drawn()
    shapes = [(mark.shape, mark.looks) for mark in found.doses]
    assert ("circle", "dose filled") in shapes
    assert ("square", "dose open") in shapes
    assert ("diamond", "dose crossed") in shapes
    assert len(found.shapes) == 3
    assert not drawn("born 1951").shapes


def test_what_lies_beyond_a_threshold_is_told_by_shape_too() -> None:
    tracks = drawn().tracks
    assert [mark.shape for mark in tracks[0].marks] == ["down", "dot"]
    assert [mark.shape for mark in tracks[1].marks] == ["up"]


def test_every_mark_says_its_number_unit_and_source() -> None:
    found = drawn()
    said = [mark.says for mark in found.doses] + [mark.says for track in found.tracks for mark in track.marks]
    assert any("2026-01-05: total vitamin B12 90 pg/mL; deficient; Observation/" in words for words in said)
    assert any(
        "1000 mcg hydroxocobalamin, subcutaneous; administered: MedicationAdministration/" in one for one in said
    )
    [line, _] = found.tracks[0].lines
    assert line.says.startswith("deficient below 150 pg/mL: Mayo")


def test_an_inexact_day_is_drawn_as_long_as_it_may_be() -> None:
    exact, inexact = drawn().tracks[0].marks
    assert (exact.x1, exact.x2) == (None, None)
    assert inexact.x1 is not None
    assert inexact.x2 is not None
    assert inexact.x1 < inexact.x2


def test_a_measurement_that_was_not_seen_has_a_track_that_says_so() -> None:
    assert [track.empty for track in drawn().tracks] == [False, False, True, True, True]


def test_a_shorter_time_leaves_out_what_is_older_and_counts_it() -> None:
    record = f"{PA}; lab 2020-01-05 B12 90 pg/mL; lab 2026-01-05 B12 500 pg/mL; given 2019-01-01 1000 mcg IM"
    whole, short = drawn(record, back=timedelta(days=36_525)), drawn(record, back=timedelta(days=365))
    assert (whole.earlier, short.earlier) == (0, 2)
    assert drawn(record).earlier == 2, "without a choice it goes back six years"
    assert short.first > date(2024, 12, 1)


def test_an_overdue_dose_and_its_gap_are_drawn() -> None:
    found = drawn(f"{PA}; given 4 times from 2026-01-12 every 1 days 1000 mcg IM")
    [late] = [mark for mark in found.doses if mark.looks == "late"]
    [gap] = [box for box in found.boxes if box.looks == "gap"]
    assert late.x == gap.x
    assert gap.x + gap.width == pytest.approx(found.today, abs=0.2)


def test_statements_and_supplies_are_lines_of_their_own() -> None:
    found = drawn(f"{PA}; stated since 2025-01 2000 mcg oral daily")
    [box] = [box for box in found.boxes if box.looks == "course"]
    assert "oral" in box.says
    assert "2000 mcg/day" in box.says


@settings(max_examples=30, deadline=None)
@given(
    st.lists(
        st.builds(
            lambda day, value: f"lab {date(2010, 1, 1) + timedelta(days=day)} B12 {value} pg/mL",
            st.integers(0, 5900),
            st.integers(1, 5000),
        ),
        max_size=8,
    ),
    st.integers(1, 10_000),
    st.none() | st.integers(1, 50_000),
)
def test_whatever_is_drawn_lies_inside_the_picture(labs: list[str], width: int, back: int | None) -> None:
    found = drawn("; ".join(["born 1951", *labs]), width, timedelta(days=back) if back else None)
    assert found.width <= WIDEST
    assert (found.left, found.right) == (LEFT, found.width - RIGHT)
    marks = [mark for track in found.tracks for mark in track.marks]
    assert all(found.left <= mark.x <= found.right and 0 < mark.y < found.height for mark in marks)
    assert len(found.months) <= 40
