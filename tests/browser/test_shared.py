"""What all pages share, looked at in a real browser."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.helpers.browser import Look, check_accessible, keep_screenshot
from tests.helpers.processes import Service


def test_the_pages_of_rules_can_be_read_by_everybody(
    service: Service, open_page: Callable[..., Page], look: Look
) -> None:
    page = open_page(look)
    page.goto(f"{service.url}/rules")
    check_accessible(page)
    keep_screenshot(page, "rules", look, full=False)
    page.get_by_role("link", name="The next maintenance dose is overdue").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("The next maintenance dose is overdue")
    check_accessible(page)
    keep_screenshot(page, "rule", look, full=False)


def test_a_keyboard_reaches_the_content_first(service: Service, page: Page) -> None:
    page.goto(f"{service.url}/rules")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()
