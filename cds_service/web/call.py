"""POST /cds-services/{id}: a hook call, answered with cards."""

from __future__ import annotations

from time import perf_counter_ns

from flask import Blueprint, Response, abort, request
from msgspec.structs import replace

from cds_service.answer import answer
from cds_service.asking import asked_of
from cds_service.errors import MalformedRequest, UnsupportedMedia
from cds_service.hooks import HookRequest, HookResponse, read_request, write_response
from cds_service.recorder import Call
from cds_service.web.auth import admitted
from cds_service.web.services import SERVICES
from cds_service.web.state import state

blueprint = Blueprint("call", __name__)


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
    here, client = state(), admitted()
    now = here.clock()
    asked = asked_of(hook_request, here.settings, here.knowledge, now, client)
    left = here.settings.budget_ms / 1000 - (perf_counter_ns() - started) / 1e9
    found = answer(hook_request, asked, here.fetching(hook_request, client, left))
    shown = here.repeats(hook_request, client, found.cards, now)
    body = write_response(HookResponse(shown))
    elapsed = (perf_counter_ns() - started) // 1000
    record = Call(now, service_id, asked.as_of, asked.protocol_id, here.knowledge.version, elapsed, client.id)
    here.recorder.keep_evaluation(hook_request, replace(found, cards=shown), record)
    return Response(body, mimetype="application/json")


def json_body() -> bytes:
    """The body; raises UnsupportedMedia if it does not say that it is JSON."""
    kind = request.mimetype
    if kind != "application/json" and not kind.endswith("+json"):
        raise UnsupportedMedia("expected the content type application/json, got another", "$")
    return request.get_data(cache=False)


def check_context(hook_request: HookRequest) -> None:
    """Raises MalformedRequest for a context without the user, whom every hook but medication-refill requires."""
    if not hook_request.context.userId and hook_request.hook != "medication-refill":
        raise MalformedRequest("expected a user reference, got none", "$.context.userId")
