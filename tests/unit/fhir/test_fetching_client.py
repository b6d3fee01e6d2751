"""How one FHIR server is asked: by GET or POST, the other way where it refuses one, and with the call's token only."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from urllib.parse import parse_qs

import pytest

from cds_service.clients import DEVELOPMENT as NOBODY
from cds_service.errors import OutboundFault
from cds_service.fhir.client import LONGEST_GET, FhirServer, server_of
from cds_service.hooks import read_request
from cds_service.outbound import Outbound
from tests.helpers import fhir_server
from tests.helpers.fetching import request_to
from tests.helpers.fhir_server import Reply, outcome, serving

TOKEN = "planted-token"  # noqa: S105 - it opens nothing
SHORT = "Condition?patient=p1&code=a%7Cb"
LONG = f"Condition?patient=p1&code={'x' * LONGEST_GET}"
SECONDS = 10.0


@pytest.fixture
def server() -> Iterator[fhir_server.FhirServer]:
    with serving() as running:
        yield running


@pytest.fixture
def asked(server: fhir_server.FhirServer) -> Iterator[FhirServer]:
    with closing(Outbound(private_networks=True, most_bytes=100_000, at_once=2)) as outbound:
        yield FhirServer(server.base, outbound, TOKEN)


def methods(server: fhir_server.FhirServer) -> list[str]:
    return [seen.method for seen in server.seen]


def test_a_short_search_is_a_get_and_a_long_one_a_post(asked: FhirServer, server: fhir_server.FhirServer) -> None:
    asked.bring(SHORT, SECONDS)
    asked.bring(LONG, SECONDS)
    first, second = server.seen
    assert (first.method, first.path, first.query) == ("GET", "/fhir/Condition", "patient=p1&code=a%7Cb")
    assert (second.method, second.path, second.query) == ("POST", "/fhir/Condition/_search", "")
    assert parse_qs(second.form) == {"patient": ["p1"], "code": ["x" * LONGEST_GET]}


WAYS = {
    "GET too long": (SHORT, "GET", 414, ["GET", "POST"]),
    "GET not allowed": (SHORT, "GET", 405, ["GET", "POST"]),
    "GET forbidden": (SHORT, "GET", 403, ["GET"]),
    "GET of what is not there": (SHORT, "GET", 404, ["GET"]),
    "GET broken": (SHORT, "GET", 500, ["GET"]),
    "POST not allowed": (LONG, "POST", 405, ["POST", "GET"]),
    "POST not found": (LONG, "POST", 404, ["POST", "GET"]),
    "POST not understood": (LONG, "POST", 400, ["POST", "GET"]),
    "POST of another kind": (LONG, "POST", 415, ["POST", "GET"]),
    "POST not built": (LONG, "POST", 501, ["POST", "GET"]),
    "POST forbidden": (LONG, "POST", 403, ["POST"]),
    "POST broken": (LONG, "POST", 500, ["POST"]),
}


@pytest.mark.parametrize(("target", "method", "status", "tried"), WAYS.values(), ids=WAYS)
def test_the_other_way_is_tried_once_where_one_is_refused(
    asked: FhirServer, server: fhir_server.FhirServer, target: str, method: str, status: int, tried: list[str]
) -> None:
    server.faults.append(lambda seen: Reply(outcome(), status) if seen.method == method else None)
    if len(tried) == 2:
        asked.bring(target, SECONDS)
    else:
        with pytest.raises(OutboundFault):
            asked.bring(target, SECONDS)
    assert methods(server) == tried


@pytest.mark.parametrize("target", [SHORT, LONG])
def test_a_server_that_refuses_both_ways_is_asked_twice_and_no_more(
    asked: FhirServer, server: fhir_server.FhirServer, target: str
) -> None:
    server.fail(Reply(outcome(), 405))
    with pytest.raises(OutboundFault):
        asked.bring(target, SECONDS)
    assert len(server.seen) == 2


@pytest.mark.parametrize("target", ["Patient/p1", "{base}/Condition?page=2"])
def test_reads_and_pages_are_only_got(asked: FhirServer, server: fhir_server.FhirServer, target: str) -> None:
    server.fail(Reply(outcome(), 405))
    with pytest.raises(OutboundFault):
        asked.bring(target.format(base=server.base), SECONDS)
    assert methods(server) == ["GET"]


def test_every_request_has_the_token_and_asks_for_fresh_fhir_json(
    asked: FhirServer, server: fhir_server.FhirServer
) -> None:
    for target in (SHORT, LONG, f"{server.base}/Condition?page=2"):
        asked.bring(target, SECONDS)
    for seen in server.seen:
        assert seen.headers["Authorization"] == f"Bearer {TOKEN}"
        assert seen.headers["Accept"].startswith("application/fhir+json")
        assert seen.headers["Cache-Control"] == "no-cache"


def test_a_token_is_in_no_repr(asked: FhirServer, server: fhir_server.FhirServer) -> None:
    request = request_to(server, fhirAuthorization={"access_token": TOKEN})
    assert TOKEN not in repr(asked) + str(asked) + repr(request) + str(request)


def test_a_fault_tells_neither_token_nor_address_nor_answer(asked: FhirServer, server: fhir_server.FhirServer) -> None:
    server.fail(Reply({"planted": 1}, 500))
    with pytest.raises(OutboundFault) as caught:
        asked.bring(SHORT, SECONDS)
    for planted in ("planted", "p1", "127.0.0.1", TOKEN):
        assert planted not in f"{caught.value!r} {caught.value} {caught.value.__dict__}"


def test_the_server_may_be_named_in_any_case_and_with_a_slash(server: fhir_server.FhirServer) -> None:
    with closing(Outbound(private_networks=True, most_bytes=1000, at_once=1)) as outbound:
        found = server_of(
            request_to(server, fhirServer=server.base.upper().replace("FHIR", "fhir") + "/"), NOBODY, outbound
        )
    assert found is not None
    assert found.base == server.base


def test_a_request_that_names_no_server_has_none() -> None:
    request = read_request(b'{"hook": "patient-view", "hookInstance": "1", "context": {"patientId": "1"}}')
    with closing(Outbound(private_networks=True, most_bytes=1000, at_once=1)) as outbound:
        assert server_of(request, NOBODY, outbound) is None
