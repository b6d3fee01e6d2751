"""
How many small faults in b12/ and rules/ the tests notice: `python -m tests.mutation [NAME ...]`.

Each mutant lives in a forked copy of this process, in which one function's code is exchanged; then the table rows
that come to that function are run, and if none objects, the unit tests of its module. Ours and no library, because
mutmut leaves decorated functions alone, which every rule is, and cosmic-ray starts an interpreter for each mutant.
"""

from __future__ import annotations

import importlib
import os
import re
import signal
import sys
import tomllib
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from types import CodeType, FrameType, FunctionType

import pytest
from rich.console import Console
from rich.progress import Progress

from tests.helpers.mutants import Mutant, mutants_of
from tests.helpers.tables import Row, rows_of, tables
from tests.unit.test_rule_tables import test_row

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "cds_service"
UNIT = ROOT / "tests" / "unit"
LISTED = ROOT / "tests" / "mutants.toml"
SECONDS = 60
ENOUGH = 0.95
FOLDERS = ("b12", "rules")
Place = tuple[str, str]
"""(module, function) of a code object."""


@dataclass(frozen=True)
class Outcome:
    """What became of one mutant."""

    name: str
    line: int
    killed: bool


def modules() -> Iterator[tuple[str, Path]]:
    """Every module of the folders that are put to the test."""
    for folder in FOLDERS:
        for path in sorted((PACKAGE / folder).glob("*.py")):
            if path.stem != "__init__":
                yield f"cds_service.{folder}.{path.stem}", path


def live(module: str, place: str) -> FunctionType | None:
    """The function object in use, below properties and caches."""
    found: object = importlib.import_module(module)
    for name in place.split("."):
        found = vars(found).get(name) if isinstance(found, type) else getattr(found, name)
    found = getattr(found, "fget", None) or getattr(found, "func", None) or found
    found = getattr(found, "__wrapped__", found)
    return found if isinstance(found, FunctionType) else None


def rows_by_function() -> Mapping[CodeType, list[Row]]:
    """For each function the rows that come to it; the rows of a rule before those of others."""
    reached: dict[CodeType, list[Row]] = defaultdict(list)
    wanted = tuple(str(PACKAGE / folder) for folder in FOLDERS)
    for row in (row for path in tables() for row in rows_of(path)):
        seen: set[CodeType] = set()

        def note(frame: FrameType, event: str, _: object, seen: set[CodeType] = seen) -> None:
            if event == "call" and frame.f_code.co_filename.startswith(wanted):
                seen.add(frame.f_code)

        sys.setprofile(note)
        try:
            test_row(row)
        finally:
            sys.setprofile(None)
        for code in seen:
            reached[code].append(row)
    return reached


def unit_tests_of(module: str) -> list[str]:
    """The unit tests that import from a module."""
    named = re.compile(
        rf"{re.escape(module)}\b|from {re.escape(module.rpartition('.')[0])} import .*\b{module.rpartition('.')[2]}\b"
    )
    return [str(path) for path in sorted(UNIT.rglob("test_*.py")) if named.search(path.read_text("utf-8"))]


def notices(mutant: Mutant, target: FunctionType, rows: Sequence[Row], files: Sequence[str]) -> bool:
    """Whether any test objects; only ever called in a copy of the process."""
    rule = mutant.module.rpartition(".")[2]
    target.__code__ = mutant.code
    for row in sorted(rows, key=lambda row: row.rule != rule):
        try:
            test_row(row)
        except BaseException:  # noqa: BLE001 - whatever a faulty function does
            return True
    return bool(files) and pytest.main(["-x", "-q", "-p", "no:xdist", "--no-header", *files]) != 0


def in_a_copy(work: Callable[[], bool]) -> bool:
    """The answer of work done in a forked process; one that takes too long was noticed."""
    pid = os.fork()
    if pid == 0:
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.alarm(SECONDS)
        quiet = os.open(os.devnull, os.O_WRONLY)
        os.dup2(quiet, 1)
        os.dup2(quiet, 2)
        try:
            os._exit(1 if work() else 0)
        except BaseException:  # noqa: BLE001 - the copy must never come back
            os._exit(1)
    _, status = os.waitpid(pid, 0)
    return status != 0


def outcomes(module: str, path: Path, reached: Mapping[CodeType, list[Row]]) -> list[Outcome]:
    """What becomes of every mutant of one file."""
    files, found = unit_tests_of(module), []
    for mutant in mutants_of(path, module):
        target = live(module, mutant.function)
        if target is None:
            continue
        rows = reached.get(target.__code__, [])
        killed = in_a_copy(lambda mutant=mutant, target=target, rows=rows: notices(mutant, target, rows, files))
        found.append(Outcome(mutant.name, mutant.line, killed))
    return found


def listed() -> Mapping[str, str]:
    """Survivors that are known, each with its reason."""
    return tomllib.loads(LISTED.read_text("utf-8")) if LISTED.exists() else {}


REACHED: Mapping[CodeType, list[Row]] = {}


def _work(one: tuple[str, Path]) -> list[Outcome]:
    return outcomes(*one, REACHED)


def main(names: Sequence[str]) -> int:
    """Try every mutant of the named modules (all, if none is named); 1 if too few are noticed or one is not listed."""
    global REACHED  # noqa: PLW0603 - forked workers inherit it; it cannot be sent to them
    console = Console(soft_wrap=True)
    REACHED = rows_by_function()
    wanted = [one for one in modules() if not names or one[1].stem in names]
    found: list[Outcome] = []
    with Progress(console=console, transient=True) as progress, get_context("fork").Pool(os.cpu_count()) as pool:
        task = progress.add_task("mutants", total=len(wanted))
        for (module, _), some in zip(wanted, pool.imap(_work, wanted), strict=True):
            found += some
            progress.advance(task)
            console.print(f"{module}: {sum(one.killed for one in some)} of {len(some)}")
    return report(found, console)


def report(found: Sequence[Outcome], console: Console) -> int:
    """The share noticed, and every survivor; known ones with their reason."""
    reasons, survivors = listed(), [one for one in found if not one.killed]
    counted = Counter(one.name for one in survivors)
    for one in survivors:
        console.print(f"survived {one.name} (line {one.line}): {reasons.get(one.name, 'NOT LISTED')}", markup=False)
    share = 1 - len(survivors) / max(1, len(found))
    console.print(f"{len(found) - len(survivors)} of {len(found)} mutants were noticed: {share:.1%}")
    return int(share < ENOUGH or bool(set(counted) - set(reasons)))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
