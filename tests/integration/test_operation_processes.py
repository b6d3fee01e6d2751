"""The service as processes: metrics of all workers, traces at a collector, a stop that loses nothing, no banner."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests
from opentelemetry.proto.trace.v1.trace_pb2 import Span
from prometheus_client.parser import text_string_to_metric_families

from cds_service import __version__
from cds_service.store.database import engine_of
from cds_service.store.queries import counts
from tests.helpers import fhir_server, wire
from tests.helpers.collector import collecting
from tests.helpers.processes import ROOT, Service, running

SERVE = (sys.executable, "-m", "cds_service", "serve", "--demo", "--port", "0")
HERE = {"PYTHONPATH": str(ROOT)}
SECONDS = 30
TRACE, PARENT = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
CALL = "/cds-services/b12-order-sign"


def post(service: Service, body: Any, path: str = CALL, **headers: str) -> requests.Response:
    return requests.post(service.url + path, json=body, headers=headers, timeout=SECONDS)


def metrics(base: str) -> Mapping[tuple[str, ...], float]:
    text = requests.get(f"{base}/metrics", timeout=SECONDS).text
    families = text_string_to_metric_families(text)
    samples = [one for family in families for one in family.samples]
    return {(one.name, *sorted(one.labels.values())): one.value for one in samples}


def wait_for(condition: Callable[[], bool]) -> None:
    until = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < until, "expected it to come true in time"
        time.sleep(0.05)


def kept(folder: Path) -> dict[str, int]:
    engine = engine_of(f"sqlite:///{folder}/var/cobalamin.db")
    try:
        return counts(engine)
    finally:
        engine.dispose()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


# Metrics


def workers_of(service: Service) -> list[int]:
    path = Path(f"/proc/{service.process.pid}/task/{service.process.pid}/children")
    return [int(one) for one in path.read_text().split()]


CALLED = ("cobalamin_calls_total", "200", "b12-order-sign", "development", "order-sign")


def test_metrics_add_up_over_workers_and_outlive_one(tmp_path: Path) -> None:
    """Whichever worker is asked, the answer is the same, also after another has died."""
    (tmp_path / "shared").mkdir()
    (tmp_path / "shared" / "counter_1.db").write_bytes(b"left by an earlier run")
    with running((*SERVE, "--workers", "2"), tmp_path, **HERE, COBALAMIN_METRICS_DIR="shared") as service:
        for _ in range(20):
            post(service, wire.sign(wire.draft()))
        seen = {metrics(service.url)[CALLED] for _ in range(10)}
        assert seen == {20.0}
        before = workers_of(service)
        os.kill(before[0], signal.SIGKILL)
        wait_for(lambda: len(workers_of(service)) == 2 and set(workers_of(service)) != set(before))
        post(service, wire.sign(wire.draft()))
        found = metrics(service.url)
        assert found[CALLED] == 21
        assert found["cobalamin_cards_total", "critical", "dose_unit_mismatch"] == 21
        builds = [value for name, value in found.items() if name[0] == "cobalamin_build"]
        assert builds == [1.0]
    assert not (tmp_path / "shared" / "counter_1.db").exists()


def test_metrics_on_a_port_of_their_own_are_there_alone(tmp_path: Path) -> None:
    port = free_port()
    with running((*SERVE, "--metrics-port", str(port)), tmp_path, **HERE) as service:
        assert requests.get(f"{service.url}/metrics", timeout=SECONDS).status_code == 404
        disguised = requests.get(f"{service.url}/metrics", headers={"Host": f"x:{port}"}, timeout=SECONDS)
        assert disguised.status_code == 404
        assert "cobalamin_build" in requests.get(f"http://127.0.0.1:{port}/metrics", timeout=SECONDS).text


def test_a_run_leaves_no_folder_of_metrics_behind(tmp_path: Path) -> None:
    with running(SERVE, tmp_path, **HERE, TMPDIR=str(tmp_path)):
        assert list(tmp_path.glob("cobalamin-metrics-*"))
    assert not list(tmp_path.glob("cobalamin-metrics-*"))


# Traces


def attributes(span: Span) -> dict[str, object]:
    return {one.key: one.value.string_value or one.value.int_value for one in span.attributes}


def test_a_call_is_traced_with_its_phases_and_queries_under_the_callers_trace(tmp_path: Path) -> None:
    patient = {"resourceType": "Patient", "id": "p1", "name": [{"family": "Sentinelsson"}]}
    with (
        collecting() as (collector, url),
        fhir_server.serving([patient]) as fhir,
        running(SERVE, tmp_path, **HERE, COBALAMIN_TELEMETRY_URL=url, COBALAMIN_PRIVATE_NETWORKS="true") as service,
    ):
        request = wire.sign(wire.draft(), fhirServer=fhir.base)
        headers = {"traceparent": f"00-{TRACE}-{PARENT}-01"}
        cards = requests.post(service.url + CALL, json=request, headers=headers, timeout=SECONDS).json()["cards"]
        post(service, {}, traceparent=f"00-{TRACE}-{PARENT}-00")
        wait_for(lambda: any(TRACE in line for line in service.lines))
    [call] = collector.named("call.call")
    assert (call.trace_id.hex(), call.parent_span_id.hex(), call.kind) == (TRACE, PARENT, Span.SPAN_KIND_SERVER)
    said = attributes(call)
    assert (said["cds.service"], said["http.response.status_code"], said["cds.cards"]) == (
        "b12-order-sign",
        200,
        len(cards),
    )
    assert {span.parent_span_id for span in collector.spans if span is not call} == {call.span_id}
    phases = {"read", "fetch", "judge", "write", "keep"}
    assert {span.name for span in collector.spans} == {"call.call", "FHIR query"} | phases
    queries = [attributes(span) for span in collector.named("FHIR query")]
    assert {"fhir.key": "patient", "fhir.outcome": "fetched"} in queries
    assert all(call.start_time_unix_nano <= one.start_time_unix_nano for one in collector.spans)
    expected = {"service.name": "cobalamin-cds", "service.version": __version__}
    assert collector.resources[0].items() >= expected.items()
    assert not re.search(rb"Sentinelsson|p1|http://|Patient/", collector.raw)


def test_a_collector_that_is_away_costs_neither_answers_nor_a_stop_in_time(tmp_path: Path) -> None:
    url = f"http://127.0.0.1:{free_port()}/v1/traces"
    with running(SERVE, tmp_path, **HERE, COBALAMIN_TELEMETRY_URL=url) as service:
        assert post(service, wire.sign(wire.draft())).status_code == 200
        service.process.send_signal(signal.SIGTERM)
        assert service.process.wait(SECONDS) == 0


# Stopping


def test_a_stop_waits_for_calls_and_keeps_everything(tmp_path: Path) -> None:
    """Twelve calls wait for a slow FHIR server when the service is told to stop: all are answered and kept."""
    calls = 12
    command = (*SERVE, "--budget-ms", "9000", "--private-networks", "--workers", "2", "--drain-seconds", "3000")
    with fhir_server.serving() as fhir, running(command, tmp_path, **HERE) as service:
        fhir.fail(fhir_server.Reply(fhir_server.outcome(), 404, wait=2))
        requests_ = [
            wire.sign(wire.draft(), fhirServer=fhir.base, hookInstance=f"stop-{number}") for number in range(calls)
        ]
        with ThreadPoolExecutor(calls) as pool:
            replies = [pool.submit(post, service, one) for one in requests_]
            wait_for(lambda: len({one.port for one in fhir.seen}) >= calls)
            service.process.send_signal(signal.SIGTERM)
            statuses = [(one.result().status_code, len(one.result().json()["cards"])) for one in replies]
        assert service.process.wait(SECONDS) == 0
        with pytest.raises(requests.ConnectionError):
            post(service, wire.sign(wire.draft()))
    assert statuses == [(200, 1)] * calls
    assert kept(tmp_path)["evaluation"] == calls
    assert not list((tmp_path / "var" / "spool").glob("*.jsonl"))


def test_a_body_that_is_on_its_way_when_the_service_stops_is_still_answered(tmp_path: Path) -> None:
    body = json.dumps(wire.sign(wire.draft())).encode()
    with running(SERVE, tmp_path, **HERE) as service, connection(service) as sender:
        sender.sendall(head(len(body)) + body[:100])
        time.sleep(0.5)
        service.process.send_signal(signal.SIGTERM)
        time.sleep(0.5)
        sender.sendall(body[100:])
        answer = received(sender)
        assert service.process.wait(SECONDS) == 0
    assert answer.startswith(b"HTTP/1.1 200")
    assert b"dose_unit_mismatch" in answer


# The wire


@contextmanager
def connection(service: Service) -> Iterator[socket.socket]:
    host, _, port = service.url.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port)), SECONDS) as found:
        yield found


def head(length: int, *more: str) -> bytes:
    lines = [f"POST {CALL} HTTP/1.1", "Host: x", "Content-Type: application/json", f"Content-Length: {length}", *more]
    return ("\r\n".join([*lines, "Connection: close"]) + "\r\n\r\n").encode()


def received(sender: socket.socket) -> bytes:
    found = b""
    while part := sender.recv(65536):
        found += part
    return found


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service that only these tests of the wire share."""
    with running(SERVE, tmp_path_factory.mktemp("wire"), **HERE) as found:
        yield found


def raw(service: Service, *parts: bytes) -> bytes:
    with connection(service) as sender:
        for part in parts:
            sender.sendall(part)
        return received(sender)


NAME = "Sentinelsson"
CHUNKED = f"POST {CALL} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
BROKEN = {
    "header name": (f"GET / HTTP/1.1\r\nHost: x\r\nBad({NAME}): 1\r\nConnection: close\r\n\r\n", "400"),
    "request line": (f"{NAME}\r\n\r\n", "400"),
    "version": (f"GET / HTTP/{NAME}\r\n\r\n", "400"),
    "method": (f"G@T{NAME} / HTTP/1.1\r\nHost: x\r\n\r\n", "400"),
    "transfer coding": (f"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: {NAME}\r\n\r\n", "400"),
    "line too long": (f"GET /{NAME * 500} HTTP/1.1\r\nHost: x\r\n\r\n", "414"),
    "field too long": (f"GET / HTTP/1.1\r\nHost: x\r\nX: {NAME * 2000}\r\n\r\n", "431"),
    "too many fields": (
        "GET / HTTP/1.1\r\nHost: x\r\n" + "".join(f"X-{n}: {NAME}\r\n" for n in range(99)) + "\r\n",
        "431",
    ),
    "two lengths": (f"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: {NAME}\r\n\r\n", "400"),
    "chunk size": (f"{CHUNKED}{NAME}\r\n", "400"),
}


@pytest.mark.parametrize(("sent", "status"), BROKEN.values(), ids=BROKEN)
def test_what_is_no_http_is_refused_without_repeating_it(service: Service, sent: str, status: str) -> None:
    answer = raw(service, sent.encode())
    assert answer.split(b" ")[1].decode() == status
    head, _, outcome = answer.partition(b"\r\n\r\n")
    assert b"\r\nContent-Type: application/fhir+json" in head
    wire.check("operation-outcome", json.loads(outcome))
    assert NAME.encode() not in answer
    assert not [line for line in service.lines if NAME in line]
    assert b"gunicorn" not in answer.lower()


def test_no_answer_names_the_server_or_its_version(service: Service) -> None:
    for path in ("/cds-services", "/health", "/nothing", "/metrics"):
        reply = requests.get(service.url + path, timeout=SECONDS)
        assert "Server" not in reply.headers
        assert not re.search(r"gunicorn|werkzeug|python|flask", str(reply.headers), re.IGNORECASE)


def test_a_kept_connection_serves_many_calls(service: Service) -> None:
    with requests.Session() as session:
        ports = set()
        for _ in range(5):
            reply = session.post(service.url + CALL, json=wire.sign(wire.draft()), timeout=SECONDS, stream=True)
            ports.add(reply.raw.connection.sock.getsockname())
            assert reply.status_code == 200
            reply.content  # noqa: B018 - read, so that the connection is free again
    assert len(ports) == 1


def test_a_log_line_is_json_and_names_the_call(service: Service) -> None:
    post(service, wire.sign(wire.draft()), traceparent=f"00-{TRACE}-{PARENT}-01")
    wait_for(lambda: any(TRACE in line for line in service.lines))
    [line] = [json.loads(one) for one in service.lines if TRACE in one]
    expected = {"event": "call", "service": "b12-order-sign", "hook": "order-sign", "status": 200, "critical": 1}
    assert {name: line[name] for name in expected} == expected
    assert not [one for one in service.lines if one.strip() and "dropped" in json.loads(one)]
