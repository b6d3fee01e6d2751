"""
The service as it is, but for two faults of ours whose messages are full of the patient: started as a process.

The rule FAULTY raises with all that it was given, and a call whose instance is BREAK raises with the whole request.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any, NoReturn

from msgspec.structs import replace

from cds_service import wsgi
from cds_service.answer import Asked
from cds_service.asking import asked_of
from cds_service.hooks import HookRequest
from cds_service.knowledge import Knowledge, Roots, load_knowledge
from cds_service.server import run
from cds_service.settings import Settings
from cds_service.web import call

FAULTY = "route_not_recommended"
BREAK = "break-this-call"


def raising(*given: object) -> NoReturn:
    """A rule."""
    raise LookupError(f"cannot judge {given!r}")


def with_faulty_rule(where: Roots) -> Knowledge:
    """The knowledge, with one rule that raises."""
    known = load_knowledge(where)
    rules: Mapping[str, Any] = dict(known.rules) | {FAULTY: replace(known.rules[FAULTY], judge=raising)}
    return replace(known, rules=rules)


def breaking(request: HookRequest, *more: Any) -> Asked:
    """What a call is asked by, or a fault with everything in its words."""
    if request.hookInstance == BREAK:
        raise RuntimeError(f"cannot ask {request!r} {bytes(request.context.draftOrders)!r}")
    return asked_of(request, *more)


if __name__ == "__main__":
    wsgi.load_knowledge = with_faulty_rule  # type: ignore[attr-defined] # the process is this test's own
    call.asked_of = breaking  # type: ignore[attr-defined] # as above
    run(Settings.from_environ(os.environ))
