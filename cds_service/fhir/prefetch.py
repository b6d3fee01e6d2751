"""Prefetch: what came of what we ask for: present, known to be empty, failed or absent."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import NoneType
from typing import get_args

import msgspec
from msgspec import Raw, Struct
from msgspec.structs import replace

from cds_service.b12.record import Unread
from cds_service.errors import RequestTooLarge
from cds_service.fhir import bundles
from cds_service.fhir import elements as fhir
from cds_service.fhir.chart_elements import Known
from cds_service.fhir.relevance import EVERYTHING, Matters, does_matter
from cds_service.fhir.templates import expected_type
from cds_service.parts import read_part

VALUE = msgspec.json.Decoder(bundles.KnownBundle | Known)
KNOWN = msgspec.json.Decoder(Known, strict=False)  # a number or a flag sent as a string is common, and clear
READ = frozenset(kind.__struct_config__.tag for kind in get_args(Known))
DRUG = re.compile(rb'"(?:medication|dosage)', re.IGNORECASE)
"""The start of an element that an order of a drug has, whatever its own type is called."""


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
    """
    A search of which only a part came: where it stood, and the types it is of.

    `url` is the address of the next page, None where there is none; `came` how many matches came so far.
    """

    where: str
    types: frozenset[str]
    url: str | None = None
    came: int = 0


class FetchNote(Struct, frozen=True):
    """How one query to the FHIR server went: `fetched`, or a word for why not. What of it came is used all the same."""

    key: str
    outcome: str
    milliseconds: int


class Prefetched(Struct, frozen=True):
    """
    All resources that came, `count` with those that do not matter; the types that were seen (present or known empty).

    `unusable` are types of which something could not be read, `more` what stands on further pages or did not come,
    `unread_raw` the bytes of what could not be read, by where it stood. `charted`: it is being written into the chart.
    """

    resources: tuple[Sent, ...] = ()
    seen: frozenset[str] = frozenset()
    unusable: frozenset[str] = frozenset()
    more: tuple[More, ...] = ()
    unread: tuple[Unread, ...] = ()
    unread_raw: tuple[tuple[str, Raw], ...] = ()
    count: int = 0
    fetched: tuple[FetchNote, ...] = ()
    charted: bool = False

    @property
    def partial(self) -> frozenset[str]:
        """The types of which only a part was seen."""
        return self.unusable.union(*(one.types for one in self.more))


class _Pile:
    """Collects while walking; becomes a frozen Prefetched."""

    def __init__(self, most: int, matters: Matters = EVERYTHING, *, keep_raw: bool = False, came: int = 0) -> None:
        self.most, self.matters, self.keep_raw, self.came = most, matters, keep_raw, came
        self.count = 0
        self.expected, self.nested = "", False
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

    def lose(self, raw: Raw, where: str, why: str) -> None:
        """Note what could not be read."""
        self.unread.append(Unread(where, why))
        self.unread_raw.append((where, raw))

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


def read_fetched(expected: str, raw: Raw, where: str, most: int, matters: Matters, came: int = 0) -> Prefetched:
    """The same of one answer of a FHIR server to a query for a type; `came`: the matches on the pages before it."""
    pile = _Pile(most, matters, came=came)
    _read_key(where, expected, raw, pile)
    return pile.frozen()


def read_bundle(raw: Raw, where: str, most: int) -> Prefetched:
    """The orders in a Bundle such as `draftOrders`, with their bytes; some clients send a single order for it."""
    pile = _Pile(most, keep_raw=True)
    _read_written(raw, where, pile)
    return pile.frozen()


def read_added(raw: Raw, where: str, most: int, matters: Matters) -> Prefetched:
    """What is being written into the chart and matters: one resource, bare or wrapped, or a Bundle of them."""
    pile = _Pile(most, matters, keep_raw=True)
    _read_written(raw, where, pile)
    return replace(pile.frozen(), charted=True)


def _read_written(raw: Raw, where: str, pile: _Pile) -> None:
    """What a clinician is writing, in whichever of the forms that clients send it in."""
    kind = bundles.type_of(raw)
    if kind is None:
        raw = bundles.unwrapped(raw)
        kind = bundles.type_of(raw)
    if kind == "Bundle" or (kind is None and bundles.is_untyped(raw)):
        _one_by_one(raw, where, "", pile)
    else:
        _add(raw, where, -1, "", pile)


def _read_key(where: str, expected: str, raw: Raw, pile: _Pile) -> None:
    pile.expected = expected
    if fhir.is_nothing(raw):
        pile.seen |= {expected} - {""}
        return
    try:
        value = read_part(raw, VALUE)
    except msgspec.ValidationError:
        _read_odd(raw, where, expected, pile)
        return
    if isinstance(value, fhir.OperationOutcome):
        pile.unread.append(Unread(where, "the client reports that its query failed"))
    elif isinstance(value, bundles.KnownBundle):
        _add_known(value, raw, where, pile)
    else:
        pile.room(1, where)
        pile.seen.add(type(value).__name__)
        if does_matter(value, pile.matters):
            pile.resources.append(Sent(value, where))


def _add_known(bundle: bundles.KnownBundle, raw: Raw, where: str, pile: _Pile) -> None:
    """A Bundle that was read in one go, which nearly all are."""
    entries = bundle.entry or ()
    kinds = {entry.resource.__class__ for entry in entries}
    if NoneType in kinds:
        _one_by_one(raw, where, pile.expected, pile)
        return
    pile.room(len(entries), where)
    matches = len(entries) if len(kinds) == 1 else bundles.matches_in(entries)
    kinds -= {fhir.OperationOutcome}
    for index, entry in enumerate(entries):
        body = entry.resource
        if body is not None and body.__class__ in kinds and does_matter(body, pile.matters):
            pile.resources.append(Sent(body, where, index, entry.fullUrl or ""))
    found = {kind.__name__ for kind in kinds} | ({pile.expected} - {""})
    pile.seen |= found
    _note_rest(bundle, matches, found, where, pile)


def _note_rest(
    bundle: bundles.KnownBundle | bundles.Bundle, matches: int, found: set[str], where: str, pile: _Pile
) -> None:
    """What is still to come: a next page, or as many matches as the Bundle itself says that there are beside these."""
    came, following = pile.came + matches, bundles.next_of(bundle)
    if following is not None or bundles.total_of(bundle) > came:
        pile.more.append(More(where, frozenset(found), following, came))


def _read_odd(raw: Raw, where: str, expected: str, pile: _Pile) -> None:
    """What cannot be read in one go: a wrapper of old clients, a Bundle with odd entries, or something else."""
    kind = bundles.type_of(raw)
    if kind is None:
        raw = bundles.unwrapped(raw)
        kind = bundles.type_of(raw)
    if kind == "Bundle":
        _one_by_one(raw, where, expected, pile)
    elif kind is None:
        pile.unread.append(Unread(where, "expected a FHIR resource or Bundle"))
    else:
        _add(raw, where, -1, "", pile)


def _one_by_one(raw: Raw, where: str, expected: str, pile: _Pile) -> None:
    try:
        bundle = bundles.read_entries(raw)
    except msgspec.ValidationError:
        pile.lose(raw, where, "expected a Bundle with a list of entries")
        return
    before, found, entries = pile.seen, {expected} - {""}, bundle.entry or []
    pile.seen = set()
    pile.room(len(entries), where)
    for index, entry in enumerate(entries):
        if not fhir.is_nothing(entry.resource):
            _add(entry.resource, where, index, entry.fullUrl or "", pile)
    found |= pile.seen
    pile.seen = before | found
    _note_rest(bundle, bundles.matches_in(entries), found, where, pile)


def _add(raw: Raw, place: str, index: int, full_url: str, pile: _Pile) -> None:
    """One resource on its own; a type that we do not read is passed over, one that cannot be read is noted."""
    try:
        body = read_part(raw, KNOWN)
    except msgspec.ValidationError as fault:
        _set_aside(raw, place if index < 0 else f"{place}.entry[{index}]", str(fault), pile)
        return
    if isinstance(body, fhir.OperationOutcome):
        return
    pile.seen.add(type(body).__name__)
    if does_matter(body, pile.matters):
        pile.resources.append(Sent(body, place, index, full_url, raw if pile.keep_raw else Raw()))


def _set_aside(raw: Raw, where: str, fault: str, pile: _Pile) -> None:
    """What is no resource that can be read: a Bundle in a Bundle is opened once, and what may be an order is noted."""
    kind = bundles.type_of(raw)
    if kind == "Bundle" and not pile.nested:
        pile.nested = True
        _one_by_one(raw, f"{where}.resource", "", pile)
        pile.nested = False
    elif kind is None:
        pile.lose(raw, where, "expected a FHIR resource with a resourceType")
        pile.unusable |= {pile.expected} - {""}
    elif kind in READ:
        pile.lose(raw, where, f"{kind}: {fault}")
        pile.unusable.add(kind)
    elif pile.keep_raw and DRUG.search(raw):
        pile.lose(raw, where, "expected an order of a type that is read, got one of another type")
