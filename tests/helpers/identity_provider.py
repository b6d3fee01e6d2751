"""A small OpenID Connect provider by Authlib's server part, at which a test decides who logs in and what goes wrong."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Thread
from time import time
from typing import Any

from authlib.integrations.flask_oauth2 import AuthorizationServer
from authlib.oauth2.rfc6749.grants import AuthorizationCodeGrant
from authlib.oauth2.rfc6749.requests import OAuth2Request
from authlib.oauth2.rfc7636 import CodeChallenge
from authlib.oidc.core import UserInfo
from authlib.oidc.core.grants import OpenIDCode
from flask import Flask, Response, jsonify
from joserfc.jwk import KeySet, RSAKey
from werkzeug.serving import make_server

CLIENT_ID, CLIENT_SECRET = "cobalamin", "a secret of the test"


@dataclass
class Client:
    """The one application that the provider knows."""

    redirect_uri: str = ""

    def get_client_id(self) -> str:
        return CLIENT_ID

    def get_default_redirect_uri(self) -> str:
        return self.redirect_uri

    def get_allowed_scope(self, scope: str) -> str:
        return scope

    def check_redirect_uri(self, redirect_uri: str) -> bool:
        return redirect_uri == self.redirect_uri

    def check_client_secret(self, client_secret: str) -> bool:
        return client_secret == CLIENT_SECRET

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
        return method == "client_secret_basic" and endpoint == "token"

    def check_response_type(self, response_type: str) -> bool:
        return response_type == "code"

    def check_grant_type(self, grant_type: str) -> bool:
        return grant_type == "authorization_code"


@dataclass
class Code:
    """An authorization code and what was asked with it."""

    code: str
    redirect_uri: str
    scope: str
    nonce: str
    code_challenge: str
    code_challenge_method: str

    def get_redirect_uri(self) -> str:
        return self.redirect_uri

    def get_scope(self) -> str:
        return self.scope

    def get_nonce(self) -> str:
        return self.nonce

    def get_auth_time(self) -> int:
        return int(time())

    def get_acr(self) -> str:
        return ""

    def get_amr(self) -> list[str]:
        return []


@dataclass
class Provider:
    """`claims` are those of the next login; `wrong` replaces claims of its ID token, `signing` its key."""

    issuer: str = ""
    claims: dict[str, Any] = field(default_factory=dict)
    wrong: dict[str, Any] = field(default_factory=dict)
    client: Client = field(default_factory=Client)
    codes: dict[str, Code] = field(default_factory=dict)
    key: RSAKey = field(default_factory=lambda: RSAKey.generate_key(2048, {"kid": "k1"}))
    signing: RSAKey | None = None


def application(provider: Provider) -> Flask:
    """The provider's addresses; whoever comes to /authorize is logged in at once."""
    app = Flask("provider")
    app.config["OAUTH2_SCOPES_SUPPORTED"] = ["openid", "email"]
    server = AuthorizationServer(
        app, query_client=lambda name: provider.client if name == CLIENT_ID else None, save_token=lambda *_: None
    )
    server.register_grant(_grant(provider), [CodeChallenge(required=True), _openid(provider)])

    @app.get("/.well-known/openid-configuration")
    def configuration() -> Response:
        return jsonify(
            issuer=provider.issuer,
            authorization_endpoint=f"{provider.issuer}/authorize",
            token_endpoint=f"{provider.issuer}/token",
            jwks_uri=f"{provider.issuer}/keys",
            id_token_signing_alg_values_supported=["RS256"],
        )

    @app.get("/keys")
    def keys() -> Response:
        return jsonify(KeySet([provider.key]).as_dict(private=False))

    @app.get("/authorize")
    def authorize() -> Response:
        grant = server.get_authorization_grant(server.create_oauth2_request(None))
        found: Response = server.create_authorization_response(grant_user=dict(provider.claims), grant=grant)
        return found

    @app.post("/token")
    def token() -> Response:
        found: Response = server.create_token_response()
        return found

    return app


def _grant(provider: Provider) -> type[AuthorizationCodeGrant]:
    class Grant(AuthorizationCodeGrant):  # type: ignore[misc] # Authlib has no types
        TOKEN_ENDPOINT_AUTH_METHODS = ("client_secret_basic",)

        def save_authorization_code(self, code: str, request: OAuth2Request) -> None:
            asked = request.payload.data
            provider.codes[code] = Code(
                code,
                asked["redirect_uri"],
                asked["scope"],
                asked.get("nonce", ""),
                asked.get("code_challenge", ""),
                asked.get("code_challenge_method", ""),
            )

        def query_authorization_code(self, code: str, client: Client) -> Code | None:  # noqa: ARG002 - Authlib's signature
            return provider.codes.get(code)

        def delete_authorization_code(self, authorization_code: Code) -> None:
            del provider.codes[authorization_code.code]

        def authenticate_user(self, authorization_code: Code) -> dict[str, Any]:  # noqa: ARG002 - Authlib's signature
            return provider.claims

    return Grant


def _openid(provider: Provider) -> OpenIDCode:
    class OpenID(OpenIDCode):  # type: ignore[misc] # Authlib has no types
        def exists_nonce(self, nonce: str, request: OAuth2Request) -> bool:  # noqa: ARG002 - Authlib's signature
            return False

        def get_client_algorithm(self, client: Client) -> str:  # noqa: ARG002 - Authlib's signature
            return "RS256"

        def get_client_claims(self, client: Client) -> dict[str, Any]:  # noqa: ARG002 - Authlib's signature
            now = int(time())
            return {"iss": provider.issuer, "aud": [CLIENT_ID], "iat": now, "exp": now + 300}

        def resolve_client_private_key(self, client: Client) -> RSAKey:  # noqa: ARG002 - Authlib's signature
            return provider.signing or provider.key

        def generate_user_info(self, user: dict[str, Any], scope: str) -> UserInfo:  # noqa: ARG002 - Authlib's signature
            return UserInfo(user | provider.wrong)  # the last word on every claim

    return OpenID()


@contextmanager
def serving() -> Iterator[Provider]:
    """A provider on a free port of loopback."""
    provider = Provider()
    server = make_server("127.0.0.1", 0, application(provider), threaded=True)
    provider.issuer = f"http://127.0.0.1:{server.server_port}"
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
