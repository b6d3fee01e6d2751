"""Keys: what of a key set can be used, for which algorithms, and what is left out."""

from __future__ import annotations

from typing import Any

import pytest
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

from cds_service.trust.keys import MOST_KEYS, RSA, read_keys, signed_by
from cds_service.trust.token import read_token
from tests.helpers.tokens import Json, base64url, jwk, jwks, private_key, token

USABLE: dict[str, tuple[Json, tuple[str, ...]]] = {
    "RSA": (jwk(private_key("RS384")), RSA),
    "RSA for one algorithm": (jwk(private_key("RS384"), alg="RS384"), ("RS384",)),
    "P-256": (jwk(private_key("ES256")), ("ES256",)),
    "P-384": (jwk(private_key("ES384")), ("ES384",)),
    "P-521": (jwk(private_key("ES512")), ("ES512",)),
    "Ed25519": (jwk(private_key("EdDSA")), ("EdDSA",)),
    "no use": (jwk(private_key(), use=None), ("ES384",)),
    "to verify": (jwk(private_key(), use=None, key_ops=["verify"]), ("ES384",)),
    "members that we do not know": (jwk(private_key(), x5c=["MII"], x5t="x", exp=7), ("ES384",)),
}


@pytest.mark.parametrize(("key", "algorithms"), USABLE.values(), ids=USABLE)
def test_a_key_serves_the_algorithms_of_its_kind(key: Json, algorithms: tuple[str, ...]) -> None:
    [found] = read_keys(jwks(key))
    assert (found.kid, found.algorithms) == (key["kid"], algorithms)


def private_members() -> Json:
    found: Json = ECAlgorithm.to_jwk(private_key(), as_dict=True)
    return found | {"kid": "x"}


UNUSABLE: dict[str, Any] = {
    "a shared secret": {"kty": "oct", "kid": "x", "k": base64url(b"x" * 64), "alg": "HS256"},
    "RSA named for a secret's algorithm": jwk(private_key("RS384"), alg="HS256"),
    "none": jwk(private_key(), alg="none"),
    "algorithm of another kind": jwk(private_key(), alg="RS384"),
    "algorithm of another curve": jwk(private_key(), alg="ES256"),
    "to encrypt": jwk(private_key(), use="enc"),
    "to sign only": jwk(private_key(), key_ops=["sign"]),
    "a private EC key that its owner published": private_members(),
    "a private RSA key": RSAAlgorithm.to_jwk(private_key("RS384"), as_dict=True) | {"kid": "x", "key_ops": ["verify"]},
    "RSA too short": jwk(private_key("RS384", bits=1024)),
    "RSA too long": jwk(private_key("RS384"), n=base64url(b"\xff" * 2048)),
    "RSA with the exponent 1": jwk(private_key("RS384"), e="AQ"),
    "RSA without a modulus": jwk(private_key("RS384"), n=None),
    "RSA with a number as modulus": jwk(private_key("RS384"), n=5),
    "point that is not on the curve": jwk(private_key(), x=base64url(b"1" * 48)),
    "coordinates too short": jwk(private_key(), x="AQ", y="AQ"),
    "unknown curve": jwk(private_key(), crv="secp256k1"),
    "curve a number": jwk(private_key(), crv=7),
    "kind a list": jwk(private_key(), kty=["EC"]),
    "no kind": jwk(private_key(), kty=None),
    "no kid": {name: value for name, value in jwk(private_key()).items() if name != "kid"},
    "kid a number": jwk(private_key()) | {"kid": 1},
    "text": "key",
    "nothing": None,
}


@pytest.mark.parametrize("key", UNUSABLE.values(), ids=UNUSABLE)
def test_what_cannot_verify_is_left_out_and_the_rest_is_read(key: Any) -> None:
    good = jwk(private_key(), "good")
    assert [found.kid for found in read_keys({"keys": [key, good, key]})] == ["good"]


@pytest.mark.parametrize("jwks_", [{}, {"keys": {}}, {"keys": None}, [], None, "keys", 5])
def test_what_is_no_key_set_is_refused(jwks_: Any) -> None:
    with pytest.raises(ValueError, match="expected a list"):
        read_keys(jwks_)


def test_a_set_has_a_bound() -> None:
    key = jwk(private_key())
    assert len(read_keys({"keys": [key] * MOST_KEYS})) == MOST_KEYS
    with pytest.raises(ValueError, match="at most 100"):
        read_keys({"keys": [key] * (MOST_KEYS + 1)})


@pytest.mark.parametrize("algorithm", ["ES256", "ES384", "ES512", "RS256", "RS384", "RS512", "PS384", "EdDSA"])
def test_a_signature_holds_by_its_own_key_and_by_no_other(algorithm: str) -> None:
    [key] = read_keys(jwks(jwk(private_key(algorithm))))
    [other] = read_keys(jwks(jwk(private_key(algorithm, "other"))))
    signed = read_token(token(algorithm=algorithm))
    assert signed_by(signed, key)
    assert not signed_by(signed, other)


def test_a_key_does_not_show_in_words_about_it() -> None:
    [key] = read_keys(jwks(jwk(private_key())))
    signed = read_token(token())
    assert "public" not in repr(key)
    assert signed.text not in repr(signed)
