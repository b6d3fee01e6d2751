from __future__ import annotations

import json
import os
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from cds_service.errors import StoreUnavailable
from cds_service.store.database import engine_of, migrate
from cds_service.store.depth import SpoolState, spool_state, waiting_lines
from cds_service.store.drain import Drain
from cds_service.store.room import Room
from cds_service.store.segment import segments
from cds_service.store.spool import Spool
from tests.helpers.lines import NOW, evaluation, fill

SOON = datetime.fromisoformat(NOW) + timedelta(seconds=90)


def test_a_spool_that_is_not_there_is_empty(tmp_path: Path) -> None:
    assert spool_state(tmp_path / "none", SOON) == SpoolState()
    assert waiting_lines(tmp_path / "none") == 0


def test_what_waits_is_told_in_bytes_segments_and_lines_and_how_long(tmp_path: Path) -> None:
    fill(tmp_path, 2)
    fill(tmp_path, 1, "2026-11-21T10:01:00Z")
    size = sum(path.stat().st_size for path in segments(tmp_path))
    assert spool_state(tmp_path, SOON, lost=7) == SpoolState(size, 2, 90.0, 0, 7)
    assert waiting_lines(tmp_path) == 6


def test_what_was_moved_does_not_wait_although_its_segment_is_still_written_to(tmp_path: Path) -> None:
    engine = engine_of(f"sqlite:///{tmp_path}/store.db")
    migrate(engine)
    spool, folder = Spool(tmp_path / "spool"), tmp_path / "spool"
    spool.append(evaluation("e1"))
    Drain(engine, folder).drain_once()
    assert spool_state(folder, SOON) == SpoolState()
    spool.append(line := evaluation("e2", at="2026-11-21T10:00:30Z"))
    assert spool_state(folder, SOON) == SpoolState(len(line), 1, 60.0)
    assert waiting_lines(folder) == 1
    spool.close()
    Drain(engine, folder).drain_once()
    assert json.loads((folder / "moved.json").read_bytes()) == {}
    engine.dispose()


def test_a_line_that_tells_no_instant_is_as_old_as_its_segment_and_rejected_ones_are_told(tmp_path: Path) -> None:
    (tmp_path / "odd.jsonl").write_bytes(b"rumour\n")
    (tmp_path / "rejected.jsonl").write_bytes(b"x\n")
    (tmp_path / "moved.json").write_bytes(b"{")
    os.utime(tmp_path / "odd.jsonl", (SOON.timestamp(), SOON.timestamp()))
    assert spool_state(tmp_path, SOON + timedelta(seconds=5)) == SpoolState(7, 1, 5.0, 2)


def test_segments_come_in_the_order_in_which_they_were_begun_those_of_the_version_before_first(tmp_path: Path) -> None:
    first, second = Spool(tmp_path), Spool(tmp_path)
    first.append(b"1\n")
    second.append(b"2\n")
    first.append(b"3\n")
    (tmp_path / "0d6d5b0e-6e2b-4c2e-9a4e-0b12c0ba1a31.jsonl").write_bytes(b"0\n")
    assert [path.read_bytes() for path in segments(tmp_path)] == [b"0\n", b"1\n3\n", b"2\n"]
    first.close()
    second.close()


def test_room_is_counted_again_after_a_second(tmp_path: Path) -> None:
    time = [0.0]
    room = Room(tmp_path, 10, lambda: time[0])
    assert [room.takes(4) for _ in range(3)] == [True, True, False]
    (tmp_path / "other.jsonl").write_bytes(b"x" * 7)
    time[0] = 1.0
    assert [room.takes(4), room.takes(3), room.takes(1)] == [False, True, False]
    (tmp_path / "other.jsonl").unlink()
    time[0] = 2.0
    assert room.takes(10)


def test_a_full_spool_loses_evaluations_counted_refuses_feedback_and_goes_on_once_drained(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cds_service.store.room.COUNT_SECONDS", 0.0)
    engine = engine_of(f"sqlite:///{tmp_path}/store.db")
    migrate(engine)
    folder = tmp_path / "spool"
    spool, other = Spool(folder, most_bytes=4000), Spool(folder, most_bytes=4000)
    line = evaluation("e", "c")
    kept = 0
    while spool.append(line) and other.append(line):
        kept += 1
    assert kept * 2 * len(line) <= 4000 < (kept + 1) * 2 * len(line)
    with pytest.raises(StoreUnavailable):
        spool.append_safely(line)
    with pytest.raises(StoreUnavailable):
        other.append_safely(line)
    assert spool.lost + other.lost == 1
    Drain(engine, folder).drain_once()
    spool.append_safely(line)
    assert other.append(line)
    spool.close()
    other.close()
    engine.dispose()
