"""Who is calling: asked at the door before any endpoint that takes or gives what concerns a patient."""

from __future__ import annotations

from flask import g, request

from cds_service.clients import Client
from cds_service.web.state import state


def admitted() -> Client:
    """The client of the current request, let in once; raises Unauthorized."""
    if "client" not in g:
        g.client = state().door(request.headers.get("Authorization"), request.path)
    found: Client = g.client
    return found
