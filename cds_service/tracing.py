"""
Traces: a span for each call, its phases and its FHIR queries, sent by OpenTelemetry where a setting names a collector.

Without that setting nothing is imported, and a call still has a trace id for its log line: the caller's own (W3C
traceparent), or a new one. A span carries the attributes of ATTRIBUTES and nothing else.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from typing import TYPE_CHECKING, Protocol
from urllib.parse import urlsplit

from cds_service.errors import SettingsFault

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.trace import Span as OtelSpan
    from opentelemetry.trace import Tracer

PARENT = re.compile(r"(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(?:-.*)?")
ATTRIBUTES = frozenset({
    "cds.service", "cds.hook", "cds.client", "cds.knowledge", "cds.cards", "http.response.status_code",
    "fhir.key", "fhir.outcome",
})  # fmt: skip
SECONDS = 3
TRACES = "/v1/traces"
Value = str | int
NONE: Mapping[str, Value] = {}


class Trace(Protocol):
    """The trace of one call. Instants are nanoseconds since 1970."""

    @property
    def id(self) -> str:
        """The trace id, 32 hexadecimal digits."""
        ...

    def part(self, name: str, begun: int, ended: int, attributes: Mapping[str, Value] = NONE) -> None:
        """Something that was done during the call."""
        ...

    def end(self, ended: int, attributes: Mapping[str, Value]) -> None:
        """The call is answered."""
        ...


class Tracing(Protocol):
    """Where traces go."""

    def begin(self, name: str, traceparent: str, begun: int) -> Trace:
        """A call has come, with this traceparent header or none."""
        ...

    def close(self) -> None:
        """Send what is left, within a few seconds."""
        ...


class Untraced:
    """A trace that nobody collects: an id for the log."""

    def __init__(self, traceparent: str) -> None:
        sent = PARENT.fullmatch(traceparent)
        self.id = sent[1] if sent else secrets.token_hex(16)

    def part(self, name: str, begun: int, ended: int, attributes: Mapping[str, Value] = NONE) -> None:
        """Not kept."""

    def end(self, ended: int, attributes: Mapping[str, Value]) -> None:
        """Not kept."""


class NoTracing:
    """Traces go nowhere."""

    def begin(self, name: str, traceparent: str, begun: int) -> Trace:  # noqa: ARG002 - Tracing
        """A trace with nothing but an id."""
        return Untraced(traceparent)

    def close(self) -> None:
        """Nothing is left."""


class _Traced:
    def __init__(self, tracer: Tracer, span: OtelSpan) -> None:
        from opentelemetry.trace import format_trace_id, set_span_in_context  # noqa: PLC0415 - the extra

        self._tracer, self._span = tracer, span
        self._within = set_span_in_context(span)
        self.id = format_trace_id(span.get_span_context().trace_id)

    def part(self, name: str, begun: int, ended: int, attributes: Mapping[str, Value] = NONE) -> None:
        span = self._tracer.start_span(name, self._within, attributes=_allowed(attributes), start_time=begun)
        span.end(ended)

    def end(self, ended: int, attributes: Mapping[str, Value]) -> None:
        self._span.set_attributes(_allowed(attributes))
        self._span.end(ended)


class _Collected:
    def __init__(self, provider: TracerProvider) -> None:
        from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator  # noqa: PLC0415

        self._provider, self._tracer = provider, provider.get_tracer("cobalamin-cds")
        self._propagator = TraceContextTextMapPropagator()

    def begin(self, name: str, traceparent: str, begun: int) -> Trace:
        from opentelemetry.context import Context  # noqa: PLC0415 - the extra
        from opentelemetry.trace import SpanKind  # noqa: PLC0415

        parent = self._propagator.extract({"traceparent": traceparent}, Context())
        return _Traced(self._tracer, self._tracer.start_span(name, parent, SpanKind.SERVER, start_time=begun))

    def close(self) -> None:
        self._provider.shutdown()


def tracing_to(url: str, version: str) -> Tracing:
    """Traces to the OTLP/HTTP collector at `url`, nowhere if that is empty; raises SettingsFault without the extra."""
    if not url:
        return NoTracing()
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415
        from opentelemetry.sdk.resources import Resource  # noqa: PLC0415
        from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
        from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415
    except ModuleNotFoundError as fault:
        raise SettingsFault(
            "COBALAMIN_TELEMETRY_URL: expected OpenTelemetry, got none; install cobalamin-cds[telemetry]"
        ) from fault
    resource = Resource({"service.name": "cobalamin-cds", "service.version": version})
    provider = TracerProvider(resource=resource, shutdown_on_exit=False)
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=_endpoint(url), timeout=SECONDS)))
    return _Collected(provider)


def _endpoint(url: str) -> str:
    """The address for traces, of a collector that may be named by its root."""
    return url if urlsplit(url).path.strip("/") else url.rstrip("/") + TRACES


def _allowed(attributes: Mapping[str, Value]) -> dict[str, Value]:
    return {name: value for name, value in attributes.items() if name in ATTRIBUTES}
