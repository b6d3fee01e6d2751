"""Why a token fails, check by check: for the operator, never for the caller."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from msgspec import Struct

from cds_service.clients import Client
from cds_service.errors import Unauthorized
from cds_service.trust.claims import CHECKS, Moment
from cds_service.trust.door import UNKNOWN_ISSUER, UNKNOWN_KEY, WRONG_SIGNATURE, Trusted, plain
from cds_service.trust.keys import signed_by
from cds_service.trust.token import Token, read_token

OF_CLIENT = frozenset({"algorithm", "key address", "tenant"})
NOBODY = Client("", "")


class Point(Struct, frozen=True):
    """One check: whether it holds (None: it was not asked) and what was expected."""

    check: str
    holds: bool | None
    said: str


class Explanation(Struct, frozen=True):
    """Every check, and what the token says of itself; neither the token nor its signature."""

    points: tuple[Point, ...]
    says: dict[str, str]

    @property
    def holds(self) -> bool:
        """Whether nothing that was asked failed."""
        return all(point.holds is not False for point in self.points)


def explain(text: str, trusted: Trusted, moment: Moment) -> Explanation:
    """All checks of a token. Without audiences `aud` is not asked. May fetch the key sets of its client."""
    try:
        token = read_token(text)
    except Unauthorized as fault:
        return Explanation((Point("form", False, str(fault)),), {})  # noqa: FBT003 - a struct's field
    points = (Point("form", True, "expected a signed token"), *_points(token, trusted, moment))  # noqa: FBT003 - as above
    return Explanation(points, _says(token))


def _points(token: Token, trusted: Trusted, moment: Moment) -> Iterator[Point]:
    client = trusted.by_issuer.get(token.claims.iss)
    yield Point("issuer", client is not None, UNKNOWN_ISSUER)
    for name, (said, holds) in CHECKS.items():
        asked = not (client is None and name in OF_CLIENT) and bool(moment.audiences or name != "audience")
        yield Point(name, holds(token, client or NOBODY, moment) if asked else None, said)
    allowed = client is not None and CHECKS["key address"][1](token, client, moment)
    keys = trusted.keys(token, client) if client and allowed else ()
    yield Point("key", bool(keys) if allowed else None, UNKNOWN_KEY)
    yield Point("signature", any(signed_by(token, key) for key in keys) if keys else None, WRONG_SIGNATURE)
    yield Point("first use", None, "expected a token that was not used before; only the running service knows")


def _says(token: Token) -> dict[str, str]:
    header, claims = token.header, token.claims
    aud = claims.aud if isinstance(claims.aud, str) else ", ".join(claims.aud)
    said = {"alg": header.alg, "typ": header.typ, "kid": header.kid, "jku": header.jku, "iss": claims.iss, "aud": aud}
    said |= {name: _instant(getattr(claims, name)) for name in ("iat", "nbf", "exp")}
    said |= {"jti": claims.jti, "tenant": claims.tenant, "sub": claims.sub}
    return {name: plain(value) for name, value in said.items() if value is not None}


def _instant(seconds: float | None) -> str | None:
    if seconds is None:
        return None
    try:
        return datetime.fromtimestamp(seconds, UTC).isoformat()
    except (OverflowError, ValueError, OSError):
        return "no instant"
