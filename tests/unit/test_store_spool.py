from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from cds_service.errors import StoreUnavailable
from cds_service.store import segment as segments
from cds_service.store.segment import Segment, try_lock
from cds_service.store.spool import Spool


def files(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.jsonl"))


def held(path: Path) -> bool:
    with path.open("rb") as file:
        return not try_lock(file.fileno())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "var" / "spool"


def refuse(*_: object) -> int:
    raise OSError(28, "No space left on device")


def test_nothing_is_touched_before_the_first_append(folder: Path) -> None:
    Spool(folder).close()
    assert not folder.exists()


def test_lines_follow_each_other_in_one_private_file(folder: Path) -> None:
    spool = Spool(folder)
    assert spool.append(b"1\n")
    spool.append_safely(b"2\n")
    assert spool.append(b"3\n")
    [path] = files(folder)
    assert path.read_bytes() == b"1\n2\n3\n"
    assert (path.stat().st_mode & 0o777, folder.stat().st_mode & 0o777) == (0o600, 0o700)
    spool.close()


def test_a_segment_is_held_until_it_is_closed(folder: Path) -> None:
    spool = Spool(folder)
    spool.append(b"1\n")
    [path] = files(folder)
    assert held(path)
    spool.close()
    assert not held(path)


def test_a_full_segment_is_let_go_and_another_begun(folder: Path) -> None:
    spool = Spool(folder, segment_bytes=10)
    for number in range(8):
        spool.append(b"line%d\n" % number)
    assert sorted(path.read_bytes() for path in files(folder)) == [
        b"line0\nline1\n",
        b"line2\nline3\n",
        b"line4\nline5\n",
        b"line6\nline7\n",
    ]
    assert [held(path) for path in files(folder)].count(True) == 1
    spool.close()


def test_short_writes_are_finished(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.write
    monkeypatch.setattr(segments.os, "write", lambda fd, record: real(fd, record[:3]))
    spool = Spool(folder)
    assert spool.append(b"a longer line\n")
    assert files(folder)[0].read_bytes() == b"a longer line\n"
    spool.close()


def test_the_part_written_before_a_fault_is_cut_off(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spool = Spool(folder)
    spool.append(b"1\n")
    with monkeypatch.context() as patch:
        tear(patch)
        assert not spool.append(b"a longer line\n")
        tear(patch)
        with pytest.raises(StoreUnavailable):
            spool.append_safely(b"a longer line\n")
    assert spool.append(b"2\n")
    assert b"".join(path.read_bytes() for path in files(folder)) == b"1\n2\n"
    assert spool.lost == 1
    spool.close()


def test_on_a_full_disk_what_was_written_is_given_up_to_the_drains_and_no_more_files_are_made(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A segment that is held is not deleted when it is drained: a disk that it fills would stay full for ever."""
    spool = Spool(folder)
    spool.append(b"1\n")
    for _ in range(5):
        with monkeypatch.context() as patch:
            tear(patch)
            assert not spool.append(b"a longer line\n")
    assert [held(path) for path in files(folder) if path.read_bytes()] == [False]
    assert len(files(folder)) <= 2
    spool.close()


def test_a_part_that_cannot_be_cut_off_ends_its_segment(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spool = Spool(folder)
    spool.append(b"1\n")
    with monkeypatch.context() as patch:
        tear(patch)
        patch.setattr(segments.os, "ftruncate", refuse)
        assert not spool.append(b"a longer line\n")
    assert spool.append(b"2\n")
    assert sorted(path.read_bytes() for path in files(folder)) == [b"1\na l", b"2\n"]
    spool.close()


def tear(patch: pytest.MonkeyPatch) -> None:
    """Let the next write succeed for three bytes and the one after it fail."""
    real, written = os.write, list[int]()

    def write(fd: int, record: bytes) -> int:
        if written:
            return refuse()
        written.append(real(fd, record[:3]))
        return written[0]

    patch.setattr(segments.os, "write", write)


def test_a_folder_that_cannot_be_made_loses_lines_but_raises_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    spool = Spool(tmp_path / "file" / "spool")
    assert not spool.append(b"1\n")
    assert not spool.append(b"2\n")
    assert spool.lost == 2
    with pytest.raises(StoreUnavailable):
        spool.append_safely(b"3\n")
    spool.close()


def test_a_segment_whose_sync_failed_is_not_trusted_again(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spool = Spool(folder)
    with monkeypatch.context() as patch:
        patch.setattr(segments.os, "fsync", refuse)
        with pytest.raises(StoreUnavailable):
            spool.append_safely(b"1\n")
    spool.append_safely(b"2\n")
    assert sorted(path.read_bytes() for path in files(folder)) == [b"1\n", b"2\n"]
    spool.close()


def test_the_first_safe_line_puts_the_name_of_its_segment_on_disk(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[Path] = []
    monkeypatch.setattr(segments, "sync_folder", synced.append)
    spool = Spool(folder)
    spool.append(b"1\n")
    spool.append_safely(b"2\n")
    spool.append_safely(b"3\n")
    assert synced == [folder]
    spool.close()


def test_a_new_segment_that_a_drain_has_taken_is_left_to_it(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    taken = [True]
    monkeypatch.setattr(segments, "try_lock", lambda fd: False if taken and taken.pop() else try_lock(fd))
    segment = Segment.create(folder)
    assert len(files(folder)) == 2
    assert held(segment.path)
    segment.close()


def test_a_new_segment_that_a_drain_has_deleted_is_not_used(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def drain_first(fd: int) -> bool:
        monkeypatch.setattr(segments, "try_lock", try_lock)
        files(folder)[0].unlink()
        return try_lock(fd)

    monkeypatch.setattr(segments, "try_lock", drain_first)
    segment = Segment.create(folder)
    assert files(folder) == [segment.path]
    segment.close()


def test_threads_share_a_spool_without_mixing_lines(folder: Path) -> None:
    spool = Spool(folder, segment_bytes=5000)

    def write(name: int) -> None:
        for number in range(100):
            line = b"%d-%d-" % (name, number) + b"x" * 50 + b"\n"
            (spool.append_safely if number % 25 == 0 else spool.append)(line)

    threads = [threading.Thread(target=write, args=(name,)) for name in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    spool.close()
    lines = [line for path in files(folder) for line in path.read_bytes().splitlines()]
    assert sorted(line.rstrip(b"x") for line in lines) == sorted(
        b"%d-%d-" % (name, number) for name in range(6) for number in range(100)
    )
