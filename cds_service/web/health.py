"""GET /health: the process answers, and which knowledge it answers with."""

from __future__ import annotations

from flask import Blueprint, Response

from cds_service import __version__
from cds_service.web.replies import json_reply
from cds_service.web.state import state

blueprint = Blueprint("health", __name__)


@blueprint.get("/health", strict_slashes=False)
def health() -> Response:
    """Alive, with the versions of code and knowledge."""
    return json_reply({"status": "ok", "version": __version__, "knowledge": state().knowledge.version})
