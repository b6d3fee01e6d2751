"""GET /cds-services: what this server offers."""

from __future__ import annotations

from flask import Blueprint, Response

from cds_service.web.replies import json_reply
from cds_service.web.services import SERVICES

blueprint = Blueprint("discovery", __name__)


@blueprint.get("/cds-services", strict_slashes=False)
def discovery() -> Response:
    """All services with their prefetch templates."""
    return json_reply({"services": list(SERVICES.values())})
