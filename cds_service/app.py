"""The Flask application: endpoints, errors and CORS over one state."""

from __future__ import annotations

from flask import Flask
from flask_cors import CORS

from cds_service.web import call, discovery, feedback, health, openapi
from cds_service.web.replies import install_errors
from cds_service.web.state import State, install


def create_app(state: State) -> Flask:
    """An application that answers with this state."""
    app = Flask(__name__, static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = state.settings.max_body_bytes
    install(app, state)
    install_errors(app)
    for module in (discovery, call, feedback, health, openapi):
        app.register_blueprint(module.blueprint)
    origins = [origin.strip() for origin in state.settings.cors_origins.split(",")]
    CORS(app, origins=origins, allow_headers=["authorization", "content-type", "accept"], methods=["GET", "POST"])
    return app
