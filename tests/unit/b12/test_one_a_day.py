"""One injection a day however many resources tell of it; a tablet beside it is no injection."""

from __future__ import annotations

from itertools import permutations

import pytest

from cds_service.b12.words import Evidence, Substance
from tests.helpers.reading import standing

IM, TABLET = "1000 mcg IM", "1000 mcg oral"
ONE_DAY: dict[str, tuple[list[str], list[str]]] = {
    "injected and swallowed": ([IM, TABLET], ["oral", "intramuscular"]),
    "injected by two routes": ([IM, "1000 mcg SC"], ["intramuscular"]),
    "two kinds of tablet": ([TABLET, "1000 mcg sublingual"], ["oral"]),
    "injected, and by a route that is not known": ([IM, "1000 mcg"], ["intramuscular"]),
    "swallowed, and by a route that is not known": (["1000 mcg", TABLET], ["oral"]),
    "all three": ([TABLET, "1000 mcg", IM], ["oral", "intramuscular"]),
    "swallowed, and another cobalamin": ([TABLET, "hydroxocobalamin 1000 mcg"], ["oral", ""]),
    "swallowed, another cobalamin, and any": (
        [TABLET, "hydroxocobalamin 1000 mcg", '"vitamin B12" 1000 mcg'], ["oral", ""],
    ),
    "twice by routes that are not known": (["1000 mcg", "hydroxocobalamin 1 mg"], [""]),
    "two cobalamins": ([IM, "hydroxocobalamin 1 mg IM"], ["intramuscular"]),
}  # fmt: skip


@pytest.mark.parametrize(("told", "routes"), ONE_DAY.values(), ids=ONE_DAY)
def test_a_tablet_on_the_day_of_an_injection_is_no_injection(told: list[str], routes: list[str]) -> None:
    for order in permutations(told):
        found = standing("; ".join(f"given 2026-03-01 {one}" for one in order)).timeline.doses
        assert [dose.route or "" for dose in found] == routes


def test_the_name_of_a_cobalamin_is_taken_from_whatever_tells_it() -> None:
    [dose] = standing('given 2026-03-01 "vitamin B12" IM; dispensed 2026-03-01 hydroxocobalamin IM').timeline.doses

    assert dose.substance is Substance.HYDROXOCOBALAMIN


def test_a_tablet_does_not_use_up_a_supply_of_injections() -> None:
    for tablet, kinds in (("oral", ["dispensed", "given"]), ("IM", ["given"]), ("", ["given"])):
        found = standing(f"dispensed 2026-03-01 1000 mcg IM; given 2026-03-05 1000 mcg {tablet}").timeline.doses
        assert [dose.evidence is Evidence.DISPENSED for dose in found] == [kind == "dispensed" for kind in kinds]


def test_of_two_doses_told_alike_the_larger_speaks_whatever_their_order() -> None:
    for order in permutations(("500 mcg IM", "1 mg IM", "IM")):
        [dose] = standing("; ".join(f"given 2026-03-01 {one}" for one in order)).timeline.doses
        assert dose.mass
        assert dose.mass.high == 1000
