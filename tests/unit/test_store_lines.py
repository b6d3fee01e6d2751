from __future__ import annotations

import json
from datetime import UTC, datetime

import msgspec
import pytest
from msgspec import Raw

from cds_service.store.lines import (
    Evaluation,
    Feedback,
    ShownCard,
    evaluation_line,
    feedback_line,
    instant_of,
    line_decoder,
)

FEEDBACK = Feedback(
    id="f1",
    at="2026-11-21T10:00:00Z",
    service="b12-order",
    client="",
    card="c1",
    outcome="overridden",
    outcome_timestamp="2026-11-21T09:59:00Z",
    suggestions=[],
    reason_code="r",
    reason_system="s",
    reason_display="d",
    comment="",
)


def evaluation(verdicts: bytes = b'{"a":1}') -> Evaluation:
    card = ShownCard("c1", "overdue", "MedicationRequest/1", "warning", "Überfällig", Raw(b'{ "x":\n 1}'), ["s1"])
    return Evaluation(
        id="e1",
        at="2026-11-21T10:00:00Z",
        service="b12-order",
        hook="order-select",
        hook_instance="h1",
        client="",
        as_of="2026-11-21",
        knowledge="k",
        protocol="us-label",
        microseconds=900,
        verdicts=Raw(verdicts),
        cards=[card],
    )


def test_a_line_is_one_line_and_reads_back_as_what_was_written() -> None:
    line = evaluation_line(evaluation(b'{\n  "a": [1,\n 2]}'))
    assert line.count(b"\n") == 1
    assert line.endswith(b"\n")
    read = line_decoder().decode(line)
    assert isinstance(read, Evaluation)
    assert json.loads(bytes(read.verdicts)) == {"a": [1, 2]}
    assert read.cards[0].summary == "Überfällig"
    assert json.loads(line)["kind"] == "evaluation"


def test_a_newline_inside_a_text_stays_a_newline() -> None:
    line = feedback_line(msgspec.structs.replace(FEEDBACK, comment="one\ntwo"))
    assert line.count(b"\n") == 1
    read = line_decoder().decode(line)
    assert isinstance(read, Feedback)
    assert read.comment == "one\ntwo"


@pytest.mark.parametrize(
    "wrong",
    [
        {"card": "x" * 256},
        {"card": ""},
        {"id": ""},
        {"outcome": "ignored"},
        {"at": "2026-11-21T10:00:00"},
        {"at": "yesterday"},
        {"comment": None},
    ],
)
def test_feedback_that_a_drain_would_reject_is_refused_before_it_is_acknowledged(wrong: dict[str, str | None]) -> None:
    with pytest.raises(ValueError, match=r"."):
        feedback_line(msgspec.structs.replace(FEEDBACK, **wrong))


def test_an_instant_is_turned_to_utc() -> None:
    assert instant_of("2026-11-21T10:00:00+02:00") == datetime(2026, 11, 21, 8, tzinfo=UTC)
    assert instant_of("2026-11-21T10:00:00+02:00").tzinfo is UTC


@pytest.mark.parametrize("text", ["2026-11-21", "", "0001-01-01T00:00:00+05:00"])
def test_an_instant_that_utc_cannot_say_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        instant_of(text)
