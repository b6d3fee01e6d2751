"""The insights page in a real browser: empty, and over half a year."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest
from playwright.sync_api import Page, Response, expect

from cds_service.knowledge import Knowledge
from tests.helpers.browser import LOOKS, Look, check_accessible, keep_screenshot
from tests.helpers.ledger import FIRST, NOW, life, live
from tests.helpers.processes import ROOT, Service, running

SERVE = (sys.executable, "-m", "cds_service", "serve", "--demo", "--port", "0")
LIGHTEST = 500_000
"""Bytes that a page may weigh, everything that it loads included."""


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory, knowledge: Knowledge) -> Iterator[Service]:
    """The service over a database in which half a year is counted."""
    folder = tmp_path_factory.mktemp("lived")
    url = f"sqlite:///{folder}/store.db"
    with life(url, folder, knowledge) as site:
        live(site)
    with running(SERVE, folder, PYTHONPATH=str(ROOT), COBALAMIN_DATABASE_URL=url) as found:
        yield found


def address(service: Service) -> str:
    """The months of the made-up site; the service's own clock is the present."""
    assert datetime.now(UTC) > NOW
    return f"{service.url}/insights?from={FIRST:%Y-%m}&until={NOW:%Y-%m}"


def test_an_empty_page_says_how_to_fill_it(service: Service, open_page: Callable[..., Page], look: Look) -> None:
    page = open_page(look)
    page.goto(f"{service.url}/insights")
    expect(page.get_by_role("heading", name="Nothing is recorded for these months")).to_be_visible()
    check_accessible(page)
    keep_screenshot(page, "insights-empty", look)


def test_the_page_can_be_read_by_everybody(lived: Service, open_page: Callable[..., Page], look: Look) -> None:
    page = open_page(look)
    page.goto(address(lived))
    page.get_by_text("How to read these counts").click()
    expect(page.get_by_text("a pale one possible").or_(page.get_by_text("the pale one possible"))).to_be_visible()
    check_accessible(page)
    keep_screenshot(page, "insights", look)


SUMMARIES = {"es": "Cómo leer estos recuentos", "de": "Wie diese Zahlen zu lesen sind"}
PAGES = ("rules", "rules/inborn_error_form", "rules/dose_out_of_range")
"""Those with the longest words."""


@pytest.mark.parametrize(("language", "summary"), SUMMARIES.items())
def test_longer_words_fit_too(
    lived: Service, open_page: Callable[..., Page], look: Look, language: str, summary: str
) -> None:
    page = open_page(look, language)
    page.goto(address(lived))
    page.get_by_text(summary).click()
    check_accessible(page)
    keep_screenshot(page, f"insights-{language}", look)
    for path in PAGES if look is LOOKS[-1] else ():
        page.goto(f"{lived.url}/{path}")
        check_accessible(page)
        keep_screenshot(page, f"{path.replace('/', '-')}-{language}", look)


def test_the_owner_of_the_rules_follows_one_of_them_by_keyboard(lived: Service, page: Page) -> None:
    weight = 0

    def weigh(response: Response) -> None:
        nonlocal weight
        weight += len(response.body())

    page.on("response", weigh)
    page.goto(address(lived))
    assert weight < LIGHTEST
    page.get_by_role("combobox", name="Rule").focus()
    page.keyboard.type("Milligrams")
    page.keyboard.press("Tab")
    page.get_by_role("button", name="Show").press("Enter")
    page.wait_for_url("**rule=dose_unit_mismatch**")
    rows = page.get_by_role("region", name="Counts by rule").locator("tbody tr")
    expect(rows).to_have_count(2)  # before and after the change of the knowledge
    expect(rows.first).to_contain_text("Milligrams and micrograms were taken for each other")
    with page.expect_download() as download:
        page.get_by_role("link", name="CSV").click()
    lines = download.value.path().read_text("utf-8").splitlines()
    assert lines[0].startswith("month,client,hook,protocol")
    assert {line.split(",")[6] for line in lines[1:]} <= {"dose_unit_mismatch", ""}
