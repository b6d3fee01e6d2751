"""
Every fault for longer, under load, with real processes: what was answered, and that nothing was lost or doubled.

Between two blows there are as many calls as CALLS says. Dropped are evaluations that the service itself counted as not
kept, which is allowed where its disk is full; gone are connections that broke because a process was killed. Exit
status 1 if a nought is not nought. Run with `make faults CALLS=400`.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from functools import partial
from pathlib import Path

from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from tests.helpers.faults import Report, Stage
from tests.helpers.postgres import Cluster, running_cluster, tools
from tests.helpers.scenes import SCENES, SCENES_OF_POSTGRES

CALLS = 200
WIDTH = 180
COLUMNS = (
    "fault",
    "calls sent",
    "answered 200",
    "refused",
    "wrong",
    "dropped",
    "advice lost",
    "feedback refused",
    "feedback acknowledged",
    "kept",
    "feedback lost",
    "duplicates",
)


def scenes_of(folder: Path, cluster: Cluster | None, calls: int) -> Iterator[tuple[str, Callable[[], Report]]]:
    for scene in SCENES:
        place = folder / scene.__name__
        yield scene.__name__, partial(scene, Stage(place, f"sqlite:///{place}/kept.db", calls))
    if cluster is None:
        return
    for broken in SCENES_OF_POSTGRES:
        cluster.query(f"CREATE DATABASE {broken.__name__}")
        stage = Stage(folder / broken.__name__, cluster.url(broken.__name__), calls)
        yield broken.__name__, partial(broken, stage, cluster)


def cluster_in(stack: ExitStack) -> Cluster | None:
    """A PostgreSQL of our own, or None where it is not installed."""
    found = tools()
    return stack.enter_context(running_cluster(found)) if found else None


def said(refused: Mapping[str, int]) -> str:
    """Statuses, and connections that broke because a process had died."""
    statuses = {status: count for status, count in refused.items() if status.isdigit()}
    broken = sum(refused.values()) - sum(statuses.values())
    words = [f"{count} x {status}" for status, count in sorted(statuses.items())]
    return ", ".join(words + ([f"{broken} x gone"] if broken else [])) or "0"


def row_of(report: Report) -> tuple[str, ...]:
    counts = (len(report.wrong), report.dropped, report.lost, report.acknowledged, report.kept)
    return (
        report.fault,
        str(report.sent),
        str(report.answered),
        said(report.refused),
        *map(str, counts[:3]),
        said(report.feedback_refused),
        *map(str, counts[3:]),
        str(report.feedback_lost),
        str(report.duplicates),
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("calls", nargs="?", type=int, default=CALLS, help="calls between two blows")
    calls, reports = parser.parse_args().calls, list[Report]()
    with ExitStack() as stack, Progress(transient=True) as progress:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="cobalamin-faults-")))
        cluster = cluster_in(stack)
        task = progress.add_task("", total=len(SCENES) + (len(SCENES_OF_POSTGRES) if cluster else 0))
        for name, play in scenes_of(folder, cluster, calls):
            progress.update(task, description=name.replace("_", " "))
            (folder / name).mkdir()
            reports.append(play())
            progress.advance(task)
    console = Console(width=WIDTH)
    console.print(table_of(reports))
    for report in reports:
        for wrong in report.wrong[:3]:
            console.print(f"{report.fault}: {wrong}")
    if cluster is None:
        console.print("PostgreSQL is not installed: its faults were left out.")
    return 0 if all(report.holds for report in reports) else 1


def table_of(reports: list[Report]) -> Table:
    table = Table(title="Faults under load", title_justify="left")
    for column in COLUMNS:
        table.add_column(column, justify="left" if column in {"fault", "refused", "feedback refused"} else "right")
    for report in reports:
        table.add_row(*row_of(report), style="" if report.holds else "red")
    return table


if __name__ == "__main__":
    sys.exit(main())
