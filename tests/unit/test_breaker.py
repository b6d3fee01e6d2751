"""A host that keeps failing is left alone for a while, and then tried with one call."""

from __future__ import annotations

import threading

from cds_service.breaker import Breaker

HOST, OTHER = "https://ehr.example", "https://other.example"


class Clock:
    """Seconds that pass when told."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def broken(clock: Clock, failures: int = 3) -> Breaker:
    breaker = Breaker(clock, most=3, rest=10)
    for _ in range(failures):
        breaker.failed(HOST)
    return breaker


def test_a_host_is_tried_until_it_has_failed_so_often_in_a_row() -> None:
    breaker = broken(Clock(), 2)
    assert breaker.may_try(HOST)
    breaker.failed(HOST)
    assert not breaker.may_try(HOST)


def test_an_answer_between_failures_starts_the_count_anew() -> None:
    breaker = broken(Clock(), 2)
    breaker.succeeded(HOST)
    breaker.failed(HOST)
    assert breaker.may_try(HOST)


def test_other_hosts_are_not_left_alone() -> None:
    assert broken(Clock()).may_try(OTHER)


def test_after_the_rest_one_call_goes_and_others_still_wait() -> None:
    clock = Clock()
    breaker = broken(clock)
    clock.now = 9.9
    assert not breaker.may_try(HOST)
    clock.now = 10
    assert [breaker.may_try(HOST) for _ in range(3)] == [True, False, False]


def test_a_trial_that_succeeds_opens_the_way_and_one_that_fails_shuts_it() -> None:
    clock = Clock()
    breaker = broken(clock)
    clock.now = 10
    assert breaker.may_try(HOST)
    breaker.failed(HOST)
    clock.now = 19.9
    assert not breaker.may_try(HOST)
    clock.now = 20
    assert breaker.may_try(HOST)
    breaker.succeeded(HOST)
    assert [breaker.may_try(HOST) for _ in range(3)] == [True, True, True]


def test_a_trial_that_never_ends_is_followed_by_another() -> None:
    clock = Clock()
    breaker = broken(clock)
    clock.now = 10
    assert breaker.may_try(HOST)
    clock.now = 20
    assert breaker.may_try(HOST)


def test_hosts_are_forgotten_beyond_a_number() -> None:
    breaker = Breaker(Clock(), most=1, rest=10, hosts=2)
    for host in (HOST, OTHER, "https://third.example"):
        breaker.failed(host)
    assert [breaker.may_try(host) for host in (HOST, OTHER, "https://third.example")] == [True, False, False]


def test_threads_let_exactly_one_trial_through() -> None:
    clock = Clock()
    breaker = broken(clock)
    clock.now = 10
    gate, let = threading.Barrier(16), list[bool]()

    def try_once() -> None:
        gate.wait()
        let.append(breaker.may_try(HOST))

    threads = [threading.Thread(target=try_once) for _ in range(16)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert sorted(let) == [False] * 15 + [True]
