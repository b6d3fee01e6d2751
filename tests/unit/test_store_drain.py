from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, event, select, text

from cds_service.store.database import downgrade, migrate, reading
from cds_service.store.drain import Drain
from cds_service.store.models import CardRow, EvaluationRow, SpoolPosition
from cds_service.store.queries import counts, feedback_of
from cds_service.store.segment import try_lock
from cds_service.store.spool import Spool
from tests.helpers.lines import NOW, evaluation, feedback


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "spool"


@pytest.fixture
def spool(folder: Path) -> Iterator[Spool]:
    spool = Spool(folder)
    yield spool
    spool.close()


@pytest.fixture
def drain(engine: Engine, folder: Path) -> Drain:
    return Drain(engine, folder)


def segments(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.glob("*.jsonl") if path.name != "rejected.jsonl")


def positions(engine: Engine) -> dict[str, int]:
    with reading(engine).begin() as connection:
        return {row.segment: row.offset for row in connection.execute(select(SpoolPosition))}


def test_what_was_spooled_is_kept(spool: Spool, drain: Drain, engine: Engine) -> None:
    spool.append(evaluation("e1", "c1", "c2", verdicts=b'{"a": "\\u0000"}'))
    spool.append_safely(feedback("f1", "c2", "no\0thing"))
    assert drain.drain_once() == 2
    assert drain.drain_once() == 0
    assert counts(engine) == {"evaluation": 1, "card": 2, "feedback": 1}
    [kept] = feedback_of(engine, "c2")
    assert (kept.id, kept.outcome, kept.comment, kept.rule) == ("f1", "overridden", "no\ufffdthing", "overdue")
    with engine.begin() as connection:
        assert connection.scalar(select(EvaluationRow.verdicts)) == '{"a": "\\u0000"}'
        card = connection.execute(select(CardRow).where(CardRow.uuid == "c1")).one()
    assert (card.evaluation, card.summary, card.trace, card.suggestions) == ("e1", "Zürich", '{"why":1}', '["s"]')


BEFORE = (
    b'{"kind":"evaluation","id":"e1","at":"2026-11-21T10:00:00Z","service":"b12-order-sign","hook":"order-sign",'
    b'"hook_instance":"h","client":"","as_of":"2026-11-21","knowledge":"k","protocol":"us-label","microseconds":9,'
    b'"verdicts":[],"cards":[{"uuid":"c1","rule":"overdue","subject":"","indicator":"info","summary":"s","trace":{},'
    b'"suggestions":[]}]}\n'
    b'{"kind":"feedback","id":"f1","at":"2026-11-21T10:00:00Z","service":"b12-order-sign","client":"","card":"c1",'
    b'"outcome":"accepted","outcome_timestamp":"2026-11-21T10:00:00Z","suggestions":[],"reason_code":"",'
    b'"reason_system":"","reason_display":"","comment":""}\n'
)


def test_lines_that_the_version_before_left_in_the_spool_are_kept(drain: Drain, folder: Path, engine: Engine) -> None:
    folder.mkdir()
    (folder / "0d6d5b0e-6e2b-4c2e-9a4e-0b12c0ba1a31.jsonl").write_bytes(BEFORE)
    assert (drain.drain_once(), drain.rejected) == (2, 0)
    with engine.begin() as connection:
        row = connection.execute(select(EvaluationRow.fetched, EvaluationRow.patient_key, CardRow.held).join(CardRow))
        assert tuple(row.one()) == ("[]", "", "")
    assert [kept.rule for kept in feedback_of(engine, "c1")] == ["overdue"]


def test_a_character_that_postgresql_cannot_keep_is_replaced_and_rejects_no_evaluation(
    spool: Spool, drain: Drain, engine: Engine
) -> None:
    spool.append(evaluation("e1", "c1").replace(b'"h1"', b'"h\\u00001"').replace(b"Patient/1", b"Patient/\\u0000"))
    drain.drain_once()
    with engine.begin() as connection:
        instance, subject = connection.execute(select(EvaluationRow.hook_instance, CardRow.subject).join(CardRow)).one()
    assert (instance, subject, drain.rejected) == (
        "h\N{REPLACEMENT CHARACTER}1",
        "Patient/\N{REPLACEMENT CHARACTER}",
        0,
    )


def test_a_living_segment_stays_and_is_read_on_from_where_it_was(
    spool: Spool, drain: Drain, folder: Path, engine: Engine
) -> None:
    spool.append(evaluation("e1"))
    assert drain.drain_once() == 1
    spool.append(evaluation("e2"))
    assert drain.drain_once() == 1
    [name] = segments(folder)
    assert positions(engine) == {name: (folder / name).stat().st_size}
    assert counts(engine)["evaluation"] == 2


def test_closed_and_rotated_segments_are_deleted_with_their_positions(
    drain: Drain, folder: Path, engine: Engine
) -> None:
    spool = Spool(folder, segment_bytes=1)
    for number in range(5):
        spool.append(evaluation(f"e{number}"))
    assert drain.drain_once() == 5
    assert segments(folder) == list(positions(engine))
    assert len(segments(folder)) == 1
    spool.close()
    assert drain.drain_once() == 0
    assert (segments(folder), positions(engine)) == ([], {})
    assert counts(engine)["evaluation"] == 5


def test_batches_end_where_they_will_and_lose_nothing(spool: Spool, folder: Path, engine: Engine) -> None:
    for number in range(50):
        spool.append(evaluation(f"e{number}", f"c{number}"))
    assert Drain(engine, folder, batch_bytes=900).drain_once() == 50
    assert counts(engine) == {"evaluation": 50, "card": 50, "feedback": 0}


def test_feedback_on_a_card_that_is_not_here_is_kept_and_known_once_the_card_comes(
    spool: Spool, drain: Drain, engine: Engine
) -> None:
    spool.append_safely(feedback("f1", "not a uuid"))
    drain.drain_once()
    assert [kept.rule for kept in feedback_of(engine, "not a uuid")] == [None]
    spool.append(evaluation("e1", "not a uuid"))
    drain.drain_once()
    assert [kept.rule for kept in feedback_of(engine, "not a uuid")] == ["overdue"]


def test_an_id_counts_once_within_a_batch_and_between_batches(spool: Spool, drain: Drain, engine: Engine) -> None:
    for _ in range(2):
        spool.append(evaluation("e1", "c1", "c1"))
        spool.append(evaluation("e2", "c1"))  # the client called again: same cards, another evaluation
        spool.append_safely(feedback("f1", "c1", "first"))
        spool.append_safely(feedback("f1", "c1", "repeated"))
        assert drain.drain_once() == 4
    spool.append(evaluation("e1", "c9"))
    spool.append_safely(feedback("f2", "c1", "second", at="2026-11-21T10:00:01Z"))
    assert drain.drain_once() == 2
    assert counts(engine) == {"evaluation": 2, "card": 1, "feedback": 2}
    assert [kept.comment for kept in feedback_of(engine, "c1")] == ["first", "second"]
    assert drain.rejected == 0


def test_a_line_that_is_no_record_is_put_aside_and_blocks_nothing(
    spool: Spool, drain: Drain, folder: Path, engine: Engine
) -> None:
    good = evaluation("e3", "c3")
    bad = [
        b"{\n",
        b"\n",
        b"\xff\xfe\n",
        b'{"kind":"rumour"}\n',
        b"[" * 5000 + b"\n",
        good.replace(b'"Patient/1"', b"7"),
        good.replace(b"Z\xc3\xbcrich", b"\xff"),
        good.replace(NOW.encode(), b"2026-11-21T10:00:00"),
        good.replace(b":900", b":%d" % 2**63),
        good.replace(b'{"why":1}', b'{"why":"\xff"}'),
    ]
    for line in [evaluation("e1"), *bad, evaluation("e2")]:
        spool.append(line)
    assert drain.drain_once() == len(bad) + 2
    assert counts(engine) == {"evaluation": 2, "card": 0, "feedback": 0}
    assert (folder / "rejected.jsonl").read_bytes() == b"".join(bad)
    assert (folder / "rejected.jsonl").stat().st_mode & 0o777 == 0o600
    assert drain.rejected == len(bad)
    assert drain.drain_once() == 0


TRAPS = {
    "sqlite": ["CREATE TRIGGER t BEFORE INSERT ON card WHEN NEW.uuid = 'c5' BEGIN SELECT RAISE(ABORT, 'no'); END"],
    "postgresql": ["ALTER TABLE card ADD CONSTRAINT t CHECK (uuid <> 'c5')"],
}


def test_a_value_that_the_database_refuses_is_put_aside_and_blocks_nothing(
    spool: Spool, drain: Drain, folder: Path, engine: Engine
) -> None:
    with engine.begin() as connection:
        for statement in TRAPS[engine.dialect.name]:
            connection.execute(text(statement))
    for number in range(9):
        spool.append(evaluation(f"e{number}", f"c{number}"))
    assert drain.drain_once() == 9
    assert counts(engine) == {"evaluation": 8, "card": 8, "feedback": 0}
    assert (folder / "rejected.jsonl").read_bytes() == evaluation("e5", "c5")
    assert drain.rejected == 1


def test_a_line_without_an_end_waits_while_its_writer_lives(drain: Drain, folder: Path, engine: Engine) -> None:
    folder.mkdir()
    line = evaluation("e2")
    with (folder / "living.jsonl").open("wb", buffering=0) as writer:
        assert try_lock(writer.fileno())
        writer.write(evaluation("e1") + line[:20])
        assert drain.drain_once() == 1
        writer.write(line[20:])
        assert drain.drain_once() == 1
    assert (counts(engine)["evaluation"], drain.torn) == (2, 0)


def test_a_line_that_ends_while_those_before_it_are_moved_is_read_from_its_start(
    drain: Drain, folder: Path, engine: Engine
) -> None:
    line = evaluation("e2", "c2")
    folder.mkdir()
    with (folder / "living.jsonl").open("ab", buffering=0) as writer:
        assert try_lock(writer.fileno())
        writer.write(evaluation("e1", "c1") + line[:20])
        rest = iter([line[20:]])

        @event.listens_for(engine, "before_cursor_execute")
        def goes_on(_: object, __: object, statement: str, *___: object) -> None:
            if statement.startswith("INSERT INTO evaluation"):
                writer.write(next(rest, b""))

        moved = drain.drain_once()

    assert (moved, drain.rejected) == (2, 0)
    assert counts(engine)["evaluation"] == 2


def test_a_line_without_an_end_is_dropped_once_its_writer_is_dead(drain: Drain, folder: Path, engine: Engine) -> None:
    folder.mkdir()
    (folder / "dead.jsonl").write_bytes(evaluation("e1") + evaluation("e2")[:20])
    (folder / "empty.jsonl").write_bytes(b"")
    assert drain.drain_once() == 1
    assert (counts(engine)["evaluation"], drain.torn, drain.rejected) == (1, 1, 0)
    assert segments(folder) == []


def test_a_segment_shorter_than_its_position_after_a_power_cut_is_done(
    drain: Drain, folder: Path, engine: Engine
) -> None:
    folder.mkdir()
    (folder / "cut.jsonl").write_bytes(evaluation("e1")[:20])
    with engine.begin() as connection:
        connection.execute(text("INSERT INTO spool_position VALUES ('cut.jsonl', 500)"))
    assert drain.drain_once() == 0
    assert (segments(folder), positions(engine), drain.torn) == ([], {}, 0)


def test_one_unreadable_segment_does_not_hold_up_the_others(drain: Drain, folder: Path, engine: Engine) -> None:
    (folder / "broken.jsonl").mkdir(parents=True)
    (folder / "dead.jsonl").write_bytes(evaluation("e1"))
    assert drain.drain_once() == 1
    assert counts(engine)["evaluation"] == 1


def test_one_drain_works_at_a_time(spool: Spool, drain: Drain, folder: Path) -> None:
    spool.append(evaluation("e1"))
    with (folder / "drain.lock").open("wb") as other:
        assert try_lock(other.fileno())
        assert drain.drain_once() == 0
    assert drain.drain_once() == 1


def test_while_the_database_is_away_everything_stays_and_no_value_is_logged(
    spool: Spool, drain: Drain, folder: Path, engine: Engine, caplog: pytest.LogCaptureFixture
) -> None:
    downgrade(engine)
    spool.append(evaluation("secret-1"))
    spool.append(b"secret-2\n")
    with caplog.at_level(logging.DEBUG, logger="cds_service"):
        assert [drain.drain_once() for _ in range(3)] == [0, 0, 0]
    assert not (folder / "rejected.jsonl").exists()
    migrate(engine)
    with caplog.at_level(logging.DEBUG, logger="cds_service"):
        assert drain.drain_once() == 2
    assert "spool not drained, will try again" in caplog.text
    assert "secret" not in caplog.text
    assert counts(engine)["evaluation"] == 1


def test_a_commit_that_fails_moves_nothing(spool: Spool, drain: Drain, engine: Engine) -> None:
    spool.append(evaluation("e1", "c1"))

    def fail(_: object) -> None:
        raise ConnectionError

    event.listen(engine, "commit", fail)
    assert drain.drain_once() == 0
    event.remove(engine, "commit", fail)
    assert (counts(engine)["evaluation"], positions(engine)) == (0, {})
    assert drain.drain_once() == 1
