"""The tables and plots of the insights page, from protected counts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import pairwise

from msgspec import Struct

from cds_service.insights import (
    ACCEPTED,
    MEASURES,
    MUTED,
    OVERRIDDEN,
    REPEAT,
    SHADOW,
    UNANSWERED,
    Count,
    Leaf,
    Measured,
    Took,
    grouped,
    measured,
    took,
)
from cds_service.store.insights import Asked, Tally, Version, month_after
from cds_service.store.tallies import LONGER, SHOWN, STEPS, UNDECIDED

WORDS: Mapping[str, str] = {
    SHOWN: "Shown",
    ACCEPTED: "Accepted",
    OVERRIDDEN: "Overridden",
    UNANSWERED: "No reaction",
    REPEAT: "Held back as repeat",
    MUTED: "Muted",
    SHADOW: "In shadow",
    UNDECIDED: "Undecided",
}
"""What each measure is called in the CSV file, and on the page by a translation of it."""
TIME_TO_ANSWER = "Time to answer"


class Bar(Struct, frozen=True):
    """One month of a plot, in hundredths of the plot's height: certain up to `low`, possible up to `high`."""

    month: str
    shown: Count | Took
    low: float
    high: float


class Plot(Struct, frozen=True):
    """One measure over time; `top` is the number at the upper edge."""

    title: str
    unit: str
    top: int
    bars: tuple[Bar, ...]


class RuleLine(Struct, frozen=True):
    """What became of one rule under one version of a protocol and of the knowledge."""

    rule: str
    protocol: str
    protocol_version: str
    knowledge: str
    counts: Measured


class ItemLine(Struct, frozen=True):
    """A reason, or what was missing, and how often."""

    rule: str
    item: str
    count: Count


class Change(Struct, frozen=True):
    """One rule before and after a change of the knowledge."""

    rule: str
    before: Measured
    after: Measured


class Report(Struct, frozen=True):
    """Everything the page shows."""

    months: tuple[tuple[str, Measured, Took], ...]
    total: Measured
    took: Took
    plots: tuple[Plot, ...]
    rules: tuple[RuleLine, ...]
    reasons: tuple[ItemLine, ...]
    missing: tuple[ItemLine, ...]

    @property
    def empty(self) -> bool:
        """Whether nothing was counted at all."""
        return not self.total.counts and not any(spent.half for _, _, spent in self.months)


def months_of(asked: Asked) -> Iterator[str]:
    """Every month asked for, the first one first."""
    month = asked.since
    while month <= asked.until:
        yield month
        month = month_after(month)


def report_of(asked: Asked, found: Sequence[Leaf], tallies: Sequence[Tally]) -> Report:
    """Add everything up as the page shows it."""
    by_month = grouped(found, lambda leaf: leaf.place.month)
    months = tuple(
        (month, by_month.get(month, Measured({})), took(one for one in tallies if one.place.month == month))
        for month in months_of(asked)
    )
    return Report(
        months,
        measured(found),
        took(tallies),
        (*(_counted_plot(measure, months) for measure in MEASURES), _time_plot(months)),
        tuple(_rule_lines(found)),
        tuple(_items(found, OVERRIDDEN)),
        tuple(_items(found, UNDECIDED)),
    )


def _rule_lines(found: Sequence[Leaf]) -> list[RuleLine]:
    """Rules in the order in which they were seen most; each with its versions."""
    seen = {rule: counts[SHOWN].high for rule, counts in grouped(found, lambda leaf: leaf.place.rule).items()}
    lines = (
        RuleLine(rule, protocol, version, knowledge, counts)
        for (rule, protocol, version, knowledge), counts in grouped(found, _version).items()
    )
    return sorted(lines, key=lambda line: -seen[line.rule])


def _version(leaf: Leaf) -> tuple[str, str, str, str]:
    place = leaf.place
    return place.rule, place.protocol, place.protocol_version, place.knowledge


def _items(found: Iterable[Leaf], measure: str) -> Iterator[ItemLine]:
    of_it = (leaf for leaf in found if leaf.measure == measure)
    for (rule, item), counts in grouped(of_it, lambda leaf: (leaf.place.rule, leaf.item)).items():
        yield ItemLine(rule, item, counts[measure])


def changes_of(found: Sequence[Leaf], before: str, after: str) -> list[Change]:
    """Every rule under two versions of the knowledge, side by side."""
    of_version: Callable[[Leaf], tuple[str, str]] = lambda leaf: (leaf.place.rule, leaf.place.knowledge)  # noqa: E731
    both = grouped((leaf for leaf in found if leaf.place.knowledge in {before, after}), of_version)
    seen = {rule: counts[SHOWN].high for rule, counts in grouped(found, lambda leaf: leaf.place.rule).items()}
    rules = sorted({rule for rule, _ in both}, key=lambda rule: (-seen[rule], rule))
    nothing = Measured({})
    return [Change(rule, both.get((rule, before), nothing), both.get((rule, after), nothing)) for rule in rules]


def compared(versions: Sequence[Version], before: str, after: str) -> tuple[Version, Version] | None:
    """The two versions to compare: those named, or else the newest and the one before it; None if there are not two."""
    known = {one.knowledge: one for one in versions}
    if before in known and after in known and before != after:
        return known[before], known[after]
    return next(pairwise(versions[-2:]), None)


Month = tuple[str, Measured, Took]


def _counted_plot(measure: str, months: Sequence[Month]) -> Plot:
    counts = [(month, counts[measure]) for month, counts, _ in months]
    return _plot(WORDS[measure], "", [(month, count, count.low, count.high) for month, count in counts])


def _time_plot(months: Sequence[Month]) -> Plot:
    points = [(month, spent, _ms(spent.half), _ms(spent.most)) for month, _, spent in months]
    return _plot(TIME_TO_ANSWER, "ms", points)


def _ms(step: str) -> int:
    return 0 if not step else STEPS[-1] if step == LONGER else int(step)


def _plot(title: str, unit: str, points: Sequence[tuple[str, Count | Took, int, int]]) -> Plot:
    top = rounded_up(max((high for *_, high in points), default=0))
    return Plot(title, unit, top, tuple(Bar(m, s, 100 * low / top, 100 * high / top) for m, s, low, high in points))


def rounded_up(number: int) -> int:
    """The next number that reads well on an axis: 5, 10, 20, 50, 100 ..."""
    step = 5
    while step < number:
        step = step * 5 // 2 if str(step).startswith("2") else step * 2
    return step
