"""
Logging in by OpenID Connect, which authlib does: authorization code with PKCE, state, nonce, and the signed ID token.

Who is logged in stands in a signed cookie of these pages alone, for at most eight hours.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from authlib.common.errors import AuthlibBaseError
from authlib.integrations.flask_client import OAuth
from flask import Blueprint, Flask, Response, abort, current_app, redirect, render_template, session
from joserfc.errors import JoseError
from requests import RequestException

from cds_service.settings import Settings
from cds_service.web.state import state

LOG = logging.getLogger(__name__)
PROVIDER, OPERATOR = "operator", "operator"
DISCOVERY = "/.well-known/openid-configuration"
SECONDS = 5
LASTS = timedelta(hours=8)
FAULTS = (AuthlibBaseError, JoseError, RequestException, ValueError, KeyError, RuntimeError)
"""What authlib raises: its own, those of tokens and of the way to the issuer, and for an answer of another form."""
blueprint = Blueprint("login", __name__)


def install_oidc(app: Flask, settings: Settings) -> _Way:
    """Add the addresses of a login to the application; connects to nothing yet."""
    app.config.update(
        SECRET_KEY=settings.session_key.get_secret_value(),
        SESSION_COOKIE_NAME="cobalamin-login",
        SESSION_COOKIE_PATH=f"{urlsplit(settings.base_url).path.rstrip('/')}/insights",
        SESSION_COOKIE_SECURE=settings.base_url.startswith("https://"),
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_REFRESH_EACH_REQUEST=False,
        PERMANENT_SESSION_LIFETIME=LASTS,
    )
    way = _Way(app, settings)
    app.extensions[PROVIDER] = way
    app.register_blueprint(blueprint)
    return way


class _Way:
    """The issuer as authlib knows it, and whom we let in."""

    def __init__(self, app: Flask, settings: Settings) -> None:
        self.issuer, self.client_id = settings.oidc_issuer, settings.oidc_client_id
        self.callback = f"{settings.base_url.rstrip('/')}/insights/callback"
        self.allowed = frozenset(name.strip().casefold() for name in settings.oidc_allowed.split(",") if name.strip())
        tls = {"verify": settings.ca_bundle} if settings.ca_bundle else {}
        self.provider = OAuth(app).register(
            PROVIDER,
            client_id=self.client_id,
            client_secret=settings.oidc_client_secret.get_secret_value(),
            server_metadata_url=f"{self.issuer.rstrip('/')}{DISCOVERY}",
            client_kwargs={
                "scope": settings.oidc_scope,
                "code_challenge_method": "S256",
                "default_timeout": SECONDS,
                **tls,
            },
        )

    def __call__(self) -> str | Response:
        """The operator of the current request, or the way to the login."""
        found = session.get(OPERATOR)
        return found if isinstance(found, str) and found else redirect(self.page("/login"))  # type: ignore[return-value]

    def page(self, below: str = "") -> str:
        """The address of our own pages, as a browser sees them."""
        return f"{state().settings.base_url.rstrip('/')}/insights{below}"

    def claims(self) -> Mapping[str, Any]:
        """What the issuer says of whoever comes back from it; raises one of FAULTS."""
        options = {
            "iss": {"essential": True, "values": [self.issuer]},
            "aud": {"essential": True, "values": [self.client_id]},
        }
        found: Mapping[str, Any] = self.provider.authorize_access_token(claims_options=options)["userinfo"]
        return found


@blueprint.get("/insights/login")
def login() -> Response:
    """To the issuer."""
    way = _way()
    try:
        found: Response = way.provider.authorize_redirect(way.callback)
    except FAULTS as fault:
        LOG.warning("login not possible", extra={"fault": type(fault).__name__})
        abort(503)
    return found


@blueprint.get("/insights/callback")
def callback() -> Response:
    """Back from the issuer."""
    way = _way()
    try:
        claims = way.claims()
    except FAULTS as fault:
        session.clear()
        LOG.warning("login refused", extra={"fault": type(fault).__name__})
        abort(403)
    session.clear()
    name = admitted_as(claims, way.allowed)
    if not name:
        LOG.warning("login refused", extra={"fault": "not allowed"})
        abort(403)
    session[OPERATOR], session.permanent = name, True
    return redirect(way.page())  # type: ignore[return-value]


@blueprint.post("/insights/logout")
def logout() -> Response:
    """Forget who was logged in here; at the issuer nothing ends."""
    session.clear()
    reply = Response(render_template("insights_left.html"), mimetype="text/html")
    reply.headers["Clear-Site-Data"] = '"cache"'
    return reply


def admitted_as(claims: Mapping[str, Any], allowed: frozenset[str]) -> str:
    """The name under which somebody is let in; "" for one who is not. An address that is not verified is no name."""
    email, groups = claims.get("email"), claims.get("groups")
    verified = isinstance(email, str) and claims.get("email_verified") is True
    if verified and str(email).casefold() in allowed:
        return str(email)
    belongs = any(isinstance(group, str) and group.casefold() in allowed for group in _list(groups))
    return str(email if verified else claims["sub"]) if belongs else ""


def _list(found: object) -> list[object]:
    return found if isinstance(found, list) else []


def _way() -> _Way:
    found: _Way = current_app.extensions[PROVIDER]
    return found
