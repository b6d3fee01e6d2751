"""Another route than that of the injections a patient is used to."""

from __future__ import annotations

import pytest

from cds_service.b12.changeover import established_route, history_unseen, reason_stated
from cds_service.b12.words import Route
from tests.helpers.reading import standing

DRAFT = "cyanocobalamin 1000 mcg oral daily"
ROUTES: dict[str, Route | None] = {
    "": None,
    "given 2026-11-01 1000 mcg IM": None,
    "given 2026-10-01 2026-11-01 1000 mcg IM": Route.INTRAMUSCULAR,
    "given 2026-10-01 1000 mcg SC; given 2026-11-01 1000 mcg IM": None,
    "given 2020-10-01 2020-11-01 1000 mcg IM": None,
    "ordered 2026-10-01 1000 mcg SC monthly": Route.SUBCUTANEOUS,
    "ordered 2026-09-01 1000 mcg SC monthly; ordered 2026-10-01 1000 mcg IM monthly": Route.INTRAMUSCULAR,
    "ordered 2026-10-01 1000 mcg oral daily": None,
}


@pytest.mark.parametrize(("record", "route"), ROUTES.items())
def test_several_doses_or_an_order_establish_a_route(record: str, route: Route | None) -> None:
    episode = standing(record, draft=DRAFT)
    established = established_route(episode, episode.drafts[0])

    assert (established.route if established else None) == route


REASONS = {
    "": False,
    'because "Patient preference"': True,
    'because "Needle phobia"': True,
    'because "Vitamin B12 deficiency"': False,
    'because "Pernicious anaemia"': False,
    'text "1000 mcg by mouth daily, declines injections"': True,
}


@pytest.mark.parametrize(("more", "stated"), REASONS.items())
def test_a_reason_for_the_change_is_no_indication(more: str, stated: bool) -> None:  # noqa: FBT001 - a table's cell
    assert reason_stated(standing("", draft=f"{DRAFT} {more}").drafts[0]) is stated


UNSEEN = {
    "B12 deficiency": False,
    "B12 deficiency; unseen orders": True,
    "unseen orders": False,
    "unseen orders, problems": True,
    "injections started; unseen doses": True,
}


@pytest.mark.parametrize(("record", "unseen"), UNSEEN.items())
def test_history_is_missed_where_something_tells_of_it(record: str, unseen: bool) -> None:  # noqa: FBT001 - a table's cell
    assert history_unseen(standing(record, draft=DRAFT)) is unseen
