"""The README's picture: the demo with the thousandfold dose, taken from the running service (`make picture`)."""

from __future__ import annotations

import base64
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.helpers.browser import DESKTOP, Look, chromium, looking
from tests.helpers.processes import ROOT, running

PICTURE = ROOT / "docs" / "demo.webp"
LOOK = Look("picture", 1280, 930, DESKTOP.scheme)
SERVE = (sys.executable, "-m", "cds_service", "serve", "--demo", "--port", "0")


def take(path: Path) -> None:
    """Write the picture."""
    path.parent.mkdir(exist_ok=True)
    with (
        TemporaryDirectory() as folder,
        running(SERVE, Path(folder), PYTHONPATH=str(ROOT)) as service,
        chromium() as browser,
        looking(browser, LOOK) as page,
    ):
        page.goto(f"{service.url}/")
        page.locator(".card .detail strong").first.wait_for()
        page.locator("#trace dt").first.wait_for()
        asked = {"format": "webp", "quality": 90}  # a third of what it weighs as PNG
        found = page.context.new_cdp_session(page).send("Page.captureScreenshot", asked)
        path.write_bytes(base64.b64decode(found["data"]))


if __name__ == "__main__":
    take(PICTURE)
