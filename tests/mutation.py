"""
How many small faults in b12/ and rules/ the tests notice: `python -m tests.mutation [NAME ...]`.

Each mutant lives in a forked copy of this process, in which one function's code is exchanged; then the table rows
that come to that function are judged, and if none objects, the unit tests of its module are run. Ours and no library,
because mutmut leaves decorated functions alone, which every rule is, and cosmic-ray starts an interpreter for each
mutant. The count is cautious: what only other tests would notice counts as survived.
"""

from __future__ import annotations

import importlib
import io
import json
import os
import re
import resource
import sys
import tomllib
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from types import CodeType, FrameType, FunctionType

import pytest
from msgspec.structs import replace
from rich.console import Console
from rich.progress import Progress

from cds_service.answer import judge_all
from cds_service.b12.episode_of import Guidance, Moment, episode_of
from cds_service.b12.record import ClinicalRecord
from cds_service.b12.verdict import Finding
from cds_service.fhir.prefetch import read_prefetch
from cds_service.fhir.read import read_record
from cds_service.hooks import read_request
from cds_service.rules import About
from cds_service.written import for_clinician, read_written
from tests.helpers.mutants import Mutant, mutants_of
from tests.helpers.patients import judged_draft, knowledge, request_of
from tests.helpers.tables import HOOKS, Row, instant, rows_of, said, tables
from tests.unit.test_rule_tables import check_facts

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "cds_service"
UNIT = ROOT / "tests" / "unit"
LISTED = ROOT / "tests" / "mutants.toml"
FOLDERS = ("b12", "rules")
MOST = 1000
SECONDS = 60
ENOUGH = 0.95
OPTIONS = ("-q", "-p", "no:xdist", "-p", "no:cacheprovider", "--no-header")


@dataclass(frozen=True)
class Sheet:
    """A row read as far as the record; None where nothing in the call bears on B12."""

    row: Row
    read: tuple[ClinicalRecord, Guidance, Moment] | None

    def holds(self) -> bool:
        """Whether the row's rule still says what the row says."""
        known, row = knowledge(), self.row
        episode = episode_of(*self.read) if self.read else None
        judged = ()
        if episode and episode.concerned:
            alone = replace(known, rules={row.rule: known.rules[row.rule]})
            judged = tuple(judge_all(HOOKS[row.hook], episode, alone))
        drafted = known.rules[row.rule].about not in {About.PATIENT, About.CALL}
        subject = judged_draft(HOOKS[row.hook], row.draft) if drafted else ""
        verdict = next((one.verdict for one in judged if one.subject == subject), None)
        if isinstance(verdict, Finding):
            check_facts(row.rule, verdict)
        return said(verdict, row) == row.expected


def sheet_of(row: Row) -> Sheet:
    """A row's request, read as the pipeline reads it."""
    request = read_request(json.dumps(request_of(HOOKS[row.hook], row.record, row.draft)).encode())
    known, as_of = knowledge(), instant(row.as_of)
    written = read_written(request, MOST, known.matters)
    if written.unrelated or not for_clinician(request):
        return Sheet(row, None)
    prefetched = read_prefetch(request.prefetch or {}, MOST, known.matters)
    reading = read_record(request.patient_id, prefetched, written.sent, known.codes)
    moment = written.moment(as_of, reading)
    return Sheet(row, (reading.record, known.guidance(row.protocol, as_of.date()), moment))


@dataclass(frozen=True)
class Outcome:
    """What became of one mutant."""

    name: str
    line: int
    killed: bool


class Reached:
    """For each function the rows that come to it, while they are read and while they are judged."""

    def __init__(self) -> None:
        self.reading: dict[CodeType, list[Row]] = defaultdict(list)
        self.judging: dict[CodeType, list[Sheet]] = defaultdict(list)
        for row in (row for path in tables() for row in rows_of(path)):
            sheet, seen = noted(lambda row=row: sheet_of(row))
            for code in seen:
                self.reading[code].append(row)
            holds, seen = noted(sheet.holds)
            if not holds:
                raise SystemExit(f"expected tables that hold, got {row.name} in {row.rule}.txt:{row.line}")
            for code in seen:
                self.judging[code].append(sheet)


def noted(work: Callable[[], object]) -> tuple[object, set[CodeType]]:
    """(answer, code of every function of ours that ran)."""
    seen: set[CodeType] = set()
    wanted = tuple(str(PACKAGE / folder) for folder in FOLDERS)

    def note(frame: FrameType, event: str, _: object) -> None:
        if event == "call" and frame.f_code.co_filename.startswith(wanted):
            seen.add(frame.f_code)

    sys.setprofile(note)
    try:
        return work(), seen
    finally:
        sys.setprofile(None)


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


def unit_tests_of(module: str) -> list[str]:
    """A module's unit tests by name, and its family's (of sig_walk: sig); where it has none, those that import it."""
    folder, _, stem = module.rpartition(".")
    if own := sorted(UNIT.rglob(f"test_{stem}*.py")):
        family = sorted(set(UNIT.rglob(f"test_{stem.partition('_')[0]}*.py")) - set(own))
        return [str(path) for path in sorted((*own, *family), key=_is_slow)]
    named = re.compile(rf"{re.escape(module)}\b|from {re.escape(folder)} import .*\b{stem}\b")
    return [str(path) for path in sorted(UNIT.rglob("test_*.py")) if named.search(path.read_text("utf-8"))]


def _is_slow(path: Path) -> bool:
    """Whether a file is of no module, but of properties or of a corpus: these are asked last."""
    return not any((PACKAGE / folder / path.name.removeprefix("test_")).exists() for folder in FOLDERS)


def load_once(files: Iterable[str]) -> None:
    """Import the tests here, and what they need, so that no copy of the process has to."""
    with redirect_stdout(io.StringIO()):
        pytest.main([*OPTIONS, "--collect-only", *sorted(set(files))])


def some(rows: Sequence[Row], most: int) -> Sequence[Row]:
    """At most so many, evenly from all tables."""
    return rows[:: len(rows) // most + 1]


def notices(mutant: Mutant, target: FunctionType, reached: Reached, files: Sequence[str]) -> bool:
    """Whether any test objects; only ever called in a copy of the process."""
    rule, code = mutant.module.rpartition(".")[2], target.__code__
    sheets = sorted(reached.judging.get(code, []), key=lambda sheet: sheet.row.rule != rule)
    rows = some(reached.reading.get(code, []), MOST // 5)
    target.__code__ = mutant.code
    for value in vars(importlib.import_module(mutant.module)).values():
        if hasattr(value, "cache_clear"):  # what it remembers was worked out without the fault
            value.cache_clear()
    try:
        noticed = not all(sheet.holds() for sheet in sheets) or not all(sheet_of(row).holds() for row in rows)
    except BaseException:  # noqa: BLE001 - whatever a faulty function does
        return True
    return noticed or (bool(files) and pytest.main([*OPTIONS, "-x", *files]) != 0)


def in_a_copy(work: Callable[[], bool]) -> bool:
    """The answer of work done in a forked process; one that takes too long was noticed."""
    pid = os.fork()
    if pid == 0:
        # CPU time, not the clock's: on a busy machine a slow test is no mutant noticed.
        resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
        quiet = os.open(os.devnull, os.O_WRONLY)
        os.dup2(quiet, 1)
        os.dup2(quiet, 2)
        try:
            os._exit(1 if work() else 0)
        except BaseException:  # noqa: BLE001 - the copy must never come back
            os._exit(1)
    _, status = os.waitpid(pid, 0)
    return status != 0


def outcomes(module: str, path: Path, reached: Reached) -> list[Outcome]:
    """What becomes of every mutant of one file."""
    files, found = unit_tests_of(module), []
    for mutant in mutants_of(path, module):
        if target := live(module, mutant.function):
            killed = in_a_copy(lambda mutant=mutant, target=target: notices(mutant, target, reached, files))
            found.append(Outcome(mutant.name, mutant.line, killed))
    return found


REACHED: list[Reached] = []
"""Filled once before the workers are forked, which inherit it; it cannot be sent to them."""


def _work(one: tuple[str, Path]) -> list[Outcome]:
    return outcomes(*one, REACHED[0])


def main(names: Sequence[str]) -> int:
    """Try every mutant of the named modules (all, if none is named); 1 if too few are noticed or one is not listed."""
    console = Console(soft_wrap=True)
    REACHED.append(Reached())
    wanted = [one for one in modules() if not names or one[1].stem in names]
    load_once(file for module, _ in wanted for file in unit_tests_of(module))
    found: list[Outcome] = []
    with Progress(console=console, transient=True) as progress, get_context("fork").Pool(os.cpu_count()) as pool:
        task = progress.add_task("mutants", total=len(wanted))
        for (module, _), outcome in zip(wanted, pool.imap(_work, wanted), strict=True):
            found += outcome
            progress.advance(task)
            console.print(f"{module}: {sum(one.killed for one in outcome)} of {len(outcome)}")
            tell_survivors(outcome, console)
    return report(found, console)


def listed() -> Mapping[str, str]:
    """Survivors that are known, each with its reason."""
    return tomllib.loads(LISTED.read_text("utf-8")) if LISTED.exists() else {}


def tell_survivors(found: Sequence[Outcome], console: Console) -> None:
    """Every mutant that nobody noticed; known ones with their reason."""
    reasons = listed()
    for one in found:
        if not one.killed:
            console.print(f"  {one.name} (line {one.line}): {reasons.get(one.name, 'NOT LISTED')}", markup=False)


def report(found: Sequence[Outcome], console: Console) -> int:
    """The share noticed; 1 if it is too small, or if a survivor is not listed with its reason."""
    survivors = {one.name for one in found if not one.killed}
    killed = sum(one.killed for one in found)
    share = killed / max(1, len(found))
    console.print(f"{killed} of {len(found)} mutants were noticed: {share:.1%}")
    return int(share < ENOUGH or bool(survivors - set(listed())))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
