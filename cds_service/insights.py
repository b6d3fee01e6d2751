"""
From counts to what may be shown of them.

A small count could point at a patient. So each count is protected at the finest place that can be asked for (month,
client, hook, protocol and its version, knowledge, rule, what came of it) and alone: none stays 0, one to four become
"fewer than 5". Everything else that is shown, totals, shares and plots under any filter, is added up from such
protected counts, never from what was counted. No two answers, subtracted from one another, tell more than the
protected counts do. The price is that a total with small counts in it is a range, such as "12 to 21".

A month that still runs, or to which feedback may still come, moves in steps of five, so that looking twice does not
tell what came in between.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from msgspec import Struct

from cds_service.store.insights import Place, Reaction, Tally
from cds_service.store.tallies import LONGER, SHOWN, STEPS, TOOK, UNDECIDED

FEWEST = 5
FEWEST_CALLS = 20
"""Below this, a time that 95 of 100 calls did not exceed would be a single call's."""
ACCEPTED, OVERRIDDEN, UNANSWERED = "accepted", "overridden", "unanswered"
REPEAT, MUTED, SHADOW = "repeat", "muted", "shadow"
OUTCOMES = (ACCEPTED, OVERRIDDEN, UNANSWERED)
MEASURES = (SHOWN, *OUTCOMES, REPEAT, MUTED, SHADOW, UNDECIDED)
OTHER_REASON, IN_WORDS, NO_REASON = "another reason", "in words only", "no reason given"
"""Reasons that are none of the card's own. What was written in words stays out of every count."""
LONGEST = 100


class Count(Struct, frozen=True, order=True):
    """What may be known of a number: between `low` and `high`, both included."""

    low: int = 0
    high: int = 0

    def __add__(self, other: Count) -> Count:
        return Count(self.low + other.low, self.high + other.high)

    @property
    def few(self) -> bool:
        """Whether it may be below five, and is told by what it stays below."""
        return self.low < min(FEWEST, self.high)

    def __str__(self) -> str:
        """In English, as the CSV file has it."""
        if self.low == self.high:
            return str(self.low)
        return f"fewer than {self.high + 1}" if self.few else f"{self.low} to {self.high}"


NONE = Count()


class Leaf(Struct, frozen=True):
    """A protected count: of a measure, and of an item of it (a reason, or what was missing)."""

    place: Place
    measure: str
    item: str
    count: Count


class Share(Struct, frozen=True):
    """A part of a whole in percent, as far as it may be known."""

    low: int
    high: int


def protected(number: int, *, settled: bool) -> Count:
    """What may be shown of one count; it is exact if it is large enough and its month is `settled`."""
    if number <= 0:
        return NONE
    if number < FEWEST:
        return Count(1, FEWEST - 1)
    low = number if settled else number - number % FEWEST
    return Count(low, number if settled else low + FEWEST - 1)


def leaves(
    tallies: Iterable[Tally], reactions: Iterable[Reaction], reasons: Mapping[str, str], settled: Callable[[str], bool]
) -> list[Leaf]:
    """
    Everything that was counted of cards and verdicts, protected.

    `reasons` are the words of the override reasons that our cards offer, by code; `settled` tells whether a month's
    counts will not change any more.
    """
    counted: Counter[tuple[Place, str, str]] = Counter()
    for tally in tallies:
        if tally.kind != TOOK:
            counted[tally.place, UNANSWERED if tally.kind == SHOWN else tally.kind, tally.item] += tally.number
    for one in reactions:
        item = _reason(one, reasons) if one.outcome == OVERRIDDEN else ""
        counted[one.place, one.outcome, item] += one.number
        counted[one.place, UNANSWERED, ""] -= one.number
    return [
        Leaf(place, measure, item, protected(number, settled=settled(place.month)))
        for (place, measure, item), number in sorted(counted.items())
        if number > 0
    ]


def _reason(reaction: Reaction, reasons: Mapping[str, str]) -> str:
    if reaction.code in reasons:
        return reasons[reaction.code]
    if reaction.code or reaction.system:
        # Of a list of the client's own: its words are shown where several chose them, so that none names a patient.
        return reaction.display[:LONGEST] if reaction.display and reaction.number >= FEWEST else OTHER_REASON
    return IN_WORDS if reaction.worded else NO_REASON


class Measured(Struct, frozen=True):
    """The counts of some leaves by measure."""

    counts: Mapping[str, Count]

    def __getitem__(self, measure: str) -> Count:
        return self.counts.get(measure, NONE)

    def share(self, outcome: str) -> Share | None:
        """How many in a hundred shown cards had this outcome; None where too few were shown to say so."""
        part, rest = self[outcome], sum((self[one] for one in OUTCOMES if one != outcome), NONE)
        if part.low + rest.low < FEWEST:
            return None
        # The rest is not known better than the part: at worst one is at its least while the other is at its most.
        return Share(_percent(part.low, rest.high), _percent(part.high, rest.low))


def _percent(part: int, rest: int) -> int:
    return round(100 * part / (part + rest)) if part + rest else 0


def measured(found: Iterable[Leaf]) -> Measured:
    """Add leaves up, and what was shown from what came of it."""
    counts: defaultdict[str, Count] = defaultdict(Count)
    for leaf in found:
        counts[leaf.measure] += leaf.count
        if leaf.measure in OUTCOMES:
            counts[SHOWN] += leaf.count
    return Measured(dict(counts))


def grouped(found: Iterable[Leaf], by: Callable[[Leaf], Any]) -> dict[Any, Measured]:
    """Add leaves up in groups, in the groups' order."""
    groups: defaultdict[Any, list[Leaf]] = defaultdict(list)
    for leaf in found:
        groups[by(leaf)].append(leaf)
    return {key: measured(groups[key]) for key in sorted(groups)}


class Took(Struct, frozen=True):
    """Milliseconds that half of the calls and 95 of 100 did not exceed; "" where there are too few to say."""

    half: str
    most: str


def took(tallies: Iterable[Tally]) -> Took:
    """How long calls took, as exactly as they are counted."""
    steps: Counter[str] = Counter()
    for tally in tallies:
        if tally.kind == TOOK:
            steps[tally.item] += tally.number
    calls = steps.total()
    return Took(_reached(steps, calls * 50), _reached(steps, calls * 95)) if calls >= FEWEST_CALLS else Took("", "")


def _reached(steps: Mapping[str, int], hundredths: int) -> str:
    passed = 0
    for step in (str(step) for step in STEPS):
        passed += steps.get(step, 0)
        if passed * 100 >= hundredths:
            return step
    return LONGER
