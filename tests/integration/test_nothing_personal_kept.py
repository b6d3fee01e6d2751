"""Nothing that names anybody, and nobody's free text, comes into the spool or the database."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from pydantic import SecretStr
from sqlalchemy import select

from cds_service.answer import answer
from cds_service.b12.verdict import Finding
from cds_service.hooks import read_request
from cds_service.knowledge import Knowledge
from cds_service.recorder import Call, Recorder
from cds_service.settings import Settings
from cds_service.store.database import engine_of, migrate
from cds_service.store.drain import Drain
from cds_service.store.models import Base
from cds_service.store.spool import Spool
from tests.helpers import wire
from tests.helpers.patients import request_of
from tests.helpers.tables import HOOKS, Row, case_of, rows_of, tables

MARK = "Zaphod"
WORDS = frozenset({"text", "display", "patientInstruction", "family", "comment", "title", "description", "value"})
PATIENT, USER = "mrn-4711-0815", "Practitioner/beeblebrox-42"


def planted(value: Any, name: str = "", words: frozenset[str] = WORDS) -> Any:
    """The same with a name behind every free text."""
    if isinstance(value, dict):
        return {key: planted(one, key, words) for key, one in value.items()}
    if isinstance(value, list):
        return [planted(one, name, words) for one in value]
    return f"{value} {MARK}" if isinstance(value, str) and name in words else value


def named(request: wire.Json) -> wire.Json:
    """A request whose patient and user have ids that can be looked for, and whose patient has a name."""
    text = json.dumps(request).replace(f'"{request["context"]["patientId"]}"', f'"{PATIENT}"')
    text = text.replace(f"Patient/{request['context']['patientId']}", f"Patient/{PATIENT}")
    changed: wire.Json = json.loads(text)
    changed["context"]["userId"] = USER
    for resource in [changed.get("prefetch", {}).get("patient")]:
        if resource:
            resource |= {"name": [{"family": MARK, "given": [MARK]}], "telecom": [{"value": MARK}]}
    return changed


def everything(settings: Settings) -> bytes:
    """Every byte of the spool, and of every row after a drain."""
    folder = settings.spool_dir
    spooled = b"".join(path.read_bytes() for path in folder.iterdir())
    engine = engine_of(settings.database_url)
    migrate(engine)
    Drain(engine, folder).drain_once()
    with engine.begin() as connection:
        rows = [repr(row) for table in Base.metadata.sorted_tables for row in connection.execute(select(table))]
    engine.dispose()
    return spooled + "\n".join(rows).encode() + b"".join(path.read_bytes() for path in folder.glob("*.jsonl"))


@pytest.fixture
def discreet(tmp_path: Path, store_url: str) -> Settings:
    return Settings(spool_dir=tmp_path / "spool", database_url=store_url, pseudonym_key=SecretStr("k" * 32))


def test_a_run_over_the_examples_keeps_no_name_no_id_and_no_words(knowledge: Knowledge, discreet: Settings) -> None:
    client: FlaskClient = wire.application(knowledge, discreet).test_client()
    shown = 0
    for name in wire.examples():
        request = planted(named(wire.example(name)))
        cards = wire.post(client, request).get_json().get("cards", [])
        shown += len(cards)
        override = {"reason": {"display": MARK}, "userComment": MARK}
        items = [wire.reaction(card=card["uuid"], overrideReason=override) for card in cards]
        if items:
            path = f"/cds-services/b12-{request['hook']}/feedback"
            assert client.post(path, json={"feedback": items}).status_code == 200
    kept = everything(discreet)
    assert shown > len(wire.examples()) / 2
    assert b"evaluation" in kept
    for secret in (MARK, PATIENT, "beeblebrox-42", "mrn-4711"):
        assert secret.lower().encode() not in kept.lower()


def first_of_each_variant() -> Iterator[Row]:
    """A row for everything that any rule can say."""
    seen = set()
    for path in tables():
        for row in rows_of(path):
            if row.expected.kind == "finding" and (said := (row.rule, row.expected.words)) not in seen:
                seen.add(said)
                yield row


PLACES = {"words": (WORDS, 100), "units": (frozenset({"unit"}), 20)}
"""Where the name is planted, and at least how many different things rules then still find."""


@pytest.mark.parametrize(("words", "least"), PLACES.values(), ids=PLACES)
def test_nothing_that_any_rule_says_brings_the_charts_words_along(
    tmp_path: Path, words: frozenset[str], least: int
) -> None:
    recorder, said = Recorder(Spool(tmp_path), "key"), set[tuple[str, str]]()
    for row in first_of_each_variant():
        asked = case_of(row).asked
        sent = planted(request_of(HOOKS[row.hook], row.record, row.draft), "", words)
        request = read_request(json.dumps(sent).encode())
        found = answer(request, asked)
        said |= {(one.rule, one.verdict.variant) for one in found.judged if isinstance(one.verdict, Finding)}
        call = Call(datetime(2026, 11, 21, tzinfo=UTC), "b12", asked.as_of, row.protocol, "k", 1)
        recorder.keep_evaluation(request, found, call)
    recorder.spool.close()
    lines = [line for path in tmp_path.glob("*.jsonl") for line in path.read_bytes().splitlines()]
    assert [line for line in lines if MARK.lower().encode() in line.lower()] == []
    assert len(said) >= least
