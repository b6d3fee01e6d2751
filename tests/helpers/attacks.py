"""Tokens that must not open the door, and what the log says of each."""

from __future__ import annotations

import json
from typing import Any

import jwt
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.helpers.tokens import (
    AT,
    BASE,
    ISSUER,
    KID,
    SERVICE,
    SIGN,
    Json,
    base64url,
    claims,
    client,
    forged,
    jwk,
    jwks,
    private_key,
    token,
)

JKU = f"{ISSUER}/jwks.json"
OTHER = "https://other.example"
MODERN = "https://modern.example"
RSA = private_key("RS384")
CLIENTS = (
    client(jwks=jwks(jwk(private_key()), jwk(RSA, "rsa", alg="RS384")), jwks_urls=(JKU,)),
    client(id="other", issuer=OTHER, jwks=jwks(jwk(private_key("ES384", "other"), "other")), tenants=("a", "b")),
    client(id="modern", issuer=MODERN, algorithms=("EdDSA",), jwks=jwks(jwk(private_key("EdDSA")))),
)
"""One with both default algorithms and a key set at a URL, one with tenants, one with an algorithm of its own."""

FORM = "three base64url parts"
LONG = "at most 16000"
HEAD = "token header"
PAYLOAD = "token claims"
ALG = "as alg"
SIG = "expected a signature"
KEY = "expected the kid"
TYP = "expected typ JWT"
ADDRESS = "expected a jku"
CRIT = "no crit header"
AUD = "as aud"
EXP = "exp after now"
LIFE = "exp within"
IAT = "expected iat"
NBF = "expected nbf"
JTI = "expected a jti"
ISS = "an issuer that is a client"
TENANT = "expected a tenant"


def without(name: str) -> str:
    return token(claims(**{name: None}))


def confused() -> str:
    """HS256 over the public key, which a careless library would take for a secret shared with us."""
    pem = private_key().public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    header, said = {"alg": "HS256", "typ": "JWT", "kid": KID}, claims()
    unsigned = f"{base64url(json.dumps(header).encode())}.{base64url(json.dumps(said).encode())}"
    signature = jwt.get_algorithm_by_name("HS256").sign(unsigned.encode(), pem)
    return f"{unsigned}.{base64url(signature)}"


def tampered() -> str:
    header, _, signature = token().split(".")
    return f"{header}.{base64url(json.dumps(claims(tenant='mine')).encode())}.{signature}"


def raw_claims(payload: bytes) -> str:
    header = json.dumps(header_of()).encode()
    return f"{base64url(header)}.{base64url(payload)}.eA"


def header_of(**changes: Any) -> Json:
    return {"alg": "ES384", "typ": "JWT", "kid": KID} | changes


OWN = private_key("ES384", "attacker")
ATTACKS: dict[str, tuple[str, str]] = {
    "garbage": (FORM, "x"),
    "two parts": (FORM, "e30.e30"),
    "four parts": (FORM, token() + ".e30"),
    "huge": (LONG, token(claims(pad="x" * 13000))),
    "not base64url": (FORM, token().replace(".", ".!", 1)),
    "padded": (FORM, token() + "=="),
    "not ASCII": (FORM, "é.é.é"),
    "header not JSON": (HEAD, f"e30x.{token().partition('.')[2]}"),
    "header a list": (HEAD, f"{base64url(b'[]')}.{token().partition('.')[2]}"),
    "deep header": (HEAD, f"{base64url(b'[' * 4000)}.e30.e30"),
    "deep claim": (PAYLOAD, raw_claims(b'{"x":' + b"[" * 4000)),
    "lone surrogate": (PAYLOAD, raw_claims(json.dumps(claims(jti="#")).replace("#", "\\ud800").encode())),
    "none": (ALG, forged(header_of(alg="none"), claims())),
    "NONE": (ALG, forged(header_of(alg="NONE"), claims())),
    "no signature": (FORM, jwt.encode(claims(), None, "none", headers={"kid": KID})),
    "HS256 over the public key": (ALG, confused()),
    "HS256": (ALG, token(key="x" * 48, algorithm="HS256")),
    "HS384": (ALG, token(key="x" * 48, algorithm="HS384")),
    "claims changed": (SIG, tampered()),
    "alg changed to the other of the client": (SIG, forged(header_of(alg="RS384"), claims())),
    "EC key asked to serve RS384": (SIG, token(algorithm="RS384")),
    "RSA key asked to serve ES384": (SIG, token(kid="rsa")),
    "RSA key for another hash than its alg": (ALG, token(algorithm="RS512", key=RSA, kid="rsa")),
    "algorithm of another client": (ALG, token(algorithm="EdDSA")),
    "default algorithm where others were chosen": (ALG, token(claims(iss=MODERN))),
    "curve of another strength": (ALG, token(algorithm="ES256")),
    "key of nobody": (SIG, token(key=OWN)),
    "unknown kid": (KEY, token(kid="unknown")),
    "kid of a file": (KEY, token(kid="../../../../dev/null")),
    "kid of a URL": (KEY, token(kid="https://attacker.example/key")),
    "kid of SQL": (KEY, token(kid="' OR 1=1 --")),
    "kid a number": (HEAD, forged(header_of(kid=1), claims())),
    "no kid": (HEAD, token(kid=None)),
    "empty kid": (KEY, token(kid="")),
    "no typ": (HEAD, token(typ=None)),
    "typ of another token": (TYP, token(typ="at+jwt")),
    "no alg": (HEAD, forged({"typ": "JWT", "kid": KID}, claims())),
    "jku elsewhere": (ADDRESS, token(jku="https://attacker.example/jwks.json", key=OWN)),
    "jku elsewhere, good key": (ADDRESS, token(jku="https://attacker.example/jwks.json")),
    "jku below the issuer": (ADDRESS, token(jku=f"{JKU}/../mine.json")),
    "jku with a query": (ADDRESS, token(jku=f"{JKU}?x")),
    "jku a list": (HEAD, token(jku=[JKU])),
    "own key embedded": (SIG, token(key=OWN, jwk=jwk(OWN))),
    "own key by x5u": (SIG, token(key=OWN, x5u="https://attacker.example/cert", x5c=["MII"])),
    "crit": (CRIT, token(crit=["b64"], b64=True)),
    "crit unknown": (CRIT, forged(header_of(crit=["x"], x=1), claims())),
    "detached payload": (CRIT, forged(header_of(b64=False, crit=["b64"]), claims())),
    "aud of another service": (AUD, token(claims(aud=f"{BASE}/cds-services/b12-patient-view"))),
    "aud of the feedback": (AUD, token(claims(aud=f"{SERVICE}/feedback"))),
    "aud of another host": (AUD, token(claims(aud=SERVICE.replace("cds.", "evil.")))),
    "aud of plain http": (AUD, token(claims(aud=SERVICE.replace("https", "http")))),
    "aud of another port": (AUD, token(claims(aud=SERVICE.replace("example/", "example:8443/")))),
    "aud of the Host header": (AUD, token(claims(aud=f"http://localhost{SIGN}"))),
    "aud with credentials": (AUD, token(claims(aud=SERVICE.replace("https://", "https://cds.hospital.example@")))),
    "aud with more behind": (AUD, token(claims(aud=f"{SERVICE}/more"))),
    "aud in another case": (AUD, token(claims(aud=SERVICE.replace("order", "ORDER")))),
    "aud in one of two words": (AUD, token(claims(aud=f"{SERVICE} {OTHER}"))),
    "aud empty": (AUD, token(claims(aud=""))),
    "aud empty list": (AUD, token(claims(aud=[]))),
    "aud a list of others": (AUD, token(claims(aud=[OTHER, f"{BASE}/cds-services"]))),
    "aud no text": (PAYLOAD, token(claims(aud={"url": SERVICE}))),
    "expired beyond the leeway": (EXP, token(claims(exp=AT - 60))),
    "exp as text": (PAYLOAD, token(claims(exp=str(AT + 300)))),
    "exp true": (PAYLOAD, token(claims(exp=True))),
    "exp never": (LIFE, token(claims(exp=AT + 24 * 3600 + 1))),
    "exp too large a number": (LIFE, token(claims(exp=10**300))),
    "iat beyond the leeway": (IAT, token(claims(iat=AT + 61))),
    "nbf beyond the leeway": (NBF, token(claims(nbf=AT + 61))),
    "no iss": (PAYLOAD, without("iss")),
    "no aud": (PAYLOAD, without("aud")),
    "no exp": (PAYLOAD, without("exp")),
    "no iat": (PAYLOAD, without("iat")),
    "no jti": (PAYLOAD, without("jti")),
    "jti a number": (PAYLOAD, token(claims(jti=7))),
    "jti empty": (JTI, token(claims(jti=""))),
    "unknown issuer": (ISS, token(claims(iss="https://unknown.example"))),
    "issuer with a slash more": (ISS, token(claims(iss=f"{ISSUER}/"))),
    "issuer a list": (PAYLOAD, forged(header_of(), claims() | {"iss": [ISSUER]})),
    "another client's key": (KEY, token(claims(iss=OTHER, tenant="a"))),
    "another client's key, its kid": (SIG, token(claims(iss=OTHER, tenant="a"), kid="other")),
    "its key under the first's name": (KEY, token(key=private_key("ES384", "other"), kid="other")),
    "tenant unknown": (TENANT, token(claims(iss=OTHER, tenant="c"), key=private_key("ES384", "other"), kid="other")),
    "tenant missing": (TENANT, token(claims(iss=OTHER), key=private_key("ES384", "other"), kid="other")),
}
"""By name: a part of what the log says, and the token."""
