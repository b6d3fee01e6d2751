"""The operator's login before the insights: by a real OpenID Connect provider, and by a proxy that knows a secret."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from flask import Flask
from flask.testing import FlaskClient
from joserfc.jwk import RSAKey
from werkzeug.test import TestResponse

from cds_service.errors import SettingsFault
from cds_service.knowledge import Knowledge
from cds_service.settings import Settings
from cds_service.store.database import engine_of, migrate
from cds_service.store.insights import Ledger
from tests.helpers import wire
from tests.helpers.identity_provider import CLIENT_ID, CLIENT_SECRET, Provider, serving

OURS = "http://127.0.0.1:8095"
OWNER = {"sub": "1", "email": "Owner@hospital.example", "email_verified": True}
LONG = "k" * 32


@pytest.fixture(scope="module")
def provider() -> Iterator[Provider]:
    with serving() as found:
        found.client.redirect_uri = f"{OURS}/insights/callback"
        yield found


Make = Callable[..., Flask]


@pytest.fixture
def make(knowledge: Knowledge, settings: Settings) -> Iterator[Make]:
    """An application with other settings, over an empty database."""
    url = f"sqlite:///{settings.spool_dir.parent}/store.db"
    engine, ledger = engine_of(url), Ledger(url)
    migrate(engine)
    engine.dispose()
    yield lambda **changes: wire.application(
        knowledge, Settings.model_validate(settings.model_dump() | changes), ledger=ledger
    )
    ledger.close()


@pytest.fixture
def oidc(provider: Provider) -> dict[str, Any]:
    provider.claims, provider.wrong, provider.signing = dict(OWNER), {}, None
    return {
        "oidc_issuer": provider.issuer,
        "oidc_client_id": CLIENT_ID,
        "oidc_client_secret": CLIENT_SECRET,
        "oidc_allowed": "owner@hospital.example, rule-owners",
        "session_key": LONG,
        "base_url": OURS,
        "private_networks": True,
    }


def log_in(client: FlaskClient) -> TestResponse:
    """Go where a browser would be led, by way of the provider, and give the answer of our callback."""
    first = client.get("/insights")
    assert (first.status_code, first.location) == (302, f"{OURS}/insights/login")
    away = client.get("/insights/login")
    assert away.status_code == 302
    back = requests.get(away.location, allow_redirects=False, timeout=30)
    assert back.status_code == 302, back.text
    address = urlsplit(back.headers["Location"])
    assert address.path == "/insights/callback"
    return client.get(f"{address.path}?{address.query}")


def test_an_operator_logs_in_sees_the_insights_and_logs_out(make: Make, oidc: dict[str, Any]) -> None:
    client = make(**oidc).test_client()
    back = log_in(client)
    assert (back.status_code, back.location) == (302, f"{OURS}/insights")
    page = client.get("/insights")
    assert page.status_code == 200
    assert "Logged in as Owner@hospital.example" in page.get_data(as_text=True)
    assert client.get("/insights/counts.csv").mimetype == "text/csv"
    left = client.post("/insights/logout", headers={"Accept-Language": "de"})
    assert (left.status_code, left.mimetype) == (200, "text/html")
    assert "Die Abmeldung ist erfolgt." in left.get_data(as_text=True)
    assert left.headers["Clear-Site-Data"] == '"cache"'
    assert client.get("/insights").status_code == 302


def test_the_way_to_the_provider_has_state_nonce_and_a_code_challenge(make: Make, oidc: dict[str, Any]) -> None:
    asked = parse_qs(urlsplit(make(**oidc).test_client().get("/insights/login").location).query)
    assert asked["redirect_uri"] == [f"{OURS}/insights/callback"]
    assert asked["code_challenge_method"] == ["S256"]
    assert all(len(asked[name][0]) >= 20 for name in ("state", "nonce", "code_challenge"))


def test_the_cookie_is_of_these_pages_alone(make: Make, oidc: dict[str, Any]) -> None:
    app = make(**oidc | {"base_url": "https://cds.example/b12"})
    cookie = app.test_client().get("/insights/login", base_url="https://cds.example").headers["Set-Cookie"]
    assert "Path=/b12/insights" in cookie
    assert all(word in cookie for word in ("Secure", "HttpOnly", "SameSite=Lax"))


MEMBERS: dict[str, tuple[dict[str, Any], int]] = {
    "of an allowed group": ({"sub": "2", "groups": ["staff", "Rule-Owners"]}, 302),
    "of another group": ({"sub": "2", "groups": ["staff"]}, 403),
    "with groups of another form": ({"sub": "2", "groups": "rule-owners"}, 403),
    "with another address": (OWNER | {"email": "other@hospital.example"}, 403),
    "with an address that is not verified": (OWNER | {"email_verified": False}, 403),
    "with an address of unknown truth": ({"sub": "1", "email": OWNER["email"]}, 403),
}


@pytest.mark.parametrize(("claims", "status"), MEMBERS.values(), ids=MEMBERS.keys())
def test_somebody(make: Make, oidc: dict[str, Any], provider: Provider, claims: dict[str, Any], status: int) -> None:
    provider.claims = claims
    client = make(**oidc).test_client()
    assert log_in(client).status_code == status
    assert client.get("/insights").status_code == (200 if status == 302 else 302)


FORGED: dict[str, dict[str, Any]] = {
    "for another application": {"aud": ["other"]},
    "by another issuer": {"iss": "https://evil.example"},
    "that has expired": {"exp": 1_700_000_000},
    "of another login": {"nonce": "x" * 20},
}


@pytest.mark.parametrize("wrong", FORGED.values(), ids=FORGED.keys())
def test_a_token_is_refused(make: Make, oidc: dict[str, Any], provider: Provider, wrong: dict[str, Any]) -> None:
    provider.wrong = wrong
    assert log_in(make(**oidc).test_client()).status_code == 403


def test_a_token_signed_by_another_key_is_refused(make: Make, oidc: dict[str, Any], provider: Provider) -> None:
    provider.signing = RSAKey.generate_key(2048, {"kid": provider.key.kid})
    assert log_in(make(**oidc).test_client()).status_code == 403


def test_a_code_of_another_browser_is_refused(make: Make, oidc: dict[str, Any]) -> None:
    app = make(**oidc)
    away = app.test_client().get("/insights/login")
    back = requests.get(away.location, allow_redirects=False, timeout=30).headers["Location"]
    assert app.test_client().get(f"/insights/callback?{urlsplit(back).query}").status_code == 403


def test_a_cookie_signed_with_another_key_is_nobodys(make: Make, oidc: dict[str, Any]) -> None:
    client = make(**oidc).test_client()
    log_in(client)
    cookie = client.get_cookie("cobalamin-login", path="/insights")
    assert cookie
    other = make(**oidc | {"session_key": "o" * 32}).test_client()
    other.set_cookie("cobalamin-login", cookie.value, path="/insights")
    assert other.get("/insights").status_code == 302


def test_a_provider_that_is_away_is_said(make: Make, oidc: dict[str, Any]) -> None:
    client = make(**oidc | {"oidc_issuer": "http://127.0.0.1:9"}).test_client()
    assert client.get("/insights/login").status_code == 503


PROXY = {"login_header": "X-Forwarded-User", "login_proxy_secret": LONG}
HEADERS: dict[str, tuple[dict[str, str], int]] = {
    "both": ({"X-Forwarded-User": "owner", "X-Login-Secret": LONG}, 200),
    "the name alone": ({"X-Forwarded-User": "owner"}, 403),
    "another secret": ({"X-Forwarded-User": "owner", "X-Login-Secret": "x" * 32}, 403),
    "a secret that is no ASCII": ({"X-Forwarded-User": "owner", "X-Login-Secret": "\xe9" * 32}, 403),
    "the secret alone": ({"X-Login-Secret": LONG}, 403),
    "two names": ({"X-Forwarded-User": "mallory,owner", "X-Login-Secret": LONG}, 403),
    "nothing": ({}, 403),
}


@pytest.mark.parametrize(("headers", "status"), HEADERS.values(), ids=HEADERS.keys())
@pytest.mark.parametrize("path", ["/insights", "/insights/counts.csv"])
def test_from_a_proxy_come(make: Make, path: str, headers: dict[str, str], status: int) -> None:
    assert make(**PROXY).test_client().get(path, headers=headers).status_code == status


def test_a_login_that_is_set_holds_in_demo_mode_too(make: Make) -> None:
    assert make(**PROXY, demo=True).test_client().get("/insights").status_code == 403


WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "a header without a secret": ({"login_header": "X-User"}, "COBALAMIN_LOGIN_PROXY_SECRET: expected a value"),
    "a secret without a header": ({"login_proxy_secret": LONG}, "COBALAMIN_LOGIN_HEADER: expected a value"),
    "a short secret": (PROXY | {"login_proxy_secret": "short"}, "expected 32 characters or more"),
    "nobody allowed": ({"oidc_allowed": ""}, "COBALAMIN_OIDC_ALLOWED: expected a value"),
    "a short key": ({"session_key": "short"}, "expected 32 characters or more"),
    "an issuer without https": ({"private_networks": False}, "expected an https URL"),
    "no public address": ({"base_url": ""}, "COBALAMIN_BASE_URL: expected an https URL"),
    "both ways": (PROXY, "got both"),
}


@pytest.mark.parametrize(("changes", "told"), WRONG.values(), ids=WRONG.keys())
def test_half_a_login_does_not_start(make: Make, oidc: dict[str, Any], changes: dict[str, Any], told: str) -> None:
    alone = "login_header" in changes or "login_proxy_secret" in changes
    with pytest.raises(SettingsFault, match=told) as fault:
        make(**(changes if alone and told != "got both" else oidc | changes))
    assert LONG not in str(fault.value)
