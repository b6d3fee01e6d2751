"""POST /cds-services/{id}: a hook call, answered with cards."""

from __future__ import annotations

from datetime import datetime
from time import perf_counter_ns
from zoneinfo import ZoneInfo

import msgspec
from flask import Blueprint, Response, abort, request
from msgspec import Struct

from cds_service.answer import Asked, answer
from cds_service.errors import MalformedRequest, UnsupportedMedia
from cds_service.fhir.elements import is_nothing
from cds_service.hooks import HookRequest, HookResponse, read_request, write_response
from cds_service.recorder import Call
from cds_service.web.services import SERVICES
from cds_service.web.state import State, state

blueprint = Blueprint("call", __name__)
AS_OF = "org.cobalamin-cds.as-of"
PROTOCOL = "org.cobalamin-cds.protocol"


class DemoExtension(Struct, frozen=True, rename={"as_of": AS_OF, "protocol": PROTOCOL}):
    """What a request may set in demo mode."""

    as_of: str | None = None
    protocol: str | None = None


EXTENSION = msgspec.json.Decoder(DemoExtension)


@blueprint.post("/cds-services/<service_id>", strict_slashes=False)
def call(service_id: str) -> Response:
    """Cards for one hook call."""
    started = perf_counter_ns()
    service = SERVICES.get(service_id)
    if service is None:
        abort(404)
    hook_request = read_request(json_body())
    if hook_request.hook != service.hook:
        raise MalformedRequest(f"expected {service.hook}, got another hook", "$.hook")
    check_context(hook_request)
    here = state()
    now = here.clock()
    asked = _asked(hook_request, here, now)
    found = answer(hook_request, asked)
    body = write_response(HookResponse(found.cards))
    elapsed = (perf_counter_ns() - started) // 1000
    record = Call(now, service_id, asked.as_of, asked.protocol_id, here.knowledge.version, elapsed)
    here.recorder.keep_evaluation(hook_request, found, record)
    return Response(body, mimetype="application/json")


def json_body() -> bytes:
    """The body; raises UnsupportedMedia if it does not say that it is JSON."""
    kind = request.mimetype
    if kind != "application/json" and not kind.endswith("+json"):
        raise UnsupportedMedia("expected the content type application/json, got another", "$")
    return request.get_data(cache=False)


def check_context(hook_request: HookRequest) -> None:
    """Raises MalformedRequest for a context without the fields that every hook of ours requires."""
    if not hook_request.context.userId:
        raise MalformedRequest("expected a user reference, got none", "$.context.userId")


def _asked(hook_request: HookRequest, here: State, now: datetime) -> Asked:
    settings = here.settings
    demo = _demo_extension(hook_request)
    if (demo.as_of or demo.protocol) and not settings.demo:
        raise MalformedRequest("expected no day or protocol set by the request outside demo mode", "$.extension")
    protocol = demo.protocol or settings.protocol
    if protocol not in here.knowledge.protocols:
        known = ", ".join(here.knowledge.protocols)
        raise MalformedRequest(f"expected one of {known}, got another protocol", "$.extension")
    as_of = _instant(demo.as_of) if demo.as_of else now.astimezone(ZoneInfo(settings.time_zone))
    return Asked(here.knowledge, protocol, as_of, settings.max_cards, settings.max_resources)


def _demo_extension(hook_request: HookRequest) -> DemoExtension:
    """Any other extension, of whatever shape, is none of our business."""
    if is_nothing(hook_request.extension):
        return DemoExtension()
    try:
        return EXTENSION.decode(hook_request.extension)
    except msgspec.ValidationError:
        return DemoExtension()


def _instant(text: str) -> datetime:
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        instant = None
    if instant is None or instant.tzinfo is None:
        raise MalformedRequest("expected an RFC 3339 instant with a zone, got another", f"$.extension['{AS_OF}']")
    return instant
