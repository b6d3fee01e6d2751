"""The door: a call comes in if its token holds in every point."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from cds_service.clients import Client
from cds_service.errors import SettingsFault, Unauthorized
from cds_service.trust.audience import audiences_of
from cds_service.trust.claims import CHECKS, LEEWAY, Moment
from cds_service.trust.key_sets import KeySets
from cds_service.trust.keys import SIGNING, Key, read_keys, signed_by
from cds_service.trust.replay import Replays
from cds_service.trust.token import Token, bearer, read_token

UNKNOWN_ISSUER = "expected an issuer that is a client, got another"
UNKNOWN_KEY = "expected the kid of a key of this client, got another, or its key set is out of reach"
WRONG_SIGNATURE = "expected a signature by this client's key, got another"
USED = "expected a token that was not used before, got one that was"
SHOWN = 200
"""Characters of a claim that are logged."""


@dataclass(frozen=True, slots=True)
class Trusted:
    """The clients by issuer, the keys that they handed over by client, and those that they publish."""

    by_issuer: Mapping[str, Client]
    handed_over: Mapping[str, tuple[Key, ...]]
    published: KeySets

    def keys(self, token: Token, client: Client) -> tuple[Key, ...]:
        """The keys that this token may be signed with; fetches from the client's own list of URLs only."""
        kid, jku = token.header.kid, token.header.jku
        found = tuple(key for key in self.handed_over[client.id] if key.kid == kid)
        return found or self.published.named([url for url in client.jwks_urls if jku in {None, url}], kid)


def trusted(clients: Iterable[Client], published: KeySets) -> Trusted:
    """Clients and their keys; raises SettingsFault where one could never come in, or two have one issuer."""
    listed = tuple(clients)
    by_issuer = {client.issuer: client for client in listed}
    if len(by_issuer) < len(listed):
        raise SettingsFault("clients: expected one client for each issuer, got two with the same")
    return Trusted(by_issuer, {client.id: _handed_over(client) for client in listed}, published)


def _handed_over(client: Client) -> tuple[Key, ...]:
    if unknown := set(client.algorithms) - SIGNING:
        raise SettingsFault(f"clients.{client.id}: expected algorithms that sign, got {', '.join(sorted(unknown))}")
    try:
        keys = read_keys(client.jwks) if client.jwks else ()
    except ValueError as fault:
        raise SettingsFault(f"clients.{client.id}: {fault} at jwks") from None
    if not keys and not client.jwks_urls:
        raise SettingsFault(f"clients.{client.id}: expected a public key with a kid, or the URL of a key set, got none")
    return keys


@dataclass(frozen=True, slots=True)
class TokenDoor:
    """Lets in whoever brings a token that holds. `replays` is None where one may be used again (test harnesses)."""

    trusted: Trusted
    base_url: str
    replays: Replays | None
    clock: Callable[[], datetime]

    def __call__(self, authorization: str | None, path: str) -> Client:
        """The client that signed this header for this path; raises Unauthorized."""
        token = read_token(bearer(authorization))
        try:
            return self._judged(token, path)
        except Unauthorized as fault:
            claims = token.claims
            shown = (plain(claims.iss), plain(claims.tenant or ""), plain(claims.jti))
            raise Unauthorized(str(fault), *shown) from None

    def warm(self) -> None:
        """Recall the key sets and begin to fetch them, so that the first calls need not wait for them."""
        self.trusted.published.warm()

    def _judged(self, token: Token, path: str) -> Client:
        """What costs least is asked first, and keys are not looked for before the rest holds."""
        claims = token.claims
        client = self.trusted.by_issuer.get(claims.iss)
        if client is None:
            raise Unauthorized(UNKNOWN_ISSUER)
        moment = Moment(self.clock().timestamp(), audiences_of(self.base_url, path))
        for said, holds in CHECKS.values():
            if not holds(token, client, moment):
                raise Unauthorized(said)
        keys = self.trusted.keys(token, client)
        if not keys:
            raise Unauthorized(UNKNOWN_KEY)
        if not any(signed_by(token, key) for key in keys):
            raise Unauthorized(WRONG_SIGNATURE)
        if self.replays and not self.replays.first_use(claims.iss, claims.jti, claims.exp + LEEWAY, moment.now):
            raise Unauthorized(USED)
        return client


def plain(claim: str) -> str:
    """A claim as it may be shown: cut, and without what could forge a line or steer a terminal."""
    return ascii(claim[:SHOWN])[1:-1]
