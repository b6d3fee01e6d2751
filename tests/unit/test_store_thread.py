from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from cds_service.store import drain as drains
from cds_service.store.drain import Drain
from cds_service.store.queries import counts
from cds_service.store.spool import Spool
from cds_service.store.upkeep import DrainThread
from tests.helpers.lines import evaluation


@pytest.fixture
def spool(tmp_path: Path) -> Iterator[Spool]:
    spool = Spool(tmp_path / "spool")
    yield spool
    spool.close()


@pytest.fixture
def drain(engine: Engine, tmp_path: Path) -> Drain:
    return Drain(engine, tmp_path / "spool")


def test_the_thread_drains_while_running_and_once_more_at_its_end(spool: Spool, drain: Drain, engine: Engine) -> None:
    quick, slow = DrainThread(drain.drain_once, 0.005), DrainThread(drain.drain_once, 3600)
    spool.append(evaluation("e1"))
    quick.start()
    for _ in range(5000):
        if counts(engine)["evaluation"]:
            break
        time.sleep(0.001)
    assert counts(engine)["evaluation"] == 1
    quick.stop()
    slow.start()
    spool.append(evaluation("e2"))
    slow.stop()
    assert counts(engine)["evaluation"] == 2


def test_the_thread_survives_a_fault_of_ours(
    spool: Spool, drain: Drain, engine: Engine, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(drains, "rows_of", lambda *_: {}["secret"])
    spool.append(evaluation("e1"))
    thread = DrainThread(drain.drain_once, 0.001)
    thread.start()
    for _ in range(5000):
        if "drain failed" in caplog.text:
            break
        time.sleep(0.001)
    monkeypatch.undo()
    thread.stop()
    assert counts(engine)["evaluation"] == 1
    assert "secret" not in caplog.text
