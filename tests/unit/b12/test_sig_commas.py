"""A comma before three digits is a thousand in one country and a decimal comma in another."""

from __future__ import annotations

from datetime import date

import pytest

from cds_service.b12.record import SigReading, SigRefused
from cds_service.b12.sig import read_sig
from cds_service.b12.sig_commas import read_sig_with_commas
from cds_service.knowledge import Knowledge


@pytest.mark.parametrize("text", ["1,000 mcg IM monthly", "1 mL (1,000 mcg) IM monthly", "250-1,000 mcg IM monthly"])
def test_what_may_be_a_thousandfold_more_or_less_is_refused(text: str) -> None:
    assert isinstance(read_sig(text), SigReading)
    assert isinstance(read_sig_with_commas(text), SigRefused)


@pytest.mark.parametrize("text", ["1000 mcg IM monthly", "1 mg IM daily x 7, then weekly", "1,0000 mcg IM", ""])
def test_everything_else_is_read_as_ever(text: str) -> None:
    assert read_sig_with_commas(text) == read_sig(text)


@pytest.mark.parametrize("country", ["US", "GB"])
def test_where_a_point_is_written_a_comma_groups_thousands(knowledge: Knowledge, country: str) -> None:
    names = [one.id for one in knowledge.protocols.values() if one.country == country]

    assert names
    assert all(knowledge.guidance(name, date(2026, 11, 1)).read_sig is read_sig for name in names)


@pytest.mark.parametrize("country", ["DE", "NL", "CH", "BE"])
def test_elsewhere_nobody_knows_which_is_meant(knowledge: Knowledge, country: str) -> None:
    names = [one.id for one in knowledge.protocols.values() if one.country == country]

    assert names
    assert all(knowledge.guidance(name, date(2026, 11, 1)).read_sig is read_sig_with_commas for name in names)
