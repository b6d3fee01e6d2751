"""
Which patients' advice changes between two versions of the knowledge, rules included.

Each version runs in a process of its own, from its own folder, because two versions of one package cannot be
loaded side by side.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from cds_service.answer import Answer, answer
from cds_service.asking import asked_of
from cds_service.b12.verdict import Finding
from cds_service.errors import KnowledgeFault, RequestError
from cds_service.hooks import read_request
from cds_service.knowledge import Knowledge
from cds_service.settings import Settings
from cds_service.wording import plain_facts

REVIEW = Settings.from_environ({}, demo=True)
SILENT = "silent"


class Said(Struct, frozen=True):
    """What one rule said of one record under one protocol; `words` are variant, urgency and facts."""

    record: str
    protocol: str
    rule: str
    subject: str
    words: str


class Change(Struct, frozen=True):
    """One point of advice that differs; "silent" where a version says nothing."""

    record: str
    protocol: str
    rule: str
    subject: str
    old: str
    new: str


SAID = msgspec.json.Decoder(Said)


def advice(files: Iterable[Path], knowledge: Knowledge, as_of: datetime) -> Iterator[Said]:
    """Every finding for the requests in these files under every protocol; a request that is refused says so."""
    for file in files:
        body = file.read_bytes()
        for protocol in knowledge.protocols:
            try:
                found = _answered(body, knowledge, protocol, as_of)
            except RequestError as fault:
                yield Said(file.name, protocol, "request", "", f"refused: {fault} at {fault.path}")
            else:
                yield from _said(file.name, protocol, found, knowledge)


def _answered(body: bytes, knowledge: Knowledge, protocol: str, as_of: datetime) -> Answer:
    """At the request's own instant, if it names one."""
    request = read_request(body)
    return answer(request, replace(asked_of(request, REVIEW, knowledge, as_of), protocol_id=protocol))


def _said(record: str, protocol: str, found: Answer, knowledge: Knowledge) -> Iterator[Said]:
    for one in found.judged:
        if isinstance(one.verdict, Finding):
            indicator = one.verdict.indicator or knowledge.texts[one.rule].indicator
            facts = json.dumps(plain_facts(one.verdict.facts), default=str, sort_keys=True, ensure_ascii=False)
            yield Said(record, protocol, one.rule, one.subject, f"{one.verdict.variant} {indicator.value} {facts}")


def advice_of_version(version: Path, folder: Path, as_of: datetime) -> Sequence[Said]:
    """What the version in that folder (a checkout, or where the wheel is installed) says; raises KnowledgeFault."""
    if not (version / "cds_service").is_dir():
        raise KnowledgeFault(str(version), "$", "expected a folder with cds_service in it, got another")
    command = [sys.executable, "-m", "cds_service", "knowledge", "advice", str(folder.resolve()), "--as-of"]
    environ = {**os.environ, "PYTHONPATH": str(version.resolve())}
    ran = subprocess.run(  # noqa: S603 - our own command line, with folders that the operator named
        [*command, as_of.isoformat()], cwd=version, env=environ, capture_output=True, check=False
    )
    if ran.returncode:
        raise KnowledgeFault(str(version), "$", f"expected advice, got: {ran.stderr.decode(errors='replace').strip()}")
    return [SAID.decode(line) for line in ran.stdout.splitlines()]


def changes(old: Iterable[Said], new: Iterable[Said]) -> list[Change]:
    """Where the two differ, in order of record, protocol and rule."""
    before, after = _by_point(old), _by_point(new)
    differing = sorted(point for point in before.keys() | after.keys() if before.get(point) != after.get(point))
    return [Change(*point, before.get(point, SILENT), after.get(point, SILENT)) for point in differing]


def _by_point(said: Iterable[Said]) -> Mapping[tuple[str, str, str, str], str]:
    return {(one.record, one.protocol, one.rule, one.subject): one.words for one in said}
