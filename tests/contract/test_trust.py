"""Section 1.13: whoever brings no token that holds gets a bare 401; whoever does, an answer."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from dataclasses import replace

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from cds_service.errors import OutboundFault
from cds_service.settings import Settings
from cds_service.trust.door import TokenDoor
from cds_service.trust.start import token_door
from cds_service.web.state import KEY
from tests.helpers import wire
from tests.helpers.attacks import ATTACKS, CLIENTS, JKU, MODERN, OTHER, RSA
from tests.helpers.tokens import (
    AT,
    BASE,
    FEEDBACK,
    ISSUER,
    SERVICE,
    SIGN,
    Json,
    bearer,
    claims,
    private_key,
    token,
)


class Unfetched(list[str]):
    """Takes the place of the network, and keeps the URLs that were asked for."""

    def __call__(self, url: str, *_: object) -> bytes:
        self.append(url)
        raise OutboundFault("unreachable")


@pytest.fixture
def fetched() -> Unfetched:
    return Unfetched()


def shut(app: Flask, settings: Settings, fetched: Unfetched) -> TokenDoor:
    """Shut the door of an application; the clock stands still."""
    door = token_door(
        settings, CLIENTS, fetched, lambda: wire.NOW, lambda: 0.0, app.extensions[KEY].metrics.unchecked.inc
    )
    app.extensions[KEY] = replace(app.extensions[KEY], door=door)
    return door


@pytest.fixture
def caller(app: Flask, settings: Settings, fetched: Unfetched) -> Iterator[FlaskClient]:
    door = shut(app, settings.model_copy(update={"base_url": f"{BASE}/"}), fetched)
    yield app.test_client()
    assert door.replays
    door.replays.close()


def call(caller: FlaskClient, headers: dict[str, str], path: str = SIGN) -> TestResponse:
    body: Json = {"feedback": [wire.reaction()]} if path.endswith("feedback") else wire.sign(wire.draft())
    return caller.post(path, json=body, headers=headers)


def is_bare(response: TestResponse) -> None:
    assert response.status_code == 401
    assert response.get_data() == b""
    assert response.headers["WWW-Authenticate"] == "Bearer"


def refusals(caplog: pytest.LogCaptureFixture) -> list[logging.LogRecord]:
    return [record for record in caplog.records if record.message == "token refused"]


@pytest.mark.parametrize(("said", "text"), ATTACKS.values(), ids=ATTACKS)
def test_93_94_96_97_98_99_a_token_that_does_not_hold_gets_a_bare_401_and_the_reason_is_logged(
    caller: FlaskClient, said: str, text: str, fetched: Unfetched, caplog: pytest.LogCaptureFixture
) -> None:
    is_bare(call(caller, bearer(text)))
    [record] = refusals(caplog)
    assert said in vars(record)["fault"]
    assert set(fetched) <= {JKU}, "nothing but the client's own list may be fetched"


SCHEMES = {
    "nothing": {},
    "empty": {"Authorization": ""},
    "Basic": {"Authorization": "Basic dXNlcjpwYXNz"},
    "no scheme": {"Authorization": token()},
    "scheme only": {"Authorization": "Bearer"},
    "two tokens": {"Authorization": f"Bearer {token()}, Bearer {token()}"},
    "in another header": {"X-Authorization": f"Bearer {token()}"},
}


@pytest.mark.parametrize("path", [SIGN, FEEDBACK])
@pytest.mark.parametrize("headers", SCHEMES.values(), ids=SCHEMES)
def test_94_a_call_without_a_bearer_token_gets_a_bare_401(
    caller: FlaskClient, headers: dict[str, str], path: str
) -> None:
    is_bare(call(caller, headers, path))


def test_94_a_token_in_the_address_is_not_looked_at(caller: FlaskClient) -> None:
    is_bare(call(caller, {}, f"{SIGN}?access_token={token()}"))


GOOD = {
    "ES384": token(),
    "RS384": token(algorithm="RS384", key=RSA, kid="rsa"),
    "an algorithm that the client chose": token(claims(iss=MODERN), algorithm="EdDSA"),
    "typ in lower case": token(typ="jwt"),
    "jku of a client that only handed keys over": token(
        claims(iss=MODERN), algorithm="EdDSA", jku="https://x.example/jwks"
    ),
    "jku on the list": token(jku=JKU),
    "a tenant on the list": token(claims(iss=OTHER, tenant="b"), key=private_key("ES384", "other"), kid="other"),
    "a tenant where any may come": token(claims(tenant="any")),
    "sandbox: iat rounded up, exp after 300 s": token(claims(iat=AT + 1, exp=AT + 301)),
    "sandbox: two slashes": token(claims(aud=f"{BASE}/cds-services//b12-order-sign")),
    "Epic: nbf 5 min before, exp 15 min after, sub": token(claims(nbf=AT - 300, exp=AT + 900, sub="client-7")),
    "Inferno: jti of 64 hexadecimal digits": token(claims(jti="0f" * 32)),
    "iat within the leeway": token(claims(iat=AT + 60)),
    "nbf within the leeway": token(claims(nbf=AT + 60)),
    "exp within the leeway": token(claims(exp=AT - 59)),
    "instants with fractions": token(claims(iat=AT + 0.5, exp=AT + 0.25)),
    "a day of life": token(claims(exp=AT + 24 * 3600)),
    "aud a list": token(claims(aud=["https://proxy.example/x", SERVICE])),
    "aud with a slash behind": token(claims(aud=f"{SERVICE}/")),
    "aud with slashes": token(claims(aud="https://cds.hospital.example//b12//cds-services/b12-order-sign//")),
    "aud with the host in capitals": token(claims(aud=SERVICE.replace("cds.hospital", "CDS.Hospital"))),
    "aud with the scheme in capitals": token(claims(aud=SERVICE.replace("https", "HTTPS"))),
    "aud with the default port": token(claims(aud=SERVICE.replace("example/", "example:443/"))),
    "a claim that we do not know": token(claims(fhirUser={"deep": [1, None]})),
    "unknown header members": token(x5u="https://attacker.example", jwk={"kty": "oct"}),
}


@pytest.mark.parametrize("text", GOOD.values(), ids=GOOD)
def test_95_to_103_a_token_that_holds_gets_an_answer(caller: FlaskClient, text: str, fetched: Unfetched) -> None:
    response = call(caller, bearer(text))
    assert response.status_code == 200
    assert response.get_json()["cards"]
    assert not fetched, "keys that were handed over are not asked for"


@pytest.mark.parametrize("form", ["bearer {}", "BEARER {}", "Bearer  {} "])
def test_94_the_scheme_has_any_case(caller: FlaskClient, form: str) -> None:
    assert call(caller, {"Authorization": form.format(token())}).status_code == 200


@pytest.mark.parametrize("path", [SIGN, f"{SIGN}/", "/cds-services//b12-order-sign"])
def test_103_the_address_may_be_called_with_more_slashes(caller: FlaskClient, path: str) -> None:
    assert call(caller, bearer(token()), path).status_code == 200


@pytest.mark.parametrize("aud", [f"{SERVICE}/feedback", SERVICE, f"{SERVICE}//feedback/"])
def test_89_feedback_may_name_its_own_address_or_its_service(caller: FlaskClient, aud: str) -> None:
    assert call(caller, bearer(token(claims(aud=aud))), FEEDBACK).status_code == 200


def test_103_the_host_that_a_caller_names_changes_nothing(caller: FlaskClient) -> None:
    lying = {"Host": "attacker.example", "X-Forwarded-Host": "attacker.example", "X-Forwarded-Proto": "https"}
    is_bare(call(caller, bearer(token(claims(aud=f"https://attacker.example{SIGN}"))) | lying))
    assert call(caller, bearer(token()) | lying).status_code == 200


def test_100_a_token_is_taken_once(caller: FlaskClient, caplog: pytest.LogCaptureFixture) -> None:
    text = token()
    assert call(caller, bearer(text)).status_code == 200
    is_bare(call(caller, bearer(text)))
    is_bare(call(caller, bearer(text), FEEDBACK))
    assert "not used before" in vars(refusals(caplog)[0])["fault"]


def test_100_a_used_jti_is_used_in_a_new_token_too_but_not_by_another_issuer(caller: FlaskClient) -> None:
    said = claims()
    assert call(caller, bearer(token(said))).status_code == 200
    is_bare(call(caller, bearer(token(said | {"exp": AT + 200}))))
    assert call(caller, bearer(token(said | {"iss": MODERN}, algorithm="EdDSA"))).status_code == 200


def test_100_a_token_that_was_refused_is_not_used_up(caller: FlaskClient) -> None:
    text = token()
    is_bare(call(caller, bearer(text), "/cds-services/b12-patient-view"))
    assert call(caller, bearer(text)).status_code == 200


def test_102_harnesses_may_replay_where_the_setting_says_so(app: Flask, settings: Settings, fetched: Unfetched) -> None:
    shut(app, settings.model_copy(update={"base_url": BASE, "replay_check": False}), fetched)
    caller = app.test_client()
    text = token()
    assert [call(caller, bearer(text)).status_code for _ in range(3)] == [200] * 3


def test_101_the_log_has_issuer_tenant_and_jti_and_neither_token_nor_kid(
    caller: FlaskClient, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    text = token(claims(tenant="ward\n7", aud="https://secret.example", jti="j" * 300), kid="secret-kid")
    is_bare(call(caller, bearer(text)))
    [record] = refusals(caplog)
    said = vars(record)
    assert (said["issuer"], said["tenant"], said["jti"]) == (ISSUER, "ward\\n7", "j" * 200)
    logged = "\n".join(str(vars(one)) for one in caplog.records)
    assert not [part for part in (*text.split("."), "secret") if part in logged]


def test_101_what_a_caller_sends_beside_is_not_read_before_the_token_holds(caller: FlaskClient) -> None:
    for body, kind in ((b"{", "application/json"), (b"x", "text/plain"), (b"", "")):
        is_bare(caller.post(SIGN, data=body, content_type=kind))


def test_106_a_browser_may_read_that_it_was_refused_and_preflights_need_no_token(caller: FlaskClient) -> None:
    response = call(caller, {"Origin": "https://sandbox.cds-hooks.org"})
    is_bare(response)
    assert response.headers["Access-Control-Allow-Origin"] in {"*", "https://sandbox.cds-hooks.org"}
    asked = {"Origin": "https://x.example", "Access-Control-Request-Method": "POST"}
    assert caller.options(SIGN, headers=asked).status_code == 200


OPEN = {
    "/cds-services", "/health", "/health/live", "/health/ready", "/version", "/metrics",
    "/static/<version>/<path:name>",
    "/openapi.json", "/rules", "/rules/<name>", "/fhir/metadata", "/fhir/<kind>", "/fhir/<kind>/<name>",
}  # fmt: skip
"""What neither takes nor gives anything about a patient."""


def test_94_every_address_but_the_open_ones_wants_a_token(caller: FlaskClient, app: Flask) -> None:
    paths = {rule.rule: rule for rule in app.url_map.iter_rules()}
    shut = {path: rule for path, rule in paths.items() if path not in OPEN}
    assert {"/cds-services/<service_id>", "/cds-services/<service_id>/feedback"} <= set(shut)
    for path, rule in shut.items():
        address = path.replace("<service_id>", "b12-order-sign").replace("<", "").replace(">", "")
        for method in (rule.methods or set()) - {"OPTIONS", "HEAD"}:
            is_bare(caller.open(address, method=method))


def test_94_discovery_is_open_and_looks_at_no_token(caller: FlaskClient) -> None:
    for headers in ({}, bearer("garbage"), bearer(token(claims(aud=f"{BASE}/cds-services")))):
        assert json.loads(caller.get("/cds-services", headers=headers).get_data())["services"]
