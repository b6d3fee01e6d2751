"""
GET /health...: whether the process lives, and whether it should be given calls.

A database that is away does not make it unready: advice still flows and everything is kept in the spool. Taking
every copy of the service away because of the one database that they share would turn a small fault into a big one.
A spool that is full or cannot be written is this copy's own: another may still keep feedback.
"""

from __future__ import annotations

import os
from pathlib import Path

from flask import Blueprint, Response

from cds_service import __version__
from cds_service.web.replies import json_reply
from cds_service.web.state import State, state

blueprint = Blueprint("health", __name__)
OK, AWAY, FULL, UNWRITABLE = "ok", "unreachable", "full", "not writable"
FULL_AT = 0.9
"""The part of the largest spool at which calls had better go elsewhere."""


@blueprint.get("/health", strict_slashes=False)
def health() -> Response:
    """Alive, with the versions of code and knowledge."""
    return json_reply({"status": "ok", "version": __version__, "knowledge": state().knowledge.version})


@blueprint.get("/health/live", strict_slashes=False)
def live() -> Response:
    """The process answers."""
    return json_reply({"status": "ok"})


@blueprint.get("/health/ready", strict_slashes=False)
def ready() -> Response:
    """What it stands on; 503 if it cannot keep what it is told."""
    here = state()
    database, (spool, depth) = OK if here.reached() else AWAY, _spool(here)
    checks = {"database": database, "knowledge": OK, "spool": spool}  # without knowledge nothing would have started
    status = "ready" if set(checks.values()) == {OK} else "degraded" if spool == OK else "not ready"
    body = {"status": status, "checks": checks, "spoolBytes": depth, "knowledge": here.knowledge.version}
    return json_reply(body, 503 if spool != OK else 200)


def _spool(here: State) -> tuple[str, int]:
    """How it is, and the bytes that wait in it."""
    try:
        depth = here.waiting().bytes
    except OSError:
        return UNWRITABLE, 0
    if depth > FULL_AT * here.settings.spool_bytes:
        return FULL, depth
    return (OK if _writable(here.settings.spool_dir) else UNWRITABLE), depth


def _writable(folder: Path) -> bool:
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent  # it is made with the first line
    return folder.is_dir() and os.access(folder, os.W_OK | os.X_OK)
