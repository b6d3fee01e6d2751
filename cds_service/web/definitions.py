"""GET /fhir/...: the knowledge as FHIR, read only; and GET /rules: the same for people."""

from __future__ import annotations

from flask import Blueprint, Response, abort, render_template, request

from cds_service.fhir.definitions import capability_statement, searchset
from cds_service.hooks import ENCODER
from cds_service.publishing import edition_of, rule_page
from cds_service.web.languages import of_page
from cds_service.web.replies import FHIR_JSON
from cds_service.web.state import state

blueprint = Blueprint("definitions", __name__)


@blueprint.get("/fhir/metadata", strict_slashes=False)
def metadata() -> Response:
    """What can be read under /fhir."""
    here = state()
    return _fhir(capability_statement(sorted(here.published), edition_of(here.knowledge)))


@blueprint.get("/fhir/<kind>", strict_slashes=False)
def all_of(kind: str) -> Response:
    """Every definition of one type."""
    found = state().published.get(kind) or abort(404)
    return _fhir(searchset(list(found.values()), f"{_base()}/fhir"))


@blueprint.get("/fhir/<kind>/<name>", strict_slashes=False)
def one(kind: str, name: str) -> Response:
    """One definition."""
    return _fhir(state().published.get(kind, {}).get(name) or abort(404))


@blueprint.get("/rules", strict_slashes=False)
def rules() -> str:
    """All rules, a line each."""
    return render_template("rules.html", titles=state().knowledge.words[of_page().code].titles)


@blueprint.get("/rules/<name>", strict_slashes=False)
def rule(name: str) -> str:
    """One rule: when it speaks, what it says, and where that comes from."""
    here = state()
    found = here.knowledge.rules.get(name) or abort(404)
    said = of_page()
    return render_template("rule.html", page=rule_page(found, here.knowledge, said.code), said=said)


def _base() -> str:
    return state().settings.base_url.rstrip("/") or request.url_root.rstrip("/")


def _fhir(body: object) -> Response:
    return Response(ENCODER.encode(body), mimetype=FHIR_JSON)
