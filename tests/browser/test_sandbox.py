"""
The public CDS Hooks sandbox against this service and its example patients.

Collected only where CDS_HOOKS_SANDBOX names the folder of a built sandbox (its `build`, after `npm ci` and webpack).
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlencode

from playwright.sync_api import Browser, expect

from tests.helpers.browser import DESKTOP, MILLISECONDS, keep_screenshot
from tests.helpers.processes import Service

FOLDER = os.environ.get("CDS_HOOKS_SANDBOX", "")


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name there
        pass


@contextmanager
def sandbox() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=FOLDER))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/index.html"
    finally:
        server.shutdown()
        server.server_close()


def test_the_public_sandbox_opens_a_patient_and_shows_the_card(service: Service, browser: Browser) -> None:
    query = urlencode({
        "fhirServiceUrl": f"{service.url}/demo/fhir",
        "patientId": "novak-petra",
        "serviceDiscoveryURL": f"{service.url}/cds-services",
    })  # fmt: skip
    with sandbox() as address, browser.new_context(viewport={"width": 1280, "height": 900}) as context:
        context.set_default_timeout(MILLISECONDS)
        page = context.new_page()
        page.goto(f"{address}?{query}")
        card = page.locator(".MuiCard-root", has_text="nitrous oxide")
        expect(card.first).to_be_visible(timeout=MILLISECONDS)
        expect(page.get_by_text("Petra Novak").first).to_be_visible()
        keep_screenshot(page, "sandbox", DESKTOP, full=False)
