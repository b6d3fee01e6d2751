"""The FHIR server of one call: whether it may be asked, and how. Its token lives no longer than the call."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeVar

import msgspec
from msgspec import Raw, Struct

from cds_service.addresses import base_of, lies_below
from cds_service.clients import DEVELOPMENT, Client
from cds_service.errors import OutboundFault
from cds_service.fhir.elements import is_nothing
from cds_service.hooks import HookRequest
from cds_service.outbound import Outbound
from cds_service.parts import read_part

LONGEST_GET = 2000
GET_REFUSED, POST_REFUSED = frozenset({405, 414}), frozenset({400, 404, 405, 415, 501})
"""Statuses with which servers say that they take no search in this way; the other way is then tried once."""
HEADERS = {
    "Accept": "application/fhir+json, application/json;q=0.9",
    "Cache-Control": "no-cache",  # some servers answer a search from what they found a minute ago
}
Kind = TypeVar("Kind", str, "Authorization")
TOKEN = re.compile(r"[\x21-\x7e]{1,8192}")


class Authorization(Struct, frozen=True):
    """What we need of `fhirAuthorization`. Its scope is not read: some clients do not write it as SMART does."""

    access_token: str = ""

    def __repr__(self) -> str:
        return "Authorization()"


@dataclass(frozen=True, slots=True)
class FhirServer:
    """One server for one call. `base` has no slash at its end; an open server has no token."""

    base: str
    outbound: Outbound
    token: str = field(default="", repr=False)

    def bring(self, target: str, seconds: float) -> Raw:
        """
        The JSON for a read (`Patient/1`), a search (`Condition?patient=1`) or the address of a page.

        Raises OutboundFault.
        """
        if "?" not in target or target.startswith("http"):
            return self._got(target, seconds)
        long = len(self._url(target)) > LONGEST_GET
        ways = (self._posted, self._got) if long else (self._got, self._posted)
        try:
            return ways[0](target, seconds)
        except OutboundFault as fault:
            if fault.status not in (POST_REFUSED if long else GET_REFUSED):
                raise
        return ways[1](target, seconds)

    def _got(self, target: str, seconds: float) -> Raw:
        return checked_json(self.outbound.get(self._url(target), self._headers(), seconds))

    def _posted(self, target: str, seconds: float) -> Raw:
        kind, _, form = target.partition("?")
        return checked_json(self.outbound.post_form(self._url(f"{kind}/_search"), form, self._headers(), seconds))

    def _url(self, target: str) -> str:
        return target if target.startswith("http") else f"{self.base}/{target}"

    def _headers(self) -> Mapping[str, str]:
        return HEADERS | {"Authorization": f"Bearer {self.token}"} if self.token else HEADERS


def server_of(request: HookRequest, client: Client, outbound: Outbound) -> FhirServer | None:
    """
    The server that the request names, if this client's calls may send us there.

    In development, where no clients are configured, that is any server whose address `outbound` allows.
    """
    base = base_of(_read(request.fhirServer, str) or "")
    allowed = client == DEVELOPMENT or any(lies_below(base, one) for one in client.fhir_servers)
    authorization = _read(request.fhirAuthorization, Authorization) or Authorization()
    token = authorization.access_token
    if not base or not allowed or (token and not TOKEN.fullmatch(token)):
        return None
    return FhirServer(base, outbound, token)


def checked_json(body: bytes) -> Raw:
    """The bytes as JSON to be read later; raises OutboundFault where they are none."""
    try:
        body.decode()
        return msgspec.json.decode(body, type=Raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise OutboundFault("not-json") from None


def _read(raw: Raw, kind: type[Kind]) -> Kind | None:
    """A field of a request that may have any shape: what is not of its kind is not there."""
    try:
        return None if is_nothing(raw) else read_part(raw, msgspec.json.Decoder(kind))
    except msgspec.ValidationError:
        return None
