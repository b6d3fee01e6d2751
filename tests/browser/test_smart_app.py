"""The SMART app in a real browser: on our example patients, and launched from an EHR that asks for a token."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from fhir.resources.R4B import get_fhir_model_class
from icalendar import Calendar
from playwright.sync_api import Browser, Page, expect

from tests.helpers.authorization_server import CLIENT_ID, Ehr, authorizing
from tests.helpers.browser import MILLISECONDS, Look, check_accessible, keep_screenshot
from tests.helpers.hapi import free_port
from tests.helpers.processes import ROOT, Service, running
from tests.helpers.tokens import jwk, jwks, private_key

CARD = {"card": "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea", "rule": "loading_incomplete", "protocol": "us-practice"}
CLIENT = """
[[client]]
id = "hospital"
issuer = "https://ehr.example"
jwks = '{keys}'
fhir_servers = ["{base}"]
smart_app = true
smart_client_id = "{client}"
"""


@contextmanager
def beside(folder: Path) -> Iterator[tuple[Ehr, Service]]:
    """The service, and an EHR whose users may open the app; its FHIR server is that of our example patients."""
    with authorizing() as ehr:
        clients = folder / "clients.toml"
        keys = json.dumps(jwks(jwk(private_key())))
        clients.write_text(CLIENT.format(keys=keys, base=ehr.base, client=CLIENT_ID), "utf-8")
        port = free_port()
        serve = (sys.executable, "-m", "cds_service", "serve", "--demo", "--port", str(port))
        environ = {"CLIENTS": str(clients), "PRIVATE_NETWORKS": "true", "BASE_URL": f"http://127.0.0.1:{port}"}
        named = {f"COBALAMIN_{name}": value for name, value in environ.items()}
        with running(serve, folder, PYTHONPATH=str(ROOT), **named) as service:
            ehr.upstream = f"{service.url}/demo/fhir"
            ehr.app.redirect_uri = f"{service.url}/smart/app/hospital"
            yield ehr, service


@pytest.fixture(scope="module")
def hospital(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Ehr, Service]]:
    with beside(tmp_path_factory.mktemp("hospital")) as found:
        yield found


def open_example(page: Page, service: Service, patient: str) -> None:
    page.goto(f"{service.url}/smart/launch?iss={service.url}/demo/fhir&patient={patient}")
    expect(page.get_by_role("heading", name="Story", exact=True)).to_be_visible()


def planned_days(page: Page) -> list[str]:
    return page.locator(".days li").all_inner_texts()


def test_a_reader_of_german_gets_days_and_notes_in_german(service: Service, open_page: Callable[..., Page]) -> None:
    page = open_page(locale="de-DE")
    page.goto(f"{service.url}/smart/launch?iss={service.url}/demo/fhir&patient=hughes-gwen")
    expect(page.locator("[data-patient]")).to_have_text("Gwen Hughes, geboren 17.02.1944")
    notes = page.locator(".notes li")
    expect(notes.filter(has_text="Ein B12-Spiegel sagt unter laufenden Injektionen nichts aus.")).to_have_count(1)
    expect(notes.locator("[lang=en]")).to_contain_text("BNSSG")


def test_everybody_can_read_the_story(service: Service, open_page: Callable[..., Page], look: Look) -> None:
    page = open_page(look)
    open_example(page, service, "brandt-anna")
    expect(page.locator(".state")).to_contain_text("Loading broken off")
    check_accessible(page)
    keep_screenshot(page, "smart", look)
    page.goto(f"{service.url}/smart/launch")
    check_accessible(page)
    page.get_by_role("link", name="Lars Jensen").click()
    expect(page.locator("[data-patient]")).to_contain_text("Lars Jensen, born 1959")
    check_accessible(page)


def test_keyboard_and_pointer_read_every_mark_and_the_table_holds_the_same(service: Service, page: Page) -> None:
    open_example(page, service, "brandt-anna")
    marks, readout = page.locator("figure [data-says]"), page.locator("[data-readout]")
    first = page.locator("figure [data-says][tabindex='0']")
    first.focus()
    seen = []
    for _ in range(marks.count()):
        seen.append(readout.inner_text())
        page.keyboard.press("ArrowRight")
    assert seen == [mark.get_attribute("aria-label") for mark in marks.all()]
    rows = [row.all_inner_texts() for row in (one.locator("td") for one in page.locator("#table tbody tr").all())]
    for _, _, value, _, source in rows:
        assert any(value in said and source in said for said in seen)
    assert any("88 pg/mL" in said and "Observation/" in said and "deficient" in said for said in seen)
    assert any("deficient below 150 pg/mL" in said and "Mayo" in said for said in seen)
    page.locator("figure .mark.late[data-says]").hover()
    expect(readout).to_contain_text("overdue since")
    page.get_by_label("Show").select_option("3 months")
    expect(page.locator("[data-part=picture]")).to_contain_text("Total vitamin B12")


def test_a_plan_is_adjusted_printed_and_taken_along(service: Service, page: Page) -> None:
    open_example(page, service, "brandt-anna")
    before = planned_days(page)
    page.get_by_label("Weekday of later doses").select_option("Wednesday")
    expect(page.locator(".days li").nth(1)).to_contain_text("Wed")
    page.get_by_label("Days between maintenance doses").fill("28")
    page.get_by_label("Days between maintenance doses").blur()
    expect(page.locator("[data-said=changed]")).to_be_visible()
    after = planned_days(page)
    assert after != before
    assert all(day.startswith("Wed") for day in after[1:])
    check_accessible(page)
    with page.expect_download() as found:
        page.get_by_role("button", name="Calendar file").click()
    text = found.value.path().read_text("utf-8")
    events = Calendar.from_ical(text).walk("VEVENT")
    assert [f"{event['dtstart'].dt:%Y-%m-%d}" for event in events][: len(after)] == [day[-10:] for day in after]
    assert not any(word in text for word in ("Anna", "Brandt", "brandt", "1968", "Pernicious"))
    with page.expect_download() as found:
        page.get_by_role("button", name="FHIR file").click()
    resources = json.loads(found.value.path().read_text("utf-8"))["resources"]
    for one in resources:
        get_fhir_model_class(one["resourceType"]).model_validate(one)
    assert [one["resourceType"] for one in resources] == ["CarePlan", "MedicationRequest", "MedicationRequest"]
    expect(page.get_by_role("button", name="Save to the record")).to_be_hidden()
    printed = page.pdf(format="A4")
    assert printed.count(b"/Type /Page\n") + printed.count(b"/Type /Page/") == 1
    page.emulate_media(media="print")
    expect(page.locator("[data-patient-copy]")).to_have_text("Anna Brandt, born 1968-11-30")
    expect(page.locator("figure")).to_be_hidden()


def test_an_ehr_opens_the_app_and_saves_the_plan_after_a_second_yes(
    hospital: tuple[Ehr, Service], open_page: Callable[..., Page]
) -> None:
    ehr, service = hospital
    ehr.launches["xyz"] = {"patient": "brandt-anna", "appContext": json.dumps(CARD)}
    page, reached = open_page(), set()
    page.on("request", lambda request: reached.add("{0.scheme}://{0.netloc}".format(urlsplit(request.url))))
    page.goto(f"{service.url}/smart/launch?iss={ehr.base}&launch=xyz")
    expect(page.locator("[data-patient]")).to_contain_text("Anna Brandt, born 1968")
    expect(page.get_by_role("heading", name="Story", exact=True)).to_be_visible()
    expect(page.get_by_text("Opened from the card: Loading was begun")).to_be_visible()
    assert "code=" not in page.url
    asked = ehr.asked[-1]
    assert (asked["code_challenge_method"], asked["launch"], asked["aud"]) == ("S256", "xyz", ehr.base)
    assert "launch" in asked["scope"].split()
    page.get_by_role("button", name="Save to the record").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("CarePlan")
    check_accessible(page)
    dialog.get_by_role("button", name="Cancel").click()
    assert not ehr.saved
    page.get_by_role("button", name="Save to the record").click()
    dialog.get_by_role("button", name="Save").click()
    expect(page.locator("[data-results] li")).to_have_count(3)
    assert [one["resourceType"] for one in ehr.saved] == ["CarePlan", "MedicationRequest", "MedicationRequest"]
    assert {one["status"] for one in ehr.saved} == {"draft"}
    assert {one["subject"]["reference"] for one in ehr.saved} == {"Patient/brandt-anna"}
    assert reached - {"blob://"} <= {service.url, ehr.url}


def test_a_user_opens_the_app_alone_and_nothing_is_saved_without_the_right_to(
    hospital: tuple[Ehr, Service], page: Page
) -> None:
    ehr, service = hospital
    ehr.writing = False
    page.goto(f"{service.url}/smart/launch?iss={ehr.base}")
    page.get_by_role("link", name="miller-ruth").click()
    expect(page.locator("[data-patient]")).to_contain_text("Ruth Miller, born 1957")
    expect(page.get_by_text("has not granted saving")).to_be_visible()
    expect(page.get_by_role("button", name="Save to the record")).to_be_hidden()
    assert "launch/patient" in ehr.asked[-1]["scope"].split()
    page.reload()
    expect(page.get_by_role("heading", name="Story", exact=True)).to_be_visible()


def test_what_the_ehr_refuses_is_named_as_not_seen(hospital: tuple[Ehr, Service], browser: Browser) -> None:
    ehr, service = hospital
    ehr.launches["part"] = {"patient": "miller-ruth"}
    ehr.refused = frozenset({"Observation", "MedicationAdministration"})
    page = browser.new_page()  # a browser complains of what it is refused, which the other pages here must not do
    page.set_default_timeout(MILLISECONDS)
    page.goto(f"{service.url}/smart/launch?iss={ehr.base}&launch=part")
    expect(page.locator(".unseen-data")).to_contain_text("laboratory results", timeout=MILLISECONDS)
    expect(page.locator(".unseen-data")).to_contain_text("doses given")
    expect(page.locator("figure")).to_contain_text("none seen")
    page.close()
    ehr.refused = frozenset()


def test_a_server_that_nobody_named_is_not_asked(hospital: tuple[Ehr, Service], browser: Browser) -> None:
    _, service = hospital
    page = browser.new_page()
    answer = page.goto(f"{service.url}/smart/launch?iss=https://elsewhere.example/fhir&launch=1")
    assert answer is not None
    assert answer.status == 400
    expect(page.get_by_text("not one that the app may be opened from")).to_be_visible()
    page.close()
