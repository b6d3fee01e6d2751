"""/demo/fhir: the example patients as a FHIR R4 server, read only; in demo mode alone."""

from __future__ import annotations

import base64
from typing import Any

import msgspec
from flask import Blueprint, Response, request
from msgspec import Struct

from cds_service.demo import search
from cds_service.demo.patients import Demo
from cds_service.demo.search import Refused
from cds_service.errors import MalformedRequest
from cds_service.hooks import ENCODER
from cds_service.web.call import json_body
from cds_service.web.replies import json_reply, outcome
from cds_service.web.state import state

FHIR_JSON = "application/fhir+json"
FORM = "application/x-www-form-urlencoded"
LONGEST_CONTEXT = 4000
blueprint = Blueprint("demo_fhir", __name__, url_prefix="/demo/fhir")


class Launching(Struct, frozen=True):
    """What an app is to be launched with, as the public sandbox asks for it."""

    patient: str = ""
    appContext: str = ""  # noqa: N815 - SMART's name


class Launch(Struct, frozen=True):
    """The body of a request for a launch."""

    parameters: Launching = Launching()


LAUNCH = msgspec.json.Decoder(Launch)


def demo() -> Demo:
    """The example patients of this application, which has to be in demo mode."""
    found = state().demo
    if found is None:
        raise RuntimeError("expected demo mode")
    return found


def fhir_base() -> str:
    """The URL of this FHIR server, as it is called."""
    base = state().settings.base_url.rstrip("/") or request.url_root.rstrip("/")
    return f"{base}/demo/fhir"


@blueprint.get("/metadata", strict_slashes=False)
def metadata() -> Response:
    """What this server can do."""
    return _fhir(search.capabilities(fhir_base()))


@blueprint.get("/<kind>", strict_slashes=False)
def found(kind: str) -> Response:
    """A search by the address."""
    return _fhir(search.search(demo(), kind, list(request.args.items(multi=True)), fhir_base()))


@blueprint.post("/<kind>/_search", strict_slashes=False)
def found_by_form(kind: str) -> Response:
    """A search by a form, with or without more in the address."""
    if request.mimetype != FORM:
        return outcome(415, "not-supported", f"expected the content type {FORM}, got another")
    asked = [*request.args.items(multi=True), *request.form.items(multi=True)]
    return _fhir(search.search(demo(), kind, asked, fhir_base()))


@blueprint.get("/<kind>/<name>", strict_slashes=False)
def one(kind: str, name: str) -> Response:
    """A read."""
    return _fhir(search.read(demo(), kind, name))


@blueprint.post("/_services/smart/Launch", strict_slashes=False)
def launch() -> Response:
    """
    An id for a SMART launch, which is all that it stands for, written so that a URL can carry it.

    Nothing is kept: the id is no secret, and opens no more than these example patients.
    """
    return json_reply({"launch_id": launch_id(_launching(json_body()))})


def launch_id(launching: Launching) -> str:
    """The id that says what an app is launched with."""
    return base64.urlsafe_b64encode(ENCODER.encode(launching)).decode().rstrip("=")


def launching_of(text: str) -> Launching:
    """What a launch id says; raises MalformedRequest."""
    try:
        return msgspec.json.decode(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)), type=Launching)
    except (ValueError, msgspec.MsgspecError):
        raise MalformedRequest("expected a launch id of this server, got another", "launch") from None


def _launching(body: bytes) -> Launching:
    try:
        asked = LAUNCH.decode(body).parameters
    except (msgspec.MsgspecError, UnicodeDecodeError):
        raise MalformedRequest("expected JSON with parameters, got another body", "$.parameters") from None
    if asked.patient and asked.patient not in demo().stories:
        raise MalformedRequest("expected the id of an example patient, got another", "$.parameters.patient")
    if len(asked.appContext) > LONGEST_CONTEXT:
        raise MalformedRequest("expected a shorter appContext", "$.parameters.appContext")
    return asked


@blueprint.errorhandler(Refused)
def refused(fault: Refused) -> Response:
    """Why, as an OperationOutcome."""
    return outcome(fault.status, fault.issue, str(fault))


def _fhir(body: Any) -> Response:  # noqa: ANN401 - JSON
    return Response(ENCODER.encode(body), mimetype=FHIR_JSON)
