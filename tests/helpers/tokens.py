"""Clients' keys and tokens, made as the tests run, and a server of key sets on loopback."""

from __future__ import annotations

import base64
import json
import threading
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm

from cds_service.clients import Client
from tests.helpers.wire import NOW

Json = dict[str, Any]
BASE = "https://cds.hospital.example/b12"
SERVICE = f"{BASE}/cds-services/b12-order-sign"
SIGN, FEEDBACK = "/cds-services/b12-order-sign", "/cds-services/b12-order-sign/feedback"
ISSUER = "https://ehr.hospital.example"
KID = "Q+7/x9=="
"""A name as Epic gives them."""
AT = int(NOW.timestamp())
CURVES: Mapping[str, ec.EllipticCurve] = {"ES256": ec.SECP256R1(), "ES384": ec.SECP384R1(), "ES512": ec.SECP521R1()}


def private_key(algorithm: str = "ES384", name: str = "", bits: int = 2048) -> Any:
    """A private key for this algorithm; the same one for the same name as long as the process lives."""
    return _made(algorithm, name, bits)


@cache
def _made(algorithm: str, _: str, bits: int) -> Any:
    if algorithm in CURVES:
        return ec.generate_private_key(CURVES[algorithm])
    return ed25519.Ed25519PrivateKey.generate() if algorithm == "EdDSA" else rsa.generate_private_key(65537, bits)


def jwk(key: PrivateKeyTypes, kid: str = KID, **changes: Any) -> Json:
    """The public half as a JSON Web Key; a change to None leaves a member out."""
    public: Any = key.public_key()  # type: ignore[union-attr] # the kinds made here have one
    writer: Any = RSAAlgorithm if isinstance(key, rsa.RSAPrivateKey) else ECAlgorithm
    if isinstance(key, ed25519.Ed25519PrivateKey):
        writer = OKPAlgorithm
    found = writer.to_jwk(public, as_dict=True) | {"kid": kid, "use": "sig"} | changes
    return {name: value for name, value in found.items() if value is not None}


def jwks(*keys: Json) -> Json:
    """A key set."""
    return {"keys": list(keys)}


def client(**changes: Any) -> Client:
    """A client that handed over the key of ES384."""
    own = {"id": "ehr", "issuer": ISSUER, "jwks": jwks(jwk(private_key()))}
    return Client(**(own | changes))


def claims(at: float = AT, **changes: Any) -> Json:
    """What a good token of `client` says for a call of order-sign; a change to None leaves a claim out."""
    own = {"iss": ISSUER, "aud": SERVICE, "iat": at, "exp": at + 300, "jti": str(uuid.uuid4())}
    return {name: value for name, value in (own | changes).items() if value is not None}


def token(said: Json | None = None, key: Any = None, algorithm: str = "ES384", **header: Any) -> str:
    """A signed token; `typ` and `kid` are there unless changed, to None to leave them out."""
    own = {name: value for name, value in ({"kid": KID} | header).items() if value is not None or name == "typ"}
    signer = private_key(algorithm) if key is None else key
    return jwt.encode(claims() if said is None else said, signer, algorithm, headers=own)


def bearer(text: str) -> dict[str, str]:
    """The header that carries a token."""
    return {"Authorization": f"Bearer {text}"}


def forged(header: Json, said: Json, signature: bytes = b"0" * 96) -> str:
    """A token of any header, as no library would write it."""
    return ".".join(base64url(part) for part in (json.dumps(header).encode(), json.dumps(said).encode(), signature))


def base64url(content: bytes) -> str:
    """Base64 for URLs, without padding."""
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


@dataclass
class KeyHost:
    """A server of key sets: what it answers may be changed, and what it was asked is kept."""

    base: str
    answer: Callable[[str], tuple[int, Mapping[str, str], bytes]]
    asked: list[str] = field(default_factory=list)

    def publish(self, *keys: Json) -> None:
        """Answer every request with this key set from now on."""
        body = json.dumps(jwks(*keys)).encode()
        self.answer = lambda _: (200, {"Content-Type": "application/json"}, body)

    def fail(self, status: int = 500, headers: Mapping[str, str] | None = None) -> None:
        """Answer every request with this status from now on."""
        self.answer = lambda _: (status, headers or {}, b"")


@contextmanager
def key_host(*keys: Json) -> Iterator[KeyHost]:
    """A real HTTP server on loopback that publishes these keys."""

    class Answers(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            host.asked.append(self.path)
            status, headers, body = host.answer(self.path)
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    host = KeyHost(f"http://127.0.0.1:{server.server_port}", lambda _: (500, {}, b""))
    host.publish(*keys)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield host
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
