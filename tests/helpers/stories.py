"""
Whole patient stories, walked step by step through the command line (`python -m tests.helpers.stories` prints them).

A story is a table: as of | hook | protocol | new | draft | cards. `new` is what has come into the record since the line
before, in the words of `tests.helpers.patients`; an entry that begins with "ended:", "stopped:" or "resolved:" gives
that status to the earlier entry whose beginning it repeats. `cards` are those that must come, in their order, with
semicolons between them: "rule.variant indicator", then after "+" what else stands on the same card; "none" where
nothing may come.
"""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any
from unittest import mock

from click.testing import CliRunner

from cds_service import cli
from tests.helpers.patients import knowledge, request_of, split
from tests.helpers.tables import HOOKS, instant

FOLDER = Path(__file__).parent.parent / "stories"
COLUMNS = ("as of", "hook", "protocol", "new", "draft", "cards")
DITTO, NONE = '"', "none"
STATUS = {"ended": "completed", "stopped": "stopped", "resolved": "resolved"}


@dataclass(frozen=True)
class Step:
    """One call: what is asked, with the whole record until then, and the cards that must come."""

    story: str
    line: int
    as_of: str
    hook: str
    protocol: str
    record: str
    draft: str
    cards: tuple[str, ...]
    note: str

    @property
    def name(self) -> str:
        """A readable id for a test."""
        return f"{self.story}:{self.line} {self.as_of} {self.hook}{f' ({self.note})' if self.note else ''}"


def stories() -> list[Path]:
    """Every story."""
    return sorted(FOLDER.glob("*.txt"))


def steps_of(path: Path) -> list[Step]:
    """The steps of a story; lines that begin with # are for the reader."""
    steps: list[Step] = []
    above, record = [""] * len(COLUMNS), list[str]()
    for line, text in enumerate(path.read_text("utf-8").splitlines(), start=1):
        body, _, note = text.partition(" <- ")
        cells = [cell.strip() for cell in body.split("|")]
        if not text.strip() or text.startswith("#") or tuple(cells) == COLUMNS:
            continue
        if len(cells) != len(COLUMNS):
            raise ValueError(f"{path.name}:{line}: expected {len(COLUMNS)} cells, got {len(cells)}")
        above = [old if cell == DITTO else cell for cell, old in zip(cells, above, strict=True)]
        as_of, hook, protocol, new, draft, cards = above
        record = _grown(record, new)
        said = () if cards == NONE else tuple(split(cards, ";"))
        steps.append(Step(path.stem, line, as_of, hook, protocol, "; ".join(record), draft, said, note.strip()))
    return steps


def _grown(record: list[str], new: str) -> list[str]:
    for entry in split(new, ";"):
        what, colon, beginning = entry.partition(": ")
        if not (colon and what in STATUS):
            record = [*record, entry]
            continue
        [index] = [at for at, earlier in enumerate(record) if earlier.startswith(beginning)]
        record = [*record[:index], f"{record[index]} {STATUS[what]}", *record[index + 1 :]]
    return record


def output_of(step: Step, *options: str) -> str:
    """What `cobalamin-cds evaluate` prints for a step; the knowledge is loaded once for all, which changes nothing."""
    request = request_of(HOOKS[step.hook], step.record, step.draft)
    asked = ["--as-of", instant(step.as_of).isoformat(), "--protocol", step.protocol]
    with mock.patch.object(cli, "load_knowledge", return_value=knowledge()):
        found = CliRunner().invoke(cli.main, ["evaluate", *options, *asked, "-"], input=json.dumps(request))
    if found.exit_code:
        raise ValueError(f"{step.name}: {found.output}") from found.exception
    return found.output


def cards_of(step: Step) -> list[dict[str, Any]]:
    """The cards that come, as the service would send them."""
    cards: list[dict[str, Any]] = json.loads(output_of(step, "--json"))["cards"]
    return cards


def said(card: dict[str, Any]) -> str:
    """A card in the words of a story."""
    trace = card["extension"]["org.cobalamin-cds.trace"]
    also = (f" + {one['rule']}.{one['variant']}" for one in trace.get("also", ()))
    return f"{trace['rule']}.{trace['variant']} {card['indicator']}" + "".join(also)


def main() -> None:
    """Print every step of the stories named, or of all, with its cards as a clinician reads them."""
    write = partial(print, file=sys.stdout)
    for path in stories():
        if len(sys.argv) > 1 and path.stem not in sys.argv:
            continue
        new = None
        for step in steps_of(path):
            write(f"\n##### {step.name}\nRECORD {step.record.removeprefix(new or '')}\nDRAFT {step.draft}")
            write(f"EXPECTED {'; '.join(step.cards) or NONE}\nGOT {'; '.join(map(said, cards_of(step))) or NONE}")
            write(output_of(step))
            new = step.record


if __name__ == "__main__":
    main()
