"""Knowledge files in TOML, read strictly: a fault is told with file, line, key and what was expected."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from cds_service.errors import KnowledgeFault

File = TypeVar("File")


def load(path: Path, kind: type[File]) -> File:
    """The file as a `kind`; raises KnowledgeFault."""
    return convert(path, toml(path), kind)


def toml(path: Path) -> dict[str, Any]:
    """The file as TOML; raises KnowledgeFault."""
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except OSError as fault:
        raise KnowledgeFault(path.name, "$", f"expected a file that can be read, got {type(fault).__name__}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as fault:
        found = re.search(r"at line (\d+)", str(fault))
        raise KnowledgeFault(path.name, "$", str(fault), int(found[1]) if found else None) from None


def convert(path: Path, loaded: dict[str, Any], kind: type[File]) -> File:
    """What was loaded from the file as a `kind`; raises KnowledgeFault."""
    try:
        return msgspec.convert(loaded, kind, strict=False)
    except msgspec.ValidationError as fault:
        message, _, key = str(fault).partition(" - at `")
        key = key.rstrip("`") or "$"
        raise KnowledgeFault(path.name, key, message, line_of(path, key, message)) from None


def line_of(path: Path, key: str, message: str) -> int | None:
    """The first line that names the last word of the key, or the field that the message names."""
    named = re.search(r"field `(\w+)`", message)
    word = named[1] if named else re.split(r"[.\[\]]+", key.strip(".[]"))[-1]
    lines = path.read_text("utf-8").splitlines()
    found = (
        index for index, line in enumerate(lines, start=1) if re.search(rf"(?:^|[\s.{{\[]){re.escape(word)}\b", line)
    )
    return next(found, None)
