"""GET /openapi.json: the interface, described with the same schemas that the tests use."""

from __future__ import annotations

from flask import Blueprint, Response

from cds_service.web.replies import json_reply
from cds_service.web.state import state

blueprint = Blueprint("openapi", __name__)


@blueprint.get("/openapi.json", strict_slashes=False)
def openapi() -> Response:
    """The OpenAPI 3.1 description."""
    return json_reply(state().openapi)
