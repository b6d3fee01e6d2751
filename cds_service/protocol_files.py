"""Protocols as data: house defaults first, a protocol's own keys before them, every figure checked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from msgspec import Struct

from cds_service.b12.labs import FACTORS
from cds_service.b12.policy import Span
from cds_service.b12.protocol import Band, Protocol
from cds_service.errors import KnowledgeFault
from cds_service.knowledge_files import convert, toml

HOUSE = "house"


def load_protocols(folder: Path) -> Mapping[str, Protocol]:
    """Every protocol in the folder by its id; raises KnowledgeFault."""
    house = toml(folder / f"{HOUSE}.toml")
    paths = [path for path in sorted(folder.glob("*.toml")) if path.stem != HOUSE]
    loaded = {path.stem: convert(path, house | toml(path), Protocol) for path in paths}
    for stem, protocol in loaded.items():
        _check_protocol(stem, protocol)
    return loaded


def _check_protocol(stem: str, protocol: Protocol) -> None:
    file = f"{stem}.toml"
    if protocol.id != stem:
        raise KnowledgeFault(file, "id", f"expected the file's stem {stem}, got {protocol.id}")
    for path, node in _figures(protocol, "$"):
        if not node.source.strip():
            raise KnowledgeFault(file, f"{path}.source", "expected a source, got nothing")
        wanted = UNITS_BY_KEY.get(path.rpartition(".")[2])
        if wanted and node.unit not in wanted:
            raise KnowledgeFault(file, f"{path}.unit", f"expected {' or '.join(wanted)}, got {node.unit}")
        if isinstance(node, Span) and node.low > node.high:
            raise KnowledgeFault(file, f"{path}.low", f"expected at most {node.high}, got {node.low}")
    for index, band in enumerate(protocol.bands):
        _check_band(file, f"$.bands[{index}]", band)


def _check_band(file: str, path: str, band: Band) -> None:
    """A threshold in an unknown unit would never be reached, and bands that cross would contradict each other."""
    lower, upper = band.deficient_below, band.indeterminate_to
    for figure in (lower, upper):
        if figure is not None and (band.analyte, figure.unit) not in FACTORS:
            known = ", ".join(unit for analyte, unit in FACTORS if analyte is band.analyte)
            raise KnowledgeFault(file, f"{path}.unit", f"expected one of {known}, got {figure.unit}")
    if upper is not None and (upper.unit != lower.unit or upper.value < lower.value):
        expected = f"at least {lower.value} {lower.unit}"
        raise KnowledgeFault(file, f"{path}.indeterminate_to", f"expected {expected}, got {upper.value} {upper.unit}")


UNITS_BY_KEY: Mapping[str, tuple[str, ...]] = {
    "dose": ("ug",),
    "usual": ("ug",),
    "labelled_high": ("ug",),
    "warn_above": ("ug",),
    "critical_above": ("ug",),
    "low_below": ("ug",),
    "antidote_from": ("ug",),
    "minimum": ("ug", "ug/d"),
    "interval": ("d",),
    "grace": ("d",),
    "lapse_after": ("d",),
    "loading_gap_daily": ("d",),
    "loading_gap_weekly": ("d",),
    "stale_order": ("d",),
    "adult_from": ("a",),
}


def _figures(node: object, path: str) -> Iterator[tuple[str, Any]]:
    """Every number of a protocol with its path."""
    if isinstance(node, tuple):
        for index, item in enumerate(node):
            yield from _figures(item, f"{path}[{index}]")
    elif isinstance(node, Struct):
        if {"unit", "since", "source"} <= set(node.__struct_fields__):
            yield path, node
        for name in node.__struct_fields__:
            yield from _figures(getattr(node, name), f"{path}.{name}")
