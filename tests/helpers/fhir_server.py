"""
A small FHIR server on loopback, in threads, over real sockets: reads, searches, pages, and every way to be broken.

It stands in for an EHR where a test needs to say exactly what comes; that real servers are understood is tested
against real servers.
"""

from __future__ import annotations

import json
import ssl
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

Json = dict[str, Any]
FHIR_JSON = "application/fhir+json"
BASE = "/fhir"


@dataclass
class Reply:
    """What goes back. `drip` seconds lie between single bytes, `wait` before the first; `head` drips the head too."""

    body: Any = None
    status: int = 200
    kind: str = FHIR_JSON
    headers: dict[str, str] = field(default_factory=dict)
    wait: float = 0
    drip: float = 0
    head: bool = False
    cut: bool = False

    def written(self) -> tuple[bytes, bytes]:
        """Head and body as bytes."""
        body = self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()
        headers = {"Content-Type": self.kind, "Content-Length": str(len(body) + self.cut), **self.headers}
        said = (f"{name}: {value}" for name, value in headers.items() if value)
        lines = [f"HTTP/1.1 {self.status} Word", *said, "", ""]
        return "\r\n".join(lines).encode(), body


@dataclass(frozen=True)
class Seen:
    """A request as it came."""

    method: str
    path: str
    query: str
    form: str
    headers: dict[str, str]
    port: int = 0

    @property
    def target(self) -> str:
        """The resource type, or what else stands behind the base."""
        return self.path.removeprefix(BASE + "/").split("/")[0]


Fault = Callable[[Seen], Reply | None]


def outcome(code: str = "exception") -> Json:
    """An OperationOutcome."""
    return {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": code}]}


class FhirServer:
    """
    Holds resources. Searches know `patient`, `_id`, `code` and `_count`.

    `faults` are asked first, in order; the first that gives a Reply decides. `page` is the most entries on a page.
    `careless` servers give all that they have of a type, whatever else the search says.
    """

    def __init__(self, resources: Sequence[Json] = (), page: int = 10_000, tls: ssl.SSLContext | None = None) -> None:
        self.resources, self.page, self.scheme = list(resources), page, "https" if tls else "http"
        self.careless = False
        self.faults: list[Fault] = []
        self.seen: list[Seen] = []
        self.stopping = threading.Event()
        self._lock = threading.Lock()
        self._http = _Threads(self)
        if tls:
            self._http.socket = tls.wrap_socket(self._http.socket, server_side=True, do_handshake_on_connect=False)

    @property
    def base(self) -> str:
        """The base URL."""
        return f"{self.scheme}://127.0.0.1:{self._http.server_port}{BASE}"

    def asked(self) -> list[str]:
        """The types asked for, sorted."""
        return sorted(one.target for one in self.seen)

    def fail(self, reply: Reply, *types: str, times: int = 1_000_000) -> None:
        """Answer so to what concerns these types (all, if none is named), so many times."""
        left = [times]

        def fault(seen: Seen) -> Reply | None:
            with self._lock:
                if (types and seen.target not in types) or left[0] <= 0:
                    return None
                left[0] -= 1
            return reply

        self.faults.append(fault)

    def answer(self, seen: Seen) -> Reply:
        """To one request."""
        with self._lock:
            self.seen.append(seen)
        found = next((reply for fault in self.faults if (reply := fault(seen)) is not None), None)
        return found or self._found(seen)

    def _found(self, seen: Seen) -> Reply:
        parts = seen.path.removeprefix(BASE + "/").split("/")
        if len(parts) == 2 and parts[1] != "_search":
            held = [one for one in self.resources if [one["resourceType"], one.get("id")] == parts]
            return Reply(held[0]) if held else Reply(outcome("not-found"), 404)
        asked = parse_qs(seen.query + "&" + seen.form)
        matching = [
            one for one in self.resources if one["resourceType"] == parts[0] and (self.careless or _matches(one, asked))
        ]
        return Reply(self._bundle(parts[0], asked, matching))

    def _bundle(self, kind: str, asked: dict[str, list[str]], matching: list[Json]) -> Json:
        begin, most = int(asked.get("_page", ["0"])[0]), min(self.page, int(asked.get("_count", ["10000"])[0]))
        entries = [
            {
                "fullUrl": f"{self.base}/{one['resourceType']}/{one.get('id')}",
                "resource": one,
                "search": {"mode": "match"},
            }
            for one in matching[begin : begin + most]
        ]
        found: Json = {"resourceType": "Bundle", "type": "searchset", "total": len(matching), "entry": entries}
        if begin + most < len(matching):
            kept = "&".join(f"{name}={value}" for name, values in asked.items() for value in values if name != "_page")
            found["link"] = [
                {"relation": "next", "url": f"{self.base}/{kind}?{kept}&_page={begin + most}".replace("|", "%7C")}
            ]
        return found

    def start(self) -> None:
        """Serve in a thread."""
        threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()

    def stop(self) -> None:
        """Let go of everything, also of answers that are still dripping."""
        self.stopping.set()
        self._http.shutdown()
        self._http.server_close()


def _matches(one: Json, asked: dict[str, list[str]]) -> bool:
    if "_id" in asked and one.get("id") not in asked["_id"][0].split(","):
        return False
    if "code" in asked and not _coded(one) & set(asked["code"][0].split(",")):
        return False
    whose = (one.get("subject") or one.get("patient") or {}).get("reference", "")
    return "patient" not in asked or whose.rpartition("/")[2] == asked["patient"][0]


def _coded(one: Json) -> set[str]:
    return {f"{coding.get('system')}|{coding.get('code')}" for coding in (one.get("code") or {}).get("coding", [])}


class _Threads(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def __init__(self, fhir: FhirServer) -> None:
        self.fhir = fhir
        super().__init__(("127.0.0.1", 0), _Handler)

    def handle_error(self, request: Any, client_address: Any) -> None:
        if not isinstance(sys.exc_info()[1], OSError):  # a client that has gone, or trusts us not
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Threads

    def do_GET(self) -> None:
        self._serve("")

    def do_POST(self) -> None:
        self._serve(self.rfile.read(int(self.headers.get("Content-Length", 0))).decode())

    def _serve(self, form: str) -> None:
        fhir, url = self.server.fhir, urlsplit(self.path)
        port = self.client_address[1]
        reply = fhir.answer(Seen(self.command, unquote(url.path), url.query, form, dict(self.headers.items()), port))
        fhir.stopping.wait(reply.wait)
        try:
            self._send(reply)
        except OSError:
            self.close_connection = True  # the client has gone, as it should

    def _send(self, reply: Reply) -> None:
        head, body = reply.written()
        if not reply.drip:
            self.wfile.write(head + body)
        else:
            self._drip(reply.drip, *((b"", head + body) if reply.head else (head, body)))
        self.close_connection = reply.cut

    def _drip(self, seconds: float, fast: bytes, slow: bytes) -> None:
        self.wfile.write(fast)
        for byte in slow:
            if self.server.fhir.stopping.wait(seconds):
                return
            self.wfile.write(bytes([byte]))

    def log_message(self, *_: object) -> None:
        """Silence."""


def resources_of(prefetch: Json) -> list[Json]:
    """Every resource of a prefetch, each once."""
    found: dict[tuple[str, str], Json] = {}
    for value in prefetch.values():
        entries = (value or {}).get("entry", [{"resource": value}] if "id" in (value or {}) else [])
        for one in (entry["resource"] for entry in entries if "resource" in entry):
            found.setdefault((one["resourceType"], one.get("id", str(len(found)))), one)
    return list(found.values())


@contextmanager
def serving(
    resources: Sequence[Json] = (), page: int = 10_000, tls: ssl.SSLContext | None = None
) -> Iterator[FhirServer]:
    """A running server."""
    server = FhirServer(resources, page, tls)
    server.start()
    try:
        yield server
    finally:
        server.stop()
