"""Tallies: each thing counted once, however it came into the tables."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from msgspec import Raw
from sqlalchemy import Engine, select

from cds_service.store.database import downgrade, migrate
from cds_service.store.drain import Drain
from cds_service.store.lines import Evaluation, ShownCard, evaluation_line
from cds_service.store.models import TallyRow
from cds_service.store.purge import purge
from cds_service.store.spool import Spool
from cds_service.store.tallies import LONGER, step_of

VERDICTS = b'[{"rule":"a","finding":"late"},{"rule":"b","undecided":"a weight"},{"rule":"c","silent":"no draft"}]'
AT = "2026-01-31T23:30:00-01:00"
"""In UTC, a day of the next month."""


def line(key: str, at: str = AT, verdicts: bytes = VERDICTS, microseconds: int = 900) -> bytes:
    held = ("", "repeat", "muted", "shadow")
    cards = [ShownCard(f"{key}{why}", "a", "", "info", "", Raw(b"{}"), [], held=why) for why in held]  # type: ignore[arg-type]
    words = ("b12-order-sign", "order-sign", "h", "ehr", at, "k1", "us-label")
    found = Evaluation(key, at, *words, microseconds, Raw(verdicts), cards, protocol_version="2026.1")
    return evaluation_line(found)


def drain(engine: Engine, folder: Path, *lines: bytes) -> None:
    spool = Spool(folder)
    for one in lines:
        spool.append(one)
    spool.close()
    Drain(engine, folder).drain_once()


def tallies(engine: Engine) -> dict[tuple[Any, ...], int]:
    names = ("month", "protocol_version", "rule", "kind", "item", "number")
    with engine.connect() as connection:
        found = connection.execute(select(*(getattr(TallyRow, name) for name in names)))
        return {tuple(row[:-1]): row[-1] for row in found}


def twice(version: str = "2026.1", number: int = 2) -> dict[tuple[Any, ...], int]:
    said = [
        ("a", "shown", ""),
        ("a", "repeat", ""),
        ("a", "muted", ""),
        ("a", "shadow", ""),
        ("b", "undecided", "a weight"),
    ]
    return {("2026-02", version, *one): number for one in [*said, ("", "took", "5")]}


def test_what_comes_twice_is_counted_once(engine: Engine, tmp_path: Path) -> None:
    drain(engine, tmp_path / "one", line("x"), line("y"), line("x"))
    drain(engine, tmp_path / "two", line("y"))
    assert tallies(engine) == twice()


def test_the_first_instant_is_kept(engine: Engine, tmp_path: Path) -> None:
    for day in ("2026-02-10", "2026-02-03", "2026-02-20"):
        drain(engine, tmp_path / day, line(day, f"{day}T10:00:00Z"))
    with engine.connect() as connection:
        since = set(connection.scalars(select(TallyRow.since)))
    assert since == {datetime(2026, 2, 3, 10, tzinfo=UTC)}


def test_what_was_there_before_tallies_is_counted_by_the_migration(engine: Engine, tmp_path: Path) -> None:
    drain(engine, tmp_path / "spool", *(line(str(number)) for number in range(1100)))
    assert tallies(engine) == twice(number=1100)
    downgrade(engine, "0002")
    migrate(engine)
    assert tallies(engine) == twice("", 1100)  # the version of the protocol went with its column


@pytest.mark.parametrize("verdicts", [b"{}", b"null", b'[{"rule":1}]'])
def test_verdicts_of_another_form_are_said_and_the_cards_counted(
    engine: Engine, tmp_path: Path, verdicts: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    drain(engine, tmp_path / "spool", line("x", verdicts=verdicts))
    assert {kind for _, _, _, kind, _ in tallies(engine)} == {"took", "shown", "repeat", "muted", "shadow"}
    assert "verdicts not counted" in caplog.text


def test_words_that_are_too_long_are_cut_and_not_refused(engine: Engine, tmp_path: Path) -> None:
    long = b'[{"rule":"b","undecided":"%s"}]' % ("ä" * 4000).encode()
    drain(engine, tmp_path / "spool", line("x", verdicts=long))
    assert ("2026-02", "2026.1", "b", "undecided", "ä" * 255) in tallies(engine)


def test_a_purge_takes_the_tallies_of_whole_months(engine: Engine, tmp_path: Path) -> None:
    drain(engine, tmp_path / "spool", line("x"), line("y", "2026-03-10T10:00:00Z"))
    list(purge(engine, datetime(2026, 2, 28, tzinfo=UTC)))
    assert {month for month, *_ in tallies(engine)} == {"2026-02", "2026-03"}
    list(purge(engine, datetime(2026, 3, 1, tzinfo=UTC)))
    assert {month for month, *_ in tallies(engine)} == {"2026-03"}


@pytest.mark.parametrize(
    ("microseconds", "step"), [(0, "5"), (5_000, "5"), (5_001, "10"), (10_000_000, "10000"), (10_000_001, LONGER)]
)
def test_a_time_is_counted_under_the_least_step_it_does_not_exceed(microseconds: int, step: str) -> None:
    assert step_of(microseconds) == step
