"""Clients that send slowly, not at all, or do not take their answer: they hold up nobody else. Real sockets."""

from __future__ import annotations

import json
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest
import requests

from tests.helpers import wire
from tests.helpers.processes import ROOT, Service, running
from tests.helpers.tokens import ISSUER, bearer, claims, jwk, jwks, private_key, token

BASE = "https://cds.hospital.example"
PATH = "/cds-services/b12-order-sign"
BUSY = "https://busy.hospital.example"
THREADS, CLIENTS, CALLS = 4, 40, 40
SERVE = (sys.executable, "-m", "tests.helpers.hasty_service", "serve", "--port", "0", "--threads", str(THREADS))
SECONDS = 30
"""Before, forty of these clients held four threads, or the loop, for longer than that."""
JSON = "Content-Type: application/json"


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A guarded service whose patience is short, and which these tests share."""
    folder = tmp_path_factory.mktemp("slow")
    keys = json.dumps(jwks(jwk(private_key())))
    clients = [f'[[client]]\nid = "{name}"\nissuer = "{issuer}"\njwks = \'{keys}\'\n' for name, issuer in ISSUERS]
    (folder / "clients.toml").write_text("\n".join(clients), "utf-8")
    set_ = {
        "PYTHONPATH": str(ROOT),
        "COBALAMIN_CLIENTS": str(folder / "clients.toml"),
        "COBALAMIN_BASE_URL": BASE,
        "COBALAMIN_CALLS_PER_MINUTE": str(CALLS),
    }
    with running(SERVE, folder, **set_) as found:
        yield found


ISSUERS = (("ehr", ISSUER), ("busy", BUSY))


def signed(issuer: str = ISSUER) -> str:
    headers = bearer(token(claims(time.time(), aud=f"{BASE}{PATH}", iss=issuer)))
    return f"Authorization: {headers['Authorization']}"


@contextmanager
def connection(service: Service, buffer: int = 0) -> Iterator[socket.socket]:
    host, _, port = service.url.removeprefix("http://").partition(":")
    with socket.socket() as found:
        if buffer:
            found.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
        found.settimeout(SECONDS)
        found.connect((host, int(port)))
        yield found


def post(*fields: str, length: int = 100_000, path: str = PATH) -> bytes:
    """The head of a request and the first bytes of its body."""
    lines = [f"POST {path} HTTP/1.1", "Host: x", f"Content-Length: {length}", *fields]
    return ("\r\n".join(lines) + '\r\n\r\n{"hook"').encode()


def received(sender: socket.socket) -> bytes:
    """All there is until the service closes the connection."""
    found = b""
    while part := sender.recv(65536):
        found += part
    return found


def answers(service: Service) -> bool:
    return requests.get(f"{service.url}/health/live", timeout=SECONDS).status_code == requests.codes.ok


def refused(answer: bytes) -> tuple[int, wire.Json]:
    """Status and OperationOutcome of an answer that ends the connection."""
    head, _, body = answer.partition(b"\r\n\r\n")
    assert b"\r\nConnection: close" in head
    if not body:
        return int(head.split(b" ")[1]), {}
    assert b"\r\nContent-Type: application/fhir+json" in head
    found: wire.Json = json.loads(body)
    wire.check("operation-outcome", found)
    return int(head.split(b" ")[1]), found


# A refused request


def unread(kind: str) -> bytes:
    return {
        "no token": lambda: post(JSON),
        "a wrong token": lambda: post(JSON, "Authorization: Bearer a.b.c"),
        "too long": lambda: post(JSON, signed(), length=999_999_999),
        "no JSON": lambda: post("Content-Type: text/plain", signed()),
        "no address of ours": lambda: post(JSON, path="/nothing"),
        "no method of it": lambda: post(JSON, path="/health"),
    }[kind]()


STATUSES = {
    "no token": 401,
    "a wrong token": 401,
    "too long": 413,
    "no JSON": 415,
    "no address of ours": 404,
    "no method of it": 405,
}


@pytest.mark.parametrize(("kind", "status"), STATUSES.items(), ids=STATUSES)
def test_a_refused_request_ends_its_connection_without_its_body_being_read(
    service: Service, kind: str, status: int
) -> None:
    with connection(service) as sender:
        sender.sendall(unread(kind))
        assert refused(received(sender))[0] == status


def test_one_call_too_many_ends_its_connection_too(service: Service) -> None:
    statuses = set()
    for _ in range(2 * CALLS + 2):  # a new minute may begin in between
        with connection(service) as sender:
            sender.sendall(post("Content-Type: text/plain", signed(BUSY)))
            statuses.add(refused(received(sender))[0])
    assert statuses == {415, 429}


# Clients that take their time


SLOW = {"silent": b"", "a head": b"GET /health HTTP/1.1\r\nX: a", "a body without a token": post(JSON)}


@pytest.mark.parametrize("sent", SLOW.values(), ids=SLOW)
def test_many_slow_clients_hold_up_nobody_else(service: Service, sent: bytes) -> None:
    with ExitStack() as open_:
        clients = [open_.enter_context(connection(service)) for _ in range(CLIENTS)]
        for one in clients:
            one.sendall(sent)
        began = time.monotonic()
        for _ in range(3):
            assert answers(service)
            for one in clients:
                trickle(one)
        assert time.monotonic() - began < SECONDS


def trickle(client: socket.socket) -> bool:
    """One byte more; whether the connection still took it."""
    try:
        client.sendall(b"a")
    except OSError:
        return False
    return True


@pytest.mark.parametrize("sent", [b"", b"GET /health HTTP/1.1\r\nX: a"], ids=["silent", "a head"])
def test_a_head_has_its_time_and_no_more(service: Service, sent: bytes) -> None:
    with connection(service) as sender:
        sender.sendall(sent)
        assert received(sender) == b""


def test_a_body_has_its_time_however_often_a_byte_comes(service: Service) -> None:
    with connection(service) as sender:
        sender.sendall(post(JSON, signed()))
        sender.settimeout(0.2)
        until, answer = time.monotonic() + SECONDS, b""
        while not answer and time.monotonic() < until:
            sender.sendall(b" ")
            try:
                answer = sender.recv(65536)
            except TimeoutError:
                continue
        assert refused(answer)[0] == requests.codes.bad_request


def test_who_does_not_take_the_answers_gives_the_thread_back(service: Service) -> None:
    """Far more than the kernel holds for a connection."""
    with connection(service, buffer=4096) as sender:
        sender.sendall(b"GET /openapi.json HTTP/1.1\r\nHost: x\r\n\r\n" * 400)
        until = time.monotonic() + 2 * SECONDS
        while not any("answer not taken in time" in line for line in service.lines):
            assert time.monotonic() < until, "expected the service to give up"
            time.sleep(0.1)


# Everybody else


def test_a_head_without_end_is_refused(service: Service) -> None:
    with connection(service) as sender:
        sender.sendall(b"GET / HTTP/1.1\r\nX: " + b"a" * 70_000)
        status, outcome = refused(received(sender))
    assert (status, outcome["issue"][0]["code"]) == (431, "too-long")


def test_a_head_may_come_in_pieces_and_two_requests_at_once(service: Service) -> None:
    request = b"GET /health HTTP/1.1\r\nHost: x\r\n"
    with connection(service) as sender:
        for place in range(len(request)):
            sender.sendall(request[place : place + 1])
        sender.sendall(b"\r\n" + request + b"\r\n" + request[:9])
        sender.sendall(request[9:] + b"Connection: close\r\n\r\n")
        assert received(sender).count(b"HTTP/1.1 200") == 3


def test_a_body_in_chunks_keeps_the_connection(service: Service) -> None:
    """It is refused for what it says, so it was read."""
    call = "\r\n".join([f"POST {PATH} HTTP/1.1", "Host: x", JSON, signed(), "Transfer-Encoding: chunked"])
    with connection(service) as sender:
        sender.sendall(f"{call}\r\n\r\n2\r\n{{}}\r\n0\r\n\r\n".encode())
        sender.sendall(b"GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        answer = received(sender)
    assert answer.startswith(b"HTTP/1.1 400")
    assert answer.count(b"HTTP/1.1 200") == 1
