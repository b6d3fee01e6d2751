"""Bundles: read in one go where every entry can be, else one by one."""

from __future__ import annotations

import re
from collections.abc import Sequence

import msgspec
from msgspec import Raw, Struct
from msgspec.structs import replace

from cds_service.fhir.chart_elements import Known
from cds_service.fhir.elements import Head, is_nothing
from cds_service.parts import read_part

BESIDE_MATCHES = frozenset({"include", "outcome"})
COUNT = re.compile(rb"[0-9]{1,9}")
OF_ENTRIES = frozenset({"id", "extension", "modifierExtension", "link", "fullUrl", "search", "request", "response"})
OF_BUNDLES = frozenset({"id", "meta", "type", "timestamp", "total", "link", "response"})


class Search(Struct, frozen=True, gc=False):
    mode: str | None = None


class BundleLink(Struct, frozen=True, gc=False):
    relation: str | None = None
    url: str | None = None


class KnownEntry(Struct, frozen=True, gc=False):
    fullUrl: str | None = None
    resource: Known | None = None
    search: Search | None = None


class KnownBundle(Struct, frozen=True, gc=False, tag_field="resourceType", tag="Bundle"):
    """A Bundle in which every entry can be read: decoded in one go."""

    entry: list[KnownEntry] | None = None
    link: list[BundleLink] | None = None
    total: Raw = Raw()


class Entry(Struct, frozen=True, gc=False):
    fullUrl: str | None = None
    resource: Raw = Raw()
    search: Search | None = None


class Bundle(Struct, frozen=True, gc=False):
    """Any Bundle: its entries are then read one by one, so that a bad one spoils no other."""

    entry: list[Entry] | None = None
    link: list[BundleLink] | None = None
    total: Raw = Raw()


class BareBundle(Struct, frozen=True, gc=False):
    """The entries of a Bundle as they came."""

    entry: list[Raw] | None = None


class Wrapped(Struct, frozen=True, gc=False):
    """Pre-1.0 clients put a prefetched resource into {"resource": ..., "response": ...}."""

    resource: Raw = Raw()


HEAD = msgspec.json.Decoder(Head)
WRAPPED = msgspec.json.Decoder(Wrapped)
BUNDLE = msgspec.json.Decoder(Bundle)
BARE = msgspec.json.Decoder(BareBundle)
ELEMENTS = msgspec.json.Decoder(dict[str, Raw])
LIST = msgspec.json.Decoder(list[Raw])


def read_entries(raw: Raw) -> Bundle:
    """
    A Bundle, also where an entry is itself the resource, and where a list stands in its place.

    Raises msgspec.ValidationError where it is neither.
    """
    if _is_list(raw):
        return Bundle([Entry(resource=one) for one in read_part(raw, LIST)])
    bundle = read_part(raw, BUNDLE)
    if not any(is_nothing(one.resource) for one in bundle.entry or ()):
        return bundle
    pairs = zip(bundle.entry or (), read_part(raw, BARE).entry or (), strict=True)
    return replace(bundle, entry=[_filled(entry, whole) for entry, whole in pairs])


def type_of(raw: Raw) -> str | None:
    """The type of a resource, whether or not it can be read further; None where it has none."""
    try:
        return read_part(raw, HEAD).resourceType
    except msgspec.ValidationError:
        return None


def unwrapped(raw: Raw) -> Raw:
    """What stands in the wrapper of old clients; else the same again."""
    try:
        inner = read_part(raw, WRAPPED).resource
    except msgspec.ValidationError:
        return raw
    return raw if is_nothing(inner) else inner


def is_untyped(raw: Raw) -> bool:
    """Something without a type is a Bundle: a list of objects, or with entries, or with nothing that others have."""
    if _is_list(raw):
        return all(_begins(one, b"{") for one in read_part(raw, LIST))
    try:
        elements = read_part(raw, ELEMENTS)
    except msgspec.ValidationError:
        return False
    return "entry" in elements or not _said(elements, OF_BUNDLES)


def matches_in(entries: Sequence[KnownEntry | Entry]) -> int:
    """How many of the entries are what the search was for, and not what came along with it."""
    return sum(one.search is None or one.search.mode not in BESIDE_MATCHES for one in entries)


def total_of(bundle: KnownBundle | Bundle) -> int:
    """How many matches there are by the Bundle's own word; 0 where it gives none that can be read."""
    said = bytes(bundle.total)
    return int(said) if COUNT.fullmatch(said) else 0


def next_of(bundle: KnownBundle | Bundle) -> str | None:
    """The address of the next page; None where there is none."""
    return next((link.url or "" for link in bundle.link or () if link.relation == "next"), None)


def _is_list(raw: Raw) -> bool:
    return _begins(raw, b"[")


def _begins(raw: Raw, sign: bytes) -> bool:
    return bytes(memoryview(raw)[:1]) == sign


def _filled(entry: Entry, whole: Raw) -> Entry:
    """An entry without a resource may be one itself."""
    if not is_nothing(entry.resource) or is_nothing(whole):
        return entry
    return replace(entry, resource=whole) if _said(read_part(whole, ELEMENTS), OF_ENTRIES) else entry


def _said(elements: dict[str, Raw], known: frozenset[str]) -> bool:
    """There is something in it beside what is known."""
    return any(name not in known and not is_nothing(value) for name, value in elements.items())
