"""GET /metrics: for Prometheus; on a port of its own where the setting names one."""

from __future__ import annotations

from flask import Blueprint, Response, abort, request

from cds_service.metrics import CONTENT_TYPE
from cds_service.web.state import State, state

blueprint = Blueprint("metrics", __name__)


@blueprint.get("/metrics", strict_slashes=False)
def metrics() -> Response:
    """Everything that was counted by all workers; 404 on any but the port that it is meant for."""
    here = state()
    port = here.settings.metrics_port
    if port and request.environ["SERVER_PORT"] != str(port):
        abort(404)
    return Response(here.metrics.text(_waiting(here)), content_type=CONTENT_TYPE)


def _waiting(here: State) -> dict[str, tuple[str, float]]:
    """The spool as it is now; nothing of it where it cannot be read, which is how Prometheus tells not knowing."""
    try:
        waiting = here.waiting()
    except OSError:
        return {}
    return {
        "cobalamin_spool_bytes": ("Bytes in the spool that are not in the database yet.", waiting.bytes),
        "cobalamin_spool_segments": ("Files that hold them.", waiting.segments),
        "cobalamin_spool_oldest_seconds": ("How long the oldest of them has waited.", waiting.oldest_seconds),
        "cobalamin_spool_rejected_bytes": ("Lines that were no records and lie aside.", waiting.rejected_bytes),
    }
