"""Whether an EHR sends a chart or has it fetched, the cards are the same, to the last letter."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cds_service.answer import Asked, answer
from cds_service.clients import DEVELOPMENT
from cds_service.errors import RequestError
from cds_service.fhir.fetching import Fetch, no_fetch
from cds_service.fhir.prefetch import read_prefetch
from cds_service.fhir.templates import ASKED_FOR, TEMPLATES
from cds_service.hooks import read_request
from tests.helpers import wire
from tests.helpers.fetching import LONG, fetching
from tests.helpers.fhir_server import FhirServer, Reply, outcome, resources_of, serving
from tests.helpers.patients import knowledge, request_of
from tests.helpers.tables import HOOKS, instant, rows_of, tables
from tests.properties.charts import PROTOCOLS, TODAY, requests

Json = dict[str, Any]
AFEW = settings(max_examples=30, deadline=None, derandomize=True)
AS_OF = instant(TODAY.isoformat())
FROM_EACH_TABLE = 3


def said(request: Json, protocol: str, fetch: Fetch = no_fetch, as_of: datetime = AS_OF) -> bytes:
    """Cards and verdicts of a call, or why there are none."""
    asked = Asked(knowledge(), protocol, as_of, most_cards=20, most_resources=1000)
    try:
        found = answer(read_request(json.dumps(request).encode()), asked, fetch)
    except RequestError as fault:
        return repr(fault).encode()
    return msgspec.json.encode((found.cards, found.judged))


@contextmanager
def holding(prefetch: Json, page: int) -> Iterator[FhirServer]:
    """A server that has what the prefetch has, and refuses what it does not tell of."""
    seen = read_prefetch({key: msgspec.Raw(json.dumps(value).encode()) for key, value in prefetch.items()}, 1000).seen
    with serving(resources_of(prefetch), page) as server:
        server.careless = True
        server.fail(Reply(outcome("forbidden"), 403), *({kind for kind, _ in TEMPLATES.values()} - seen), "-")
        yield server


def both(
    request: Json, protocol: str, page: int, sent: frozenset[str] = frozenset(), as_of: datetime = AS_OF
) -> tuple[bytes, bytes]:
    """What is said of a call with prefetch, and with no more of it than the keys `sent`, the rest being fetched."""
    asked_for = {key: value for key, value in request.get("prefetch", {}).items() if key in ASKED_FOR[request["hook"]]}
    bare = request | {"prefetch": {key: value for key, value in asked_for.items() if key in sent}}
    with holding(asked_for, page) as server, fetching() as way:
        call = read_request(json.dumps(bare | {"fhirServer": server.base}).encode())
        fetch = way(call, DEVELOPMENT, LONG)
        return said(request | {"prefetch": asked_for}, protocol, as_of=as_of), said(bare, protocol, fetch, as_of)


@AFEW
@given(requests, PROTOCOLS, st.integers(2, 20))
def test_a_chart_that_is_fetched_gives_the_cards_of_one_that_was_sent(request: Json, protocol: str, page: int) -> None:
    sent, fetched = both(request, protocol, page)
    assert sent == fetched


@AFEW
@given(requests, PROTOCOLS, st.frozensets(st.sampled_from(sorted(TEMPLATES))))
def test_so_does_one_of_which_a_part_was_sent(request: Json, protocol: str, keys: frozenset[str]) -> None:
    sent, fetched = both(request, protocol, 20, keys)
    assert sent == fetched


@pytest.mark.parametrize("table", tables(), ids=lambda path: path.stem)
def test_so_do_the_patients_of_every_rule(table: Path) -> None:
    found = [row for row in rows_of(table) if row.expected.kind == "finding" and "cut short" not in row.record]
    for row in found[:: max(len(found) // FROM_EACH_TABLE, 1)]:
        request = request_of(HOOKS[row.hook], row.record, row.draft)
        sent, fetched = both(request, row.protocol, 20, as_of=instant(row.as_of))
        assert sent == fetched, row.name


@pytest.mark.parametrize("name", wire.examples())
def test_so_does_every_example(name: str) -> None:
    sent, fetched = both(wire.example(name), "us-practice", 20)
    assert sent == fetched
