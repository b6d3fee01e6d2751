"""Prefetch: what we ask for, and what came: present, known to be empty, failed or absent."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import msgspec
from msgspec import Raw, Struct

from cds_service.b12.record import Unread
from cds_service.errors import RequestTooLarge
from cds_service.fhir import elements as fhir

LAB_CODES = (
    "2132-9", "14685-2", "72160-5", "13964-2", "2629-4", "13965-9", "2428-1",
    "718-7", "59260-0", "787-2", "30428-7", "2160-0", "14682-9", "62238-1", "33914-3",
)  # fmt: skip
PATIENT = "{{context.patientId}}"
TEMPLATES: Mapping[str, tuple[str, str]] = {
    "patient": ("Patient", f"Patient/{PATIENT}"),
    "conditions": ("Condition", f"Condition?patient={PATIENT}"),
    "procedures": ("Procedure", f"Procedure?patient={PATIENT}"),
    "medicationRequests": ("MedicationRequest", f"MedicationRequest?patient={PATIENT}"),
    "medicationAdministrations": ("MedicationAdministration", f"MedicationAdministration?patient={PATIENT}"),
    "medicationDispenses": ("MedicationDispense", f"MedicationDispense?patient={PATIENT}"),
    "medicationStatements": ("MedicationStatement", f"MedicationStatement?patient={PATIENT}"),
    "observations": (
        "Observation",
        f"Observation?patient={PATIENT}&code=" + ",".join(f"http://loinc.org|{code}" for code in LAB_CODES),
    ),
}
"""Key -> (resource type, query). Only simple tokens: richer ones come back as bogus empty Bundles from real clients."""

HEAD = msgspec.json.Decoder(fhir.Head)
BUNDLE = msgspec.json.Decoder(fhir.Bundle)
WRAPPED = msgspec.json.Decoder(fhir.Wrapped)


class Sent(Struct, frozen=True):
    """One resource as it came: where it stood in the request, its type, head and bytes."""

    where: str
    type: str
    head: fhir.Head
    raw: Raw
    full_url: str = ""


class Prefetched(Struct, frozen=True):
    """All resources that came; the types that were seen (present or known empty) and those cut short."""

    resources: tuple[Sent, ...] = ()
    seen: frozenset[str] = frozenset()
    partial: frozenset[str] = frozenset()
    unread: tuple[Unread, ...] = ()


class _Pile:
    """Collects while walking; becomes a frozen Prefetched."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.resources: list[Sent] = []
        self.seen: set[str] = set()
        self.partial: set[str] = set()
        self.unread: list[Unread] = []

    def add(self, raw: Raw, where: str, full_url: str = "") -> None:
        head = head_of(raw)
        if head is None or not head.resourceType:
            self.unread.append(Unread(where, "expected a FHIR resource with a resourceType"))
            return
        if len(self.resources) >= self.most:
            raise RequestTooLarge(f"expected at most {self.most} resources, got more", where)
        self.resources.append(Sent(where, head.resourceType, head, raw, full_url))
        self.seen.add(head.resourceType)


def read_prefetch(prefetch: Mapping[str, Raw], most: int) -> Prefetched:
    """Every resource in the prefetch, by its type and not by its key, unless the key is all there is to go by."""
    pile = _Pile(most)
    for key, raw in prefetch.items():
        _read_key(key, raw, pile)
    return Prefetched(tuple(pile.resources), frozenset(pile.seen), frozenset(pile.partial), tuple(pile.unread))


def read_bundle(raw: Raw, where: str, most: int) -> Prefetched:
    """The entries of a Bundle such as `draftOrders`; a list of resources is taken too."""
    pile = _Pile(most)
    _add_bundle(raw, where, "", pile)
    return Prefetched(tuple(pile.resources), frozenset(pile.seen), unread=tuple(pile.unread))


def head_of(raw: Raw) -> fhir.Head | None:
    """Type, id and subject of a resource; None if it is no object or these are of the wrong type."""
    try:
        return HEAD.decode(raw)
    except msgspec.ValidationError:
        return None


def _read_key(key: str, raw: Raw, pile: _Pile) -> None:
    where = f"prefetch.{key}"
    expected = TEMPLATES[key][0] if key in TEMPLATES else ""
    if fhir.is_nothing(raw):
        pile.seen |= {expected} - {""}
        return
    head = head_of(raw)
    if head is not None and head.resourceType is None:
        raw = _unwrapped(raw)
        head = head_of(raw)
    if head is None or not head.resourceType:
        pile.unread.append(Unread(where, "expected a FHIR resource or Bundle"))
    elif head.resourceType == "OperationOutcome":
        pile.unread.append(Unread(where, "the client reports that its query failed"))
    elif head.resourceType == "Bundle":
        _add_bundle(raw, where, expected, pile)
    else:
        pile.add(raw, where)


def _unwrapped(raw: Raw) -> Raw:
    try:
        inner = WRAPPED.decode(raw).resource
    except msgspec.ValidationError:
        return raw
    return raw if fhir.is_nothing(inner) else inner


def _add_bundle(raw: Raw, where: str, expected: str, pile: _Pile) -> None:
    try:
        bundle = BUNDLE.decode(raw)
    except msgspec.ValidationError:
        pile.unread.append(Unread(where, "expected a Bundle with a list of entries"))
        return
    if expected:
        pile.seen.add(expected)
    before = len(pile.resources)
    for index, entry in enumerate(bundle.entry or ()):
        _add_entry(entry, f"{where}.entry[{index}]", pile)
    if any(link.relation == "next" for link in bundle.link or ()):
        pile.partial |= {sent.type for sent in pile.resources[before:]} | ({expected} - {""})


def _add_entry(entry: fhir.Entry, where: str, pile: _Pile) -> None:
    """A search outcome ("no results", "parameter ignored") is no resource of the patient."""
    if fhir.is_nothing(entry.resource) or (entry.search and entry.search.mode == "outcome"):
        return
    pile.add(entry.resource, where, entry.fullUrl or "")


def missing_keys(types: frozenset[str]) -> Iterator[str]:
    """The keys of our templates for these types."""
    return (key for key, (kind, _) in TEMPLATES.items() if kind in types)
