"""What the operator sees of a call: one log line, its metrics and its trace; nothing of the patient in any of them."""

from __future__ import annotations

import logging
from collections import Counter
from time import perf_counter_ns, time_ns

from flask import Flask, Response, g, request

from cds_service import logs
from cds_service.answer import Answer
from cds_service.clients import Client
from cds_service.fhir.fetching import Fetch
from cds_service.fhir.prefetch import FetchNote, Prefetched
from cds_service.repeats import Shown
from cds_service.tracing import Trace, Value
from cds_service.web.services import SERVICES
from cds_service.web.state import State, state

LOG = logging.getLogger(__name__)
CALL, FEEDBACK = "call.call", "feedback.feedback"
WATCHED = frozenset({CALL, FEEDBACK})
FETCH = "fetch"
OTHER = "other"
"""The service of a call to an address that is none of ours: a label must not be what somebody typed."""


class Watch:
    """One call as it goes: when it came, its phases so far (name, begin, end), and what was answered."""

    def __init__(self, service: str, trace: Trace, begun: int) -> None:
        known = SERVICES.get(service)
        self.service = service if known else OTHER
        self.hook = known.hook if known else OTHER
        self.trace, self.begun = trace, begun
        self.phases: list[tuple[str, int, int]] = []
        self.answer: Answer | None = None
        self.shown = Shown(())
        self.fetched: tuple[FetchNote, ...] = ()
        self._last = self._started = perf_counter_ns()

    def mark(self, phase: str) -> None:
        """A phase ends here; it began where the one before ended."""
        now = perf_counter_ns()
        self.phases.append((phase, self._last, now))
        self._last = now

    def noting(self, fetch: Fetch) -> Fetch:
        """The same, whose notes are kept here: they count even if nothing can be answered in the end."""

        def noted(hook: str, sent: Prefetched, drafts: Prefetched) -> Prefetched:
            found = fetch(hook, sent, drafts)
            self.fetched = found.fetched
            return found

        return noted

    def answered(self, found: Answer, shown: Shown) -> None:
        """The call brought this; of its cards some are shown."""
        self.answer, self.shown = found, shown

    @property
    def nanoseconds(self) -> int:
        """How long the call has taken until now."""
        return perf_counter_ns() - self._started

    def instant(self, tick: int) -> int:
        """The instant (nanoseconds since 1970) of a tick of the clock that phases are measured with."""
        return self.begun + tick - self._started


def watch() -> Watch:
    """The watch of the current request, which has to be a call or feedback."""
    found: Watch = g.watch
    return found


def install_watch(app: Flask) -> None:
    """Watch calls and feedback from here on; before anything that may refuse them."""
    app.before_request(_begin)
    app.after_request(_end)
    app.teardown_request(_forget)


def watched() -> bool:
    """Whether the current request is a call or feedback, and not a browser's question whether it may."""
    return request.endpoint in WATCHED and request.method == "POST"


def _begin() -> None:
    if not watched():
        return
    service, begun = (request.view_args or {}).get("service_id", ""), time_ns()
    name = request.endpoint or OTHER
    trace = state().tracing.begin(name, request.headers.get("traceparent", ""), begun)
    g.watch = Watch(service, trace, begun)
    logs.begin(trace_id=trace.id)


def _end(response: Response) -> Response:
    found: Watch | None = g.get("watch")
    if found is not None:
        here, client = state(), _client()
        elapsed = found.nanoseconds
        _count(here, found, client, response.status_code, elapsed)
        _trace(here, found, client, response.status_code, elapsed)
        _log(here, found, client, response.status_code, elapsed)
    return response


def _forget(_: BaseException | None) -> None:
    logs.end()


def _client() -> str:
    """Who called, once that is known."""
    client: Client | None = g.get("client")
    return client.id if client else ""


def _count(here: State, found: Watch, client: str, status: int, elapsed: int) -> None:
    metrics = here.metrics
    if request.endpoint == FEEDBACK:
        metrics.feedbacks.labels(found.service, client, str(status)).inc()
        return
    metrics.calls.labels(found.service, found.hook, client, str(status)).inc()
    phases: Counter[str] = Counter()
    for phase, begun, ended in found.phases:
        phases[phase] += ended - begun
    metrics.timed(found.hook, elapsed / 1e9, phases)
    metrics.fetched(found.fetched)
    if found.answer is not None:
        metrics.answered(found.answer, found.shown)
    metrics.lost_so_far(here.recorder.spool.lost)


def _trace(here: State, found: Watch, client: str, status: int, elapsed: int) -> None:
    for phase, begun, ended in found.phases:
        found.trace.part(phase, found.instant(begun), found.instant(ended))
        for note in found.fetched if phase == FETCH else ():
            # Queries begin together as the phase does, and each note says how long its own took.
            took = found.instant(begun) + note.milliseconds * 1_000_000
            said = {"fhir.key": note.key, "fhir.outcome": note.outcome}
            found.trace.part("FHIR query", found.instant(begun), took, said)
    attributes: dict[str, Value] = {
        "cds.service": found.service,
        "cds.hook": found.hook,
        "cds.client": client,
        "cds.knowledge": here.knowledge.version,
        "cds.cards": len(found.shown.cards),
        "http.response.status_code": status,
    }
    found.trace.end(found.begun + elapsed, attributes)


def _log(here: State, found: Watch, client: str, status: int, elapsed: int) -> None:
    said: dict[str, object] = {
        "service": found.service,
        "hook": found.hook,
        "client": client,
        "status": status,
        "ms": round(elapsed / 1e6, 1),
        "knowledge": here.knowledge.version,
    }
    if request.endpoint == CALL:
        said |= {"cards": len(found.shown.cards)} | Counter(card.indicator for card in found.shown.cards)
    words = "call" if request.endpoint == CALL else "feedback"
    LOG.log(logging.INFO if status < 500 else logging.ERROR, words, extra=said)  # noqa: PLR2004 - the HTTP status
