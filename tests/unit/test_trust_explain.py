"""`cobalamin-cds token explain`: says check by check why a token fails, and never the token."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from cds_service.cli import main
from tests.helpers.tokens import (
    AT,
    BASE,
    ISSUER,
    KID,
    SERVICE,
    Json,
    claims,
    forged,
    jwk,
    jwks,
    key_host,
    private_key,
    token,
)
from tests.helpers.wire import NOW

CLIENTS = f"""
[[client]]
id = "ehr"
issuer = "{ISSUER}"
tenants = ["a"]
"""
HELD = token(claims(tenant="a"))


@pytest.fixture
def clients(tmp_path: Path) -> Path:
    """A file with one client that handed its key over."""
    path = tmp_path / "clients.toml"
    path.write_text(f"{CLIENTS}jwks = '''{json.dumps(jwks(jwk(private_key())))}'''\n", "utf-8")
    return path


def run(clients: Path | None, text: str, *words: str, at: str = NOW.isoformat(), **environ: str) -> Result:
    named = ("--clients", str(clients)) if clients else ()
    return CliRunner().invoke(main, ["token", "explain", "-", "--at", at, *named, *words], input=text, env=environ)


def explained(clients: Path, text: str, *words: str) -> tuple[bool, dict[str, bool | None], Json]:
    done = run(clients, text, "--json", *(words or ("--audience", SERVICE)))
    found = json.loads(done.output)
    assert done.exit_code == (0 if found["holds"] else 1), done.output
    no_part_of(text, done.output)
    return found["holds"], {one["check"]: one["holds"] for one in found["checks"]}, found["says"]


def no_part_of(text: str, output: str) -> None:
    shown = output.replace("\n", "")
    assert not [part for part in text.split(".") if len(part) > 20 and (part in shown or part[:40] in shown)]


def test_a_token_that_holds_is_said_to_hold_check_by_check(clients: Path) -> None:
    holds, checks, says = explained(clients, HELD)
    assert holds
    assert {name for name, held in checks.items() if not held} == {"first use"}
    assert checks["first use"] is None
    assert checks["signature"] is checks["audience"] is checks["issuer"] is True
    assert (says["iss"], says["aud"], says["kid"], says["tenant"]) == (ISSUER, SERVICE, KID, "a")
    assert says["exp"] == "2026-11-20T09:05:00+00:00"


FAULTS: dict[str, tuple[str, set[str]]] = {
    "expired, for another address": (
        token(claims(exp=AT - 61, aud="https://elsewhere.example", tenant="a")),
        {"expiry", "audience"},
    ),
    "everything": (
        forged(
            {"alg": "HS256", "typ": "x", "kid": "y", "crit": []},
            claims(iat=AT + 99, nbf=AT + 99, exp=AT + 10**6, jti=""),
        ),
        {"algorithm", "type", "critical", "issued", "not before", "lifetime", "tenant", "identity", "key"},
    ),
    "signature": (token(claims(tenant="a"), key=private_key("ES384", "thief")), {"signature"}),
    "unknown issuer": (token(claims(iss="https://x.example")), {"issuer"}),
    "form": ("rubbish", {"form"}),
    "claim": (token({"iss": ISSUER}), {"form"}),
}


@pytest.mark.parametrize(("text", "failing"), FAULTS.values(), ids=FAULTS)
def test_every_check_that_fails_is_named(clients: Path, text: str, failing: set[str]) -> None:
    holds, checks, _ = explained(clients, text)
    assert not holds
    assert {name for name, held in checks.items() if held is False} == failing


def test_without_an_address_the_audience_is_not_asked_or_is_any_endpoint_of_the_service(clients: Path) -> None:
    _, checks, _ = explained(clients, HELD, "--at", NOW.isoformat())
    assert checks["audience"] is None
    for aud, held in ((SERVICE, True), (f"{BASE}/cds-services/b12-patient-view/feedback", True), (BASE, False)):
        done = run(clients, token(claims(tenant="a", aud=aud)), "--json", COBALAMIN_BASE_URL=BASE)
        assert {one["check"]: one["holds"] for one in json.loads(done.output)["checks"]}["audience"] is held


def test_people_get_tables_and_a_last_word(clients: Path) -> None:
    done = run(clients, HELD, "--audience", SERVICE)
    assert done.exit_code == 0
    assert "The token holds." in done.output
    no_part_of(HELD, done.output)
    late = token(claims(tenant="a", exp=AT - 100, aud="https://x.example"))
    done = run(clients, late, "--audience", SERVICE)
    assert done.exit_code == 1
    assert "does not hold: expiry, audience." in done.output
    assert f"aud may be: {SERVICE}" in done.output.replace("\n", "")
    no_part_of(late, done.output)


def test_what_a_token_says_cannot_steer_the_terminal(clients: Path) -> None:
    done = run(clients, token(claims(tenant="\x1b[2J[red]x[/red]\n", jti="[/]")), "--audience", SERVICE)
    assert "\\x1b[2J[red]x[/red]\\n" in done.output
    assert "\x1b" not in done.output


@pytest.mark.parametrize("form", ["{}\n", "Bearer {}", "Authorization: Bearer {}\r\n", "  bearer {}"])
def test_the_whole_header_may_be_given(clients: Path, form: str) -> None:
    assert run(clients, form.format(HELD), "--audience", SERVICE).exit_code == 0


def test_a_token_is_judged_now_unless_told_otherwise(clients: Path) -> None:
    with_clients = ["token", "explain", "-", "--json", "--clients", str(clients)]
    found = json.loads(CliRunner().invoke(main, with_clients, input=HELD).output)
    assert not found["holds"]


def test_a_published_key_is_fetched_as_the_service_would(tmp_path: Path) -> None:
    path = tmp_path / "clients.toml"
    with key_host(jwk(private_key())) as host:
        path.write_text(f'{CLIENTS}jwks_urls = ["{host.base}/jwks"]\n', "utf-8")
        environ = {"COBALAMIN_PRIVATE_NETWORKS": "true"}
        assert run(path, HELD, "--audience", SERVICE, **environ).exit_code == 0
        assert host.asked == ["/jwks"]
        elsewhere = token(claims(tenant="a"), jku="https://attacker.example")
        assert "key address" in run(path, elsewhere, "--audience", SERVICE, **environ).output
        assert host.asked == ["/jwks"]
        host.fail()
        assert "does not hold: key." in run(path, HELD, "--audience", SERVICE, **environ).output


WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "no file of clients": ({"clients": None}, "expected a file of clients"),
    "a file that is not there": ({"clients": Path("nowhere.toml")}, "nowhere.toml"),
    "no URL": ({"words": ("--audience", "here")}, "expected an http(s) URL"),
    "no instant": ({"at": "yesterday"}, "expected an RFC 3339 instant"),
}


@pytest.mark.parametrize(("changes", "said"), WRONG.values(), ids=WRONG)
def test_a_wrong_option_is_told(clients: Path, changes: dict[str, Any], said: str) -> None:
    given = {"clients": clients, "words": (), "at": NOW.isoformat()} | changes
    done = run(given["clients"], HELD, *given["words"], at=given["at"])
    assert done.exit_code != 0
    assert said in done.output
    assert "Traceback" not in done.output
