"""How much waits in the spool: what a drain has not moved yet, told without asking the database."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import msgspec

from cds_service.store.lines import instant_of
from cds_service.store.segment import REJECTED, segments

MOVED = "moved.json"
LONGEST_LINE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class SpoolState:
    """
    What waits: bytes that no drain has moved, in so many segments, the first line of them `oldest_seconds` old.

    `rejected_bytes` is the size of rejected.jsonl; `lost` counts what the asking process could not write.
    """

    bytes: int = 0
    segments: int = 0
    oldest_seconds: float = 0.0
    rejected_bytes: int = 0
    lost: int = 0


class _Line(msgspec.Struct):
    at: str


def spool_state(folder: Path, now: datetime, lost: int = 0) -> SpoolState:
    """The state of a spool folder, cheap enough to be asked often; raises OSError where it cannot be read."""
    waiting = list(_waiting(folder))
    oldest = max((_seconds(path, offset, now) for path, offset, _ in waiting[:1]), default=0.0)
    return SpoolState(sum(size for _, _, size in waiting), len(waiting), oldest, _size(folder / REJECTED), lost)


def waiting_lines(folder: Path) -> int:
    """How many lines wait; reads all of them."""
    total = 0
    for path, offset, _ in _waiting(folder):
        with suppress(FileNotFoundError), path.open("rb") as file:
            file.seek(offset)
            total += sum(1 for _ in file)
    return total


def write_moved(folder: Path, moved: Mapping[str, int]) -> None:
    """
    Leave word how far each segment has been moved; raises OSError.

    No drain relies on it: to them only the database's own word counts.
    """
    if moved == _moved(folder):
        return
    draft = folder / f"{MOVED}.new"
    draft.write_bytes(msgspec.json.encode(moved))
    draft.replace(folder / MOVED)


def _waiting(folder: Path) -> Iterator[tuple[Path, int, int]]:
    moved = _moved(folder)
    for path in segments(folder):
        offset = moved.get(path.name, 0)
        if (size := _size(path) - offset) > 0:
            yield path, offset, size


def _moved(folder: Path) -> Mapping[str, int]:
    try:
        return msgspec.json.decode((folder / MOVED).read_bytes(), type=dict[str, int])
    except (FileNotFoundError, msgspec.DecodeError):  # none has been here, or the power failed
        return {}


def _size(path: Path) -> int:
    with suppress(FileNotFoundError):
        return path.stat().st_size
    return 0


def _seconds(path: Path, offset: int, now: datetime) -> float:
    """The age of the line there; of the segment, if it cannot be read."""
    try:
        with path.open("rb") as file:
            file.seek(offset)
            at = instant_of(msgspec.json.decode(file.readline(LONGEST_LINE), type=_Line).at)
    except FileNotFoundError:
        return 0.0
    except ValueError:  # no JSON, no instant
        return max(0.0, now.timestamp() - path.stat().st_mtime)
    return max(0.0, (now - at).total_seconds())
