"""A volume that holds another mass than is meant, and the volume that would be right."""

from __future__ import annotations

from decimal import Decimal

import pytest

from cds_service.b12.doubt import volume_doubt_of
from tests.helpers.reading import standing

RIGHT = {
    "[cyanocobalamin 5 mg/mL] 1 mL IM monthly": "0.2",
    '[cyanocobalamin 1 mg/mL] 1 mL IM monthly text "500 mcg IM monthly"': "0.5",
    "cyanocobalamin contained 10 mg/mL 1 mL IM monthly": "0.1",
    "cyanocobalamin contained 11 mg/mL 1 mL IM monthly": None,
    "[cyanocobalamin 1 mg tablet] 7 tablets oral daily": None,
}


@pytest.mark.parametrize(("draft", "millilitres"), RIGHT.items())
def test_the_right_volume_holds_what_is_meant_and_can_be_measured(draft: str, millilitres: str | None) -> None:
    episode = standing("", draft=draft)
    [order] = episode.drafts
    doubt = volume_doubt_of(episode, order, 0)

    assert doubt is not None
    assert doubt.right_ml == (Decimal(millilitres) if millilitres else None)
