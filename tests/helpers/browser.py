"""A real Chromium for tests: how pages are looked at, checked by axe, and kept as pictures."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, ConsoleMessage, Page, sync_playwright

from tests.helpers.processes import ROOT

SCREENSHOTS = ROOT / "build" / "screenshots"
AS_OF = "2026-03-10T09:00:00Z"
ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-lcd-text",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
]
MILLISECONDS = 20_000
"""How long a page may take to show what is waited for: a slow machine takes long."""


@dataclass(frozen=True)
class Look:
    """How a page is looked at."""

    name: str
    width: int
    height: int
    scheme: Literal["light", "dark"]


DESKTOP = Look("desktop-light", 1280, 900, "light")
LOOKS = (
    DESKTOP,
    Look("desktop-dark", 1280, 900, "dark"),
    Look("phone-light", 360, 740, "light"),
    Look("phone-dark", 360, 740, "dark"),
)


def chromium_path() -> str | None:
    """The system's Chromium, if there is one."""
    return shutil.which("chromium") or shutil.which("chromium-browser")


@contextmanager
def chromium() -> Iterator[Browser]:
    """A running Chromium that reaches this machine only."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path(), args=ARGUMENTS)
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def looking(browser: Browser, look: Look = DESKTOP, locale: str = "en-US") -> Iterator[Page]:
    """A page of its own, without memory of others; whatever the browser complains of fails the test."""
    context = browser.new_context(
        viewport={"width": look.width, "height": look.height},
        color_scheme=look.scheme,
        locale=locale,
        reduced_motion="reduce",
        accept_downloads=True,
    )
    context.set_default_timeout(MILLISECONDS)
    complaints: list[str] = []
    context.on("console", lambda message: complaints.extend(_complaint(message)))
    context.on("weberror", lambda fault: complaints.append(str(fault.error)))
    try:
        yield context.new_page()
    finally:
        context.close()
    assert not complaints, complaints


def _complaint(message: ConsoleMessage) -> Iterator[str]:
    """Errors, among them what the Content-Security-Policy stopped; warnings are the browser's own business."""
    if message.type == "error":
        yield f"{message.text} ({message.location.get('url', '')})"


def check_accessible(page: Page) -> None:
    """Axe finds nothing against WCAG 2.1 AA or its own good practice, and nothing is wider than the screen."""
    found = Axe().run(page)
    assert not found.violations_count, found.generate_report()
    wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wide <= 0, f"{wide} px wider than the screen"


def keep_screenshot(page: Page, name: str, look: Look = DESKTOP, *, full: bool = True) -> Path:
    """The page as a picture in build/screenshots."""
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    path = SCREENSHOTS / f"{name}-{look.name}.png"
    page.screenshot(path=path, full_page=full)
    return path
