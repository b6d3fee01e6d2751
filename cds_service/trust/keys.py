"""Public keys of clients, read from JSON Web Key Sets."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import jwt
import msgspec
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from jwt.algorithms import AllowedPublicKeys
from msgspec import UNSET, Struct

from cds_service.trust.token import Token

RSA = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512")
KINDS: Mapping[tuple[str, str], tuple[str, ...]] = {
    ("RSA", ""): RSA,
    ("EC", "P-256"): ("ES256",),
    ("EC", "P-384"): ("ES384",),
    ("EC", "P-521"): ("ES512",),
    ("OKP", "Ed25519"): ("EdDSA",),
}
"""Which algorithms a key can serve, by its kty and crv. A secret shared by both sides (`oct`) is not among them."""
SIGNING = frozenset(name for names in KINDS.values() for name in names)
MOST_KEYS = 100
RSA_BITS = range(2048, 8193)
"""Shorter ones can be broken; longer ones only cost time."""
JWS = jwt.PyJWS(algorithms=sorted(SIGNING), options={"verify_signature": True, "enforce_minimum_key_length": True})


class Jwk(Struct, frozen=True):
    """What we look at in a JSON Web Key before it is built. `d` and `k` are what no published key may hold."""

    kty: str
    kid: str
    crv: str = ""
    alg: str | None = None
    use: str | None = None
    key_ops: tuple[str, ...] | None = None
    d: object = UNSET
    k: object = UNSET

    @property
    def serves(self) -> tuple[str, ...]:
        """The algorithms that this key may verify: those of its kind, or only the one that it names."""
        signs = self.use in {None, "sig"} and (self.key_ops is None or "verify" in self.key_ops)
        published = self.d is UNSET and self.k is UNSET
        able = KINDS.get((self.kty, self.crv), ()) if signs and published else ()
        return able if self.alg is None else tuple(name for name in able if name == self.alg)


@dataclass(frozen=True, slots=True)
class Key:
    """A public key, its name, and the algorithms that it may verify."""

    kid: str
    algorithms: tuple[str, ...]
    public: AllowedPublicKeys = field(repr=False)


def read_keys(jwks: Mapping[str, Any]) -> tuple[Key, ...]:
    """The usable keys of a set, those that are not left out; raises ValueError for what is no key set or too large."""
    listed = jwks.get("keys") if isinstance(jwks, Mapping) else None
    if not isinstance(listed, list) or len(listed) > MOST_KEYS:
        raise ValueError(f"expected a list of at most {MOST_KEYS} keys, got another")
    return tuple(_usable(listed))


def _usable(listed: list[Any]) -> Iterator[Key]:
    for one in listed:
        try:
            jwk = msgspec.convert(one, Jwk)
            if jwk.serves:
                yield Key(jwk.kid, jwk.serves, _public(one, jwk.serves[0]))
        except (ValueError, jwt.PyJWTError, UnsupportedAlgorithm):
            continue  # a set may hold keys for other uses, and kinds that came after us


def _public(jwk: dict[str, Any], algorithm: str) -> AllowedPublicKeys:
    public: AllowedPublicKeys = jwt.PyJWK(jwk, algorithm).key
    if isinstance(public, RSAPublicKey) and public.key_size not in RSA_BITS:
        raise ValueError("expected an RSA key of 2048 to 8192 bits, got another")
    return public


def signed_by(token: Token, key: Key) -> bool:
    """Whether the signature of the token is that key's, by the algorithm that the token names and the key may serve."""
    if token.header.alg not in key.algorithms:
        return False
    try:
        JWS.decode_complete(token.text, key.public, algorithms=[token.header.alg])
    except jwt.PyJWTError:
        return False
    return True
