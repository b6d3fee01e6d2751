"""What may be ordered in place of a draft."""

from __future__ import annotations

import pytest

from cds_service.b12.instead import instead_of, regimen_with
from cds_service.b12.words import Substance
from tests.helpers.reading import standing


@pytest.mark.parametrize(
    ("record", "loaded"),
    [("PA", False), ("PA; given 6 times from 2026-10-01 every 2 days hydroxocobalamin 1 mg IM", True)],
)
def test_only_the_maintenance_where_loading_is_complete(record: str, loaded: bool) -> None:  # noqa: FBT001 - a cell
    episode = standing(record, draft="cyanocobalamin 1 mg IM monthly", protocol="uk-nice-bnf")
    regimen = regimen_with(Substance.HYDROXOCOBALAMIN, episode)

    assert regimen is not None
    assert instead_of(episode.drafts[0], regimen, episode).loaded is loaded


def test_a_protocol_without_the_cobalamin_has_no_regimen_of_it() -> None:
    assert regimen_with(Substance.HYDROXOCOBALAMIN, standing("PA", protocol="us-practice")) is None
