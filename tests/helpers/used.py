"""What a rule uses, found by watching it at work on its table: numbers of the protocol, and the patient's person."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from cds_service.answer import judge_all
from cds_service.b12.episode_of import Guidance, Moment, episode_of
from cds_service.b12.policy import Figure, Span
from cds_service.b12.record import ClinicalRecord
from cds_service.b12.verdict import Verdict
from cds_service.fhir.prefetch import read_prefetch
from cds_service.fhir.read import read_record
from cds_service.hooks import read_request
from cds_service.written import for_clinician, read_written
from tests.helpers.patients import knowledge, request_of
from tests.helpers.tables import FOLDER, HOOKS, Row, instant, rows_of

MOST = 1000
FEW = 200
NUMBERED = frozenset({"value", "low", "high"})
BORN = re.compile(r"born \S+;? ?")
SEX = re.compile(r"\b(?:fe)?male;? ?")
PERSONS = {
    "sex": ("female; {}", "male; {}"),
    "date of birth": ("born 1950-01-01; {}", "born 2024-01-01; {}"),
}


class Watched:
    """A number of a protocol that notes when it is read."""

    def __init__(self, number: Figure | Span, path: str, log: set[str]) -> None:
        self.number, self.path, self.log = number, path, log

    def __getattr__(self, name: str) -> Any:
        if name in NUMBERED:
            self.log.add(self.path)
        return getattr(self.number, name)


def watched(node: Any, path: str, log: set[str]) -> Any:
    """A protocol, or a part of it, in which every number is watched."""
    if isinstance(node, Figure | Span):
        return Watched(node, path, log)
    if isinstance(node, tuple):
        return tuple(watched(one, path, log) for one in node)
    if isinstance(node, Struct):
        fields = {name: watched(getattr(node, name), _below(path, name), log) for name in node.__struct_fields__}
        return type(node)(**fields)
    return node


def _below(path: str, name: str) -> str:
    """At most two names: the subject, and the number where the subject is a table of single numbers."""
    return (
        f"{path}, {name}"
        if path in {"timing", "results", "safety", "screening", "supply", "planning"}
        else path or name
    )


Read = tuple[ClinicalRecord, Guidance, Moment]


def read_row(row: Row, record: str = "") -> Read | None:
    """A row (or the row with another record) read as far as the record; None where nothing bears on B12."""
    request = read_request(json.dumps(request_of(HOOKS[row.hook], record or row.record, row.draft)).encode())
    known, as_of = knowledge(), instant(row.as_of)
    written = read_written(request, MOST, known.matters)
    if written.unrelated or not for_clinician(request):
        return None
    prefetched = read_prefetch(request.prefetch or {}, MOST, known.matters)
    reading = read_record(request.patient_id, prefetched, written.sent, known.codes)
    moment = written.moment(as_of, reading)
    return reading.record, known.guidance(row.protocol, as_of.date()), moment


def verdicts(row: Row, read: Read | None) -> tuple[Verdict, ...]:
    """What the row's rule says of everything that it judges."""
    if read is None:
        return ()
    episode, known = episode_of(*read), knowledge()
    alone = replace(known, rules={row.rule: known.rules[row.rule]})
    return tuple(one.verdict for one in judge_all(HOOKS[row.hook], episode, alone)) if episode.concerned else ()


def numbers_of(rule: str) -> Iterable[str]:
    """The numbers that a rule reads while it judges; those that went into the course before are not its own."""
    used: set[str] = set()
    for row in rows_of(FOLDER / f"{rule}.txt"):
        read = read_row(row)
        if read is None:
            continue
        log: set[str] = set()
        record, guidance, moment = read
        episode = episode_of(record, replace(guidance, protocol=watched(guidance.protocol, "", log)), moment)
        log.clear()
        known = knowledge()
        alone = replace(known, rules={rule: known.rules[rule]})
        tuple(judge_all(HOOKS[row.hook], episode, alone)) if episode.concerned else ()
        used |= log
    return sorted(one.replace("_", " ") for one in used)


def demographics_of(rule: str) -> Iterator[str]:
    """What of the patient's person changes a verdict in the rule's table, if it is changed."""
    rows = rows_of(FOLDER / f"{rule}.txt")
    step = len(rows) // FEW + 1
    for name, persons in PERSONS.items():
        if any(_differs(row, persons) for row in rows[::step]):
            yield name


def _differs(row: Row, persons: tuple[str, ...]) -> bool:
    bare = SEX.sub("", BORN.sub("", row.record))
    found = [verdicts(row, read_row(row, person.format(bare))) for person in persons]
    return any(one != found[0] for one in found)
