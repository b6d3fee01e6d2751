"""Fetching from the client's FHIR server what prefetch did not bring: all at once, and in time or not at all."""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from functools import partial
from threading import Lock
from urllib.parse import quote

from msgspec import Struct
from msgspec.structs import replace

from cds_service.addresses import link_of
from cds_service.b12.record import Unread
from cds_service.clients import Client
from cds_service.fhir.client import server_of
from cds_service.fhir.prefetch import FetchNote, More, Prefetched
from cds_service.fhir.queries import FETCHED, Job, Query, Room, Terms, joined
from cds_service.fhir.references import dangling
from cds_service.fhir.relevance import Matters
from cds_service.fhir.templates import ASKED_FOR, PATIENT, TEMPLATES, expected_type, missing_keys
from cds_service.hooks import HookRequest
from cds_service.outbound import Outbound

LOG = logging.getLogger(__name__)
JUDGING = 0.06
"""Seconds of a call's time kept for reading and judging what came."""
PAGE_SIZE = 200
MEDICATIONS, OTHER = "medications", "other"
MOST_MEDICATIONS, MOST_READS = 100, 16
NO_SEARCH = frozenset({"status-400", "status-403", "status-404", "status-405", "status-501"})
REFUSED, FAILED = "not-allowed", "failed"
IDENTITY = re.compile(r"(?!\.+$)[A-Za-z0-9._-]{1,255}")

Fetch = Callable[[str, Prefetched, Prefetched], Prefetched]
"""From the hook, what was sent and what is being written to what was sent with what was fetched beside it."""


def no_fetch(hook: str, sent: Prefetched, drafts: Prefetched) -> Prefetched:  # noqa: ARG001 - a Fetch
    """Nothing is fetched."""
    return sent


class Limits(Struct, frozen=True):
    """Queries at once, pages of one search, and resources of one call, sent and fetched."""

    threads: int
    pages: int
    resources: int


class Fetching:
    """The way to the FHIR servers of calls, for one process. Its threads begin with the first call that needs them."""

    def __init__(
        self, outbound: Outbound, limits: Limits, matters: Matters, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._outbound, self._limits, self._matters, self._clock = outbound, limits, matters, clock
        self._pool: ThreadPoolExecutor | None = None
        self._lock = Lock()

    def __call__(self, request: HookRequest, client: Client, seconds: float) -> Fetch:
        """What fetches for this call within so many seconds from now."""
        if not request.names_server:
            return no_fetch
        server, patient = server_of(request, client, self._outbound), request.patient_id
        if server is None or not IDENTITY.fullmatch(patient):
            LOG.warning("FHIR server not called", extra={"client": client.id, "outcome": REFUSED})
            return _refused
        deadline = self._clock() + seconds - JUDGING
        room = Room(self._limits.resources)
        terms = Terms(server, patient, self._matters, room, self._limits.pages, self._clock, deadline)
        return partial(self._fetch, terms)

    def close(self) -> None:
        """End the threads once what they do is done."""
        with self._lock:
            pool, self._pool = self._pool, None
        if pool:
            pool.shutdown(cancel_futures=True)

    def _fetch(self, terms: Terms, hook: str, sent: Prefetched, drafts: Prefetched) -> Prefetched:
        terms.room.fill(sent.count)
        brought = self._ask(queries_for(hook, sent, terms), terms)
        whole = joined(replace(sent, more=_unfollowed(sent, terms.server.base)), *brought)
        wanted = dangling(whole, drafts, terms.server.base)
        whole = joined(whole, *self._medications(wanted, terms))
        _log(whole.fetched)
        return whole

    def _medications(self, wanted: Sequence[str], terms: Terms) -> Sequence[Prefetched]:
        """In one search, or one by one from a server that does not take it."""
        if not wanted:
            return ()
        ids = wanted[:MOST_MEDICATIONS]
        search = Query(MEDICATIONS, "Medication", f"Medication?_id={','.join(ids)}&_count={PAGE_SIZE}")
        found = self._ask([search], terms)
        if found[0].fetched[0].outcome not in NO_SEARCH:
            return found
        reads = [Query(f"{MEDICATIONS}.{number}", "Medication", f"Medication/{one}") for number, one in enumerate(ids)]
        return (*found, *self._ask(reads[:MOST_READS], terms))

    def _ask(self, queries: Iterable[Query], terms: Terms) -> Sequence[Prefetched]:
        """All at once; what has not come by the deadline is left behind."""
        jobs = [Job(query, terms) for query in queries]
        if not jobs or terms.left <= 0:
            return [job.brought() for job in jobs]
        pool = self._started()
        running = [pool.submit(job.run) for job in jobs]
        wait(running, terms.left)
        for job, future in zip(jobs, running, strict=True):
            future.cancel()
            _check(job, future)
        return [job.brought() for job in jobs]

    def _started(self) -> ThreadPoolExecutor:
        with self._lock:
            if self._pool is None:
                self._pool = ThreadPoolExecutor(self._limits.threads, "fhir")
            return self._pool


def queries_for(hook: str, sent: Prefetched, terms: Terms) -> tuple[Query, ...]:
    """What is absent, failed or unusable is asked for; what is known to be empty is not; what is cut short goes on."""
    absent = [key for key in ASKED_FOR[hook] if expected_type(key) not in sent.seen]
    base = terms.server.base
    return (
        *(Query(key, expected_type(key), _target(key, terms.patient_id)) for key in absent),
        *(
            Query(_next_of(one), min(one.types), link, one.types, one.came)
            for one in sent.more
            if one.types and (link := link_of(one.url or "", base))
        ),
    )


def _next_of(cut: More) -> str:
    """The key of ours for what goes on: a client may have sent it under a key of its own, and that is told nowhere."""
    own = missing_keys(cut.types)
    return f"{next(own, OTHER)}.next"


def _target(key: str, patient_id: str) -> str:
    kind, _, query = TEMPLATES[key][1].replace(PATIENT, patient_id).partition("?")
    return f"{kind}?{quote(query, safe='=&,:/')}&_count={PAGE_SIZE}" if query else kind


def _unfollowed(sent: Prefetched, base: str) -> tuple[More, ...]:
    return tuple(one for one in sent.more if not (one.types and link_of(one.url or "", base)))


def _refused(hook: str, sent: Prefetched, drafts: Prefetched) -> Prefetched:  # noqa: ARG001 - a Fetch
    """Nothing is fetched from a server that is not this client's; that it was not is noted."""
    absent = [key for key in ASKED_FOR[hook] if expected_type(key) not in sent.seen]
    why = Unread("fhirServer", "expected a FHIR server that this client may send us to, got another")
    notes = tuple(FetchNote(key, REFUSED, 0) for key in absent)
    return replace(sent, fetched=notes, unread=(*sent.unread, why) if absent else sent.unread)


def _check(job: Job, future: Future[None]) -> None:
    """A fault of ours in one query: it is told, and the others still count."""
    fault = future.exception() if future.done() and not future.cancelled() else None
    if fault is not None:
        job.outcome = FAILED
        LOG.error("FHIR query failed inside the service", extra={"key": job.query.key, "fault": type(fault).__name__})


def _log(notes: Iterable[FetchNote]) -> None:
    outcomes = [one.outcome for one in notes if one.outcome != FETCHED]
    if outcomes:
        said = ",".join(sorted(set(outcomes)))
        LOG.warning("FHIR server did not bring everything", extra={"count": len(outcomes), "outcome": said})
