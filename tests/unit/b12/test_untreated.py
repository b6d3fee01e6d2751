"""Which deficiency nobody has answered, and when another card speaks of it."""

from __future__ import annotations

import pytest

from cds_service.b12.episode import Episode, Stage
from cds_service.b12.untreated import (
    NoneFound,
    Untreated,
    is_vouched_for,
    told_as_lapsed,
    told_as_untreated,
    untreated_of,
)
from tests.helpers.reading import standing


def patient(record: str, stage: Stage = Stage.VIEW) -> Episode:
    return standing(record, protocol="uk-nice-bnf", stage=stage)


LOW, OLD = "lab 2026-11-01 B12 100 ng/L", "lab 2020-11-01 B12 100 ng/L"
FOUND = {
    LOW: ("low", False),
    OLD: ("low", True),
    f"neuropathy; {OLD}": ("low", False),
    f"diabetic neuropathy; {OLD}": ("low", True),
    f"PA; {OLD}": ("low", False),
    f"B12 deficiency; {OLD}": ("low", True),
    "lab 2020-11-01 MMA 500 nmol/L": ("marker", True),
    "PA; lab 2026-11-01 MMA 500 nmol/L": ("", False),
    "PA": ("", False),
}


@pytest.mark.parametrize(("record", "expected"), FOUND.items())
def test_an_old_result_counts_as_new_where_something_vouches_for_it(record: str, expected: tuple[str, bool]) -> None:
    found = untreated_of(patient(record))

    assert isinstance(found, Untreated)
    assert (found.shortage.kind if found.shortage else "", found.old) == expected


NOT_FOUND = {
    "": NoneFound("no untreated deficiency is on record"),
    "B12 deficiency": NoneFound("no untreated deficiency is on record"),
    f"{OLD}; lab 2021-11-01 B12 400 ng/L": NoneFound("no untreated deficiency is on record"),
    f"{OLD}; given 2021-01-01 1 mg IM": NoneFound("B12 was given since"),
    f"{OLD}; deceased": NoneFound("the patient has died"),
    f"{OLD}; test ordered 2026-11-10 B12": NoneFound("a repeated or a second test is awaited"),
    f"{OLD}; unseen doses": NoneFound(missing="a record of doses given"),
    "PA; given 2021-01-01 1 mg IM": NoneFound("doses are on record"),
    "PA; unseen doses": NoneFound(missing="a record of doses given"),
    "unseen labs": NoneFound(missing="laboratory results"),
    "unseen problems": NoneFound(missing="the problem list"),
    "lab 2026-11-01 B12 100": NoneFound(missing="a result in a known unit"),
}


@pytest.mark.parametrize(("record", "expected"), NOT_FOUND.items())
def test_it_is_said_why_there_is_none(record: str, expected: NoneFound) -> None:
    episode = patient(record)

    assert untreated_of(episode) == expected
    assert not told_as_untreated(episode)


def test_the_card_on_an_untreated_deficiency_speaks_only_where_a_chart_is_opened() -> None:
    assert told_as_untreated(patient(OLD))
    assert not told_as_untreated(patient(OLD, Stage.SIGN))


def test_signs_or_a_lasting_cause_vouch_for_a_deficiency() -> None:
    assert is_vouched_for(patient("neuropathy"))
    assert is_vouched_for(patient("PA"))
    assert not is_vouched_for(patient("B12 deficiency"))
    assert not is_vouched_for(patient("neuropathy resolved"))


COURSE = "given 8 times from 2025-01-01 every 60 days hydroxocobalamin 1 mg IM"
LAPSED = {
    "": False,
    COURSE: True,
    COURSE.replace("2025", "2026"): False,
    f"{COURSE}; deceased": False,
    f"{COURSE}; stated 1000 mcg oral daily": False,
    f"{COURSE}; ordered 2025-01-01 hydroxocobalamin 1 mg IM every 2 months stopped": False,
}


@pytest.mark.parametrize(("record", "told"), LAPSED.items())
def test_a_lapse_is_told_where_maintenance_was_not_ended_on_purpose(record: str, *, told: bool) -> None:
    assert told_as_lapsed(patient(record)) is told
    assert not told_as_lapsed(patient(record, Stage.SIGN))
