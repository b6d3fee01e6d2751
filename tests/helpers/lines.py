"""Lines of the spool for tests of the store."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from msgspec import Raw

from cds_service.store.lines import Evaluation, Feedback, ShownCard, evaluation_line, feedback_line
from cds_service.store.spool import Spool

NOW = "2026-11-21T10:00:00Z"


def evaluation(name: str, *cards: str, verdicts: bytes = b"{}", at: str = NOW) -> bytes:
    """An evaluation that showed these cards."""
    shown = [ShownCard(card, "overdue", "Patient/1", "info", "Zürich", Raw(b'{"why":1}'), ["s"]) for card in cards]
    words = ("b12-order", "order-select", "h1", "", at, "k", "us-label")
    return evaluation_line(Evaluation(name, at, *words, 900, Raw(verdicts), shown))


def feedback(name: str, card: str, comment: str = "", at: str = NOW) -> bytes:
    """A reaction to a card."""
    return feedback_line(Feedback(name, at, "b12-order", "", card, "overridden", NOW, ["s"], "r", "", "", comment))


def fill(folder: Path, number: int, at: str = NOW) -> None:
    """Spool so many evaluations, each with a card and feedback on it."""
    spool = Spool(folder)
    for line in lines(number, at):
        spool.append(line)
    spool.close()


def lines(number: int, at: str = NOW) -> Iterator[bytes]:
    """So many evaluations, each with a card and feedback on it; the ids tell the instant."""
    for count in range(number):
        name = f"{count}@{at}"
        yield evaluation(f"e{name}", f"c{name}", at=at)
        yield feedback(f"f{name}", f"c{name}", at=at)
