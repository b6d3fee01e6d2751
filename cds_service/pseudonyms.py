"""Pseudonyms: what patients and users are called in what we keep."""

from __future__ import annotations

import hashlib

import msgspec
from msgspec import Struct

from cds_service.addresses import base_of
from cds_service.clients import Client
from cds_service.hooks import HookRequest

DIGEST_BYTES = 16


def pseudonym(key: str, issuer: str, reference: str) -> str:
    """
    32 hex characters that stand for one reference (`Patient/1`, `Practitioner/2`) of one issuer.

    The same under the same key, and nothing can be told from it without the key: ids of patients are short and
    few enough to be tried out one by one. So without a key, or without a reference, it is "": then nobody is named,
    and nobody is known again.
    """
    if not key or not reference:
        return ""
    secret = hashlib.blake2b(key.encode(), digest_size=hashlib.blake2b.MAX_KEY_SIZE).digest()
    words = f"{issuer}\0{reference}".encode()
    return hashlib.blake2b(words, key=secret, digest_size=DIGEST_BYTES).hexdigest()


class Names(Struct, frozen=True):
    """The pseudonyms of the patient and the user of one call; "" for one who is not named."""

    patient_key: str
    user_key: str


def names_of(request: HookRequest, client: Client, key: str) -> Names:
    """Who a call is about and from. One client may have several FHIR servers, on which an id is another's."""
    issuer, user = f"{client.issuer}\0{_server(request)}", request.context.userId or ""
    return Names(pseudonym(key, issuer, f"Patient/{request.patient_id}"), pseudonym(key, issuer, user))


def _server(request: HookRequest) -> str:
    try:
        return base_of(msgspec.json.decode(request.fhirServer, type=str)) if request.names_server else ""
    except msgspec.DecodeError:  # it may have any shape
        return ""
