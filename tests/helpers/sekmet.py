"""sekmet-fhir, a FHIR R4 server nobody here wrote, as a real process on a free loopback port in a folder of its own."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import jwt
import requests
from cryptography.hazmat.primitives.asymmetric import ec

from tests.helpers.hapi import free_port
from tests.helpers.processes import clean_environ

SECONDS_TO_START = 120
ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
CLIENT, KID = "cobalamin", "one"


@dataclass(frozen=True, slots=True)
class Sekmet:
    """A running server: its FHIR base URL and what it writes about the requests that it got."""

    base: str
    log: Path

    def requests(self) -> list[str]:
        """Method, path and query of every request so far, as its access log has them."""
        lines = (line.split('"') for line in self.log.read_text("utf-8").splitlines() if '" ' in line)
        return [parts[1].removesuffix(" HTTP/1.1") for parts in lines]


@contextmanager
def serving(folder: Path, **settings: Any) -> Iterator[Sekmet]:
    """Start the server; `settings` are its own, by the names of its settings file."""
    port, log = free_port(), folder / "log.txt"
    base = f"http://127.0.0.1:{port}/fhir"
    # base_url is in every link. Its own validation would refuse dirty data, and its simulator would answer orders.
    own = {"host": "127.0.0.1", "port": port, "base_url": base}
    own |= {"validation": {"inbound": "off"}, "simulator": {"enabled": False}}
    (folder / "settings.yaml").write_text(json.dumps(own | settings), "utf-8")  # JSON is YAML
    command = [sys.executable, "-m", "sekmet.cli", "serve", "--config", "settings.yaml"]
    with (
        log.open("wb") as output,
        subprocess.Popen(command, cwd=folder, env=clean_environ(), stdout=output, stderr=subprocess.STDOUT) as process,
    ):
        try:
            _wait(process, base, log)
            yield Sekmet(base, log)
        finally:
            process.kill()


def _wait(process: subprocess.Popen[bytes], base: str, log: Path) -> None:
    until = time.monotonic() + SECONDS_TO_START
    while process.poll() is None and time.monotonic() < until:
        try:
            if requests.get(f"{base}/metadata", timeout=10).ok:
                return
        except requests.ConnectionError:
            time.sleep(0.1)
    raise AssertionError(log.read_text("utf-8"))


def smart(key: ec.EllipticCurvePrivateKey) -> Mapping[str, Any]:
    """Settings of a server that lets in only our client, by SMART backend services with this key."""
    public = jwt.algorithms.ECAlgorithm.to_jwk(key.public_key(), as_dict=True)
    keys = {"keys": [public | {"kid": KID, "alg": "ES384", "use": "sig"}]}
    client = {"client_id": CLIENT, "jwks": keys, "scopes": "system/*.*"}
    return {"server_auth": {"types": ["smart"], "smart_clients": [client]}}


def token(server: Sekmet, key: ec.EllipticCurvePrivateKey, scope: str) -> str:
    """An access token of these scopes, asked for with a signed assertion (private_key_jwt)."""
    url = f"{server.base.removesuffix('/fhir')}/auth/token"
    claims = {"iss": CLIENT, "sub": CLIENT, "aud": url, "jti": str(uuid4()), "exp": int(time.time()) + 200}
    assertion = jwt.encode(claims, key, "ES384", {"kid": KID})
    form = {"grant_type": "client_credentials", "scope": scope, "client_assertion_type": ASSERTION}
    answer = requests.post(url, data=form | {"client_assertion": assertion}, timeout=30)
    assert answer.status_code == 200, answer.text
    given: str = answer.json()["access_token"]
    return given
