"""
Protocols as data: house defaults first, a protocol's own keys before them, each number as it held on the day asked.

Where a number changed, an array of its values stands in its place, in order of their `since`. Every day on which
some number changed begins another edition of the protocol.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Any, cast

from msgspec import Struct

from cds_service.b12.protocol import Protocol
from cds_service.errors import KnowledgeFault
from cds_service.knowledge_files import convert, line_of, toml
from cds_service.protocol_checks import check_ids, check_protocol

HOUSE = "house"
NUMBER_KEYS = frozenset({"unit", "since", "source"})


class Edition(Struct, frozen=True):
    """A protocol as it holds from one day on, until the next edition."""

    since: date
    protocol: Protocol


def load_editions(folder: Path) -> Mapping[str, tuple[Edition, ...]]:
    """Every protocol in the folder by its id, in editions, the oldest first; raises KnowledgeFault."""
    house = toml(folder / f"{HOUSE}.toml")
    paths = [path for path in sorted(folder.glob("*.toml")) if path.stem != HOUSE]
    found = {path.stem: _editions(path, merged(house, toml(path))) for path in paths}
    check_ids(edition[-1].protocol for edition in found.values())
    return found


def merged(house: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    """The house's keys with the protocol's own before them, table by table; a number or an array is replaced whole."""
    tables = {key: merged(house[key], own[key]) for key in own if _are_tables(house.get(key), own[key])}
    return {**house, **own, **tables}


def _are_tables(*values: object) -> bool:
    return all(isinstance(value, Mapping) and "since" not in value for value in values)


def _editions(path: Path, loaded: Mapping[str, Any]) -> tuple[Edition, ...]:
    days = (date.min, *sorted(set(_changes(path, loaded, "$"))))
    editions = tuple(Edition(day, convert(path, _on(loaded, day), Protocol)) for day in days)
    for edition in editions:
        check_protocol(path, edition.protocol)
    return editions


def _changes(path: Path, node: object, key: str) -> Iterator[date]:
    """The days on which a number changes; the first of its values holds before its own day too."""
    if isinstance(node, Mapping):
        for name, value in node.items():
            yield from _changes(path, value, f"{key}.{name}")
    elif _is_dated(node):
        yield from _days(path, cast("Sequence[Mapping[str, Any]]", node), key)
    elif isinstance(node, list):
        for index, item in enumerate(node):
            yield from _changes(path, item, f"{key}[{index}]")


def _days(path: Path, values: Sequence[Mapping[str, Any]], key: str) -> Iterator[date]:
    days = [value["since"] for value in values]
    for index, (before, day) in enumerate(pairwise(days), start=1):
        if not isinstance(day, date) or not isinstance(before, date) or day <= before:
            at = f"{key}[{index}].since"
            raise KnowledgeFault(
                path.name, at, f"expected a later day than {before}, got {day}", line_of(path, key, "")
            )
        yield day


def _is_dated(node: object) -> bool:
    """Values of one number, and not a list of things."""
    return (
        isinstance(node, list)
        and bool(node)
        and all(isinstance(one, Mapping) and one.keys() >= NUMBER_KEYS for one in node)
    )


def _on(node: Any, day: date) -> Any:  # noqa: ANN401 - whatever TOML holds
    """The same with the value of each number that holds on that day."""
    if isinstance(node, Mapping):
        return {name: _on(value, day) for name, value in node.items()}
    if _is_dated(node):
        return next((one for one in reversed(node) if one["since"] <= day), node[0])
    return [_on(item, day) for item in node] if isinstance(node, list) else node
