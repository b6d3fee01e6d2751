"""JSON answers, and the one shape of every error: a FHIR OperationOutcome that names the path and no value."""

from __future__ import annotations

import logging
from typing import Any

from flask import Flask, Response
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge

from cds_service.errors import CdsError, RequestError, StoreUnavailable, Unauthorized
from cds_service.hooks import ENCODER

LOG = logging.getLogger(__name__)
FHIR_JSON = "application/fhir+json"
ISSUES = {404: "not-found", 405: "not-supported", 413: "too-long", 415: "not-supported"}
WORDS = {
    404: "expected one of this service's addresses, got another",
    405: "expected another method for this address",
    413: "expected a smaller body",
}


def json_reply(body: object, status: int = 200) -> Response:
    """`body` as JSON."""
    return Response(ENCODER.encode(body), status, mimetype="application/json")


def outcome(status: int, issue: str, diagnostics: str, path: str = "") -> Response:
    """An OperationOutcome with one issue."""
    return Response(outcome_of(issue, diagnostics, path), status, mimetype=FHIR_JSON)


def outcome_of(issue: str, diagnostics: str, path: str = "") -> bytes:
    """The same, for an answer that is not Flask's."""
    said: dict[str, Any] = {"severity": "error", "code": issue, "diagnostics": diagnostics}
    if path:
        said["expression"] = [path]
    return ENCODER.encode({"resourceType": "OperationOutcome", "issue": [said]})


def install_errors(app: Flask) -> None:
    """Every failure leaves as an OperationOutcome."""
    app.register_error_handler(RequestError, _refused)
    app.register_error_handler(StoreUnavailable, _unavailable)
    app.register_error_handler(Unauthorized, _stranger)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(Exception, _broken)


def _refused(fault: RequestError) -> Response:
    return outcome(fault.status, fault.issue, f"{fault} at {fault.path}", fault.path)


def _unavailable(fault: StoreUnavailable) -> Response:
    LOG.error("store unavailable", extra={"fault": type(fault).__name__})
    reply = outcome(503, "transient", "expected to keep this on disk, could not; send it again")
    reply.headers["Retry-After"] = "5"
    return reply


def _stranger(fault: Unauthorized) -> Response:
    """A bare 401: an attacker learns nothing; why it failed is in the log, and `token explain` says it locally."""
    said = {"fault": str(fault), "issuer": fault.issuer, "tenant": fault.tenant, "jti": fault.jti}
    LOG.warning("token refused", extra=said)
    return Response(status=401, headers={"WWW-Authenticate": "Bearer"})


def _http(fault: HTTPException) -> Response:
    status = fault.code or 500
    path = "$" if isinstance(fault, RequestEntityTooLarge) else ""
    reply = outcome(status, ISSUES.get(status, "invalid"), WORDS.get(status, fault.name), path)
    if status == 405 and (allowed := getattr(fault, "valid_methods", None)):  # noqa: PLR2004 - the HTTP status
        reply.headers["Allow"] = ", ".join(sorted(allowed))
    return reply


def _broken(fault: Exception) -> Response:
    """A fault of ours; its message may hold patient values, so only its kind is logged."""
    kind = type(fault).__name__ if not isinstance(fault, CdsError) else f"CdsError.{type(fault).__name__}"
    LOG.error("call failed", extra={"fault": kind})
    return outcome(500, "exception", "expected to answer, failed inside the service")
