"""The demo EHR in a real browser: its whole story, from the order with the slip to the signature."""

from __future__ import annotations

import json
import re
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import requests
from playwright.sync_api import Locator, Page, Request, Route, expect

from cds_service.demo.patients import load_demo
from cds_service.knowledge import roots
from tests.helpers.browser import LOOKS, MILLISECONDS, Look, check_accessible, keep_screenshot
from tests.helpers.processes import Service

STORIES = load_demo(roots().fhir_profiles / "demo").stories
MOST_BYTES = 500_000
AT_ONCE = 6
"""How many requests a browser sends at once to one server over HTTP/1.1."""
SECONDS = 60


def cards(page: Page) -> Locator:
    return page.locator(".card")


def opened(page: Page, service: Service, patient: str = "miller-ruth") -> Page:
    page.goto(f"{service.url}/?patient={patient}")
    expect(page.locator("#status")).not_to_have_text("Asking the service ...")
    page.locator("#exchange option").first.wait_for(state="attached")
    return page


def sent(page: Page, part: str) -> list[Any]:
    """The bodies of what the page posts from now on to addresses with this part."""
    bodies: list[Any] = []

    def note(request: Request) -> None:
        if request.method == "POST" and part in request.url:
            bodies.append(json.loads(request.post_data or "null"))

    page.on("request", note)
    return bodies


def test_a_slip_is_seen_corrected_and_signed(service: Service, page: Page) -> None:
    opened(page, service)
    signs, feedback = sent(page, "b12-order-sign"), sent(page, "/feedback")
    expect(cards(page)).to_have_count(1)
    expect(cards(page).locator("h4")).to_contain_text("Critical")
    expect(cards(page).locator("h4")).to_contain_text("B12 dose reads 1000 mg (1,000,000 mcg)")
    expect(cards(page).locator(".detail strong").first).to_have_text("1,000,000 mcg")
    page.get_by_role("button", name="Change the dose to 1000 mcg").click()
    expect(page.get_by_label("Unit")).to_have_value("mcg")
    expect(page.get_by_label("Dose", exact=True)).to_have_value("1000")
    expect(cards(page)).to_have_count(0)
    expect(page.locator("#status")).to_have_text("No cards: the service has nothing to say.")
    page.get_by_role("button", name="Sign", exact=True).click()
    expect(page.locator("#signed")).to_contain_text("Signed: Cyanocobalamin 1000 mcg/mL injection")
    [order] = signs[-1]["context"]["draftOrders"]["entry"]
    assert order["resource"]["dosageInstruction"][0]["doseAndRate"][0]["doseQuantity"]["code"] == "ug"
    [item] = feedback[0]["feedback"]
    assert (item["outcome"], len(item["acceptedSuggestions"])) == ("accepted", 1)


def test_an_order_is_written_and_asked_about_as_it_changes(service: Service, page: Page) -> None:
    opened(page, service, "hughes-gwen")
    asked = sent(page, "b12-order-select")
    page.get_by_role("button", name="New order").click()
    page.get_by_label("Product").select_option(label="Hydroxocobalamin 1000 mcg/mL injection")
    page.get_by_label("Dose", exact=True).fill("1000")
    page.get_by_label("Unit").select_option("mg")
    page.get_by_label("Every").fill("3")
    page.get_by_label("Period").select_option("months")
    slip = cards(page).filter(has_text="Unit mix-up?")
    expect(slip).to_have_count(1)
    expect(page.get_by_label("Directions")).to_have_value("Inject 1000 mg intramuscularly every 3 months")
    page.get_by_label("Unit").select_option("mcg")
    expect(slip).to_have_count(0)
    drafts = asked[-1]["context"]["draftOrders"]["entry"]
    assert asked[-1]["context"]["selections"] == [f"MedicationRequest/{drafts[0]['resource']['id']}"]
    assert drafts[0]["resource"]["dosageInstruction"][0]["timing"]["repeat"]["period"] == 3
    page.get_by_label("Directions").fill("Inject 100 mcg intramuscularly every 3 months")
    expect(cards(page).filter(has_text="100 mcg")).not_to_have_count(0)
    page.get_by_role("button", name="Remove").click()
    expect(page.get_by_label("Product")).to_be_hidden()
    expect(cards(page).filter(has_text="lapsed")).to_have_count(1)


def test_signing_with_a_card_open_asks_once_more(service: Service, page: Page) -> None:
    opened(page, service, "kim-mina")
    page.get_by_role("button", name="Sign", exact=True).click()
    expect(page.locator("#status")).to_contain_text("Not signed yet")
    expect(page.locator("#signed")).to_be_empty()
    page.get_by_role("button", name="Sign as it is").click()
    expect(page.locator("#signed")).to_contain_text("Signed: Hydroxocobalamin")


def test_a_card_of_the_chart_becomes_an_order_that_is_checked(service: Service, page: Page) -> None:
    opened(page, service, "garcia-luis")
    page.get_by_role("button", name="Order a vitamin B12 level").click()
    expect(cards(page)).to_have_count(0)
    expect(page.locator("#steps")).to_contain_text("Sign or remove it as it is")
    page.get_by_role("button", name="Sign", exact=True).click()
    expect(page.locator("#signed")).to_contain_text("Signed: Vitamin B12, serum")
    expect(cards(page)).to_have_count(0)


def test_an_order_is_replaced_by_that_of_the_protocol(service: Service, page: Page) -> None:
    opened(page, service, "adeyemi-tunde")
    replaced = sent(page, "b12-order-select")
    page.get_by_role("button", name="Order hydroxocobalamin by protocol instead").click()
    expect(cards(page).filter(has_text="Leber")).to_have_count(0)
    expect(page.get_by_label("Product")).to_have_value(re.compile(".+"))
    [draft] = replaced[-1]["context"]["draftOrders"]["entry"]
    assert "hydroxocobalamin" in draft["resource"]["medicationCodeableConcept"]["text"]


def test_an_override_is_told_with_its_reason_and_kept(service: Service, page: Page, folder: Path) -> None:
    opened(page, service, "sharma-priya")
    feedback = sent(page, "/feedback")
    page.locator("summary", has_text="Override").click()
    reason = page.get_by_label("Reason")
    label = reason.locator("option").nth(1).text_content() or ""
    reason.select_option(index=1)
    page.get_by_label("Comment").fill("Wants to go on until summer")
    page.get_by_role("button", name="Override", exact=True).click()
    expect(cards(page)).to_have_count(0)
    expect(page.locator("#overridden")).to_contain_text(label)
    [item] = feedback[0]["feedback"]
    assert item["outcome"] == "overridden"
    assert item["overrideReason"]["reason"]["display"] == label
    assert item["overrideReason"]["userComment"] == "Wants to go on until summer"
    expect(page.locator("#exchange")).to_contain_text("feedback: 200")
    page.get_by_label("Call").select_option(index=0)
    expect(page.locator("#trace")).to_contain_text("Feedback is kept")
    assert item["card"] in kept_feedback(folder, item["card"])


def kept_feedback(folder: Path, card: str) -> set[str]:
    """The cards that feedback in the service's database speaks of, once this one is among them, or too late."""
    database = folder / "var" / "cobalamin.db"
    deadline, found = time.monotonic() + SECONDS, set[str]()
    while card not in found and time.monotonic() < deadline:
        with sqlite3.connect(database) as connection:
            found = {row[0] for row in connection.execute("SELECT card FROM feedback")}
        connection.close()
        time.sleep(0.2)
    return found


def test_the_panel_shows_what_went_over_the_wire_and_why(service: Service, page: Page) -> None:
    opened(page, service, "weber-karl")
    expect(page.locator("#exchange")).to_contain_text("order-select: 200, 0 cards")
    expect(page.locator("#trace")).to_contain_text("the product is the cyanide antidote")
    expect(page.locator("#trace")).not_to_contain_text("Spoke")
    page.locator("#request summary").click()
    expect(page.locator("#request pre")).to_contain_text('"hook": "order-select"')
    page.locator("#response summary").click()
    expect(page.locator("#response pre")).to_contain_text('"cards": []')
    page.get_by_label("Call").select_option(
        label=re.search(r".*patient-view.*", page.locator("#exchange").inner_text())[0]
    )  # type: ignore[index] # it is there
    expect(page.locator("#request pre")).to_contain_text('"hook": "patient-view"')


def test_every_patient_is_there_and_the_fhir_server_too(service: Service, page: Page) -> None:
    opened(page, service)
    names = page.locator(".patients a span").all_text_contents()
    assert names == [one.name for one in STORIES.values()]
    listed = requests.get(f"{service.url}/demo/fhir/Patient", timeout=SECONDS).json()
    assert listed["total"] == len(names)


@pytest.mark.parametrize("patient", ["miller-ruth", "brandt-anna", "weber-karl"])
def test_everybody_can_use_the_page(service: Service, open_page: Callable[..., Page], look: Look, patient: str) -> None:
    page = opened(open_page(look), service, patient)
    if STORIES[patient].order and patient != "weber-karl":
        cards(page).first.wait_for()
    check_accessible(page)
    keep_screenshot(page, f"demo-{patient}", look)
    if patient == "miller-ruth":
        page.locator("summary", has_text="Override").click()
        for name in ("trace", "request", "response"):
            page.locator(f"#{name}").evaluate("one => { one.open = true }")
        check_accessible(page)


def test_what_an_orders_card_says_the_charts_does_not_say_again(service: Service, page: Page) -> None:
    broken_off = cards(opened(page, service, "brandt-anna")).filter(has_text="B12 loading looks incomplete")
    expect(page.get_by_role("button", name="Add the remaining 4 loading doses")).to_be_visible()
    expect(cards(page).filter(has_text="Check after starting B12")).to_have_count(1)
    expect(broken_off).to_have_count(1)
    page.get_by_role("button", name="Remove").click()
    expect(page.get_by_role("button", name="Add the remaining 4 loading doses")).to_have_count(0)
    expect(broken_off).to_have_count(1)


def test_a_reader_of_german_uses_it_on_a_phone(service: Service, open_page: Callable[..., Page]) -> None:
    page = opened(open_page(LOOKS[-1], "de-DE"), service, "brandt-anna")
    page.get_by_role("button", name="Restliche Gaben der Aufsättigung hinzufügen (4)").click()
    steps = page.locator("#steps li")
    expect(steps).to_have_count(2)
    expect(steps.first).to_have_text("1000 Mikrogramm, intramuskulär, jede Woche, 4 Gaben")
    expect(steps.last).to_have_attribute("lang", "en")
    page.get_by_role("button", name="Signieren", exact=True).click()
    page.get_by_role("button", name="So signieren").or_(page.locator("#signed li")).first.wait_for()
    page.locator("summary", has_text="Übergehen").first.click()
    for name in ("trace", "request"):
        page.locator(f"#{name}").evaluate("one => { one.open = true }")
    expect(page.locator("#trace h3").first).to_contain_text("Gemeldet")
    check_accessible(page)
    keep_screenshot(page, "demo-brandt-anna-de", LOOKS[-1])


def test_a_dose_that_may_be_one_or_a_thousand_is_refused(service: Service, open_page: Callable[..., Page]) -> None:
    page = opened(open_page(locale="de-DE"), service)
    asked = sent(page, "b12-order-select")
    dose = page.get_by_label("Dosis", exact=True)
    dose.fill("1.000")
    assert "1000 schreiben" in dose.evaluate("one => one.validationMessage")
    expect(page.get_by_label("Dosierungsanweisung")).to_have_value("")
    dose.fill("0,5")
    expect(page.get_by_label("Dosierungsanweisung")).to_have_value("Inject 0.5 mg intramuscularly once a month")
    wait_until(page, lambda: '"value": 0.5' in json.dumps(asked))
    assert '"value": 1' not in json.dumps([one["context"] for one in asked])


def test_the_story_can_be_walked_with_the_keyboard_alone(service: Service, page: Page) -> None:
    opened(page, service)
    button = page.get_by_role("button", name="Change the dose to 1000 mcg")
    button.wait_for()
    walk_to(page, button)
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Sign", exact=True)).to_be_focused()
    expect(cards(page)).to_have_count(0)
    page.keyboard.press("Enter")
    expect(page.locator("#signed")).to_contain_text("Signed")


def walk_to(page: Page, wanted: Locator) -> None:
    for _ in range(100):
        page.keyboard.press("Tab")
        if wanted.evaluate("one => one === document.activeElement"):
            return
    raise AssertionError("expected to reach it by Tab, did not")


def test_the_page_is_light(service: Service, page: Page) -> None:
    sizes: list[int] = []
    page.on("requestfinished", lambda request: sizes.append(request.sizes()["responseBodySize"]))
    opened(page, service)
    cards(page).first.wait_for()
    page.wait_for_load_state("networkidle")
    assert 100_000 < sum(sizes) < MOST_BYTES


def test_the_first_card_needs_three_round_trips(service: Service, page: Page) -> None:
    """Page; then what it names, all asked for before any of it is answered; then the calls. Nothing else is let in."""
    held = holding(page, re.compile("/static/|/demo/explain"))
    calls = holding(page, re.compile("/cds-services/"))
    page.goto(f"{service.url}/", wait_until="commit")
    html = requests.get(f"{service.url}/", timeout=SECONDS).text
    second = set(re.findall(r'/static/[^"]+\.(?:js|css)', html))
    wait_until(page, lambda: second <= {paths(one) for one in held})
    assert len(second) <= AT_ONCE
    for one in [one for one in held if paths(one) in second]:
        held.remove(one)
        one.continue_()
    wait_until(page, lambda: len(calls) == 2)
    for one in calls:
        one.continue_()
    expect(cards(page).first).to_be_visible()
    for one in held:
        one.continue_()


def holding(page: Page, addresses: re.Pattern[str]) -> list[Route]:
    """Requests to these addresses, which wait from now on until they are let go."""
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route(addresses, hold)
    return held


def paths(route: Route) -> str:
    return "/" + route.request.url.split("/", 3)[3]


def wait_until(page: Page, true: Callable[[], bool]) -> None:
    for _ in range(MILLISECONDS // 50):
        if true():
            return
        page.wait_for_timeout(50)
    raise AssertionError("expected it to happen, it did not")
