"""One query to a FHIR server, page after page, and what has come of it at any moment."""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock

from msgspec import Struct
from msgspec.structs import replace

from cds_service.addresses import link_of
from cds_service.b12.record import Unread
from cds_service.errors import OutboundFault, RequestTooLarge
from cds_service.fhir import elements as fhir
from cds_service.fhir.client import FhirServer
from cds_service.fhir.prefetch import FetchNote, More, Prefetched, Sent, read_fetched
from cds_service.fhir.read import OTHER_PATIENT
from cds_service.fhir.relevance import Matters

FETCHED, LATE = "fetched", "late"
UNUSABLE, ELSEWHERE, LOOP, PAGES = "unusable", "page-elsewhere", "page-loop", "too-many-pages"
SHORT = "fewer-than-total"


class Query(Struct, frozen=True):
    """
    What to ask for: the key that notes are made under, the type expected, and the first read, search or page.

    `types` are those of a search of which the first page was sent to us, `came` the matches that were on it.
    """

    key: str
    expected: str
    first: str
    types: frozenset[str] = frozenset()
    came: int = 0

    @property
    def where(self) -> str:
        """How notes name the place."""
        return f"fetched.{self.key}"

    @property
    def marks(self) -> frozenset[str]:
        """The types that are seen in part where only a part comes."""
        return self.types or frozenset({self.expected})


class Room:
    """How many resources may still come, for all queries of a call together. Safe between threads."""

    def __init__(self, most: int) -> None:
        self._left, self._lock = most, Lock()

    @property
    def left(self) -> int:
        """So many."""
        return self._left

    def fill(self, count: int) -> None:
        """So many have come already."""
        with self._lock:
            self._left -= count

    def take(self, count: int) -> None:
        """Raises OutboundFault where there is no room for so many more."""
        self.fill(count)
        if self._left < 0:
            raise OutboundFault("too-large")


class Terms(Struct, frozen=True):
    """What all queries of a call share. `deadline` is by `clock`, in seconds."""

    server: FhirServer
    patient_id: str
    matters: Matters
    room: Room
    pages: int
    clock: Callable[[], float]
    deadline: float

    @property
    def left(self) -> float:
        """Seconds."""
        return self.deadline - self.clock()


class Job:
    """A query under way in a thread of its own. What has come so far may be taken at any moment."""

    def __init__(self, query: Query, terms: Terms) -> None:
        self.query, self.terms = query, terms
        self.pieces: list[Prefetched] = []
        self.outcome, self.seconds = LATE, 0.0

    def run(self) -> None:
        """Ask, and keep every page as it comes."""
        started = self.terms.clock()
        try:
            outcome = self._pages()
        except OutboundFault as fault:
            outcome = f"{fault.kind}-{fault.status}" if fault.status else fault.kind
        except RequestTooLarge:
            outcome = "too-large"
        self.seconds = self.terms.clock() - started
        self.outcome = outcome

    def _pages(self) -> str:
        target, before, base = self.query.first, set[str](), self.terms.server.base
        for _ in range(self.terms.pages):
            before.add(target)
            piece = self._page(target)
            if piece is None:
                return UNUSABLE
            self.pieces.append(piece)
            if not piece.more:
                return FETCHED
            rest = piece.more[0]
            if rest.url is None:
                return SHORT
            target = link_of(rest.url, base)
            if not target:
                return ELSEWHERE
            if target in before:
                return LOOP
        return PAGES

    def _page(self, target: str) -> Prefetched | None:
        """None where it is not what was asked for."""
        terms, query = self.terms, self.query
        if terms.left <= 0:
            raise OutboundFault("timeout")
        raw = terms.server.bring(target, terms.left)
        if fhir.is_nothing(raw):  # from a client it would mean that there is nothing; no server says so with it
            return None
        number = len(self.pieces) + 1
        where = query.where if number == 1 else f"{query.where}.page[{number}]"
        came = self.pieces[-1].more[0].came if self.pieces else query.came
        piece = read_fetched(query.expected, raw, where, terms.room.left, terms.matters, came)
        terms.room.take(piece.count)
        ours = _ours(piece, terms.patient_id)
        lied = query.expected == "Patient" and ours is not piece
        return None if lied or query.expected not in piece.seen else ours

    def brought(self) -> Prefetched:
        """What has come, as of now; of a query that did not end well the rest is marked as not seen."""
        outcome, pieces = self.outcome, tuple(self.pieces)
        note = FetchNote(self.query.key, outcome, round(self.seconds * 1000))
        whole = outcome == FETCHED
        begun = bool(pieces or self.query.types)
        cut = (More(self.query.where, self.query.marks),) if begun and not whole else ()
        why = () if whole else (Unread(self.query.where, f"expected the answer of the FHIR server, got {outcome}"),)
        together = joined(*pieces)
        return replace(
            together,
            seen=frozenset({self.query.expected}) if pieces else frozenset(),
            more=cut,
            unread=(*together.unread, *why),
            fetched=(note,),
        )


def joined(*pieces: Prefetched) -> Prefetched:
    """All of it, in this order."""
    return Prefetched(
        resources=tuple(one for piece in pieces for one in piece.resources),
        seen=frozenset().union(*(piece.seen for piece in pieces)),
        unusable=frozenset().union(*(piece.unusable for piece in pieces)),
        more=tuple(one for piece in pieces for one in piece.more),
        unread=tuple(one for piece in pieces for one in piece.unread),
        unread_raw=tuple(one for piece in pieces for one in piece.unread_raw),
        count=sum(piece.count for piece in pieces),
        fetched=tuple(one for piece in pieces for one in piece.fetched),
    )


def _ours(piece: Prefetched, patient_id: str) -> Prefetched:
    """Without Patients other than the one asked for: the server's fault, for which the caller is not refused."""
    foreign = tuple(one for one in piece.resources if _is_other(one, patient_id))
    if not foreign:
        return piece
    kept = tuple(one for one in piece.resources if one not in foreign)
    return replace(
        piece, resources=kept, unread=(*piece.unread, *(Unread(one.where, OTHER_PATIENT) for one in foreign))
    )


def _is_other(one: Sent, patient_id: str) -> bool:
    return isinstance(one.body, fhir.Patient) and bool(one.body.id) and one.body.id != patient_id
