"""The Flask application: endpoints, errors and CORS over one state."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from flask import Flask
from flask_cors import CORS

from cds_service.web import (
    call,
    definitions,
    demo,
    demo_fhir,
    discovery,
    feedback,
    health,
    insights,
    metrics,
    openapi,
    pages,
    smart,
    version,
)
from cds_service.web.headers import install_headers
from cds_service.web.limits import install_limits
from cds_service.web.login import install_login
from cds_service.web.pages import install_pages
from cds_service.web.replies import install_errors
from cds_service.web.state import State, install
from cds_service.web.watch import install_watch

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

SLASHES = re.compile("/{2,}")


def create_app(state: State) -> Flask:
    """An application that answers with this state."""
    app = Flask(__name__, static_folder=None, template_folder="web/templates")
    app.config["MAX_CONTENT_LENGTH"] = state.settings.max_body_bytes
    install(app, state)
    install_watch(app)
    install_limits(app, state.settings)
    install_headers(app)
    install_errors(app)
    install_pages(app)
    for module in (discovery, call, feedback, health, metrics, version, openapi, definitions, pages):
        app.register_blueprint(module.blueprint)
    if state.demo is not None:
        app.register_blueprint(demo.blueprint)
        app.register_blueprint(demo_fhir.blueprint)
    if state.demo is not None or state.smart:
        app.register_blueprint(smart.blueprint)
    if install_login(app, state.settings):
        app.register_blueprint(insights.blueprint)
    origins = [origin.strip() for origin in state.settings.cors_origins.split(",")]
    CORS(app, origins=origins, allow_headers=["authorization", "content-type", "accept"], methods=["GET", "POST"])
    app.wsgi_app = merging_slashes(app.wsgi_app)  # type: ignore[assignment, method-assign] # as Flask's documentation says
    return app


def merging_slashes(application: WSGIApplication) -> WSGIApplication:
    """
    The application, for which several slashes in a row are one.

    Clients add `/id` to a discovery URL that ends in a slash. A redirect would cost them the body or the token.
    """

    def merged(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        environ["PATH_INFO"] = SLASHES.sub("/", environ.get("PATH_INFO", ""))
        return application(environ, start_response)

    return merged
