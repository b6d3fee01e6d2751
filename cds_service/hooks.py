"""CDS Hooks on the wire: services, requests, cards and feedback, named as the specification names them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal, TypeVar
from uuid import UUID

import msgspec
from msgspec import Meta, Raw, Struct
from msgspec.structs import replace

from cds_service.errors import MalformedRequest, OutputFault

Words = Annotated[str, Meta(min_length=1, max_length=4000)]
Summary = Annotated[str, Meta(min_length=1, max_length=139)]
Markdown = Annotated[str, Meta(min_length=1, max_length=8000, pattern=r"^[^<>]*$")]
Url = Annotated[str, Meta(pattern=r"^https?://")]


class Context(Struct, frozen=True):
    """The context of every hook that we serve; fields of later minor versions are ignored."""

    patientId: str
    userId: str | None = None
    encounterId: str | None = None
    selections: list[str] | None = None
    draftOrders: Raw = Raw()
    medications: Raw = Raw()  # medication-refill
    conditions: Raw = Raw()  # problem-list-item-create
    allergyIntolerance: Raw = Raw()  # allergyintolerance-create
    allergyIntolerances: Raw = Raw()  # the same in the definition's older examples


class HookRequest(Struct, frozen=True):
    """
    A service call as sent. `extension` may be anything: it is looked at in demo mode only.

    So may `fhirServer` and `fhirAuthorization`, which stay bytes: a token is never in the repr of a request.
    """

    hook: str
    hookInstance: Annotated[str, Meta(min_length=1, max_length=200)]
    context: Context
    prefetch: dict[str, Raw] | None = None
    fhirServer: Raw = Raw()
    fhirAuthorization: Raw = Raw()
    extension: Raw = Raw()

    @property
    def patient_id(self) -> str:
        """The bare id, however it was sent."""
        return self.context.patientId.rpartition("/")[2]

    @property
    def names_server(self) -> bool:
        """Whether a FHIR server was named at all."""
        return bytes(self.fhirServer) not in {b"", b"null"}


class Wire(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """What we send: nothing null, nothing empty."""


class Coding(Wire, frozen=True):
    system: Words
    code: Words
    display: Words | None = None


class Source(Wire, frozen=True):
    label: Words
    topic: Coding
    url: Url | None = None


class Action(Wire, frozen=True):
    type: Literal["create", "update", "delete"]
    description: Words
    resource: dict[str, Any] | None = None
    resourceId: Words | None = None


class Suggestion(Wire, frozen=True):
    label: Words
    uuid: UUID
    isRecommended: bool = False
    actions: tuple[Action, ...] = ()


class Link(Wire, frozen=True):
    label: Words
    url: Url
    type: Literal["absolute", "smart"]
    appContext: Words | None = None


class Card(Wire, frozen=True):
    uuid: UUID
    summary: Summary
    detail: Markdown
    indicator: Literal["info", "warning", "critical"]
    source: Source
    suggestions: tuple[Suggestion, ...] = ()
    selectionBehavior: Literal["any", "at-most-one"] | None = None
    overrideReasons: tuple[Coding, ...] = ()
    links: tuple[Link, ...] = ()
    extension: dict[str, Any] | None = None


class HookResponse(Wire, frozen=True):
    """`systemActions` is left out unless it is set, even to an empty list, which some harnesses ask for."""

    cards: tuple[Card, ...]
    systemActions: tuple[Action, ...] | None = None
    extension: dict[str, Any] | None = None


class AcceptedSuggestion(Struct, frozen=True):
    id: Annotated[str, Meta(min_length=1, max_length=255)]


class ReasonCoding(Struct, frozen=True):
    code: str | None = None
    system: str | None = None
    display: str | None = None


class OverrideReason(Struct, frozen=True):
    reason: ReasonCoding | None = None
    userComment: str | None = None
    extension: Raw = Raw()  # Epic may put the reason here


class FeedbackItem(Struct, frozen=True):
    """One reaction to one card. Epic sends the reason under the plural name."""

    card: Annotated[str, Meta(min_length=1, max_length=255)]
    outcome: Literal["accepted", "overridden"]
    outcomeTimestamp: Annotated[str, Meta(min_length=1, max_length=64)]
    acceptedSuggestions: list[AcceptedSuggestion] | None = None
    overrideReason: OverrideReason | None = None
    overrideReasons: OverrideReason | list[OverrideReason] | None = None


class Feedback(Struct, frozen=True):
    feedback: Annotated[list[FeedbackItem], Meta(min_length=1, max_length=1000)]


class Content(Struct, frozen=True):
    """Whether a call has any: Epic takes it out where the address called is not the one registered."""

    hook: str
    context: dict[str, Raw] | None = None
    prefetch: dict[str, Raw] | None = None


Sent = TypeVar("Sent", bound=Struct)
CONTENT = msgspec.json.Decoder(Content)
REQUEST = msgspec.json.Decoder(HookRequest)
FEEDBACK = msgspec.json.Decoder(Feedback)
ENCODER = msgspec.json.Encoder(decimal_format="number")
STRICT_RESPONSE = msgspec.json.Decoder(HookResponse)
UUID_SENT = re.compile(r"(?:urn:uuid:)?([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})", re.IGNORECASE | re.ASCII)


def read_request(body: bytes) -> HookRequest:
    """
    The request in `body`.

    Raises MalformedRequest naming the path; the message tells types, never values.
    """
    return read_as(body, REQUEST)


def read_feedback(body: bytes) -> Feedback:
    """The feedback in `body`, its UUIDs as we write them; raises MalformedRequest naming the path."""
    return Feedback([_as_written(item) for item in read_as(body, FEEDBACK).feedback])


def _as_written(item: FeedbackItem) -> FeedbackItem:
    """A UUID is the same in capitals and as a URN; the card is looked up under the one form in which it left."""
    accepted = item.acceptedSuggestions
    if accepted is not None:
        accepted = [AcceptedSuggestion(_plain(one.id)) for one in accepted]
    return replace(item, card=_plain(item.card), acceptedSuggestions=accepted)


def _plain(sent: str) -> str:
    found = UUID_SENT.fullmatch(sent)
    return found[1].lower() if found else sent


def is_stripped(body: bytes) -> bool:
    """Whether this is a hook call whose content was taken out: no patient in its context, and nothing prefetched."""
    try:
        sent = CONTENT.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return False
    return not sent.prefetch and not (sent.context and "patientId" in sent.context)


def filled(said: Mapping[str, Any]) -> dict[str, Any]:
    """Without members that are null or empty, at any depth: CDS Hooks allows none, in extensions neither."""
    inner = {name: _filled(value) for name, value in said.items()}
    return {name: value for name, value in inner.items() if value not in (None, "", [], {})}


def _filled(value: Any) -> Any:  # noqa: ANN401 - any JSON
    if isinstance(value, Mapping):
        return filled(value)
    return [_filled(one) for one in value] if isinstance(value, list | tuple) else value


def write_response(response: HookResponse) -> bytes:
    """The response as JSON, read back strictly first; raises OutputFault if we built something invalid."""
    body = ENCODER.encode(response)
    try:
        STRICT_RESPONSE.decode(body)
    except msgspec.ValidationError as fault:
        raise OutputFault(f"expected a valid CDS Hooks response, got {fault}") from fault
    return body


def read_as(body: bytes, decoder: msgspec.json.Decoder[Sent]) -> Sent:
    """What a decoder makes of a body; raises MalformedRequest as read_request does."""
    try:
        body.decode()  # the whole of it: the parts that are read later, msgspec takes as bytes
        return decoder.decode(body)
    except msgspec.ValidationError as fault:
        raise MalformedRequest(*_said(str(fault))) from None
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise MalformedRequest("expected JSON, got a body that is not JSON") from None
    except RecursionError:
        raise MalformedRequest("expected JSON of ordinary depth, got one nested too deeply") from None


def _said(fault: str) -> tuple[str, str]:
    """What msgspec complains of and where; it repeats a value only to say that it is none of those allowed."""
    message, found, path = fault.rpartition(" - at `")
    if not found:
        message, path = fault, "$"
    if message.startswith("Invalid"):
        message = "expected one of the values that this field may have, got another"
    return message[:1].lower() + message[1:], path.rstrip("`")
