from __future__ import annotations

import sqlite3
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine, insert, inspect, select
from sqlalchemy.dialects import postgresql
from sqlalchemy.exc import DatabaseError, IntegrityError, StatementError
from sqlalchemy.schema import CreateIndex, CreateTable

from cds_service.errors import SettingsFault
from cds_service.store.database import MIGRATIONS, downgrade, engine_of, migrate, reading
from cds_service.store.models import Base, CardRow, FeedbackRow, SpoolPosition


@pytest.fixture
def engine(store_url: str) -> Iterator[Engine]:
    engine = engine_of(store_url)
    yield engine
    engine.dispose()


def tables(engine: Engine) -> set[str]:
    return set(inspect(engine).get_table_names())


def test_migrations_make_exactly_the_models(engine: Engine) -> None:
    migrate(engine)
    with engine.connect() as connection:
        options = {"compare_type": True, "compare_server_default": True}
        context = MigrationContext.configure(connection, opts=options)
        assert compare_metadata(context, Base.metadata) == []


def test_migrations_name_every_constraint_and_index_as_the_models_do(engine: Engine) -> None:
    migrate(engine)
    seen = inspect(engine)
    for table in Base.metadata.sorted_tables:
        assert seen.get_pk_constraint(table.name)["name"] == f"pk_{table.name}"
        assert {index["name"] for index in seen.get_indexes(table.name)} == {index.name for index in table.indexes}
    assert [key["name"] for key in seen.get_foreign_keys("card")] == ["fk_card_evaluation_evaluation"]


def test_migrations_go_up_down_and_up(engine: Engine) -> None:
    everything = {*Base.metadata.tables, "alembic_version"}
    migrate(engine)
    assert tables(engine) == everything
    downgrade(engine)
    assert tables(engine) == {"alembic_version"}
    migrate(engine)
    migrate(engine)
    assert tables(engine) == everything


def test_the_migrations_are_where_a_wheel_would_have_them() -> None:
    assert (MIGRATIONS / "env.py").is_file()
    assert (MIGRATIONS / "script.py.mako").is_file()
    assert MIGRATIONS.parent.name == "store"


@pytest.fixture
def sqlite(tmp_path: Path) -> Iterator[Engine]:
    engine = engine_of(f"sqlite:///{tmp_path}/store.db")
    yield engine
    engine.dispose()


def test_sqlite_is_set_for_several_processes_and_for_power_cuts(sqlite: Engine) -> None:
    names = ("journal_mode", "synchronous", "foreign_keys", "auto_vacuum")
    with sqlite.begin() as connection:
        found = {name: connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in names}
    assert found == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "auto_vacuum": 2}


def test_a_new_file_waits_for_whoever_is_at_it_first(tmp_path: Path) -> None:
    path = tmp_path / "new.db"
    first = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    first.execute("CREATE TABLE t (x)")
    first.execute("BEGIN EXCLUSIVE")
    release = threading.Timer(0.05, first.execute, ["COMMIT"])
    release.start()
    engine = engine_of(f"sqlite:///{path}")
    assert tables(engine) == {"t"}
    engine.dispose()
    release.join()
    first.close()


def test_foreign_keys_hold(engine: Engine) -> None:
    migrate(engine)
    card = {column.name: "x" for column in CardRow.__table__.columns}
    with pytest.raises(IntegrityError), engine.begin() as connection:
        connection.execute(insert(CardRow), [card])


def test_readers_do_not_wait_for_a_writer_and_see_no_half_work(engine: Engine) -> None:
    migrate(engine)
    with engine.begin() as writer:
        writer.execute(insert(SpoolPosition).values(segment="s", offset=1))
        with reading(engine).begin() as reader:
            assert reader.execute(select(SpoolPosition.offset)).all() == []
    with reading(engine).begin() as reader:
        assert reader.scalar(select(SpoolPosition.offset)) == 1


def feedback(at: datetime) -> dict[str, str | datetime]:
    return {column.name: "x" for column in FeedbackRow.__table__.columns} | {"at": at}


def test_instants_come_back_in_utc(engine: Engine) -> None:
    migrate(engine)
    there = datetime(2026, 11, 21, 10, 0, 0, 123456, tzinfo=timezone(timedelta(hours=5)))
    with engine.begin() as connection:
        connection.execute(insert(FeedbackRow), [feedback(there)])
        assert connection.scalar(select(FeedbackRow.at)) == datetime(2026, 11, 21, 5, 0, 0, 123456, tzinfo=UTC)


def test_an_instant_without_a_zone_is_refused_and_its_value_not_told(engine: Engine) -> None:
    migrate(engine)
    naive = datetime(2026, 11, 21)  # noqa: DTZ001 that is the point
    with pytest.raises(StatementError, match="instant with a zone") as refusal, engine.begin() as connection:
        connection.execute(insert(FeedbackRow), [feedback(naive)])
    assert "2026" not in str(refusal.value)


def test_a_file_that_is_no_database_is_told_at_once(tmp_path: Path) -> None:
    (tmp_path / "no.db").write_text("no database " * 100)
    engine = engine_of(f"sqlite:///{tmp_path}/no.db")
    with pytest.raises(DatabaseError):
        migrate(engine)
    engine.dispose()


def test_the_tables_can_be_said_in_postgresql() -> None:
    dialect = postgresql.dialect()
    for table in Base.metadata.sorted_tables:
        said = str(CreateTable(table).compile(dialect=dialect))
        assert f"CONSTRAINT pk_{table.name} PRIMARY KEY" in said
        for index in table.indexes:
            assert str(index.name) in str(CreateIndex(index).compile(dialect=dialect))


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg"])
def test_a_postgresql_url_may_be_written_in_the_usual_ways(scheme: str) -> None:
    engine = engine_of(f"{scheme}://somebody:word@example.org/b12")
    assert (engine.dialect.name, engine.dialect.driver) == ("postgresql", "psycopg")
    assert engine.url.database == "b12"


WRONG = {
    "no URL": "secret",
    "another database": "mysql://somebody:secret@example.org/b12",
    "another driver": "postgresql+psycopg2://somebody:secret@example.org/b12",
    "no port": "postgresql://somebody:secret@example.org:port/b12",
}


@pytest.mark.parametrize("url", WRONG.values(), ids=WRONG)
def test_another_url_is_refused_without_telling_it(url: str) -> None:
    with pytest.raises(SettingsFault, match="COBALAMIN_DATABASE_URL: expected") as refusal:
        engine_of(url)
    assert "secret" not in str(refusal.value)


def test_a_driver_that_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(SettingsFault, match=r"install cobalamin-cds\[postgres\]"):
        engine_of("postgresql://somebody@example.org/b12")
