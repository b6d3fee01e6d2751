"""Key sets at a URL, from a real server on loopback: rotation, old keys while it is down, and how often it is asked."""

from __future__ import annotations

import json
import logging
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from cds_service.outbound import Outbound
from cds_service.trust.key_sets import FRESH_SECONDS, MOST_BYTES, RETRY_SECONDS, STALE_SECONDS, KeySet, KeySets
from tests.helpers.tokens import Json, KeyHost, jwk, key_host, private_key

OLD, NEW = jwk(private_key(), "old"), jwk(private_key("ES384", "new"), "new")
SECONDS = 20


class Clock:
    """Seconds that pass when told to."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now

    def pass_(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def host() -> Iterator[KeyHost]:
    with key_host(OLD) as host:
        yield host


@pytest.fixture
def outbound() -> Iterator[Outbound]:
    found = Outbound(private_networks=True, most_bytes=10_000_000, at_once=4)
    yield found
    found.close()


@pytest.fixture
def published(host: KeyHost, outbound: Outbound, clock: Clock) -> KeySet:
    return KeySet(f"{host.base}/jwks.json", outbound.get, clock)


def has(published: KeySet, kid: str) -> bool:
    found = published.named(kid)
    assert {key.kid for key in found} <= {kid}
    return bool(found)


def refreshed(published: KeySet) -> None:
    assert published.refresh().wait(SECONDS)


def test_a_key_is_fetched_once_and_kept(published: KeySet, host: KeyHost, clock: Clock) -> None:
    assert has(published, "old")
    clock.pass_(FRESH_SECONDS - 1)
    assert all(has(published, "old") for _ in range(20))
    assert host.asked == ["/jwks.json"]


def test_nothing_is_fetched_before_the_first_call(published: KeySet, host: KeyHost) -> None:
    assert isinstance(published, KeySet)
    assert not host.asked


def test_a_rotated_key_is_fetched_when_its_first_token_comes(published: KeySet, host: KeyHost, clock: Clock) -> None:
    assert has(published, "old")
    host.publish(OLD, NEW)
    clock.pass_(RETRY_SECONDS)
    assert has(published, "new")
    assert has(published, "old")
    assert len(host.asked) == 2


def test_a_key_that_was_withdrawn_is_not_known_after_the_next_fetch(
    published: KeySet, host: KeyHost, clock: Clock
) -> None:
    assert has(published, "old")
    host.publish(NEW)
    clock.pass_(FRESH_SECONDS)
    assert has(published, "old"), "the call that finds the keys old does not wait for new ones"
    refreshed(published)
    assert not has(published, "old")
    assert has(published, "new")


def test_unknown_names_cost_one_fetch_in_a_while(published: KeySet, host: KeyHost, clock: Clock) -> None:
    assert has(published, "old")
    assert not any(has(published, f"guess-{number}") for number in range(50))
    assert len(host.asked) == 1
    clock.pass_(RETRY_SECONDS)
    assert not any(has(published, f"guess-{number}") for number in range(50))
    assert len(host.asked) == 2


def test_many_calls_at_once_cost_one_fetch(published: KeySet, host: KeyHost) -> None:
    with ThreadPoolExecutor(16) as pool:
        assert all(pool.map(lambda _: has(published, "old"), range(64)))
    assert len(host.asked) == 1


@pytest.mark.parametrize("fault", ["status", "redirect", "not JSON", "no set", "too many", "too large", "gone"])
def test_known_keys_go_on_to_be_used_while_their_host_is_out_of_order(
    published: KeySet, host: KeyHost, clock: Clock, fault: str
) -> None:
    assert has(published, "old")
    break_(host, fault)
    clock.pass_(FRESH_SECONDS)
    refreshed(published)
    clock.pass_(STALE_SECONDS - FRESH_SECONDS - 1)
    assert has(published, "old")
    refreshed(published)
    clock.pass_(1)
    assert not has(published, "old"), "a stolen key must end some day"


def break_(host: KeyHost, fault: str) -> None:
    json_ = {"Content-Type": "application/json"}
    set_: Json = {"keys": [OLD | {"kid": str(number)} for number in range(101)]}
    answers = {
        "status": (500, {}, b""),
        "redirect": (302, {"Location": f"{host.base}/elsewhere.json"}, b""),
        "not JSON": (200, json_, b"<html>"),
        "no set": (200, json_, b'{"keys": 5}'),
        "too many": (200, json_, json.dumps(set_).encode()),
        "too large": (200, json_, b'{"keys": []}' + b" " * MOST_BYTES),
        "gone": (404, {}, b""),
    }
    host.answer = lambda _: answers[fault]


def test_keys_come_back_by_themselves_when_the_host_does(published: KeySet, host: KeyHost, clock: Clock) -> None:
    host.fail()
    assert not has(published, "old")
    assert not has(published, "old")
    assert len(host.asked) == 1
    host.publish(OLD)
    clock.pass_(RETRY_SECONDS)
    assert has(published, "old")


def test_no_redirect_is_followed(published: KeySet, host: KeyHost) -> None:
    elsewhere = json.dumps({"keys": [OLD]}).encode()
    host.answer = lambda path: (
        (200, {"Content-Type": "application/json"}, elsewhere)
        if path == "/elsewhere"
        else (307, {"Location": "/elsewhere"}, b"")
    )
    assert not has(published, "old")
    assert host.asked == ["/jwks.json"]


def test_a_host_that_never_answers_costs_a_call_with_a_known_key_nothing_and_another_a_short_time(
    published: KeySet, host: KeyHost, clock: Clock
) -> None:
    assert has(published, "old")
    silent = threading.Event()
    host.answer = lambda _: (200, {}, b"") if silent.wait(SECONDS) else (500, {}, b"")
    clock.pass_(FRESH_SECONDS)
    begun = time.monotonic()
    assert has(published, "old")
    assert not has(published, "new")
    assert time.monotonic() - begun < SECONDS / 2
    silent.set()
    refreshed(published)


def test_a_host_that_is_not_there_is_a_key_that_is_not_known(
    outbound: Outbound, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}/jwks.json"
        assert not has(KeySet(url, outbound.get, clock), "old")
    said = [vars(record) for record in caplog.records if record.message == "key set not fetched"]
    assert [(one["fault"], one["where"]) for one in said] == [("unreachable", url)]


def test_the_sets_of_a_client_are_asked_one_after_the_other(outbound: Outbound, clock: Clock, host: KeyHost) -> None:
    with key_host(NEW) as second:
        urls = (f"{host.base}/a", f"{second.base}/b")
        sets = KeySets(urls, outbound.get, clock)
        assert [key.kid for key in sets.named(urls, "new")] == ["new"]
        assert (host.asked, second.asked) == (["/a"], ["/b"])
        assert not sets.named(urls[:1], "new"), "the set that was not asked for is not looked at"
        assert not sets.named((), "new")


def test_sets_can_be_fetched_before_the_first_call(outbound: Outbound, clock: Clock, host: KeyHost) -> None:
    sets = KeySets([f"{host.base}/a"], outbound.get, clock)
    sets.warm()
    deadline = time.monotonic() + SECONDS
    while not host.asked and time.monotonic() < deadline:
        time.sleep(0.01)
    assert sets.named([f"{host.base}/a"], "old")
    assert host.asked == ["/a"]


def test_the_log_of_a_failed_fetch_has_no_key(
    published: KeySet, host: KeyHost, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "cds_service")
    break_(host, "too many")
    assert not has(published, "secret-kid")
    logged = "\n".join(str(vars(record)) for record in caplog.records if record.name.startswith("cds_service"))
    assert "ValueError" in logged
    assert "secret-kid" not in logged
    assert OLD["x"] not in logged
