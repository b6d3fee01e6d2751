"""Migrations of databases with rows in them: forward, back, killed in the middle, of a version to come."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine, inspect, text

from cds_service.errors import SettingsFault
from cds_service.store.database import downgrade, engine_of, migrate, newest_revision, revision_of
from cds_service.store.drain import Drain
from cds_service.store.models import Base
from cds_service.store.queries import counts
from cds_service.store.upkeep import Upkeep, migrate_if_there
from tests.helpers.lines import fill
from tests.helpers.processes import ROOT
from tests.helpers.scripts import DYING_MIGRATION

SECONDS = 120
AT = datetime(2026, 11, 21, 10, tzinfo=UTC)
TEXTS = {
    "evaluation": "id service hook hook_instance client as_of knowledge protocol verdicts",
    "card": "uuid evaluation rule subject indicator summary trace suggestions",
    "feedback": "id service client card outcome outcome_timestamp suggestions reason_code reason_system reason_display "
    "comment",
}


@pytest.fixture
def engine(store_url: str) -> Iterator[Engine]:
    engine = engine_of(store_url)
    yield engine
    engine.dispose()


def insert_as_the_first_version_did(engine: Engine, key: str) -> None:
    with engine.begin() as connection:
        for table, names in TEXTS.items():
            row: dict[str, object] = dict.fromkeys(names.split(), key)
            row |= {"microseconds": 900} if table == "evaluation" else {}
            row |= {} if table == "card" else {"at": AT}
            values = ", ".join(f":{name}" for name in row)
            connection.execute(text(f"INSERT INTO {table} ({', '.join(row)}) VALUES ({values})"), row)  # noqa: S608


def one(engine: Engine, question: str) -> tuple[object, ...]:
    with engine.begin() as connection:
        return tuple(connection.execute(text(question)).one())


def is_newest(engine: Engine) -> bool:
    with engine.connect() as connection:
        options = {"compare_type": True, "compare_server_default": True}
        differs = compare_metadata(MigrationContext.configure(connection, opts=options), Base.metadata)
        return revision_of(connection) == newest_revision() and not differs


def test_rows_of_the_first_revision_come_through_forward_and_back(engine: Engine) -> None:
    migrate(engine, "0001")
    insert_as_the_first_version_did(engine, "x")
    migrate(engine)
    assert one(engine, "SELECT id, patient_key, user_key, fetched FROM evaluation") == ("x", "", "", "[]")
    assert one(engine, "SELECT uuid, advice, held FROM card") == ("x", "", "")
    downgrade(engine, "0001")
    assert "held" not in {column["name"] for column in inspect(engine).get_columns("card")}
    assert counts_at_first(engine) == (1, 1, 1)
    migrate(engine)
    assert is_newest(engine)


def counts_at_first(engine: Engine) -> tuple[object, ...]:
    tables = ("evaluation", "card", "feedback")
    return one(engine, f"SELECT {', '.join(f'(SELECT count(*) FROM {table})' for table in tables)}")  # noqa: S608


def test_workers_of_the_version_before_go_on_in_the_new_tables(engine: Engine) -> None:
    migrate(engine)
    insert_as_the_first_version_did(engine, "x")
    assert counts(engine) == {"evaluation": 1, "card": 1, "feedback": 1}


@pytest.mark.parametrize("fatal", [2, 6, 0], ids=["after the second change", "after the last change", "at the commit"])
def test_a_migration_killed_in_the_middle_is_as_if_it_had_not_begun(engine: Engine, store_url: str, fatal: int) -> None:
    migrate(engine, "0001")
    insert_as_the_first_version_did(engine, "x")
    engine.dispose()
    environ = os.environ | {"PYTHONPATH": str(ROOT)}
    killed = subprocess.run(
        [sys.executable, "-c", DYING_MIGRATION, store_url, str(fatal)], env=environ, timeout=SECONDS, check=False
    )
    assert killed.returncode == -9
    with engine.connect() as connection:
        assert revision_of(connection) == "0001"
    assert "patient_key" not in {column["name"] for column in inspect(engine).get_columns("evaluation")}
    migrate(engine)
    assert is_newest(engine)
    assert counts(engine) == {"evaluation": 1, "card": 1, "feedback": 1}


def test_a_database_of_a_version_to_come_is_refused_and_left_alone(engine: Engine, tmp_path: Path) -> None:
    migrate(engine)
    fill(tmp_path / "spool", 2)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '0999'"))
    told = "expected a database of revision 0003 or older, got revision 0999: a newer version"
    for attempt in (migrate, migrate_if_there, downgrade, Upkeep(engine, Drain(engine, tmp_path / "spool"))):
        with pytest.raises(SettingsFault, match=told):
            attempt(engine) if not isinstance(attempt, Upkeep) else attempt()
    assert one(engine, "SELECT version_num FROM alembic_version") == ("0999",)
    assert counts(engine) == {"evaluation": 0, "card": 0, "feedback": 0}
