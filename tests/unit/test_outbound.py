"""Calling out: every way in which another server can be broken or hostile, over real sockets."""

from __future__ import annotations

import gzip
import logging
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import pytest

from cds_service.errors import OutboundFault
from cds_service.outbound import DEEPEST, Outbound, checked_depth
from tests.helpers.fhir_server import FhirServer, Reply, serving

SOON, LATE = 0.3, 5.0
"""Seconds: a budget to be kept, and what even a slow machine does not need beyond it."""
MOST = 10_000
SECRET = "planted-token"  # noqa: S105 - it opens nothing


@pytest.fixture
def server() -> Iterator[FhirServer]:
    with serving() as running:
        yield running


@pytest.fixture
def outbound() -> Iterator[Outbound]:
    with closing(Outbound(private_networks=True, most_bytes=MOST, at_once=4)) as made:
        yield made


def fault_of(ask: Callable[[], object]) -> OutboundFault:
    with pytest.raises(OutboundFault) as caught:
        ask()
    return caught.value


def get(outbound: Outbound, server: FhirServer, seconds: float = LATE) -> bytes:
    return outbound.get(f"{server.base}/x?name=planted", {"Authorization": f"Bearer {SECRET}"}, seconds)


def test_json_comes_back_as_it_was_sent(outbound: Outbound, server: FhirServer) -> None:
    server.fail(Reply(b' {"a": [1, "\\"[{"]} '))
    assert get(outbound, server) == b' {"a": [1, "\\"[{"]} '
    [seen] = server.seen
    assert (seen.method, seen.query, seen.headers["Authorization"]) == ("GET", "name=planted", f"Bearer {SECRET}")


def test_a_form_is_posted_as_one(outbound: Outbound, server: FhirServer) -> None:
    server.fail(Reply({}))
    outbound.post_form(f"{server.base}/x/_search", "patient=1&code=a%7Cb", {}, LATE)
    [seen] = server.seen
    assert (seen.method, seen.form, seen.query) == ("POST", "patient=1&code=a%7Cb", "")
    assert seen.headers["Content-Type"] == "application/x-www-form-urlencoded"


REPLIES: dict[str, tuple[Reply, str, int]] = {
    "not found": (Reply({}, 404), "status", 404),
    "no content": (Reply(b"", 204), "status", 204),
    "token refused": (Reply({}, 401), "status", 401),
    "broken": (Reply({}, 500), "status", 500),
    "HTML": (Reply(b"<html>planted</html>", kind="text/html"), "not-json", 0),
    "no content type": (Reply({}, kind=""), "not-json", 0),
    "XML": (Reply(b"<Patient/>", kind="application/fhir+xml"), "not-json", 0),
    "a redirect": (Reply(b"", 302, headers={"Location": "http://127.0.0.1:1/"}), "redirect", 302),
    "a redirect to a file": (Reply(b"", 301, headers={"Location": "file:///etc/passwd"}), "redirect", 301),
    "a redirect to nowhere": (Reply(b"", 307), "redirect", 307),
    "too many bytes": (Reply(b'"' + b"x" * MOST + b'"'), "too-large", 0),
    "too many bytes without a length": (
        Reply(b"%x\r\n" % (MOST + 1) + b"x" * (MOST + 1) + b"\r\n0\r\n\r\n",
              headers={"Content-Length": "", "Transfer-Encoding": "chunked"}), "too-large", 0,
    ),
    "a small bomb": (Reply(gzip.compress(b" " * 50_000_000), headers={"Content-Encoding": "gzip"}), "too-large", 0),
    "broken compression": (Reply(b"planted", headers={"Content-Encoding": "gzip"}), "unreachable", 0),
    "too deep": (Reply(b"[" * 101 + b"]" * 101), "too-large", 0),
    "cut off": (Reply({}, cut=True), "unreachable", 0),
    "too many headers": (Reply({}, headers={f"X-{n}": "planted" for n in range(200)}), "unreachable", 0),
    "an endless header": (Reply({}, headers={"X": "planted" * 20_000}), "unreachable", 0),
}  # fmt: skip


@pytest.mark.parametrize(("reply", "kind", "status"), REPLIES.values(), ids=REPLIES)
def test_an_unusable_answer_is_a_fault_of_its_kind(
    outbound: Outbound, server: FhirServer, reply: Reply, kind: str, status: int
) -> None:
    server.fail(reply)
    fault = fault_of(lambda: get(outbound, server))
    assert (fault.kind, fault.status) == (kind, status)
    assert "planted" not in str(fault) + repr(fault)
    assert len(server.seen) == 1


SLOW = {
    "never begins": Reply({}, wait=60),
    "drips its body": Reply({"x": "y" * 500}, drip=0.02),
    "drips its head": Reply({"x": "y" * 500}, drip=0.02, head=True),
}


@pytest.mark.parametrize("reply", SLOW.values(), ids=SLOW)
def test_a_server_that_drips_bytes_holds_no_call_beyond_its_time(
    outbound: Outbound, server: FhirServer, reply: Reply
) -> None:
    server.fail(reply)
    begun = time.monotonic()
    assert fault_of(lambda: get(outbound, server, SOON)).kind == "timeout"
    assert time.monotonic() - begun < LATE


def test_what_comes_with_a_redirect_is_not_read(outbound: Outbound, server: FhirServer) -> None:
    server.fail(Reply(b"x" * 1000, 302, headers={"Location": "/fhir/y"}, drip=0.05))
    assert fault_of(lambda: get(outbound, server)).kind == "redirect"


def test_nobody_there_is_unreachable_and_a_name_that_is_none_too(outbound: Outbound) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    assert fault_of(lambda: outbound.get(f"http://127.0.0.1:{port}/", {}, LATE)).kind == "unreachable"
    assert fault_of(lambda: outbound.get("http://nowhere.invalid/", {}, LATE)).kind == "unreachable"


@pytest.mark.parametrize("url", ["ftp://x/", "file:///etc/passwd", "https://a@b/", "x", "", "https://a/../b"])
def test_a_url_of_another_kind_is_refused(outbound: Outbound, url: str) -> None:
    assert fault_of(lambda: outbound.get(url, {}, LATE)).kind == "refused-address"


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "2130706433", "127.1", "0x7f000001", "[::1]", "0.0.0.0"])  # noqa: S104
def test_without_the_setting_loopback_is_refused_before_a_byte_is_sent(server: FhirServer, host: str) -> None:
    port = server.base.rpartition(":")[2]
    with closing(Outbound(private_networks=False, most_bytes=MOST, at_once=1)) as strict:
        assert fault_of(lambda: strict.get(f"https://{host}:{port}", {}, LATE)).kind == "refused-address"
        assert fault_of(lambda: strict.get(f"http://{host}:{port}", {}, LATE)).kind == "refused-address"
    assert server.seen == []


def names(monkeypatch: pytest.MonkeyPatch, *answers: list[str]) -> list[str]:
    """A name server that gives these addresses, one answer after the other; the names that were looked up."""
    left, asked = list(answers), list[str]()
    real = socket.getaddrinfo

    def looked_up(host: str, *args: Any, **options: Any) -> list[Any]:
        if host != "ehr.example":
            return real(host, *args, **options)
        asked.append(host)
        return [row for one in left.pop(0) for row in real(one, *args, **options)]

    monkeypatch.setattr(socket, "getaddrinfo", looked_up)
    return asked


@pytest.mark.parametrize("addresses", [["127.0.0.1"], ["93.184.216.34", "10.0.0.1"], ["::ffff:169.254.169.254"], []])
def test_a_name_for_an_address_that_is_refused_is_refused(
    monkeypatch: pytest.MonkeyPatch, addresses: list[str]
) -> None:
    names(monkeypatch, addresses)
    with closing(Outbound(private_networks=False, most_bytes=MOST, at_once=1)) as strict:
        assert fault_of(lambda: strict.get("https://ehr.example/", {}, LATE)).kind == "refused-address"


def test_a_name_that_changes_its_address_between_check_and_call_gains_nothing(
    monkeypatch: pytest.MonkeyPatch, outbound: Outbound, server: FhirServer
) -> None:
    asked = names(monkeypatch, ["127.0.0.1"], ["169.254.169.254"])
    server.fail(Reply({}))
    assert outbound.get(f"http://ehr.example:{server.base.split(':')[2]}/x", {}, LATE) == b"{}"
    assert asked == ["ehr.example"]


def test_of_several_addresses_the_next_is_tried(
    monkeypatch: pytest.MonkeyPatch, outbound: Outbound, server: FhirServer
) -> None:
    names(monkeypatch, ["127.0.0.99", "127.0.0.1"])
    server.fail(Reply({}))
    assert outbound.get(f"http://ehr.example:{server.base.split(':')[2]}/x", {}, LATE) == b"{}"


def test_neither_the_environment_nor_an_earlier_answer_changes_a_call(
    monkeypatch: pytest.MonkeyPatch, outbound: Outbound, server: FhirServer
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    server.fail(Reply({}, headers={"Set-Cookie": "planted=1; Path=/"}))
    outbound.get(f"{server.base}/x", {}, LATE)
    outbound.get(f"{server.base}/x", {}, LATE)
    assert all("Cookie" not in seen.headers and "Authorization" not in seen.headers for seen in server.seen)


def test_connections_are_used_again(outbound: Outbound, server: FhirServer) -> None:
    server.fail(Reply({}))
    ports = {outbound.get(f"{server.base}/x", {}, LATE) and server.seen[-1].port for _ in range(5)}
    assert len(ports) == 1


WAITS = {
    "seconds that fit": ({"Retry-After": "0"}, LATE, 2),
    "seconds that do not fit": ({"Retry-After": "30"}, LATE, 1),
    "a date that fits": (
        {"Retry-After": "Sat, 21 Nov 2026 09:00:00 GMT", "Date": "Sat, 21 Nov 2026 09:00:00 GMT"}, LATE, 2,
    ),
    "a date that does not fit": (
        {"Retry-After": "Sat, 21 Nov 2026 09:05:00 GMT", "Date": "Sat, 21 Nov 2026 09:00:00 GMT"}, LATE, 1,
    ),
    "a date without a clock": ({"Retry-After": "Sat, 21 Nov 2026 09:00:00 GMT"}, LATE, 1),
    "nonsense": ({"Retry-After": "soon"}, LATE, 1),
    "a negative number": ({"Retry-After": "-1"}, LATE, 1),
    "nothing": ({}, LATE, 1),
    "no time left": ({"Retry-After": "0"}, 0.04, 1),
}  # fmt: skip


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize(("headers", "seconds", "calls"), WAITS.values(), ids=WAITS)
def test_a_busy_server_is_asked_again_if_it_says_when_and_there_is_time(
    outbound: Outbound, server: FhirServer, status: int, headers: dict[str, str], seconds: float, calls: int
) -> None:
    get_first(server, outbound)
    server.fail(Reply({}, status, headers=headers), times=1)
    server.fail(Reply({"again": 1}))
    if calls == 2:
        assert get(outbound, server, seconds) == b'{"again": 1}'
    else:
        assert fault_of(lambda: get(outbound, server, seconds)).kind in {"status", "timeout"}
    assert len(server.seen) - 1 <= calls


def get_first(server: FhirServer, outbound: Outbound) -> None:
    """So that a connection is there and a short budget is not spent on it."""
    server.fail(Reply({}), times=1)
    outbound.get(f"{server.base}/x", {}, LATE)


def test_a_server_that_is_always_busy_is_not_asked_for_ever(outbound: Outbound, server: FhirServer) -> None:
    server.fail(Reply({}, 503, headers={"Retry-After": "0"}))
    assert fault_of(lambda: get(outbound, server)).status == 503
    assert len(server.seen) == 3


def test_a_host_that_keeps_failing_is_left_alone_and_then_tried_again(server: FhirServer) -> None:
    now = [100.0]
    server.fail(Reply({}, 500), times=24)
    server.fail(Reply({}))
    with closing(Outbound(private_networks=True, most_bytes=MOST, at_once=1, clock=lambda: now[0])) as outbound:
        assert {fault_of(lambda: get(outbound, server)).kind for _ in range(24)} == {"status"}
        assert fault_of(lambda: get(outbound, server)).kind == "circuit-open"
        assert len(server.seen) == 24
        now[0] += 11
        assert get(outbound, server) == b"{}"


def test_a_host_that_answers_what_we_cannot_use_is_not_left_alone(outbound: Outbound, server: FhirServer) -> None:
    server.fail(Reply({}, 404))
    assert {fault_of(lambda: get(outbound, server)).kind for _ in range(30)} == {"status"}
    assert len(server.seen) == 30


def test_no_log_record_holds_an_address_or_a_token(
    caplog: pytest.LogCaptureFixture, outbound: Outbound, server: FhirServer
) -> None:
    caplog.set_level(logging.DEBUG)
    server.fail(Reply({}, headers={"Broken header": "x"}))
    get(outbound, server)
    assert not [one for one in caplog.records if "planted" in one.getMessage() or "planted" in str(one.args)]


def test_depth_is_counted_outside_strings_only() -> None:
    deepest = b"[" * DEEPEST + b"]" * DEEPEST
    for body in (
        deepest,
        b'{"a": "' + b"[{" * 500 + b'"}',
        b'["' + b'\\"[' * 500 + b'"]',
        b'["\\\\", "' + b"[" * 500 + b'"]',
    ):
        assert checked_depth(body) == body
    for body in (
        b"[" + deepest + b"]",
        b'["", ' * 101 + b"]" * 101,
        b'{"a":' * 101 + b"1" + b"}" * 101,
        b"[" * 5_000_000,
    ):
        assert fault_of(lambda body=body: checked_depth(body)).kind == "too-large"  # type: ignore[misc]
