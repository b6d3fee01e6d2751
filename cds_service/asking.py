"""What one call is asked by: settings, and in demo mode the day and protocol that the request itself names."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Struct

from cds_service.answer import Asked
from cds_service.clients import DEVELOPMENT, Client
from cds_service.errors import MalformedRequest
from cds_service.fhir.elements import is_nothing
from cds_service.hooks import HookRequest
from cds_service.knowledge import Knowledge
from cds_service.parts import read_part
from cds_service.settings import Settings
from cds_service.texts import LANGUAGE
from cds_service.written import DRAFTS

AS_OF = "org.cobalamin-cds.as-of"
PROTOCOL = "org.cobalamin-cds.protocol"


Prefers = Callable[[Sequence[str]], str | None]
"""Which of these languages a call prefers, if it says so."""


def no_preference(_: Sequence[str]) -> None:
    """None is said."""


class DemoExtension(Struct, frozen=True, rename={"as_of": AS_OF, "protocol": PROTOCOL}):
    """What a request may set in demo mode."""

    as_of: str | None = None
    protocol: str | None = None


EXTENSION = msgspec.json.Decoder(DemoExtension)


def asked_of(
    request: HookRequest,
    settings: Settings,
    knowledge: Knowledge,
    now: datetime,
    client: Client = DEVELOPMENT,
    preferred: Prefers = no_preference,
) -> Asked:
    """
    The question's frame. `preferred` is asked for a language where the client's file names none.

    Raises MalformedRequest where the request sets day or protocol outside demo mode, or sets them wrongly.
    """
    demo = _demo_extension(request)
    if (demo.as_of or demo.protocol) and not settings.demo:
        raise MalformedRequest(
            "expected no day or protocol set by the request outside demo mode, got one", "$.extension"
        )
    protocol = demo.protocol or client.protocol or settings.protocol
    if protocol not in knowledge.protocols:
        known = ", ".join(knowledge.protocols)
        raise MalformedRequest(f"expected one of {known}, got another protocol", f"$.extension['{PROTOCOL}']")
    as_of = instant_of(demo.as_of) if demo.as_of else now.astimezone(ZoneInfo(settings.time_zone))
    most = settings.max_cards if request.hook in DRAFTS else settings.max_chart_cards
    language = language_of(client, knowledge, preferred)
    return Asked(knowledge, protocol, as_of, most, settings.max_resources, settings.all_clear, client.rules, language)


def language_of(client: Client, knowledge: Knowledge, preferred: Prefers = no_preference) -> str:
    """The client's own language, else the one that the call prefers, else English; its code, such as "es"."""
    own = client.language.partition("-")[0]
    return own if own in knowledge.words else preferred(tuple(knowledge.words)) or LANGUAGE


def instant_of(text: str) -> datetime:
    """An RFC 3339 instant; raises MalformedRequest."""
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        instant = None
    if instant is None or instant.tzinfo is None:
        raise MalformedRequest("expected an RFC 3339 instant with a zone, got another", f"$.extension['{AS_OF}']")
    return instant


def _demo_extension(request: HookRequest) -> DemoExtension:
    """Any other extension, of whatever shape, is none of our business."""
    if is_nothing(request.extension):
        return DemoExtension()
    try:
        return read_part(request.extension, EXTENSION)
    except msgspec.ValidationError:
        return DemoExtension()
