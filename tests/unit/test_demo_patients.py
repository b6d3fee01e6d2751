"""The example patients: valid FHIR, and each with just the cards that its story tells of."""

from __future__ import annotations

import json
import re
from pathlib import Path
from shutil import copytree
from typing import Any

import pytest
from fhir.resources.R4B import get_fhir_model_class

from cds_service.answer import answer
from cds_service.asking import AS_OF as AS_OF_NAME
from cds_service.asking import PROTOCOL, asked_of
from cds_service.demo.chart import chart_of
from cds_service.demo.patients import AS_OF, load_demo
from cds_service.demo.products import products_of
from cds_service.demo.search import prefetch_of
from cds_service.errors import KnowledgeFault
from cds_service.hooks import read_request
from cds_service.knowledge import Knowledge, roots
from cds_service.settings import Settings
from tests.helpers import wire

FOLDER = roots().fhir_profiles / "demo"
DEMO = load_demo(FOLDER)
SERVER = "http://127.0.0.1/demo/fhir"
# patient | as the chart is opened | while the order is written | as it is signed
TOLD = """
miller-ruth   | none | dose_unit_mismatch.too_high critical | dose_unit_mismatch.too_high critical
okafor-daniel | maintenance_order_missing.ended warning | dose_volume_mismatch.too_much critical | dose_volume_mismatch.too_much critical
brandt-anna   | loading_incomplete.given warning; response_check_due.due info | loading_incomplete.given warning | loading_incomplete.given warning
hughes-gwen   | maintenance_overdue.lapsed critical | |
sharma-priya  | therapy_may_end.review info | |
jensen-lars   | neuro_regimen_too_light.unloaded warning; response_check_due.due info | |
moreau-claire | deficiency_untreated.low warning | oral_in_malabsorption.malabsorption warning | oral_in_malabsorption.malabsorption warning
garcia-luis   | risk_drug_test.due info | |
novak-petra   | nitrous_oxide_exposure.use critical | |
adeyemi-tunde | deficiency_untreated.low warning | form_contraindicated.leber critical | form_contraindicated.leber critical; plan_undocumented.ordered info
weber-karl    | none | none | none
kim-mina      | none | paediatric_dose.adult_dose warning | paediatric_dose.adult_dose warning
"""  # noqa: E501 - a table
ROWS = [[cell.strip() for cell in line.split("|")] for line in TOLD.strip().splitlines()]
HOOKS = ("patient-view", "order-select", "order-sign")
CASES = [(row[0], hook, said) for row in ROWS for hook, said in zip(HOOKS, row[1:], strict=True) if said]


def call_of(patient: str, hook: str) -> bytes:
    story = DEMO.stories[patient]
    order = story.order or {}
    context = wire.context(patientId=patient)
    if hook != "patient-view":
        context["draftOrders"] = wire.bundle(order)
    if hook == "order-select":
        context["selections"] = [f"MedicationRequest/{order['id']}"]
    extension = {AS_OF_NAME: AS_OF, PROTOCOL: story.protocol}
    prefetch = dict(prefetch_of(DEMO, patient, SERVER))
    return json.dumps(wire.call(hook, context, prefetch, extension=extension)).encode()


@pytest.mark.parametrize(("patient", "hook", "said"), CASES, ids=[f"{one[0]} {one[1]}" for one in CASES])
def test_a_story_gives_the_cards_that_it_tells_of(knowledge: Knowledge, patient: str, hook: str, said: str) -> None:
    request = read_request(call_of(patient, hook))
    found = answer(request, asked_of(request, Settings(demo=True), knowledge, wire.NOW))
    shown = [
        f"{card.source.topic.code}.{(card.extension or {})['org.cobalamin-cds.trace']['variant']} {card.indicator}"
        for card in found.cards
    ]
    assert ("; ".join(shown) or "none") == said
    assert not found.reading.record.unread


@pytest.mark.parametrize("hook", HOOKS)
def test_loading_broken_off_and_the_dose_overdue_are_told_in_one_card(knowledge: Knowledge, hook: str) -> None:
    request = read_request(call_of("brandt-anna", hook))
    first = answer(request, asked_of(request, Settings(demo=True), knowledge, wire.NOW)).cards[0]
    assert first.source.topic.code == "loading_incomplete"
    assert "Also: B12 injection overdue by 23 days" in (first.detail or "")


def test_the_table_tells_of_every_story_in_their_order() -> None:
    assert [row[0] for row in ROWS] == list(DEMO.stories)
    assert {row[0] for row in ROWS if row[2]} == {one.id for one in DEMO.stories.values() if one.order}
    assert len(ROWS) == 12


def everything() -> list[dict[str, Any]]:
    orders = [one.order for one in DEMO.stories.values() if one.order]
    return [*orders, *(one for kind in DEMO.resources.values() for one in kind.values())]


def test_every_resource_is_valid_fhir() -> None:
    for one in everything():
        get_fhir_model_class(one["resourceType"]).model_validate(one)


def test_every_resource_is_about_the_patient_of_its_bundle() -> None:
    for story in DEMO.stories:
        bundle = json.loads((FOLDER / f"{story}.json").read_text("utf-8"))
        refs = set(re.findall(r'"Patient/([^"]+)"', json.dumps(bundle)))
        assert refs <= {story}
        assert all(one["resource"]["id"].startswith(story) for one in bundle["entry"])


def test_a_chart_is_told_in_lines_newest_first() -> None:
    chart = chart_of(prefetch_of(DEMO, "miller-ruth", SERVER))
    assert (chart.name, chart.age, chart.gender) == ("Ruth Miller", "68 years", "female")
    assert [line.what for line in chart.problems] == ["Pernicious anaemia", "Hypertensive disorder"]
    assert chart.doses[0].when == "2026-02-13"
    assert chart.doses[0].more == "1000 mcg, intramuscular"
    assert chart.results[0].when == "2026-01-26"


def test_a_chart_has_days_months_and_amounts_as_the_language_writes_them(knowledge: Knowledge) -> None:
    german, spanish = (knowledge.words[code].language for code in ("de", "es"))
    leber = chart_of(prefetch_of(DEMO, "adeyemi-tunde", SERVER), german)
    assert ("März 2016", "Leber's optic atrophy") in {(line.when, line.what) for line in leber.problems}
    vegan = chart_of(prefetch_of(DEMO, "sharma-priya", SERVER), german)
    assert vegan.problems[0].more == "behoben 01.12.2025"
    assert vegan.doses[0].more == "1000 Mikrogramm, intramuskulär"
    assert "," in "".join(line.more for line in vegan.results)
    assert "." not in "".join(line.more for line in vegan.results)
    stomach = chart_of(prefetch_of(DEMO, "okafor-daniel", SERVER), spanish)
    assert [line.when for line in stomach.problems] == ["12 abr 2021", "3 jun 2011"]
    assert stomach.medications[0].more == "(terminada)"
    assert stomach.medications[0].quoted.startswith("Inject")


def test_the_products_are_those_of_the_code_system() -> None:
    offered = products_of(roots().fhir_profiles)
    texts = [one["text"] for one in offered]
    assert texts[:2] == ["Cyanocobalamin 1000 mcg/mL injection", "Cyanocobalamin 5000 mcg/mL injection"]
    assert "Mecobalamin 1000 mcg sublingual tablet" in texts
    assert len({one["code"] for one in offered}) == len(offered)


def broken(folder: Path, name: str, words: str) -> Path:
    copy = copytree(FOLDER, folder / "demo")
    (copy / name).write_text(words, "utf-8")
    return copy


@pytest.mark.parametrize(
    ("name", "words"),
    [("stories.toml", "[[story"), ("stories.toml", "story = [{id = 1}]"), ("kim-mina.json", "{"), ("stories.toml", "")],
)
def test_a_broken_file_is_named_and_nothing_starts(tmp_path: Path, name: str, words: str) -> None:
    with pytest.raises(KnowledgeFault, match=name):
        load_demo(broken(tmp_path, name, words))
