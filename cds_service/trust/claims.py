"""What must hold of a token besides its signature, one check each. Pure: instant and addresses are arguments."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from msgspec import UNSET, Struct

from cds_service.clients import Client
from cds_service.trust.audience import canonical
from cds_service.trust.keys import SIGNING
from cds_service.trust.token import Token

LEEWAY = 60
"""Seconds by which a client's clock may differ from ours."""
LONGEST = 24 * 3600
"""Seconds that a token may still have to live; one that was used is remembered for as long."""


class Moment(Struct, frozen=True):
    """When a token is judged (seconds since 1970), and the canonical addresses that it may be meant for."""

    now: float
    audiences: frozenset[str]


Check = Callable[[Token, Client, Moment], bool]


def _algorithm(token: Token, client: Client, _: Moment) -> bool:
    return token.header.alg in client.algorithms and token.header.alg in SIGNING


def _key_address(token: Token, client: Client, _: Moment) -> bool:
    """A client whose keys were only handed over is asked for none: then no address matters, and none is fetched."""
    return token.header.jku is None or not client.jwks_urls or token.header.jku in client.jwks_urls


def _audience(token: Token, _: Client, moment: Moment) -> bool:
    named = token.claims.aud
    return any(canonical(one) in moment.audiences for one in ((named,) if isinstance(named, str) else named))


def _tenant(token: Token, client: Client, _: Moment) -> bool:
    return not client.tenants or token.claims.tenant in client.tenants


CHECKS: Mapping[str, tuple[str, Check]] = {
    "type": ("expected typ JWT, got another", lambda token, *_: token.header.typ.upper() == "JWT"),
    "critical": ("expected no crit header, got one", lambda token, *_: token.header.crit is UNSET),
    "algorithm": ("expected one of this client's algorithms as alg, got another", _algorithm),
    "key address": ("expected a jku on this client's list of key sets, got another", _key_address),
    "issued": (
        f"expected iat not after now (leeway {LEEWAY} s), got a later instant",
        lambda token, _, moment: token.claims.iat <= moment.now + LEEWAY,
    ),
    "not before": (
        f"expected nbf not after now (leeway {LEEWAY} s), got a later instant",
        lambda token, _, moment: (token.claims.nbf or 0) <= moment.now + LEEWAY,
    ),
    "expiry": (
        f"expected exp after now (leeway {LEEWAY} s), got an instant that is past",
        lambda token, _, moment: moment.now < token.claims.exp + LEEWAY,
    ),
    "lifetime": (
        f"expected exp within {LONGEST // 3600} hours, got a later instant",
        lambda token, _, moment: token.claims.exp <= moment.now + LONGEST,
    ),
    "audience": ("expected the address called as aud, got another", _audience),
    "tenant": ("expected a tenant on this client's list, got another or none", _tenant),
    "identity": ("expected a jti, got an empty one", lambda token, *_: bool(token.claims.jti)),
}
"""By name: what is said where the check fails, and the check."""
