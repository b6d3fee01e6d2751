"""Whatever arrives, the answer is cards or an OperationOutcome that says where the fault is: never a fault of ours."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from typing import Any

import pytest
from flask.testing import FlaskClient
from hypothesis import given, settings
from hypothesis import strategies as st
from werkzeug.test import TestResponse

from cds_service.knowledge import Knowledge
from cds_service.settings import Settings
from tests.helpers import wire

Path = tuple[str | int, ...]
MARK = "@@here@@"
ALLOWED = {200, 400, 412, 413}
ENTRIES = 3
"""So many entries of each Bundle are kept: enough for every shape, few enough for thousands of calls."""

TOKENS: dict[str, bytes] = {
    "null": b"null",
    "true": b"true",
    "zero": b"0",
    "minus one": b"-1",
    "fraction": b"0.1",
    "1e400": b"1e400",
    "1e308": b"1e308",
    "1e-400": b"1e-400",
    "1e999999999": b"1e999999999",
    "1e99999999999999999999": b"1e99999999999999999999",
    "400 digits": b"9" * 400,
    "5000 digits": b"9" * 5000,
    "400 places": b"0." + b"0" * 400 + b"1",
    "NaN": b"NaN",
    "Infinity": b"-Infinity",
    "hexadecimal": b"0x1F",
    "empty string": b'""',
    "space": b'" "',
    "NUL": b'"\\u0000"',
    "lone surrogate": b'"\\ud800"',
    "invalid UTF-8": b'"\xff\xfe"',
    "long string": b'"' + b"x" * 20_000 + b'"',
    "other digits": '"١٢٣"'.encode(),
    "no date": b'"2026-02-30"',
    "last instant": b'"9999-12-31T23:59:59-14:00"',
    "first instant": b'"0001-01-01T00:00:00+14:00"',
    "year nought": b'"0000"',
    "last month": b'"9999-12"',
    "unit of nothing": b'"{}"',
    "reference": b'"Patient/"',
    "list": b"[]",
    "list of null": b"[null]",
    "lists": b"[[[[[[[[]]]]]]]]",
    "object": b"{}",
    "object of objects": b'{"a":{"b":{"c":{}}}}',
    "Bundle": b'{"resourceType":"Bundle","entry":[{"resource":{"resourceType":"Bundle"}}]}',
    "very deep list": b"[" * 100_000 + b"]" * 100_000,
    "very deep object": b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
}
EVERY = 23
"""A token stands in one place in so many, and each token begins at another: every place meets one or two of them."""


@pytest.fixture(scope="module")
def client(knowledge: Knowledge, tmp_path_factory: pytest.TempPathFactory) -> FlaskClient:
    spool = tmp_path_factory.mktemp("broken") / "spool"
    return wire.application(knowledge, Settings(spool_dir=spool)).test_client()


def short(name: str) -> wire.Json:
    """An example with few entries in each Bundle."""
    request = wire.example(name)
    for bundle in request["prefetch"].values():
        if "entry" in bundle:
            bundle["entry"] = bundle["entry"][:ENTRIES]
    return request


REQUESTS = {name: short(name) for name in wire.examples()}


def paths_of(node: Any, path: Path = ()) -> Iterator[Path]:
    """The path of every value below the top."""
    if path:
        yield path
    members = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, value in members:
        yield from paths_of(value, (*path, key))


def with_value(node: Any, path: Path, value: Any) -> Any:
    """A copy in which another value stands at the path."""
    if not path:
        return value
    copy = node.copy()
    copy[path[0]] = with_value(node[path[0]], path[1:], value)
    return copy


def without(node: Any, path: Path) -> Any:
    """A copy in which nothing stands at the path."""
    copy = node.copy()
    if len(path) == 1:
        del copy[path[0]]
    else:
        copy[path[0]] = without(node[path[0]], path[1:])
    return copy


def with_token(request: wire.Json, path: Path, token: bytes) -> bytes:
    """The request with these bytes at the path, JSON or not."""
    return json.dumps(with_value(request, path, MARK)).encode().replace(f'"{MARK}"'.encode(), token)


def send(client: FlaskClient, hook: str, body: bytes) -> TestResponse:
    return client.post(f"/cds-services/b12-{hook}", data=body, content_type="application/json")


def check(response: TestResponse, context: object) -> None:
    """Cards of which no check failed, or an error that names its path."""
    assert response.status_code in ALLOWED, (response.status_code, context)
    if response.status_code == 200:
        assert b"check_failed" not in response.data, context
        check_cards(response.data, context)
    else:
        wire.check("operation-outcome", response.json)
        [issue] = response.get_json()["issue"]
        assert issue["expression"][0].startswith("$"), context


CHECKED: set[bytes] = set()


def check_cards(body: bytes, context: object) -> None:
    """Most broken requests give an answer that was checked before."""
    if body not in CHECKED:
        CHECKED.add(body)
        assert wire.validator("response").is_valid(json.loads(body)), (context, body)


@pytest.mark.parametrize("token", TOKENS)
@pytest.mark.parametrize("name", REQUESTS)
def test_any_token_in_any_place(client: FlaskClient, name: str, token: str) -> None:
    request = REQUESTS[name]
    for path in list(paths_of(request))[list(TOKENS).index(token) % EVERY :: EVERY]:
        check(send(client, request["hook"], with_token(request, path, TOKENS[token])), (path, token))


@pytest.mark.parametrize("name", REQUESTS)
def test_any_element_left_out(client: FlaskClient, name: str) -> None:
    request = REQUESTS[name]
    for path in paths_of(request):
        check(send(client, request["hook"], json.dumps(without(request, path)).encode()), path)


@pytest.mark.parametrize("name", REQUESTS)
def test_any_member_named_twice(client: FlaskClient, name: str) -> None:
    request = REQUESTS[name]
    for path in paths_of(request):
        if isinstance(path[-1], str):
            twice = b'null,"%s":{"x":1},"%s":[]' % (path[-1].encode(), path[-1].encode())
            check(send(client, request["hook"], with_token(request, path, twice)), path)


@pytest.mark.parametrize("name", REQUESTS)
def test_any_value_moved_to_any_other_place(client: FlaskClient, name: str) -> None:
    request, dice = REQUESTS[name], random.Random(name)  # noqa: S311 - the same every time
    paths = list(paths_of(request))
    for _ in range(80):
        source, target = dice.choice(paths), dice.choice(paths)
        value: Any = request
        for step in source:
            value = value[step]
        check(send(client, request["hook"], json.dumps(with_value(request, target, value)).encode()), (source, target))


@pytest.mark.parametrize("name", REQUESTS)
def test_a_body_cut_off_anywhere(client: FlaskClient, name: str) -> None:
    body = json.dumps(REQUESTS[name]).encode()
    for end in range(0, len(body), 97):
        response = send(client, REQUESTS[name]["hook"], body[:end])
        assert response.status_code == 400
        check(response, end)


@pytest.mark.parametrize("name", REQUESTS)
def test_bytes_changed_anywhere(client: FlaskClient, name: str) -> None:
    body, dice = json.dumps(REQUESTS[name]).encode(), random.Random(name)  # noqa: S311 - the same every time
    for turn in range(80):
        changed = bytearray(body)
        for _ in range(dice.randint(1, 4)):
            changed[dice.randrange(len(changed))] = dice.randrange(256)
        check(send(client, REQUESTS[name]["hook"], bytes(changed)), (turn, bytes(changed)))


def test_feedback_with_any_token_in_any_place(client: FlaskClient) -> None:
    reason = {"reason": {"code": "c", "system": "s", "display": "d"}, "userComment": "x"}
    item = wire.reaction(acceptedSuggestions=[{"id": "s"}], overrideReason=reason, overrideReasons=reason)
    body = {"feedback": [item]}
    for path in paths_of(body):
        for name, token in TOKENS.items():
            response = client.post(
                "/cds-services/b12-order-sign/feedback",
                data=with_token(body, path, token),
                content_type="application/json",
            )
            assert response.status_code in {200, 400}, (path, name)


NUMBERS = st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.decimals(allow_nan=False).map(str)
LEAVES = st.none() | st.booleans() | NUMBERS | st.text(max_size=20) | st.dates().map(str)
ANY_JSON = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
PLACES = [(name, path) for name, request in REQUESTS.items() for path in paths_of(request)]


@given(place=st.sampled_from(PLACES), value=ANY_JSON)
@settings(max_examples=300, deadline=None, derandomize=True, database=None)
def test_any_json_in_any_place(client: FlaskClient, place: tuple[str, Path], value: Any) -> None:
    name, path = place
    request = REQUESTS[name]
    check(send(client, request["hook"], json.dumps(with_value(request, path, value)).encode()), (path, value))
