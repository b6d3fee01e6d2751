"""
An EHR's authorization server by authlib, and behind it the FHIR server of the demo, for which it asks a token.

It knows what SMART App Launch 2 asks of it: discovery, authorization code with PKCE (S256), launch context, scopes.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import requests
from authlib.integrations.flask_oauth2 import AuthorizationServer, ResourceProtector, current_token
from authlib.oauth2.rfc6749 import AuthorizationCodeMixin, ClientMixin, TokenMixin, grants
from authlib.oauth2.rfc6750 import BearerTokenValidator
from authlib.oauth2.rfc7636 import CodeChallenge
from flask import Flask, Response, jsonify, request
from flask_cors import CORS
from markupsafe import escape
from werkzeug.serving import make_server

Json = dict[str, Any]
CLIENT_ID = "b12-app"
WRITES = (".c", ".cruds", ".write")
SECONDS = 20


@dataclass
class App(ClientMixin):  # type: ignore[misc] # authlib ships no types
    """The one app that is registered: public, so it has no secret."""

    redirect_uri: str = ""

    def get_client_id(self) -> str:
        return CLIENT_ID

    def get_default_redirect_uri(self) -> str:
        return self.redirect_uri

    def get_allowed_scope(self, scope: str) -> str:
        return scope

    def check_redirect_uri(self, redirect_uri: str) -> bool:
        return redirect_uri == self.redirect_uri

    def check_client_secret(self, client_secret: str) -> bool:  # noqa: ARG002 - authlib's signature
        return False

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:  # noqa: ARG002 - as above
        return method == "none"

    def check_response_type(self, response_type: str) -> bool:
        return response_type == "code"

    def check_grant_type(self, grant_type: str) -> bool:
        return grant_type == "authorization_code"


@dataclass
class Code(AuthorizationCodeMixin):  # type: ignore[misc] # as above
    """A code and what it was given for."""

    code: str
    redirect_uri: str
    scope: str
    code_challenge: str
    code_challenge_method: str
    context: Json

    def get_redirect_uri(self) -> str:
        return self.redirect_uri

    def get_scope(self) -> str:
        return self.scope


@dataclass
class Token(TokenMixin):  # type: ignore[misc] # as above
    """A bearer token."""

    scope: str

    def get_scope(self) -> str:
        return self.scope

    def is_expired(self) -> bool:
        return False

    def is_revoked(self) -> bool:
        return False


@dataclass
class Ehr:
    """
    What the tests set and see.

    `upstream` is the FHIR server behind; `launches` are contexts by launch id; `writing`: scopes that write are
    granted; `refused` are types that nobody may read. `saved` is what was written, `asked` the queries of each
    authorization.
    """

    url: str = ""
    upstream: str = ""
    launches: dict[str, Json] = field(default_factory=dict)
    writing: bool = True
    refused: frozenset[str] = frozenset()
    saved: list[Json] = field(default_factory=list)
    asked: list[Json] = field(default_factory=list)
    app: App = field(default_factory=App)
    codes: dict[str, Code] = field(default_factory=dict)
    tokens: dict[str, Token] = field(default_factory=dict)

    @property
    def base(self) -> str:
        """The base URL of the FHIR server."""
        return f"{self.url}/fhir"

    def granted(self, scope: str) -> str:
        return " ".join(one for one in scope.split() if self.writing or not one.endswith(WRITES))


class CodeGrant(grants.AuthorizationCodeGrant):  # type: ignore[misc] # as above
    """Codes are kept in memory; what is launched is part of them."""

    TOKEN_ENDPOINT_AUTH_METHODS = ("none",)
    ehr: Ehr

    def save_authorization_code(self, code: str, request: Any) -> None:
        asked = request.payload.data
        context = {"patient": asked["patient"]} if "patient" in asked else self.ehr.launches[asked["launch"]]
        challenge = asked["code_challenge"], asked["code_challenge_method"]
        granted = self.ehr.granted(asked["scope"])
        self.ehr.codes[code] = Code(code, asked["redirect_uri"], granted, *challenge, context)

    def query_authorization_code(self, code: str, client: App) -> Code | None:  # noqa: ARG002 - as above
        return self.ehr.codes.get(code)

    def delete_authorization_code(self, authorization_code: Code) -> None:
        del self.ehr.codes[authorization_code.code]

    def authenticate_user(self, authorization_code: Code) -> str:  # noqa: ARG002 - as above
        return "dr-1"


class Tokens(BearerTokenValidator):  # type: ignore[misc] # as above
    """Tokens are looked up in memory."""

    def __init__(self, ehr: Ehr) -> None:
        super().__init__()
        self.ehr = ehr

    def authenticate_token(self, token_string: str) -> Token | None:
        return self.ehr.tokens.get(token_string)


@contextmanager
def authorizing() -> Iterator[Ehr]:
    """The server on a free port of loopback."""
    ehr = Ehr()
    before = os.environ.get("AUTHLIB_INSECURE_TRANSPORT")
    os.environ["AUTHLIB_INSECURE_TRANSPORT"] = "1"  # loopback without TLS
    server = make_server("127.0.0.1", 0, _application(ehr), threaded=True)
    ehr.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield ehr
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
        if before is None:
            del os.environ["AUTHLIB_INSECURE_TRANSPORT"]


def _application(ehr: Ehr) -> Flask:
    app = Flask(__name__)
    CORS(app, allow_headers=["authorization", "content-type", "accept"])

    def keep(token: Json, request: Any) -> None:
        token |= {"scope": request.authorization_code.scope, **request.authorization_code.context}
        ehr.tokens[token["access_token"]] = Token(token["scope"])

    oauth = AuthorizationServer(app, query_client=lambda name: ehr.app if name == CLIENT_ID else None, save_token=keep)
    oauth.register_grant(type("Grant", (CodeGrant,), {"ehr": ehr}), [CodeChallenge(required=True)])
    _add_authorization(app, ehr, oauth)
    _add_fhir(app, ehr)
    return app


def _add_authorization(app: Flask, ehr: Ehr, oauth: AuthorizationServer) -> None:
    @app.get("/fhir/.well-known/smart-configuration")
    def configuration() -> Response:
        return jsonify(
            authorization_endpoint=f"{ehr.url}/authorize",
            token_endpoint=f"{ehr.url}/token",
            code_challenge_methods_supported=["S256"],
            capabilities=["launch-ehr", "launch-standalone", "client-public", "context-ehr-patient", "permission-v2"],
            grant_types_supported=["authorization_code"],
        )

    @app.get("/authorize")
    def authorize() -> Any:
        asked = request.args.to_dict()
        ehr.asked.append(asked)
        if asked.get("aud") != ehr.base:
            return "expected aud to be this FHIR server", 400
        if "launch" not in asked and "patient" not in asked:
            return _picker(ehr, asked)
        grant = oauth.get_consent_grant(end_user="dr-1")
        return oauth.create_authorization_response(grant_user="dr-1", grant=grant)

    @app.post("/token")
    def token() -> Any:
        return oauth.create_token_response()


def _picker(ehr: Ehr, asked: Json) -> str:
    """Opened from outside a chart, the user says whose it is to be."""
    patients = requests.get(f"{ehr.upstream}/Patient", timeout=SECONDS).json()["entry"]
    ids = [one["resource"]["id"] for one in patients]
    links = "".join(
        f'<li><a href="/authorize?{escape(urlencode(asked | {"patient": name}))}">{name}</a></li>' for name in ids
    )
    head = '<!doctype html><html lang="en"><title>Patients</title><link rel="icon" href="data:,">'
    return f"{head}<ul>{links}</ul></html>"


def _add_fhir(app: Flask, ehr: Ehr) -> None:
    protected = ResourceProtector()
    protected.register_token_validator(Tokens(ehr))

    @app.get("/fhir/<path:rest>")
    @protected()
    def read(rest: str) -> Response:
        kind = rest.partition("/")[0]
        if kind in ehr.refused or f"patient/{kind}.r" not in current_token.scope:
            return Response("{}", 403, mimetype="application/fhir+json")
        found = requests.get(f"{ehr.upstream}/{rest}?{request.query_string.decode()}", timeout=SECONDS)
        return Response(found.content, found.status_code, mimetype="application/fhir+json")

    @app.post("/fhir/<kind>")
    @protected()
    def create(kind: str) -> Any:
        if f"patient/{kind}.c" not in current_token.scope:
            return jsonify({}), 403
        made = {**request.get_json(force=True), "id": f"saved-{len(ehr.saved)}"}
        ehr.saved.append(made)
        return jsonify(made), 201
