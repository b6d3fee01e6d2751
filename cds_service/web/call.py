"""POST /cds-services/{id}: a hook call, answered with cards."""

from __future__ import annotations

import logging
from time import perf_counter_ns

from flask import Blueprint, Response, abort, request
from msgspec.structs import replace
from werkzeug.exceptions import HTTPException

from cds_service.answer import answer
from cds_service.asking import asked_of
from cds_service.clients import DEVELOPMENT, Client
from cds_service.dialects import Told, response_for
from cds_service.errors import MalformedRequest, UnsupportedMedia
from cds_service.hooks import HookRequest, HookResponse, is_stripped, read_request, write_response
from cds_service.recorder import Call
from cds_service.web.auth import admitted
from cds_service.web.languages import preferred
from cds_service.web.services import SERVICES
from cds_service.web.state import state
from cds_service.web.watch import watch

JSON = "application/json"
LAUNCH = "/smart/launch"
NOT_CHECKED = "org.cobalamin-cds.not-checked"
WITHOUT_CONTENT = {"reason": "The call came without its content; is the address called the one registered?"}
LOG = logging.getLogger(__name__)
blueprint = Blueprint("call", __name__)


@blueprint.post("/cds-services/<service_id>", strict_slashes=False)
def call(service_id: str) -> Response:
    """Cards for one hook call."""
    started = perf_counter_ns()
    service = SERVICES.get(service_id)
    if service is None:
        abort(404)
    here, client = state(), admitted()
    sent = json_body()
    if client.profile == "epic" and is_stripped(sent):
        return stripped(service_id, client)
    hook_request = read_request(sent)
    if hook_request.hook != service.hook:
        raise MalformedRequest(f"expected {service.hook}, got another hook", "$.hook")
    check_context(hook_request)
    now = here.clock()
    asked = asked_of(hook_request, here.settings, here.knowledge, now, client, preferred)
    left = here.settings.budget_ms / 1000 - (perf_counter_ns() - started) / 1e9
    fetch = watch().noting(here.fetching(hook_request, client, left))
    found = answer(hook_request, asked, fetch, watch().mark)
    shown = here.repeats(hook_request, client, found, now)
    response = response_for(shown.cards, Told(service.hook, client, here.knowledge.words, app_url(client)))
    body = write_response(response)
    watch().mark("write")
    elapsed = (perf_counter_ns() - started) // 1000
    record = Call(
        now,
        service_id,
        asked.as_of,
        asked.protocol_id,
        here.knowledge.version,
        elapsed,
        client,
        shown.held,
        response.cards,
    )
    here.recorder.keep_evaluation(hook_request, replace(found, cards=shown.cards), record)
    watch().mark("keep")
    watch().answered(found, shown)
    return Response(body, mimetype=JSON)


def app_url(client: Client) -> str:
    """Where this client's users open the SMART app; "" where they may not, or our own address is not known."""
    here = state()
    if here.demo is not None and client is DEVELOPMENT:
        return f"{(here.settings.base_url or request.url_root).rstrip('/')}{LAUNCH}"
    return f"{here.settings.base_url.rstrip('/')}{LAUNCH}" if client.smart_app and here.settings.base_url else ""


def stripped(service_id: str, client: Client) -> Response:
    """
    No cards, because Epic takes an error for a broken service, and a card would open on every chart of the site.

    The answer says in an extension that nothing was checked, and each such call is logged: the site has to make
    the address that it calls equal to the one that is registered, letter by letter.
    """
    LOG.warning("call came without its content", extra={"client": client.id, "service": service_id})
    return Response(write_response(HookResponse((), extension={NOT_CHECKED: WITHOUT_CONTENT})), mimetype=JSON)


def json_body() -> bytes:
    """The body; raises UnsupportedMedia if it does not say that it is JSON, MalformedRequest if it breaks off."""
    kind = request.mimetype
    if kind != "application/json" and not kind.endswith("+json"):
        raise UnsupportedMedia("expected the content type application/json, got another", "$")
    try:
        return request.get_data(cache=False)
    except HTTPException:  # too long, or the sender went away
        raise
    except Exception:  # noqa: BLE001 - each server has its own for a body that breaks off or is cut in wrong pieces
        raise MalformedRequest("expected a whole body, got one that breaks off") from None


def check_context(hook_request: HookRequest) -> None:
    """Raises MalformedRequest for a context without the user, whom every hook but medication-refill requires."""
    if not hook_request.context.userId and hook_request.hook != "medication-refill":
        raise MalformedRequest("expected a user reference, got none", "$.context.userId")
