"""
Reading a dosage text ("1 mg IM three times a week for 2 weeks, then every 3 months") into phases.

A text is read whole or refused: every token must be understood, or be on the list of words that
cannot change a dose. Nothing is guessed and nothing is carried from one phase to the next.

A mass beside a volume or count, as in "25 ml (1000 mg)", may be the whole dose or the strength of
each. It is read as the whole dose where both readings agree (one mL, one piece) or the text settles
it ("total", or a mass given "as 2 mL"); otherwise the text is refused.
"""

from __future__ import annotations

from decimal import Decimal

from cds_service.b12.record import Schedule, SigPhase, SigReading, SigRefused
from cds_service.b12.sig_amounts import Measures
from cds_service.b12.sig_draft import EITHER_WILL_DO, ONE, Draft, Span
from cds_service.b12.sig_walk import LONGEST
from cds_service.b12.sig_words import ADVERBS, DOSE_NOUNS, REPEATS, SITES, TIME_UNITS, Mark, Meaning, Misread
from cds_service.b12.words import AmountKind, Route, TimeUnit

PER = frozenset({"/", "per", "a", "each", "every"})
N_MONTHLY = frozenset({3, 6, 12})  # "2 monthly" may be twice a month
N_WEEKLY = frozenset({4, 6, 8, 10, 12})  # with a hyphen; "4 weekly" may be four doses, and "3-weekly" three a week


def read_sig(text: str) -> SigReading | SigRefused:
    """
    Read an English dosage text, or refuse it with the reason; time is linear in its length.

    "IM/SC" is read as its first route, as either will do; any other choice of routes is refused. "x 7"
    after a frequency of one dose is 7 doses. A text that is understood but states no dose, route or
    time gives no phases. "For life" and "until no further improvement" are both open-ended.
    """
    if len(text) > LONGEST:
        return SigRefused("the text is too long")
    try:
        reader = _Reader(text)
        return reader.read() if reader.end else SigRefused("there is no text")
    except Misread as fault:
        return SigRefused(str(fault))


class _Reader(Measures):
    """Reads the tokens from left to right, filling one phase after the other."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.phases: list[SigPhase] = []
        self.as_needed = False
        self.dangling = False
        self.indication_at: int | None = None

    def read(self) -> SigReading:
        """Everything, or Misread."""
        while self.at < self.end:
            self._step()
        self._close()
        self._check_phases()
        return SigReading(tuple(self.phases), self.as_needed, self.strength)

    def _check_phases(self) -> None:
        if self.dangling:
            raise Misread("the text breaks off")
        if len(self.phases) > 1 and not all(phase.schedule for phase in self.phases):
            raise Misread("a step does not say when")
        if len(self.phases) > 1 and self.indication_at == len(self.phases) - 1:
            raise Misread("the reason may belong to one step only")

    def _step(self) -> None:
        if self.number_ahead() is not None:
            self._number()
        elif found := self.phrase(self.at):
            self.at += found[0]
            self._mean(found[1])
        else:
            word = self.word()
            self.at += 1
            self._construct(word)

    def _mean(self, meaning: Meaning) -> None:
        if isinstance(meaning, Schedule):
            self.draft.put_frequency(meaning)
        elif isinstance(meaning, Route):
            self._route(meaning)
        elif meaning is not Mark.HARMLESS:
            self._mark(meaning)

    def _mark(self, mark: Mark) -> None:
        if mark is Mark.THEN or mark is Mark.MAINTENANCE:
            self._break(mark)
        elif mark is Mark.INDICATION:
            self.indication_at = len(self.phases)
        elif mark is Mark.AS_NEEDED:
            self.as_needed = True
        elif mark is Mark.DUE_DATE:
            self.date()
        else:
            self.draft.marks.add(mark)

    def _break(self, mark: Mark) -> None:
        """Start a new phase; "maintenance" before any time was said is only a label of the phase it stands in."""
        if mark is Mark.THEN or self.draft.timed:
            self._close()
            self.dangling = mark is Mark.THEN

    def _close(self) -> None:
        if not self.draft.empty:
            self.phases.append(self.draft.finish())
            self.draft = Draft()
            self.dangling = False

    def _construct(self, word: str) -> None:
        """What takes more than a fixed phrase to see; its first word is consumed."""
        if word in {"every", "each", "q"}:
            self._every(word)
        elif word in REPEATS:
            self._repeat(REPEATS[word])
        elif word == "x":
            self._sign_times()
        elif word == "for":
            self._for()
        elif word in {"/", "per", "a"}:
            self._per(word)
        else:
            self._aside(word)

    def _aside(self, word: str) -> None:
        if word == ";":
            self._break(Mark.MAINTENANCE)
        elif word in SITES or (word in {"in", "into"} and self.site_ahead()):
            self.site()
        elif word in {"starting", "beginning"}:
            self.span()
            self.before(self.time_unit())
        elif word == "over":
            self.over()
        elif not (word == "as" and self.number_ahead() is not None) and (word != "-" or self._tight()):
            raise Misread("a word is not understood")

    def _tight(self) -> bool:
        here = self.tokens[self.at]
        return here.number is not None and here.start == self.tokens[self.at - 1].end

    def _route(self, route: Route) -> None:
        while self.word() in {"/", "or"}:
            skip = 2 if self.word(1) == "deep" else 1
            found = self.phrase(self.at + skip)
            if found is None or not isinstance(found[1], Route):
                break
            if found[1] is not route and not {route, found[1]} <= EITHER_WILL_DO:
                raise Misread("a choice of routes")
            self.at += skip + found[0]
        self.draft.put_route(route)

    # How often

    def _every(self, word: str) -> None:
        if word == "q":
            self.accept(".")
        self.draft.put_frequency(Schedule(Decimal(1), *self.period()))

    def _repeat(self, times: Decimal) -> None:
        """After "once", "twice"; "once" alone is a single dose unless a frequency is said elsewhere."""
        if self._times_per(times):
            return
        if times != 1:
            raise Misread("a number of times without a period")
        self.draft.marks.add(Mark.SINGLE if self.accept("only") else Mark.ONCE)

    def _times_per(self, times: Decimal) -> bool:
        """Consume "daily", "a week", "/wk", "per month" after a number of times."""
        if (word := self.word()) in ADVERBS:
            unit, length = ADVERBS[word], 1
        elif word in PER and self.word(1) in TIME_UNITS:
            unit, length = TIME_UNITS[self.word(1)], 2
        else:
            return False
        self.at += length
        self._put_rate(times, unit)
        return True

    def _put_rate(self, times: Decimal, unit: TimeUnit) -> None:
        if unit is TimeUnit.HOUR:
            raise Misread("an amount per hour is a rate")
        self.draft.put_frequency(Schedule(times, Decimal(1), Decimal(1), unit))

    def _per(self, word: str) -> None:
        """Consume the rest of "1 mg/week", "1 tablet a day"."""
        unit = self.time_unit()
        if unit is None or (word == "a" and self.draft.amount is None):
            raise Misread("a word is not understood")
        self._put_rate(Decimal(1), unit)

    # How long

    def _sign_times(self) -> None:
        """Consume the rest of "x 7", "x 2 weeks", "x 7 doses", "x3/week"."""
        before = self.unit(-2)
        after_piece = before is not None and before.kind is AmountKind.COUNT
        low, high = span = self.span()
        if low == high and self.word() not in ADVERBS and self._times_per(low):
            return
        if (unit := self.time_unit()) is not None:
            self.draft.put_duration(span, unit)
        elif self.accept(*DOSE_NOUNS):
            self.draft.put_count(span, doses=True)
        else:
            self._bare_count(span, after_piece=after_piece)

    def _bare_count(self, span: Span, *, after_piece: bool) -> None:
        """A number that stands for itself: not "x 10 vials", "vials x 10", "x 4 weekly"."""
        loose = self.word() in ADVERBS or self.word() == "-" or self.unit() or self.number_ahead() is not None
        if loose or after_piece or (self.draft.frequency is None and span != ONE):
            raise Misread("what a number counts is not said")
        self.draft.put_count(span, doses=False)

    def _for(self) -> None:
        if (found := self.phrase(self.at + (self.word() == "deep"))) and isinstance(found[1], Route):
            return
        span = self._for_span()
        if (unit := self.time_unit()) is not None:
            self.draft.put_duration(span, unit)
        elif self.accept(*DOSE_NOUNS):
            self.draft.put_count(span, doses=True)
        else:
            raise Misread("a duration is not understood")

    def _for_span(self) -> Span:
        """Consume how many: "2", "a", "a total of 6", "the first 4"."""
        for words in (("a", "total", "of"), ("the", "first")):
            if tuple(self.word(ahead) for ahead in range(len(words))) == words:
                self.at += len(words)
                return self.span()
        return ONE if self.accept("a") else self.span()

    # Numbers

    def _number(self) -> None:
        start = self.at
        spelled = self.tokens[start].spelled
        span = self.span()
        if spelled and self.number_ahead() is not None:
            self.counted_package(start, span)
        elif self.accept("times", "time", "x"):
            self._times(span)
        elif self.word() in TIME_UNITS:
            self._time(start, span)
        else:
            self._hyphenated(start, span)

    def _times(self, span: Span) -> None:
        low, high = span
        if low != high or not self._times_per(low):
            raise Misread("a number of times without a period")

    def _hyphenated(self, start: int, span: Span) -> None:
        """A number with its unit, joined by a hyphen or not: "1,000-mcg", "3-monthly"."""
        hyphen = self.accept("-")
        if self.accept("monthly"):
            self._adverb(span, N_MONTHLY, TimeUnit.MONTH)
        elif hyphen and self.accept("weekly"):
            self._adverb(span, N_WEEKLY, TimeUnit.WEEK)
        elif (unit := self.unit()) is not None:
            self.at += 1
            self.measure(start, span, unit)
        else:
            raise Misread("a number without a unit")

    def _adverb(self, span: Span, clear: frozenset[int], unit: TimeUnit) -> None:
        """Put the frequency of "3-monthly", where the number means nothing else."""
        low, high = span
        if low not in clear or low != high:
            raise Misread("a frequency can be read in two ways")
        self.draft.put_frequency(Schedule(Decimal(1), low, high, unit))

    def _time(self, start: int, span: Span) -> None:
        """A time without "for": before an event, a duration said again, or a duration after a daily frequency."""
        unit = self.time_unit()
        frequency = self.draft.frequency
        if unit is not None and self.word() == "before" and not self.draft.timed:
            self.before(unit)
            self.draft.marks.add(Mark.SINGLE)
        elif unit is not None and ((frequency and frequency.interval[1] <= 1) or self._said_again(start)):
            self.draft.put_duration(span, unit)
        else:
            raise Misread("a time is not understood")

    def _said_again(self, start: int) -> bool:
        """In brackets after a duration: "for 4 weeks (28 days)"."""
        return self.draft.duration is not None and self.tokens[start - 1].word == "("
