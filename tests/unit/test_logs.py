"""Log lines: JSON, fields by allow-list, and of what libraries say no value."""

from __future__ import annotations

import ast
import io
import json
import logging
import sys
import threading
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cds_service import logs

NAME = "Sentinelsson"
PACKAGE = Path(logs.__file__).parent
OURS = logging.getLogger("cds_service.web.call")


class Log:
    """What was written, line by line."""

    def __init__(self) -> None:
        self.stream = io.StringIO()
        self.allowed = logs.configure("info", self.stream)

    def record(self, logger: str, template: Any, given: tuple[Any, ...]) -> None:
        """A record that need not be well made: pytest's own handler would refuse it."""
        [place] = [one for one in logging.getLogger().handlers if isinstance(one, logs.Lines)]
        place.handle(logging.LogRecord(logger, logging.ERROR, __file__, 1, template, given, None))

    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.text().splitlines()]

    def text(self) -> str:
        return self.stream.getvalue()


@pytest.fixture
def log() -> Iterator[Log]:
    """The logging of a real process; the test's own comes back after it."""
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    levels = {name: logging.getLogger(name).level for name in logs.QUIET}
    yield Log()
    root.handlers[:] = before
    root.setLevel(level)
    for name, was in levels.items():
        logging.getLogger(name).setLevel(was)
    logging.captureWarnings(capture=False)
    logs.end()


def test_a_line_is_json_with_time_level_logger_and_event(log: Log) -> None:
    OURS.warning("rule failed", extra={"rule": "dose_unit_mismatch", "ms": 1.5})
    [line] = log.lines()
    assert line.pop("timestamp").endswith("Z")
    assert line == {
        "level": "warning",
        "logger": "cds_service.web.call",
        "event": "rule failed",
        "rule": "dose_unit_mismatch",
        "ms": 1.5,
    }


def test_a_field_that_is_not_on_the_list_is_dropped_and_counted(log: Log) -> None:
    told: list[int] = []
    log.allowed.tell = told.append
    OURS.info("call", extra={"hook": "order-sign", "patient": NAME, "birthDate": NAME})
    [line] = log.lines()
    assert (line["hook"], line["dropped"]) == ("order-sign", 2)
    assert NAME not in log.text()
    assert (log.allowed.dropped, told) == (2, [2])


def test_a_value_is_a_number_or_a_few_words(log: Log) -> None:
    OURS.info("call", extra={"fault": "x" * 1000, "reason": {"a": 1}, "status": None})
    [line] = log.lines()
    assert (len(line["fault"]), line["reason"], line["status"]) == (logs.WORDS, "{'a': 1}", None)


def test_an_exception_is_told_by_its_kind(log: Log) -> None:
    try:
        {}[NAME]
    except KeyError:
        OURS.exception("call failed", stack_info=True)
    [line] = log.lines()
    assert line["fault"] == "KeyError"
    assert NAME not in log.text()
    assert "Traceback" not in log.text()


def test_our_words_are_filled_in(log: Log) -> None:
    OURS.warning("%d lines wait in %s", 3, "the spool")
    log.record("cds_service.web.call", "%d lines wait in %s", (3,))
    assert [line["event"] for line in log.lines()] == ["3 lines wait in the spool", "%d lines wait in %s"]


@pytest.mark.parametrize(
    ("template", "given", "said"),
    [
        ("GET %s failed after %d tries", (f"/Patient?name={NAME}", 3), "GET * failed after 3 tries"),
        ("Worker (pid:%s) exited with code %s", (12, 3), "Worker (pid:12) exited with code 3"),
        ("%(url)s is away", ({"url": NAME},), "* is away"),
        (f"GET /Patient?name={NAME} failed", (), logs.WITHHELD),
        (ValueError(NAME), (), logs.WITHHELD),
        ("%s and %s", (NAME,), "* and *"),
    ],
)
def test_of_what_a_library_says_no_value_is_kept(log: Log, template: Any, given: tuple[Any, ...], said: str) -> None:
    log.record("somebody.else", template, given)
    [line] = log.lines()
    assert line["event"] == said
    assert line["where"].startswith("test_logs:")
    assert NAME not in log.text()


def test_warnings_of_python_go_the_same_way(log: Log) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        logging.captureWarnings(capture=False)
        logging.captureWarnings(capture=True)
        warnings.warn(f"{NAME} is deprecated", stacklevel=1)
    [line] = log.lines()
    assert line["logger"] == "py.warnings"
    assert NAME not in log.text()


@pytest.mark.parametrize("library", ["urllib3.connectionpool", "sqlalchemy.engine", "alembic.runtime.migration"])
def test_libraries_say_nothing_of_everyday_work(log: Log, library: str) -> None:
    logging.getLogger(library).info("GET %s", NAME)
    logging.getLogger(library).warning("%s is away", NAME)
    assert [line["event"] for line in log.lines()] == ["* is away"]


def test_the_level_is_the_one_that_is_set(log: Log) -> None:
    logs.configure("error", log.stream)
    OURS.warning("not said")
    OURS.error("said")
    assert [line["event"] for line in log.lines()] == ["said"]


def test_fields_of_one_call_do_not_reach_another(log: Log) -> None:
    def call(trace: str) -> None:
        logs.begin(trace_id=trace)
        OURS.info("within")
        logs.end()
        OURS.info("after")

    for trace in ("a" * 32, "b" * 32):
        thread = threading.Thread(target=call, args=(trace,))
        thread.start()
        thread.join()
    call("c" * 32)
    assert [line.get("trace_id", "")[:1] for line in log.lines()] == ["a", "", "b", "", "c", ""]


def test_a_call_begins_without_what_the_one_before_left(log: Log) -> None:
    logs.begin(trace_id="a", service="x")
    logs.begin(trace_id="b")
    OURS.info("call")
    [line] = log.lines()
    assert line["trace_id"] == "b"
    assert "service" not in line


def test_no_value_can_make_a_line_of_its_own(log: Log) -> None:
    OURS.info("call", extra={"client": 'x"}\n{"event": "forged"}'})
    assert len(log.lines()) == 1


def test_a_line_that_cannot_be_written_is_not_told_with_its_values(
    log: Log, capsys: pytest.CaptureFixture[str]
) -> None:
    log.stream.close()
    OURS.error("call %s", NAME, extra={"rule": NAME})
    said = capsys.readouterr().err
    assert "log line lost" in said
    assert NAME not in said


def test_people_get_coloured_lines_through_the_same_list() -> None:
    stream = io.StringIO()
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    try:
        logs.configure("info", stream, people=True)
        OURS.info("call", extra={"hook": "order-sign", "patient": NAME})
    finally:
        root.handlers[:] = before
        root.setLevel(level)
        logging.captureWarnings(capture=False)
    assert "order-sign" in stream.getvalue()
    assert NAME not in stream.getvalue()


def logged_fields() -> Iterator[tuple[str, str]]:
    """(file, field) of every field that the code gives to a logger by a literal `extra`."""
    for path in sorted(PACKAGE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.keyword) and node.arg == "extra" and isinstance(node.value, ast.Dict):
                for key in node.value.keys:
                    assert isinstance(key, ast.Constant), path
                    yield path.name, str(key.value)


def test_the_code_gives_no_field_that_would_be_dropped() -> None:
    given = list(logged_fields())
    assert len(given) > 10
    assert [one for one in given if one[1] not in logs.FIELDS] == []


def test_configuring_again_leaves_one_place_to_write_to(log: Log) -> None:
    logs.configure("info", log.stream)
    OURS.info("call")
    assert len(log.lines()) == 1
    assert len(logging.getLogger().handlers) == 1
    assert sys.stderr is not log.stream
