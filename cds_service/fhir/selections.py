"""Which drafts a clinician just chose, however a client refers to them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

import msgspec
from msgspec import Raw, Struct

from cds_service.fhir import elements as fhir
from cds_service.fhir.bundles import read_entries
from cds_service.fhir.read import ORDER_TYPES
from cds_service.parts import read_part

UUID = "urn:uuid:"


class Named(Struct, frozen=True, gc=False, rename="camel"):
    """All of an entry that a reference may mean."""

    resource_type: str | None = None
    id: str | None = None


class Entry(Struct, frozen=True):
    """An entry of the drafts: its reference as its reader has it, and every name that it may be chosen by."""

    ref: str
    names: frozenset[str]


NAMED = msgspec.json.Decoder(Named)


def selected_of(selections: Sequence[str], drafts: Raw, where: str) -> frozenset[str]:
    """
    References of what was chosen, as `resources.ref_of` has those of the drafts; nothing if that is not known.

    It is not where one of the selections names no draft at all, so that it may be any of them; unless by its type it
    is no medication.
    """
    named, chosen = _by_name(_entries(drafts, where) if selections else ()), set[str]()
    for selection in filter(None, map(_bare, selections)):
        found = {ref for name in _names(selection) for ref in named.get(name, ())}
        if not found and not _is_of_other_type(selection):
            return frozenset()
        chosen |= found or {selection}
    return frozenset(chosen)


def _by_name(entries: Iterable[Entry]) -> Mapping[str, set[str]]:
    named: dict[str, set[str]] = {}
    for one in entries:
        for name in one.names:
            named.setdefault(name, set()).add(one.ref)
    return named


def _bare(reference: str) -> str:
    return reference.strip().split("/_history/", 1)[0].rstrip("/")


def _names(reference: str) -> frozenset[str]:
    """The reference as it is, and without the server's address or the scheme."""
    return frozenset({reference, _relative(reference), reference.removeprefix(UUID)})


def _relative(reference: str) -> str:
    return "/".join(reference.split("/")[-2:])


def _is_of_other_type(selection: str) -> bool:
    kind, slash, _ = _relative(selection).partition("/")
    return bool(slash) and kind not in ORDER_TYPES


def _entries(drafts: Raw, where: str) -> Iterator[Entry]:
    """The drafts that can be told apart; a single order may stand in place of the Bundle."""
    try:
        if read_part(drafts, NAMED).resource_type not in {None, "Bundle"}:
            yield from _entry(drafts, "", where)
            return
        bundle = read_entries(drafts)
    except msgspec.ValidationError:
        return
    for index, entry in enumerate(bundle.entry or ()):
        yield from _entry(entry.resource, entry.fullUrl or "", f"{where}.entry[{index}]")


def _entry(resource: Raw, url: str, where: str) -> Iterable[Entry]:
    try:
        named = Named() if fhir.is_nothing(resource) else read_part(resource, NAMED)
    except msgspec.ValidationError:
        return
    url = _bare(url)
    ids = {named.id or "", url.rpartition("/")[2].removeprefix(UUID)} - {""}
    names = frozenset({url, *ids, *(f"{named.resource_type}/{one}" for one in ids)})
    yield Entry(f"{named.resource_type}/{named.id}" if named.id else where, names - {""})
