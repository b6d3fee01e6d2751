"""Bundles: read in one go where every entry can be, else one by one."""

from __future__ import annotations

from msgspec import Raw, Struct

from cds_service.fhir.chart_elements import Known


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


class Entry(Struct, frozen=True, gc=False):
    fullUrl: str | None = None
    resource: Raw = Raw()
    search: Search | None = None


class Bundle(Struct, frozen=True, gc=False):
    """Any Bundle: its entries are then read one by one, so that a bad one spoils no other."""

    entry: list[Entry] | None = None
    link: list[BundleLink] | None = None


class Wrapped(Struct, frozen=True, gc=False):
    """Pre-1.0 clients put a prefetched resource into {"resource": ..., "response": ...}."""

    resource: Raw = Raw()
