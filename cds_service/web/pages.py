"""Pages: what all of them share, and GET /static/...: their style sheets and scripts, which a browser may keep."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path
from typing import Any

from flask import Blueprint, Flask, Response, current_app, send_from_directory, url_for

from cds_service.web.languages import of_page

FOLDER = Path(__file__).parent / "static"
KEPT, ASKED = "public, max-age=31536000, immutable", "no-cache"
LINKS = (
    ("demo.page", "Demo"),
    ("insights.page", "Insights"),
    ("definitions.rules", "Rules"),
)
"""What the head of each page leads to, where this service has it: (endpoint, words)."""
blueprint = Blueprint("pages", __name__)


@cache
def static_version() -> str:
    """What changes with any of the static files; part of their addresses, also of those that scripts import."""
    found = hashlib.blake2b(digest_size=6)
    for path in sorted(FOLDER.rglob("*")):
        if path.is_file():
            found.update(path.relative_to(FOLDER).as_posix().encode() + b"\0" + path.read_bytes())
    return found.hexdigest()


def static_url(name: str) -> str:
    """The address of a static file by its path in the folder `static`."""
    return url_for("pages.static_file", version=static_version(), name=name)


@blueprint.get("/static/<version>/<path:name>")
def static_file(version: str, name: str) -> Response:
    """One of them. Under another version's address the present file comes, and is not to be kept."""
    response = send_from_directory(FOLDER, name)
    response.headers["Cache-Control"] = KEPT if version == static_version() else ASKED
    return response


def install_pages(app: Flask) -> None:
    """Give templates `static_url`, `site_links`, the page's `language`, and `t`, which says words in it."""
    app.context_processor(_shared)


def _shared() -> dict[str, Any]:
    found = [(url_for(endpoint), words) for endpoint, words in LINKS if endpoint in current_app.view_functions]
    said = of_page()
    return {"static_url": static_url, "site_links": found, "language": said.code, "t": said.words}
