"""
Metrics in Prometheus' form: how much, how fast, how often; nothing about any patient.

Labels are bounded: services, hooks and rules are ours, clients come from the file of clients, and what a rule missed
is one of its constant phrases.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, MutableMapping
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

from cds_service.answer import Answer
from cds_service.b12.verdict import Undecided
from cds_service.fhir.prefetch import FetchNote
from cds_service.repeats import Shown

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry, Metric

FOLDER = "PROMETHEUS_MULTIPROC_DIR"
CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.45, 0.75, 1.5, 5.0)
MOST_REASONS = 50
CALL = ("service", "hook", "client", "status")


class Metrics:
    """
    The counters of one process.

    With a `folder` processes share them, and `text` adds them up. `share` has to name that folder in the environment
    before: the library looks there, once, as it is first imported.
    """

    def __init__(self, version: str = "", knowledge: str = "", folder: str = "") -> None:
        from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram  # noqa: PLC0415 - looks for FOLDER

        self._own, self._folder = CollectorRegistry(), folder
        self._reasons: set[str] = set()
        self._lost, self._lock = 0, Lock()
        own = self._own
        self.calls = Counter("cobalamin_calls", "Service calls.", CALL, registry=own)
        self.seconds = Histogram(
            "cobalamin_call_seconds", "Time of service calls.", ("hook",), registry=own, buckets=SECONDS
        )
        self.phases = Histogram(
            "cobalamin_phase_seconds", "Time of service calls by phase.", ("hook", "phase"), registry=own,
            buckets=SECONDS,
        )  # fmt: skip
        self.cards = Counter("cobalamin_cards", "Cards shown.", ("rule", "indicator"), registry=own)
        self.held = Counter("cobalamin_cards_held_back", "Cards not shown again.", ("rule", "why"), registry=own)
        self.unknown = Counter(
            "cobalamin_repeats_unknown", "Calls answered without knowing what was shown before.", registry=own
        )
        self.undecided = Counter(
            "cobalamin_undecided", "Verdicts that could not be given.", ("rule", "missing"), registry=own
        )
        self.fetches = Counter("cobalamin_fhir_fetches", "FHIR queries.", ("key", "outcome"), registry=own)
        self.feedbacks = Counter(
            "cobalamin_feedback_calls", "Feedback calls.", ("service", "client", "status"), registry=own
        )
        self.reactions = Counter("cobalamin_reactions", "Reactions to cards.", ("service", "outcome"), registry=own)
        self.refused = Counter("cobalamin_tokens_refused", "Tokens refused.", ("reason",), registry=own)
        self.unchecked = Counter(
            "cobalamin_tokens_unchecked", "Tokens taken without knowing whether they were used before.", registry=own
        )
        self.limited = Counter("cobalamin_limited", "Calls answered with 429.", ("limit",), registry=own)
        self.lost = Counter("cobalamin_evaluations_lost", "Evaluations that could not be spooled.", registry=own)
        self.dropped = Counter("cobalamin_log_fields_dropped", "Fields kept out of the log.", registry=own)
        self.build = Gauge(
            "cobalamin_build", "Versions of code and knowledge.", ("version", "knowledge"), registry=own,
            multiprocess_mode="max",
        )  # fmt: skip
        self.build.labels(version, knowledge).set(1)

    def answered(self, answer: Answer, shown: Shown) -> None:
        """Count what one call brought: verdicts that could not be given, and cards that were shown or held back."""
        for one in answer.judged:
            if isinstance(one.verdict, Undecided):
                self.undecided.labels(one.rule, one.verdict.missing).inc()
        for card in shown.cards:
            self.cards.labels(card.source.topic.code, card.indicator).inc()
        if shown.unknown:
            self.unknown.inc()
        for held in shown.held:
            self.held.labels(held.card.source.topic.code, held.why).inc()

    def fetched(self, notes: Iterable[FetchNote]) -> None:
        """Count FHIR queries."""
        for note in notes:
            self.fetches.labels(note.key, note.outcome).inc()

    def lost_so_far(self, total: int) -> None:
        """
        Count what this process could not spool, of which it says how much there is since it began.

        Two requests may tell their totals in the wrong order: the higher one holds.
        """
        with self._lock:
            new, self._lost = total - self._lost, max(total, self._lost)
        if new > 0:
            self.lost.inc(new)

    def token_refused(self, reason: str) -> None:
        """Count a token that was not taken; reasons beyond the first MOST_REASONS are counted as one."""
        if reason not in self._reasons and len(self._reasons) >= MOST_REASONS:
            reason = "other"
        self._reasons.add(reason)
        self.refused.labels(reason).inc()

    def timed(self, hook: str, seconds: float, phases: Mapping[str, int]) -> None:
        """Note the time of one call, and that of its phases in nanoseconds."""
        self.seconds.labels(hook).observe(seconds)
        for phase, nanoseconds in phases.items():
            self.phases.labels(hook, phase).observe(nanoseconds / 1e9)

    def text(self, now: Mapping[str, tuple[str, float]]) -> bytes:
        """Everything counted by all processes that share the folder; and gauges as they are `now`: help and value."""
        from prometheus_client import CollectorRegistry, generate_latest  # noqa: PLC0415 - as above
        from prometheus_client.multiprocess import MultiProcessCollector  # noqa: PLC0415

        if not self._folder:
            return generate_latest(self._own) + generate_latest(_registry(now))
        shared = CollectorRegistry()
        MultiProcessCollector(shared, self._folder)  # type: ignore[no-untyped-call] # typed but for this
        return generate_latest(shared) + generate_latest(_registry(now))


class _Present:
    """Gauges that are looked up when somebody asks, and not kept."""

    def __init__(self, now: Mapping[str, tuple[str, float]]) -> None:
        self._now = now

    def collect(self) -> Iterator[Metric]:
        from prometheus_client.core import GaugeMetricFamily  # noqa: PLC0415 - as above

        for name, (said, value) in self._now.items():
            yield GaugeMetricFamily(name, said, value)


def _registry(now: Mapping[str, tuple[str, float]]) -> CollectorRegistry:
    from prometheus_client import CollectorRegistry  # noqa: PLC0415 - as above

    registry = CollectorRegistry()
    registry.register(_Present(now))
    return registry


def share(folder: Path, environ: MutableMapping[str, str]) -> None:
    """Let the processes of this server share their metrics in `folder`; what an earlier server left there goes."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for path in folder.glob("*.db"):
        path.unlink(missing_ok=True)
    environ[FOLDER] = str(folder)


def forget(process: int, folder: str) -> None:
    """A worker has ended: what it counted stays, what it was does not."""
    from prometheus_client.multiprocess import mark_process_dead  # noqa: PLC0415 - as above

    mark_process_dead(process, folder)  # type: ignore[no-untyped-call] # as above
