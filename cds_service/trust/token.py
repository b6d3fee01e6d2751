"""A client's token, taken apart. Nothing in it is proved here."""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass, field
from typing import TypeVar

import msgspec
from msgspec import UNSET, Raw, Struct, UnsetType

from cds_service.errors import Unauthorized

MOST_CHARACTERS = 16_000
SCHEME = "bearer "
COMPACT = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")


class Header(Struct, frozen=True):
    """The header. Keys that a token brings along (`jwk`, `x5c`, `x5u`) are not read."""

    alg: str
    kid: str
    typ: str
    jku: str | None = None
    crit: Raw | UnsetType = UNSET


class Claims(Struct, frozen=True):
    """The payload; instants are seconds since 1970."""

    iss: str
    aud: str | tuple[str, ...]
    exp: float
    iat: float
    jti: str
    nbf: float | None = None
    tenant: str | None = None
    sub: str | None = None


@dataclass(frozen=True, slots=True)
class Token:
    """A token whose parts have the right form. Its text never shows."""

    header: Header
    claims: Claims
    text: str = field(repr=False)


HEADER = msgspec.json.Decoder(Header)
CLAIMS = msgspec.json.Decoder(Claims)
Part = TypeVar("Part", Header, Claims)


def bearer(authorization: str | None) -> str:
    """The token of an Authorization header; raises Unauthorized."""
    if not authorization or not authorization.lower().startswith(SCHEME):
        raise Unauthorized("expected Authorization: Bearer, got none")
    return authorization[len(SCHEME) :].strip(" ")


def read_token(text: str) -> Token:
    """A token taken apart; raises Unauthorized."""
    if len(text) > MOST_CHARACTERS:
        raise Unauthorized(f"expected a token of at most {MOST_CHARACTERS} characters, got a longer one")
    if not COMPACT.fullmatch(text):
        raise Unauthorized("expected three base64url parts with points between, got another form")
    header, claims, _ = text.split(".")
    return Token(_part("header", header, HEADER), _part("claims", claims, CLAIMS), text)


def _part(name: str, text: str, decoder: msgspec.json.Decoder[Part]) -> Part:
    try:
        return decoder.decode(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except msgspec.ValidationError as fault:
        raise Unauthorized(f"token {name}: {fault}") from None  # names fields and types, never values
    except (ValueError, RecursionError):
        raise Unauthorized(f"token {name}: expected JSON in base64url, got another form") from None
