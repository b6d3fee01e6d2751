"""Prefetch: what came of what we ask for: present, known to be empty, failed or absent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import get_args

import msgspec
from msgspec import Raw, Struct

from cds_service.b12.record import Unread
from cds_service.errors import RequestTooLarge
from cds_service.fhir import bundles
from cds_service.fhir import elements as fhir
from cds_service.fhir.chart_elements import Known
from cds_service.fhir.relevance import EVERYTHING, Matters, does_matter
from cds_service.fhir.templates import expected_type

VALUE = msgspec.json.Decoder(bundles.KnownBundle | Known)
KNOWN = msgspec.json.Decoder(Known)
HEAD = msgspec.json.Decoder(fhir.Head)
BUNDLE = msgspec.json.Decoder(bundles.Bundle)
WRAPPED = msgspec.json.Decoder(bundles.Wrapped)
READ = frozenset(kind.__struct_config__.tag for kind in get_args(Known))


class Sent(Struct, frozen=True, gc=False):
    """One resource as it came: where it stood in the request, and for an order being written its bytes."""

    body: Known
    place: str
    index: int = -1
    full_url: str = ""
    raw: Raw = Raw()

    @property
    def type(self) -> str:
        """The FHIR type."""
        return type(self.body).__name__

    @property
    def where(self) -> str:
        """The path in the request."""
        return self.place if self.index < 0 else f"{self.place}.entry[{self.index}]"


class More(Struct, frozen=True):
    """A search of which only a page came: where it stood, the types it is of, and the address of the next page."""

    where: str
    types: frozenset[str]
    url: str


class FetchNote(Struct, frozen=True):
    """How one query to the FHIR server went: `fetched`, or a word for why not. What of it came is used all the same."""

    key: str
    outcome: str
    milliseconds: int


class Prefetched(Struct, frozen=True):
    """
    All resources that came, `count` with those that do not matter; the types that were seen (present or known empty).

    `unusable` are types of which something could not be read, `more` what stands on further pages, `unread_raw` the
    bytes of resources of types that we read but that could not be read, by where they stood.
    """

    resources: tuple[Sent, ...] = ()
    seen: frozenset[str] = frozenset()
    unusable: frozenset[str] = frozenset()
    more: tuple[More, ...] = ()
    unread: tuple[Unread, ...] = ()
    unread_raw: tuple[tuple[str, Raw], ...] = ()
    count: int = 0
    fetched: tuple[FetchNote, ...] = ()

    @property
    def partial(self) -> frozenset[str]:
        """The types of which only a part was seen."""
        return self.unusable.union(*(one.types for one in self.more))


class _Pile:
    """Collects while walking; becomes a frozen Prefetched."""

    def __init__(self, most: int, matters: Matters = EVERYTHING, *, keep_raw: bool = False) -> None:
        self.most, self.matters, self.keep_raw = most, matters, keep_raw
        self.count = 0
        self.resources: list[Sent] = []
        self.seen: set[str] = set()
        self.unusable: set[str] = set()
        self.more: list[More] = []
        self.unread: list[Unread] = []
        self.unread_raw: list[tuple[str, Raw]] = []

    def room(self, more: int, where: str) -> None:
        """Raises RequestTooLarge where there is none."""
        self.count += more
        if self.count > self.most:
            raise RequestTooLarge(f"expected at most {self.most} resources, got more", f"$.{where}")

    def frozen(self) -> Prefetched:
        return Prefetched(
            tuple(self.resources),
            frozenset(self.seen),
            frozenset(self.unusable),
            tuple(self.more),
            tuple(self.unread),
            tuple(self.unread_raw),
            self.count,
        )


def read_prefetch(prefetch: Mapping[str, Raw], most: int, matters: Matters = EVERYTHING) -> Prefetched:
    """
    The resources in the prefetch that matter, by their type and not by their key.

    The key counts only where it is all there is to go by.
    """
    pile = _Pile(most, matters)
    for key, raw in prefetch.items():
        _read_key(f"prefetch.{key}", expected_type(key), raw, pile)
    return pile.frozen()


def read_fetched(expected: str, raw: Raw, where: str, most: int, matters: Matters) -> Prefetched:
    """The same of one answer of a FHIR server to a query for a type."""
    pile = _Pile(most, matters)
    _read_key(where, expected, raw, pile)
    return pile.frozen()


def read_bundle(raw: Raw, where: str, most: int) -> Prefetched:
    """The entries of a Bundle such as `draftOrders`, with their bytes; some clients send a single order for it."""
    pile = _Pile(most, keep_raw=True)
    if _type_of(raw) in {None, "Bundle"}:
        _one_by_one(raw, where, "", pile)
    else:
        _add(raw, where, -1, "", pile)
    return pile.frozen()


def read_added(raw: Raw, where: str, most: int, matters: Matters) -> Prefetched:
    """What is being written into the chart and matters: one resource, bare or wrapped, or a Bundle of them."""
    pile = _Pile(most, matters, keep_raw=True)
    _read_odd(raw, where, "", pile)
    return pile.frozen()


def _read_key(where: str, expected: str, raw: Raw, pile: _Pile) -> None:
    if fhir.is_nothing(raw):
        pile.seen |= {expected} - {""}
        return
    try:
        value = VALUE.decode(raw)
    except msgspec.ValidationError:
        _read_odd(raw, where, expected, pile)
        return
    if isinstance(value, fhir.OperationOutcome):
        pile.unread.append(Unread(where, "the client reports that its query failed"))
    elif isinstance(value, bundles.KnownBundle):
        _add_known(value, where, expected, pile)
    else:
        pile.room(1, where)
        pile.seen.add(type(value).__name__)
        if does_matter(value, pile.matters):
            pile.resources.append(Sent(value, where))


def _add_known(bundle: bundles.KnownBundle, where: str, expected: str, pile: _Pile) -> None:
    """A Bundle that was read in one go, which nearly all are."""
    entries = bundle.entry or ()
    pile.room(len(entries), where)
    kinds = {entry.resource.__class__ for entry in entries} - {type(None), fhir.OperationOutcome}
    for index, entry in enumerate(entries):
        body = entry.resource
        if body is not None and body.__class__ in kinds and does_matter(body, pile.matters):
            pile.resources.append(Sent(body, where, index, entry.fullUrl or ""))
    found = {kind.__name__ for kind in kinds} | ({expected} - {""})
    pile.seen |= found
    _note_next(bundle.link, found, where, pile)


def _note_next(links: list[bundles.BundleLink] | None, found: set[str], where: str, pile: _Pile) -> None:
    following = [link.url or "" for link in links or () if link.relation == "next"]
    pile.more += [More(where, frozenset(found), url) for url in following[:1]]


def _read_odd(raw: Raw, where: str, expected: str, pile: _Pile) -> None:
    """What cannot be read in one go: a wrapper of old clients, a Bundle with odd entries, or something else."""
    kind = _type_of(raw)
    if kind is None:
        raw = _unwrapped(raw)
        kind = _type_of(raw)
    if kind == "Bundle":
        _one_by_one(raw, where, expected, pile)
    elif kind is None:
        pile.unread.append(Unread(where, "expected a FHIR resource or Bundle"))
    else:
        _add(raw, where, -1, "", pile)


def _type_of(raw: Raw) -> str | None:
    try:
        return HEAD.decode(raw).resourceType
    except msgspec.ValidationError:
        return None


def _unwrapped(raw: Raw) -> Raw:
    try:
        inner = WRAPPED.decode(raw).resource
    except msgspec.ValidationError:
        return raw
    return raw if fhir.is_nothing(inner) else inner


def _one_by_one(raw: Raw, where: str, expected: str, pile: _Pile) -> None:
    try:
        bundle = BUNDLE.decode(raw)
    except msgspec.ValidationError:
        pile.unread.append(Unread(where, "expected a Bundle with a list of entries"))
        pile.unread_raw.append((where, raw))
        return
    before, found = pile.seen, {expected} - {""}
    pile.seen = set()
    pile.room(len(bundle.entry or ()), where)
    for index, entry in enumerate(bundle.entry or ()):
        if not fhir.is_nothing(entry.resource):
            _add(entry.resource, where, index, entry.fullUrl or "", pile)
    found |= pile.seen
    pile.seen = before | found
    _note_next(bundle.link, found, where, pile)


def _add(raw: Raw, place: str, index: int, full_url: str, pile: _Pile) -> None:
    """One resource on its own; a type that we do not read is passed over, one that cannot be read is noted."""
    where = place if index < 0 else f"{place}.entry[{index}]"
    try:
        body = KNOWN.decode(raw)
    except msgspec.ValidationError as fault:
        kind = _type_of(raw)
        if kind is None:
            pile.unread.append(Unread(where, "expected a FHIR resource with a resourceType"))
        elif kind in READ:
            pile.unread.append(Unread(where, f"{kind}: {fault}"))
            pile.unread_raw.append((where, raw))
            pile.unusable.add(kind)
        return
    if isinstance(body, fhir.OperationOutcome):
        return
    pile.seen.add(type(body).__name__)
    if does_matter(body, pile.matters):
        pile.resources.append(Sent(body, place, index, full_url, raw if pile.keep_raw else Raw()))
