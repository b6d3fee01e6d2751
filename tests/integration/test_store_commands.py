"""`cobalamin-cds store`, as an operator types it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from cds_service.cli import main
from cds_service.store.database import engine_of, migrate
from cds_service.store.drain import Drain
from tests.helpers.lines import fill
from tests.helpers.processes import ROOT, clean_environ

SECONDS = 120


class Operator:
    """Types commands; all but one run in this process, because a start takes longer than what is tested."""

    def __init__(self, folder: Path, url: str) -> None:
        self.folder, self.url = folder, url
        self.spool = folder / "spool"

    def types(self, *words: str, **settings: str) -> Result:
        own = {"COBALAMIN_DATABASE_URL": self.url, "COBALAMIN_SPOOL_DIR": str(self.spool)}
        return CliRunner().invoke(main, ["store", *words], env=own | settings)

    def keep(self, number: int, at: str) -> None:
        engine = engine_of(self.url)
        migrate(engine)
        fill(self.spool, number, at)
        Drain(engine, self.spool).drain_once()
        engine.dispose()


@pytest.fixture
def operator(tmp_path: Path, store_url: str) -> Operator:
    return Operator(tmp_path, store_url)


def test_status_counts_what_is_kept_and_what_waits(operator: Operator) -> None:
    operator.keep(2, "2026-11-20T10:00:00Z")
    fill(operator.spool, 1)
    said = json.loads(operator.types("status", "--json").stdout)
    assert said["rows"] == {"evaluation": 2, "card": 2, "feedback": 2}
    assert (said["revision"], said["spool"]["segments"], said["spool"]["lines"]) == (said["expected"], 1, 2)
    assert "rows feedback: 2" in operator.types("status").stdout


def test_purge_counts_first_and_removes_then(operator: Operator) -> None:
    operator.keep(3, "2020-01-01T00:00:00Z")
    operator.keep(1, "2999-01-01T00:00:00Z")
    assert "Would remove" in operator.types("purge", "--dry-run").stdout
    assert "3 evaluation, 3 card, 3 feedback" in operator.types("purge", "--days", "30").stdout
    assert json.loads(operator.types("status", "--json").stdout)["rows"]["card"] == 1


def test_export_writes_rows_to_standard_output_and_files(operator: Operator) -> None:
    operator.keep(2, "2026-11-20T10:00:00Z")
    rows = [json.loads(line) for line in operator.types("export", "-").stdout.splitlines()]
    assert [row["table"] for row in rows] == ["evaluation", "evaluation", "card", "card", "feedback", "feedback"]
    file, since = str(operator.folder / "cards.csv"), "2026-11-20"
    done = operator.types("export", file, "--format", "csv", "--table", "card", "--since", since)
    assert done.exit_code == 0, done.stderr
    assert len((operator.folder / "cards.csv").read_text("utf-8").splitlines()) == 3
    assert operator.types("export", "-", "--until", "2026-11-20").stdout == ""


def test_an_export_of_nothing_is_an_empty_file(operator: Operator) -> None:
    operator.keep(1, "2026-11-20T10:00:00Z")
    done = operator.types("export", str(operator.folder / "none.jsonl"), "--until", "2026-11-20")
    assert done.exit_code == 0, done.stderr
    assert (operator.folder / "none.jsonl").read_bytes() == b""


def test_tables_go_back_a_revision_and_forward(operator: Operator) -> None:
    operator.keep(1, "2026-11-20T10:00:00Z")
    assert operator.types("downgrade", "0001", "--yes").exit_code == 0
    assert json.loads(operator.types("status", "--json").stdout)["revision"] == "0001"
    assert operator.types("migrate").exit_code == 0
    assert json.loads(operator.types("status", "--json").stdout)["rows"] == {"evaluation": 1, "card": 1, "feedback": 1}


WRONG = {
    "a table missing": (("export", "-", "--format", "csv"), "expected --table"),
    "no day": (("export", "-", "--since", "yesterday"), "expected a day"),
    "tables missing": (("purge",), "expected a database that answers"),
}


@pytest.mark.parametrize(("words", "told"), WRONG.values(), ids=WRONG)
def test_what_is_wrong_is_told_without_a_traceback(tmp_path: Path, words: tuple[str, ...], told: str) -> None:
    done = Operator(tmp_path, f"sqlite:///{tmp_path}/store.db").types(*words)
    assert done.exit_code != 0
    assert told in done.stderr
    assert "Traceback" not in done.stderr


def test_all_is_kept_where_no_days_are_set(tmp_path: Path) -> None:
    operator = Operator(tmp_path, f"sqlite:///{tmp_path}/store.db")
    assert "all is kept" in operator.types("purge", COBALAMIN_RETENTION_DAYS="0").stderr


def test_a_reader_that_stops_early_ends_the_export_quietly(tmp_path: Path) -> None:
    operator = Operator(tmp_path, f"sqlite:///{tmp_path}/store.db")
    operator.keep(2000, "2026-11-20T10:00:00Z")
    settings = {"COBALAMIN_DATABASE_URL": operator.url, "COBALAMIN_SPOOL_DIR": str(operator.spool)}
    command = [sys.executable, "-m", "cds_service", "store", "export", "-"]
    environ = clean_environ() | settings | {"PYTHONPATH": str(ROOT)}
    with subprocess.Popen(command, env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout
        assert process.stderr
        assert process.stdout.readline().startswith(b'{"table":"evaluation"')
        process.stdout.close()
        said = process.stderr.read()
        process.wait(SECONDS)
    assert b"Traceback" not in said
