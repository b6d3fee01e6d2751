"""
What every answer tells a browser: guess nothing, keep nothing, load nothing, embed nothing.

Strict-Transport-Security is not among it: it belongs to whoever holds the certificate, which is the proxy in front.
"""

from __future__ import annotations

from flask import Flask, Response

NOTHING = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}
PAGE = f"{NOTHING}; style-src 'self'; img-src 'self' data:"
"""For pages without scripts."""


def page_policy(*connect: str) -> str:
    """For pages with scripts: ours, and none inside the page; `connect` are origins that they may call beside us."""
    reached = " ".join(["'self'", *connect])
    return (
        f"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src {reached};"
        " form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    )


def install_headers(app: Flask) -> None:
    """Put them on every answer; what an endpoint has set itself stays."""
    app.after_request(_protect)


def _protect(response: Response) -> Response:
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    response.headers.setdefault("Content-Security-Policy", PAGE if response.mimetype == "text/html" else NOTHING)
    return response
