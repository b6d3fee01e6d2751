"""
Server CPU time per hook call, against a floor on the same server, workers and load.

The floor is a bare Flask view that decodes the same body with the standard library's json and answers
`{"cards": []}`. CPU time of the server's processes (user and system) is the figure to trust on a busy
machine; calls per second and latencies are printed beside it. Run with `make bench`.
"""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import charts
from flask import Flask, Response, request
from rich.console import Console
from rich.progress import track
from rich.table import Table

HERE = Path(__file__).parent
TICK = os.sysconf("SC_CLK_TCK")
ROUNDS, CALLS, CONNECTIONS, THREADS = 5, 1000, 4, 8
CASES = {
    "small (10 kB), nothing wrong": charts.request(18),
    "small (10 kB), mg for mcg": charts.request(18, slip=True),
    "large (110 kB, 200 resources), nothing wrong": charts.request(200),
    "large (110 kB, 200 resources), mg for mcg": charts.request(200, slip=True),
}


def floor() -> Flask:
    """The least that a Flask service could do with a call."""
    app = Flask(__name__)

    @app.post("/cds-services/<service_id>")
    def call(service_id: str) -> Response:
        json.loads(request.get_data())
        return Response(json.dumps({"cards": [], "extension": {"id": service_id}}), mimetype="application/json")

    return app


@dataclass(frozen=True)
class Round:
    cpu_ms: float
    per_second: float
    p50_ms: float
    p99_ms: float


@contextmanager
def server(command: list[str], port: int) -> Iterator[int]:
    environ = {**os.environ, "PYTHONPATH": f"{HERE.parent}:{HERE}"}
    with subprocess.Popen(command, env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            _wait(port)
            yield process.pid
        finally:
            process.send_signal(signal.SIGTERM)


def _wait(port: int) -> None:
    for _ in range(200):
        try:
            socket.create_connection(("127.0.0.1", port), 0.2).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise SystemExit("expected the server to listen within 20 seconds")


def cpu_seconds(pid: int) -> float:
    """User and system time of a process and its children."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    own = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(own[11]) + int(own[12])) / TICK + sum(cpu_seconds(int(child)) for child in children)


def load(port: int, body: bytes, calls: int) -> tuple[float, list[float]]:
    """(seconds, latencies) of `calls` calls over a few kept connections."""
    latencies: list[float] = []

    def worker() -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        for _ in range(calls // CONNECTIONS):
            started = time.perf_counter()
            connection.request("POST", "/cds-services/b12-order-sign", body, {"Content-Type": "application/json"})
            reply = connection.getresponse()
            reply.read()
            if reply.status != http.client.OK:
                raise SystemExit(f"expected 200, got {reply.status}")
            latencies.append(time.perf_counter() - started)
        connection.close()

    threads = [threading.Thread(target=worker) for _ in range(CONNECTIONS)]
    started = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return time.perf_counter() - started, latencies


def measure(pid: int, port: int, body: bytes) -> Round:
    before = cpu_seconds(pid)
    seconds, latencies = load(port, body, CALLS)
    time.sleep(0.6)  # the drain behind the calls belongs to their cost
    cpu = cpu_seconds(pid) - before
    ranked = sorted(latencies)
    at = len(ranked)
    return Round(cpu / at * 1000, at / seconds, ranked[at // 2] * 1000, ranked[at * 99 // 100] * 1000)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def main() -> None:
    console = Console(width=110)
    ours, bare = free_port(), free_port()
    with tempfile.TemporaryDirectory() as folder:
        service = [sys.executable, "-m", "cds_service", "serve", "--port", str(ours), "--threads", str(THREADS)]
        service += ["--spool-dir", f"{folder}/spool", "--database-url", f"sqlite:///{folder}/b.db"]
        service += ["--drain-seconds", "0.5"]
        plain = [sys.executable, "-m", "gunicorn", "-k", "gthread", "-w", "1", "--threads", str(THREADS), "--preload"]
        plain += ["-b", f"127.0.0.1:{bare}", "calls:floor()"]
        with server(service, ours) as service_pid, server(plain, bare) as plain_pid:
            for name, body in CASES.items():
                load(ours, body, 100), load(bare, body, 100)
                rounds = [
                    (measure(service_pid, ours, body), measure(plain_pid, bare, body))
                    for _ in track(range(ROUNDS), name, console=console, transient=True)
                ]
                report(console, name, rounds)


def report(console: Console, name: str, rounds: list[tuple[Round, Round]]) -> None:
    table = Table(title=f"{name}: {ROUNDS} paired rounds of {CALLS} calls", title_justify="left")
    for column in ("", "CPU ms per call", "calls per second", "p50 ms", "p99 ms"):
        table.add_column(column, justify="left" if not column else "right")
    for label, index in (("cobalamin-cds", 0), ("floor", 1)):
        chosen = [pair[index] for pair in rounds]
        figures = [statistics.median(getattr(one, field) for one in chosen) for field in Round.__annotations__]
        table.add_row(label, *(f"{figure:.2f}" for figure in figures))
    ratios = [service.cpu_ms / bare.cpu_ms for service, bare in rounds]
    spread = f"{min(ratios):.2f} to {max(ratios):.2f}"
    table.add_row("CPU ratio", f"{statistics.median(ratios):.2f} ({spread})", "", "", "")
    console.print(table)


if __name__ == "__main__":
    main()
