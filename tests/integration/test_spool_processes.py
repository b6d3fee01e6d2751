"""The spool among real processes that are killed, crowded and given no room."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from msgspec import Raw
from sqlalchemy import Engine, select

from cds_service.store.database import engine_of, migrate, reading
from cds_service.store.drain import Drain
from cds_service.store.lines import Evaluation, ShownCard, evaluation_line
from cds_service.store.models import EvaluationRow, FeedbackRow, SpoolPosition
from cds_service.store.queries import counts
from cds_service.store.spool import Spool
from tests.helpers.scripts import PATIENCE, WRITER, go, line_from, rest_of, running, wait_until

NOW = "2026-11-21T10:00:00Z"

DRAINER = """
import os, sys
from pathlib import Path
from cds_service.store import drain as drains
from cds_service.store.database import engine_of

def die(*_):
    os.kill(os.getpid(), 9)

drain = drains.Drain(engine_of(sys.argv[1]), Path(sys.argv[2]), batch_bytes=int(sys.argv[3]))
match sys.argv[4]:
    case "before commit":
        drain._reject = die
    case "before deletion":
        drain._delete = die
    case "after deletion":
        drains.sync_folder = die
print("ready", flush=True)
sys.stdin.readline()
print(drain.drain_once(), flush=True)
"""

MIGRATOR = """
import sys
from cds_service.store.database import engine_of, migrate

engine = engine_of(sys.argv[1])
print("ready", flush=True)
sys.stdin.readline()
migrate(engine)
"""

FULL_DISK = """
import resource, sys
from pathlib import Path
from cds_service.errors import StoreUnavailable
from cds_service.store.spool import Spool

def safely(record):
    try:
        spool.append_safely(record)
    except StoreUnavailable:
        return False
    return True

resource.setrlimit(resource.RLIMIT_FSIZE, (1000, resource.RLIM_INFINITY))
spool = Spool(Path(sys.argv[1]))
long, short = b"x" * 299 + b"\\n", b"y" * 9 + b"\\n"
print([spool.append(long) for _ in range(5)], safely(long), spool.append(short), safely(short), spool.lost)
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
print(safely(long))
"""

FORKER = """
import os, sys
from pathlib import Path
from cds_service.store.spool import Spool

spool = Spool(Path(sys.argv[1]))
spool.append(b"parent 1\\n")
child = os.fork()
if not child:
    spool.append(b"child 1\\n")
    spool.append(b"child 2\\n")
    os._exit(0)
os.waitpid(child, 0)
spool.append(b"parent 2\\n")
print("ready", flush=True)
sys.stdin.readline()
"""


@pytest.fixture
def url(store_url: str) -> str:
    return store_url


@pytest.fixture
def engine(url: str) -> Iterator[Engine]:
    engine = engine_of(url)
    migrate(engine)
    yield engine
    engine.dispose()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "spool"


def keys(engine: Engine, table: type[EvaluationRow | FeedbackRow]) -> set[str]:
    with reading(engine).begin() as connection:
        return set(connection.scalars(select(table.id)))


def fill(folder: Path, number: int, segment_bytes: int = 100_000) -> None:
    spool = Spool(folder, segment_bytes)
    words = ("b12-order", "order-select", "h1", "", NOW, "k", "us-label")
    for at in range(number):
        card = ShownCard(f"c{at}", "overdue", "Patient/1", "info", "x" * 200, Raw(b"{}"), [])
        spool.append(evaluation_line(Evaluation(f"e{at}", NOW, *words, 900, Raw(b"{}"), [card])))
    spool.close()


def whole(number: int) -> dict[str, int]:
    return {"evaluation": number, "card": number, "feedback": 0}


def test_what_a_killed_writer_acknowledged_is_kept_once(engine: Engine, folder: Path) -> None:
    drain, acknowledged = Drain(engine, folder), set[str]()
    with running(WRITER, folder, "a") as first, running(WRITER, folder, "b") as second:
        for number in range(150):
            acknowledged |= {line_from(first), line_from(second)}
            if number % 40 == 20:
                drain.drain_once()  # while both are writing
        for process in (first, second):
            process.kill()
            acknowledged |= set(rest_of(process).split())
    drain.drain_once()
    assert len(acknowledged) >= 300
    assert acknowledged <= keys(engine, EvaluationRow)
    assert acknowledged <= keys(engine, FeedbackRow)
    assert len(keys(engine, EvaluationRow)) <= len(acknowledged) + 2  # one more each, at most, on its way
    assert drain.rejected == 0
    assert list(folder.glob("*.jsonl")) == []


def test_a_drain_killed_again_and_again_loses_and_repeats_nothing(url: str, engine: Engine, folder: Path) -> None:
    fill(folder, 3000)
    with ExitStack() as stack:
        for process in [stack.enter_context(running(DRAINER, url, folder, 500, "")) for _ in range(3)]:
            before = counts(engine)["evaluation"]
            go(process)
            wait_until(lambda before=before: counts(engine)["evaluation"] > before + 50)
            process.kill()
            assert process.wait(PATIENCE) == -9
    kept = counts(engine)["evaluation"]
    assert 150 < kept < 3000
    assert Drain(engine, folder).drain_once() == 3000 - kept
    assert counts(engine) == whole(3000)
    assert not (folder / "rejected.jsonl").exists()


def killed_at(stack: ExitStack, place: Path, moment: str) -> tuple[Engine, Path, subprocess.Popen[str]]:
    folder, url = place / "spool", f"sqlite:///{place}/store.db"
    engine = engine_of(url)
    stack.callback(engine.dispose)
    migrate(engine)
    fill(folder, 10)
    process = stack.enter_context(running(DRAINER, url, folder, 100_000, moment))
    go(process)
    return engine, folder, process


def test_a_drain_killed_at_its_worst_moments_loses_and_repeats_nothing(tmp_path: Path) -> None:
    moved = {"before commit": 0, "before deletion": 10, "after deletion": 10}
    with ExitStack() as stack:
        killed = {moment: killed_at(stack, tmp_path / moment, moment) for moment in moved}
        for moment, (engine, folder, process) in killed.items():
            assert process.wait(PATIENCE) == -9
            assert counts(engine) == whole(moved[moment])
            assert Drain(engine, folder).drain_once() == 10 - moved[moment]
            assert counts(engine) == whole(10)
            assert list(folder.glob("*.jsonl")) == []
            with reading(engine).begin() as connection:
                forgotten = len(connection.execute(select(SpoolPosition)).all())
            assert forgotten == (moment == "after deletion")


def test_drains_at_once_share_the_work(url: str, engine: Engine, folder: Path) -> None:
    fill(folder, 500, segment_bytes=20_000)
    with running(DRAINER, url, folder, 3000, "") as first, running(DRAINER, url, folder, 3000, "") as second:
        for process in (first, second):
            assert line_from(process) == "ready"
        for process in (first, second):
            go(process)
        moved = int(line_from(first)) + int(line_from(second))
    assert moved == 500
    assert counts(engine) == whole(500)


def test_workers_that_start_at_once_migrate_once(url: str) -> None:
    with running(MIGRATOR, url) as a, running(MIGRATOR, url) as b, running(MIGRATOR, url) as c:
        for process in (a, b, c):
            assert line_from(process) == "ready"
        for process in (a, b, c):
            go(process)
        assert [process.wait(PATIENCE) for process in (a, b, c)] == [0, 0, 0]
    engine = engine_of(url)
    assert counts(engine) == whole(0)
    engine.dispose()


def test_without_room_nothing_is_acknowledged_and_no_line_is_spoiled(folder: Path) -> None:
    with running(FULL_DISK, folder) as process:
        said = process.communicate(timeout=PATIENCE)[0].splitlines()
    assert said == ["[True, True, True, False, False] False True True 2", "True"]
    [path], long, short = folder.glob("*.jsonl"), b"x" * 299, b"y" * 9
    assert path.read_bytes().splitlines() == [long, long, long, short, short, long]


def test_a_forked_child_writes_its_own_segment_and_leaves_its_parents_alone(engine: Engine, folder: Path) -> None:
    with running(FORKER, folder) as process:
        assert line_from(process) == "ready"
        found = sorted(path.read_bytes() for path in folder.glob("*.jsonl"))
        assert found == [b"child 1\nchild 2\n", b"parent 1\nparent 2\n"]
        drain = Drain(engine, folder)
        assert drain.drain_once() == 4
        assert [path.read_bytes() for path in folder.glob("*-*.jsonl")] == [b"parent 1\nparent 2\n"]
        go(process)
        process.wait(PATIENCE)
    drain.drain_once()
    assert list(folder.glob("*-*.jsonl")) == []
