from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, select

from cds_service.store.database import engine_of, migrate
from cds_service.store.drain import Drain
from cds_service.store.models import EvaluationRow
from cds_service.store.purge import count_before, purge
from cds_service.store.queries import counts
from cds_service.store.segment import try_lock
from cds_service.store.upkeep import Purge, Upkeep
from tests.helpers.lines import fill

OLD, EDGE, NEW = "2025-01-01T00:00:00Z", "2026-01-01T00:00:00Z", "2026-11-21T10:00:00Z"
BEFORE = datetime.fromisoformat(EDGE)
TODAY = datetime(2026, 11, 22, tzinfo=UTC)


def keeping(number: int) -> dict[str, int]:
    return dict.fromkeys(("evaluation", "card", "feedback"), number)


def keep(engine: Engine, folder: Path, number: int, at: str) -> None:
    fill(folder, number, at)
    Drain(engine, folder).drain_once()


def test_what_is_older_goes_with_its_cards_and_the_rest_stays(engine: Engine, tmp_path: Path) -> None:
    for number, at in ((1100, OLD), (3, EDGE), (5, NEW)):
        keep(engine, tmp_path, number, at)
    assert count_before(engine, BEFORE) == keeping(1100)
    assert list(purge(engine, BEFORE)) == [500, 500, 100, 500, 500, 100]
    assert counts(engine) == keeping(8)
    assert list(purge(engine, BEFORE)) == []
    with engine.begin() as connection:
        assert min(connection.scalars(select(EvaluationRow.at))) == BEFORE


def test_a_purge_gives_the_room_of_a_sqlite_file_back(tmp_path: Path) -> None:
    engine = engine_of(f"sqlite:///{tmp_path}/store.db")
    migrate(engine)
    keep(engine, tmp_path / "spool", 3000, OLD)

    def pages() -> int:
        with engine.begin() as connection:
            return connection.exec_driver_sql("PRAGMA page_count").scalar_one()

    full = pages()
    list(purge(engine, BEFORE))
    assert pages() < full / 4
    engine.dispose()


def test_two_purges_at_once_share_the_work(engine: Engine, tmp_path: Path) -> None:
    keep(engine, tmp_path, 1200, OLD)
    first, second = purge(engine, BEFORE), purge(engine, BEFORE)
    removed = 0
    for one, other in zip(first, second, strict=False):
        removed += one + other
    assert removed + sum(first) + sum(second) == 2400
    assert counts(engine) == keeping(0)


def purger(engine: Engine, folder: Path, now: datetime = TODAY) -> Purge:
    folder.mkdir(exist_ok=True)
    return Purge(engine, folder, timedelta(days=365), lambda: now)


def test_the_daily_purge_comes_once_an_hour(engine: Engine, tmp_path: Path) -> None:
    folder = tmp_path / "spool"
    keep(engine, folder, 4, OLD)
    assert purger(engine, folder).purge_if_due() == 8
    keep(engine, folder, 2, OLD)
    assert purger(engine, folder, TODAY + timedelta(minutes=59)).purge_if_due() == 0
    assert purger(engine, folder, TODAY + timedelta(minutes=61)).purge_if_due() == 4


def test_a_long_purge_is_done_piece_by_piece(engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cds_service.store.upkeep.BATCHES_A_ROUND", 2)
    folder = tmp_path / "spool"
    keep(engine, folder, 1200, OLD)
    old = purger(engine, folder)
    assert [old.purge_if_due() for _ in range(5)] == [1000, 700, 700, 0, 0]
    assert counts(engine) == keeping(0)


def test_one_process_of_a_host_purges_at_a_time(engine: Engine, tmp_path: Path) -> None:
    folder = tmp_path / "spool"
    keep(engine, folder, 1, OLD)
    with (folder / "purged").open("wb") as other:
        assert try_lock(other.fileno())
        os.utime(folder / "purged", (0, 0))
        assert purger(engine, folder).purge_if_due() == 0
    assert purger(engine, folder).purge_if_due() == 2


def test_the_chores_migrate_drain_and_purge_and_wait_for_a_database_that_is_away(
    store_url: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    engine, away = engine_of(store_url), engine_of(f"postgresql://nobody@/x?host={tmp_path}")
    folder = tmp_path / "spool"
    fill(folder, 3, OLD)
    fill(folder, 2, NEW)
    Upkeep(away, Drain(away, folder), purger(away, folder))()
    assert "database away" in caplog.text
    Upkeep(engine, Drain(engine, folder))()
    assert counts(engine) == keeping(5)
    Upkeep(engine, Drain(engine, folder), purger(engine, folder))()
    assert counts(engine) == keeping(2)
    engine.dispose()


def test_a_purge_that_fails_is_told_and_tried_again(
    engine: Engine, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "spool" / "purged").mkdir(parents=True)
    os.utime(tmp_path / "spool" / "purged", (0, 0))
    Upkeep(engine, Drain(engine, tmp_path / "spool"), purger(engine, tmp_path / "spool"))()
    assert "old rows not removed" in caplog.text
