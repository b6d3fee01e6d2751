"""GET /version: which code and which knowledge answer."""

from __future__ import annotations

from flask import Blueprint, Response

from cds_service import __version__
from cds_service.web.replies import json_reply
from cds_service.web.state import state

blueprint = Blueprint("version", __name__)


@blueprint.get("/version", strict_slashes=False)
def version() -> Response:
    """Version of the code, hash of the knowledge, and the protocols with their own versions."""
    here = state()
    protocols = {name: protocol.version for name, protocol in here.knowledge.protocols.items()}
    return json_reply({"version": __version__, "knowledge": here.knowledge.version, "protocols": protocols})
