"""A B12 level among other tests of one order is spoken of, and not taken away with them."""

from __future__ import annotations

from cds_service.b12 import chart
from cds_service.b12.verdict import Finding, RemoveDraft
from cds_service.b12.words import Analyte
from cds_service.rules.b12_recheck_not_useful import judge
from tests.helpers.reading import standing


def test_only_an_order_of_nothing_else_is_offered_to_be_removed() -> None:
    episode = standing("PA; given 2026-10-01 hydroxocobalamin 1 mg IM", protocol="uk-nice-bnf")
    alone, among = (
        judge(episode, chart.LabOrder("ServiceRequest/1", analytes, "draft"))
        for analytes in ((Analyte.B12,), (Analyte.B12, Analyte.FOLATE))
    )

    assert isinstance(alone, Finding)
    assert isinstance(among, Finding)
    assert (alone.proposals, among.proposals) == ((RemoveDraft("ServiceRequest/1"),), ())
