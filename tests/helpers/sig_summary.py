"""One line for a read dosage text, and the share of the corpus that is read (`python -m tests.helpers.sig_summary`)."""

from __future__ import annotations

import hashlib
import sys
from decimal import Decimal
from pathlib import Path

from msgspec import Struct

from cds_service.b12.record import Amount, Schedule, SigPhase, SigReading, SigRefused, Strength
from cds_service.b12.sig import read_sig
from cds_service.b12.words import AmountKind, Route

CORPUS = Path(__file__).resolve().parents[2] / ".." / "shared" / "data" / "sigs.tsv"
MISSING = """expected the collection of dosage texts at {place}, got no such file.
It is other people's text and no part of this repository. To measure a collection of your own, put it there:
one text a line, as "b12", a tab, and the text.
"""
COUNTED = frozenset({"b12", "b12-error"})
SHORT_ROUTES = {
    Route.INTRAMUSCULAR: "im",
    Route.SUBCUTANEOUS: "sc",
    Route.INTRAVENOUS: "iv",
    Route.INTRADERMAL: "id",
    Route.ORAL: "po",
    Route.SUBLINGUAL: "sl",
    Route.NASAL: "nasal",
}
PER = {AmountKind.VOLUME: "mL", AmountKind.COUNT: "piece"}


class Line(Struct, frozen=True):
    """One line of the corpus and what became of it."""

    number: int
    tag: str
    key: str
    reading: SigReading | SigRefused

    @property
    def refused(self) -> bool:
        """True if the text was not read."""
        return isinstance(self.reading, SigRefused)

    @property
    def counted(self) -> bool:
        """True if the line is a B12 dosage, the share of which is reported."""
        return self.tag in COUNTED


def corpus() -> tuple[Line, ...]:
    """Every line, read; nothing if the corpus is not there."""
    if not CORPUS.exists():
        return ()
    rows = enumerate(CORPUS.read_text(encoding="utf-8").splitlines(), start=1)
    parts = ((number, *row.split("\t", 1)) for number, row in rows if "\t" in row and not row.startswith("#"))
    return tuple(Line(number, tag.split()[0], key_of(text), read_sig(text)) for number, tag, text in parts)


def key_of(text: str) -> str:
    """A key for a text that does not show it."""
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def told(text: str) -> str:
    """What is read of a text in one line, or "refused: " with the reason."""
    reading = read_sig(text)
    return f"refused: {reading.reason}" if isinstance(reading, SigRefused) else summary(reading)


def summary(reading: SigReading) -> str:
    """For example "1000 mcg im | every 2 d for 14 d; every 3 mo open ; strength 1000 mcg/mL"."""
    phases = "; ".join(_phase(phase) for phase in reading.phases) or "nothing"
    return phases + (" ; as needed" if reading.as_needed else "") + (_strength(reading.strength))


def _phase(phase: SigPhase) -> str:
    what = (_amount(phase.amount) if phase.amount else "", SHORT_ROUTES[phase.route] if phase.route else "")
    return " ".join(part for part in (*what, "|", _schedule(phase.schedule) if phase.schedule else "?") if part)


def _amount(amount: Amount) -> str:
    unit = {AmountKind.MASS: "mcg", AmountKind.VOLUME: "mL"}.get(amount.kind) or str(amount.piece)
    return f"{_span(amount.low, amount.high)} {unit}"


def _schedule(schedule: Schedule) -> str:
    doses = f"{_plain(schedule.doses)}x " if schedule.doses != 1 else ""
    parts = [f"{doses}every {_span(schedule.period_low, schedule.period_high)} {schedule.unit}"]
    if schedule.count_low is not None and schedule.count_high is not None:
        parts.append(f"x {_span(Decimal(schedule.count_low), Decimal(schedule.count_high))}")
    if schedule.duration_low is not None and schedule.duration_high is not None:
        parts.append(f"for {_span(schedule.duration_low, schedule.duration_high)} d")
    return " ".join((*parts, *(["open"] if schedule.open_ended else [])))


def _strength(strength: Strength | None) -> str:
    if strength is None:
        return ""
    container = f" in {_plain(strength.container_ml)} mL" if strength.container_ml else ""
    return f" ; strength {_plain(strength.mcg)} mcg/{PER[strength.per]}{container}"


def _span(low: Decimal, high: Decimal) -> str:
    return _plain(low) if low == high else f"{_plain(low)}-{_plain(high)}"


def _plain(number: Decimal) -> str:
    text = format(number, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def main() -> int:
    """Print the share; 1 without the corpus, of which nothing is in the repository."""
    if not CORPUS.exists():
        sys.stderr.write(MISSING.format(place=CORPUS.resolve()))
        return 1
    sys.stdout.write(report() + "\n")
    return 0


def report() -> str:
    """The share of B12 dosages that is read, and the refused lines with their reasons."""
    lines = [line for line in corpus() if line.counted]
    refused = [line for line in lines if line.refused]
    read = len(lines) - len(refused)
    share = f"{read} of {len(lines)} read ({100 * read // max(1, len(lines))} %), {len(refused)} refused"
    reasons = (
        f"  line {line.number}: {line.reading.reason}" for line in refused if isinstance(line.reading, SigRefused)
    )
    return "\n".join((share, *reasons))


if __name__ == "__main__":
    sys.exit(main())
