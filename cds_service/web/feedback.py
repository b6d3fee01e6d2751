"""POST /cds-services/{id}/feedback: what the clinician did with the cards; acknowledged once it is on disk."""

from __future__ import annotations

from flask import Blueprint, Response, abort

from cds_service.hooks import read_feedback
from cds_service.web.auth import admitted
from cds_service.web.call import json_body
from cds_service.web.replies import json_reply
from cds_service.web.services import SERVICES
from cds_service.web.state import state

blueprint = Blueprint("feedback", __name__)


@blueprint.post("/cds-services/<service_id>/feedback", strict_slashes=False)
def feedback(service_id: str) -> Response:
    """Keep every item; repeats and cards that we do not know are taken too."""
    if service_id not in SERVICES:
        abort(404)
    here, client = state(), admitted()
    items = read_feedback(json_body()).feedback
    here.recorder.keep_feedback(items, service_id, here.clock(), client.id)
    for item in items:
        here.metrics.reactions.labels(service_id, item.outcome).inc()
    return json_reply({})
