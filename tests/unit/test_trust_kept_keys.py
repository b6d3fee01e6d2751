"""Key sets that outlive the worker that fetched them: from files, as old as they are, and never without one."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from cds_service.outbound import Outbound
from cds_service.trust.kept_keys import KeptKeys
from cds_service.trust.key_sets import STALE_SECONDS, KeySet
from tests.helpers.tokens import KeyHost, jwk, key_host, private_key

OLD = jwk(private_key(), "old")


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
def folder(tmp_path: Path, host: KeyHost, outbound: Outbound) -> Path:
    """Where a worker has kept the set of a host, which then fails."""
    kept = KeptKeys(tmp_path / "spool", time.time)
    assert KeySet(f"{host.base}/jwks", outbound.get, time.monotonic, kept=kept).named("old")
    host.fail()
    return tmp_path / "spool"


def knows(folder: Path, host: KeyHost, outbound: Outbound, path: str = "/jwks") -> bool:
    """Whether a worker that begins now knows the key."""
    begun = KeySet(f"{host.base}{path}", outbound.get, time.monotonic, 0.1, KeptKeys(folder, time.time))
    begun.recall()
    return bool(begun.named("old"))


def age(folder: Path, seconds: float) -> None:
    [file] = folder.iterdir()
    then = time.time() - seconds
    os.utime(file, (then, then))


def test_a_new_worker_knows_the_keys_while_their_host_is_down(folder: Path, host: KeyHost, outbound: Outbound) -> None:
    assert knows(folder, host, outbound)
    assert not knows(folder.parent / "another", host, outbound)


def test_a_set_is_that_of_its_own_url_alone(folder: Path, host: KeyHost, outbound: Outbound) -> None:
    assert not knows(folder, host, outbound, "/another")


@pytest.mark.parametrize(("seconds", "known"), [(STALE_SECONDS - 60, True), (STALE_SECONDS + 60, False), (-3600, True)])
def test_keys_grow_old_across_a_restart(
    folder: Path, host: KeyHost, outbound: Outbound, seconds: float, *, known: bool
) -> None:
    age(folder, seconds)
    assert knows(folder, host, outbound) is known


def test_what_is_fetched_takes_the_place_of_what_was_kept(folder: Path, host: KeyHost, outbound: Outbound) -> None:
    host.publish(jwk(private_key("ES384", "new"), "new"))
    begun = KeySet(f"{host.base}/jwks", outbound.get, time.monotonic, kept=KeptKeys(folder, time.time))
    begun.recall()
    assert begun.refresh().wait(20)
    assert (bool(begun.named("new")), bool(begun.named("old"))) == (True, False)
    host.fail()
    assert not knows(folder, host, outbound)
    assert len(list(folder.iterdir())) == 1


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"keys": 1}', b"\xff"])
def test_a_broken_file_is_no_key_set_and_keeps_nobody_from_beginning(
    folder: Path, host: KeyHost, outbound: Outbound, body: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    [file] = folder.iterdir()
    file.write_bytes(body)
    assert not knows(folder, host, outbound)
    assert "kept key set not read" in caplog.text


def test_a_folder_that_takes_nothing_costs_only_the_next_restart(
    tmp_path: Path, host: KeyHost, outbound: Outbound, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    taken = tmp_path / "taken"
    taken.write_text("no folder", "utf-8")
    kept = KeptKeys(taken, time.time)
    assert KeySet(f"{host.base}/jwks", outbound.get, time.monotonic, kept=kept).named("old")
    assert "key set not kept" in caplog.text
    assert kept.recall("https://keys.example") is None


def test_others_may_not_read_or_change_the_file(folder: Path) -> None:
    [file] = folder.iterdir()
    assert file.stat().st_mode & 0o077 == 0
    assert folder.stat().st_mode & 0o077 == 0
