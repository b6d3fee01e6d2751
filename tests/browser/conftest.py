"""
What browser tests share: a real Chromium, and the real service in demo mode as a process of its own.

Both live as long as one module: the loop of Playwright would be in the way of other tests in this process.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from tests.helpers.browser import DESKTOP, LOOKS, Look, chromium, chromium_path, looking
from tests.helpers.processes import ROOT, Service, running

collect_ignore = [] if os.environ.get("CDS_HOOKS_SANDBOX") else ["test_sandbox.py"]
SERVE = (sys.executable, "-m", "cds_service", "serve", "--demo", "--port", "0")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if chromium_path() is None:
        pytest.skip("needs Chromium (Debian's package chromium)")
    with chromium() as found:
        yield found


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the service runs: its database and spool are in `var` there."""
    return tmp_path_factory.mktemp("demo")


@pytest.fixture(scope="module")
def service(folder: Path) -> Iterator[Service]:
    """In demo mode, in an empty folder, on a free port: `service.url` is where."""
    with running(SERVE, folder, PYTHONPATH=str(ROOT)) as found:
        yield found


@pytest.fixture
def open_page(browser: Browser) -> Iterator[Callable[..., Page]]:
    """Opens pages, each with a look: `open_page(look)`."""
    with ExitStack() as stack:
        yield lambda look=DESKTOP, locale="en-US": stack.enter_context(looking(browser, look, locale))


@pytest.fixture
def page(open_page: Callable[..., Page]) -> Page:
    """A page at desktop width in light colours."""
    return open_page()


@pytest.fixture(params=LOOKS, ids=[look.name for look in LOOKS])
def look(request: pytest.FixtureRequest) -> Look:
    """Desktop and phone width, light and dark."""
    found: Look = request.param
    return found
