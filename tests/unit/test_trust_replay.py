"""Used tokens: taken once by whoever asks first, forgotten when they have expired, and never in the way of advice."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from cds_service.errors import SettingsFault
from cds_service.trust.replay import PURGE_EVERY, REST_SECONDS, Replays
from tests.helpers.processes import ROOT
from tests.helpers.tokens import AT
from tests.helpers.wire import unwritable

ISSUER = "https://ehr.example"
Opened = Callable[[str], Replays]


class Unchecked(list[int]):
    """Counts the tokens that passed unchecked."""

    def __call__(self) -> None:
        self.append(1)


@pytest.fixture
def unchecked() -> Unchecked:
    return Unchecked()


@pytest.fixture
def opened(unchecked: Unchecked) -> Iterator[Opened]:
    """Opens stores, and closes them at the end."""
    found: list[Replays] = []

    def open_(url: str) -> Replays:
        found.append(Replays(url, lambda: 0.0, unchecked))
        return found[-1]

    yield open_
    for one in found:
        one.close()


def rows(url: str) -> int:
    engine = create_engine(url.replace("postgresql://", "postgresql+psycopg://"))
    with engine.connect() as connection:
        found = connection.execute(text("SELECT count(*) FROM used_tokens")).scalar_one()
    engine.dispose()
    return int(found)


def test_a_token_is_taken_once_and_by_its_issuer(opened: Opened, store_url: str, unchecked: Unchecked) -> None:
    one, other = opened(store_url), opened(store_url)
    assert one.first_use(ISSUER, "a", AT + 60, AT)
    assert not one.first_use(ISSUER, "a", AT + 60, AT)
    assert not other.first_use(ISSUER, "a", AT + 60, AT), "another worker knows it too"
    assert other.first_use(ISSUER, "b", AT + 60, AT)
    assert other.first_use("https://other.example", "a", AT + 60, AT)
    assert not unchecked


def test_a_token_stays_used_while_our_clock_goes_back_by_an_hour(opened: Opened, store_url: str) -> None:
    store = opened(store_url)
    assert store.first_use(ISSUER, "a", AT + 60, AT)
    assert all(store.first_use(ISSUER, str(one), AT + 60, AT - 3600) for one in range(PURGE_EVERY))
    assert not store.first_use(ISSUER, "a", AT + 60, AT - 3600)
    assert not store.first_use(ISSUER, "a", AT + 60, AT)


def test_two_names_that_read_alike_when_joined_are_two(opened: Opened, tmp_path: Path) -> None:
    store = opened(f"sqlite:///{tmp_path}/r.sqlite")
    assert store.first_use("ab", "c", AT + 60, AT)
    assert store.first_use("a", "bc", AT + 60, AT)


def test_threads_and_workers_that_come_at_once_take_a_token_once(
    opened: Opened, store_url: str, unchecked: Unchecked
) -> None:
    stores = [opened(store_url) for _ in range(4)]

    def take(number: int) -> bool:
        return stores[number % 4].first_use(ISSUER, f"jti-{number // 16}", AT + 60, AT)

    with ThreadPoolExecutor(16) as pool:
        taken = list(pool.map(take, range(320)))
    assert sum(taken) == 20
    assert not unchecked


def test_processes_that_open_a_new_store_at_once_take_each_token_once(tmp_path: Path) -> None:
    script = f"""
from cds_service.trust.replay import Replays
unchecked = []
store = Replays("sqlite:///{tmp_path}/new/r.sqlite", lambda: 0.0, lambda: unchecked.append(1))
taken = sum(store.first_use("i", str(n), {AT} + 60, {AT}) for n in range(100))
print(taken, len(unchecked))
store.close()
"""
    command = [sys.executable, "-c", script]
    started = [subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) for _ in range(4)]
    said = [process.communicate(timeout=60)[0].split() for process in started]
    assert sum(int(taken) for taken, _ in said) == 100
    assert {unchecked for _, unchecked in said} == {"0"}


def test_what_has_expired_is_forgotten_in_time_and_the_rest_is_not(opened: Opened, store_url: str) -> None:
    store = opened(store_url)
    for number in range(PURGE_EVERY - 2):
        assert store.first_use(ISSUER, f"old-{number}", AT + 60, AT)
    assert store.first_use(ISSUER, "long", AT + 7200, AT)
    assert store.first_use(ISSUER, "late", AT + 7200, AT + 3600)
    assert rows(store_url) == 2
    assert not store.first_use(ISSUER, "long", AT + 7200, AT + 3600)


def test_the_store_holds_no_claim(opened: Opened, tmp_path: Path) -> None:
    store = opened(f"sqlite:///{tmp_path}/r.sqlite")
    assert store.first_use("secret-issuer", "secret-jti", AT + 60, AT)
    store.close()
    assert b"secret" not in b"".join(path.read_bytes() for path in tmp_path.iterdir())


def test_a_store_that_does_not_work_lets_advice_pass_is_counted_and_logged(
    opened: Opened, tmp_path: Path, unchecked: Unchecked, caplog: pytest.LogCaptureFixture
) -> None:
    store = opened(f"sqlite:///{unwritable(tmp_path)}/r.sqlite")
    assert store.first_use(ISSUER, "secret-jti", AT + 60, AT)
    assert store.first_use(ISSUER, "secret-jti", AT + 60, AT)
    assert len(unchecked) == 2
    assert [record.message for record in caplog.records] == ["replay store unavailable"], "once, then it is left alone"
    assert "secret" not in str(vars(caplog.records[0]))


def test_a_store_that_comes_back_is_used_again(tmp_path: Path, unchecked: Unchecked) -> None:
    clock = [0.0]
    file = tmp_path / "r.sqlite"
    file.write_bytes(b"no database, but enough bytes to be taken for a broken one" * 20)
    store = Replays(f"sqlite:///{file}", lambda: clock[0], unchecked)
    assert store.first_use(ISSUER, "a", AT + 60, AT)
    file.unlink()
    assert store.first_use(ISSUER, "a", AT + 60, AT)
    clock[0] = REST_SECONDS
    assert store.first_use(ISSUER, "a", AT + 60, AT)
    assert len(unchecked) == 2
    assert not store.first_use(ISSUER, "a", AT + 60, AT)
    store.close()


def test_a_store_that_another_holds_makes_a_call_wait_a_short_time_only(
    opened: Opened, tmp_path: Path, unchecked: Unchecked
) -> None:
    file = tmp_path / "r.sqlite"
    store = opened(f"sqlite:///{file}")
    assert store.first_use(ISSUER, "a", AT + 60, AT)
    holder = sqlite3.connect(file, isolation_level=None)
    holder.execute("BEGIN EXCLUSIVE")
    assert store.first_use(ISSUER, "a", AT + 60, AT)
    assert len(unchecked) == 1
    holder.execute("ROLLBACK")
    holder.close()


@pytest.mark.parametrize(
    "url", ["nothing", "mysql://secret@x/y", "oracle://secret@x/y", "sqlite+none://", "postgresql://h:secret/x"]
)
def test_a_url_of_no_known_database_is_refused_without_repeating_it(url: str) -> None:
    with pytest.raises(SettingsFault, match="COBALAMIN_REPLAY_URL: expected") as fault:
        Replays(url, lambda: 0.0, lambda: None)
    assert "secret" not in str(fault.value)
