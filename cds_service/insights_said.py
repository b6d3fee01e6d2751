"""The insights in a reader's words: counts, shares, months and times, reasons, and what was missing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from msgspec import Struct

from cds_service.insights import FEWEST, IN_WORDS, NO_REASON, OTHER_REASON, Count, Share, Took
from cds_service.language import AND, ENGLISH, Language
from cds_service.store.tallies import LONGER, STEPS

HIDDEN, RANGE = Count(1, FEWEST - 1), Count(12, 21)
"""Examples of what a reader meets."""
WITHOUT_CODE = frozenset({OTHER_REASON, IN_WORDS, NO_REASON})


class Teller(Struct, frozen=True):
    """
    Tells the insights in one language.

    `titles` are the rules in a line each, by id; `reasons` the override reasons of our cards, by the English ones.
    """

    language: Language = ENGLISH
    titles: Mapping[str, str] = {}
    reasons: Mapping[str, str] = {}

    def words(self, text: str) -> str:
        """A phrase of ours."""
        return self.language.words(text)

    def rule(self, name: str) -> str:
        """The title of a rule; its id if it is one of former days."""
        return self.titles.get(name, name)

    def count(self, one: Count) -> str:
        """What may be known of a number, such as "fewer than 5" or "12 to 21"."""
        if one.low == one.high:
            return self.language.number(one.low)
        low, high = self.language.number(one.low), self.language.number(one.high)
        if one.few:
            return self.words("fewer than {number}").format(number=self.language.number(one.high + 1))
        return self.language.grammar.span.format(low=low, high=high)

    def share(self, one: Share | None) -> str:
        """A part of a whole in percent."""
        return self.language.percent(one.low, one.high) if one else self.words("too few")

    def month(self, month: str) -> str:
        """A month such as 2026-03, as people write it."""
        return self.language.month(date.fromisoformat(f"{month}-01"))

    def months(self, months: Sequence[str]) -> str:
        """Some months."""
        return self.language.joined([self.month(one) for one in months], AND)

    def milliseconds(self, step: str) -> str:
        """A time to answer, without its unit."""
        if not step:
            return self.words("too few calls")
        if step == LONGER:
            return self.words("over {number}").format(number=self.language.number(STEPS[-1]))
        return self.language.number(int(step))

    def bar(self, shown: Count | Took) -> str:
        """A month of a plot, such as "12 to 21" or "half within 20 ms, 95 of 100 within 100 ms"."""
        if isinstance(shown, Count):
            return self.count(shown)
        if not shown.half:
            return self.words("too few calls to say")
        half, most = self._within(shown.half), self._within(shown.most)
        return self.words("half {half}, 95 of 100 {most}").format(half=half, most=most)

    def reason(self, item: str) -> str:
        """Why a card was overridden; a reason of a client's own list is told as the client has it."""
        return self.reasons.get(item) or (self.words(item) if item in WITHOUT_CODE else item)

    def is_english(self, text: str) -> bool:
        """Whether a phrase stays English in a page that is not: one of former days that nobody translates any more."""
        return self.language.code != ENGLISH.code and not self.language.knows(text)

    def _within(self, step: str) -> str:
        if step == LONGER:
            return self.words("over {number} ms").format(number=self.language.number(STEPS[-1]))
        return self.words("within {number} ms").format(number=self.language.number(int(step)))
