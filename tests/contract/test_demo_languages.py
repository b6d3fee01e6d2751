"""The demo EHR in its reader's language: its page, its scripts' words, and the trace."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from msgspec import Struct

from cds_service.asking import AS_OF as AS_OF_NAME
from cds_service.asking import PROTOCOL
from cds_service.demo.patients import AS_OF, load_demo
from cds_service.demo.search import prefetch_of
from cds_service.demo.words import SCRIPT_WORDS
from cds_service.knowledge import Knowledge, roots
from cds_service.settings import Settings
from cds_service.web.pages import FOLDER
from tests.helpers import wire
from tests.helpers.demo_phrases import of_the_demo, template_phrases
from tests.helpers.visible import texts_of
from tests.helpers.wire import Json

DEMO = load_demo(roots().fhir_profiles / "demo")
OTHERS = ("es", "de")
SAME = {
    "es": {"Cyanokit", "Demo", "intramuscular", "no", "oral", "nasal", "sublingual"},
    "de": {"Cyanokit", "Demo", "Information", "Patient", "oral", "nasal", "sublingual"},
}
"""Words that a language shares with English."""
MEASURED = re.compile(r"[<>]?\d+ [^\s,]+(, intramuscular)?")
ISO_DAY = re.compile(r"\b\d{4}-\d{2}-\d{2}\b")
SCRIPTS = sorted((FOLDER / "demo").glob("*.js"))
COMMENT = re.compile(r"/\*.*?\*/|(?<!:)//[^\n]*", re.DOTALL)
LITERAL = re.compile(r'"((?:[^"\\\n]|\\.)*)"|`((?:[^`\\]|\\.)*)`')
SENTENCE = re.compile(r"^[A-Z][a-z]+$|[A-Za-z]{2,} [a-z]{2,}")

NOT_FOR_READERS = {"Bundle", "Turn"}
"""Of FHIR, and names in the code."""
ROUTES = ("Intramuscular", "Subcutaneous", "Oral", "Sublingual", "Nasal", "Intravenous")
DIRECTIONS = {
    *(f"{route} route" for route in ROUTES),
    *ROUTES,
    *("Inject", "Take", "Dissolve", "Give", "Infuse"),
    *("by mouth", "under the tongue", "into the nose", "once a"),
}
"""What the form writes into the order: in English, which the service reads; the page marks it as such."""


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"demo": True})


@pytest.fixture
def app(knowledge: Knowledge, settings: Settings) -> Flask:
    return wire.application(knowledge, settings, demo=DEMO)


class Read(Struct, frozen=True):
    """A page: its language, what it says in that, and what its scripts are given."""

    lang: str
    said: list[str]
    session: Json


def read(client: FlaskClient, language: str, patient: str = "miller-ruth") -> Read:
    reply = client.get(f"/?patient={patient}", headers={"Accept-Language": language})
    assert reply.status_code == 200
    html = reply.get_data(as_text=True)
    lang = re.search(r'<html lang="(\w+)">', html)
    session = re.search(r'id="session">(.*?)</script>', html, re.DOTALL)
    assert lang
    assert session
    return Read(lang[1], texts_of(html), json.loads(session[1]))


@cache
def english() -> tuple[str, ...]:
    return tuple(sorted({*of_the_demo(), *template_phrases("demo.html"), *template_phrases("base.html")}))


def translated(knowledge: Knowledge, language: str) -> dict[str, str]:
    """Every phrase of the page that is another in this language, by the English one."""
    words = knowledge.words[language].language.words
    return {phrase: words(phrase) for phrase in english() if phrase not in SAME[language]}


@pytest.mark.parametrize("language", OTHERS)
def test_every_phrase_has_other_words_or_is_known_to_be_the_same(knowledge: Knowledge, language: str) -> None:
    assert [phrase for phrase, said in translated(knowledge, language).items() if said == phrase] == []


@pytest.mark.parametrize("language", OTHERS)
@pytest.mark.parametrize("patient", list(DEMO.stories))
def test_no_english_phrase_is_left_on_the_page(
    client: FlaskClient, knowledge: Knowledge, language: str, patient: str
) -> None:
    page = read(client, language, patient)
    said = " \n ".join(page.said)
    left = [
        phrase for phrase in translated(knowledge, language) if re.search(rf"(?<!\w){re.escape(phrase)}(?!\w)", said)
    ]
    assert left == []
    assert page.lang == language
    assert not ISO_DAY.search(said)
    for phrase in (DEMO.stories[patient].title, DEMO.stories[patient].words, "Behind the cards"):
        assert translated(knowledge, language).get(phrase, phrase) in said


@pytest.mark.parametrize("language", OTHERS)
def test_no_text_but_names_and_numbers_is_the_same_as_in_english(client: FlaskClient, language: str) -> None:
    alike = set(read(client, language).said) & set(read(client, "en").said)
    words = {text for text in alike if re.search(r"[A-Za-z]{2}", text) and not MEASURED.fullmatch(text)}
    assert words - SAME[language] == {"Cobalamin CDS", "http://localhost/demo/fhir"}


@pytest.mark.parametrize(
    ("language", "told"),
    [
        ("en-GB", ["68 years, female, born 1957-03-14", "Made-up patients. Today is 2026-03-10."]),
        ("es-MX", ["68 años, mujer, fecha de nacimiento 14 mar 1957", "Pacientes inventados. Hoy es el 10 mar 2026."]),
        ("de-AT,en;q=0.5", ["68 Jahre, weiblich, geboren 14.03.1957", "Erfundene Fälle. Heute ist der 10.03.2026."]),
        ("fr,*;q=0.1", ["68 years, female, born 1957-03-14"]),
    ],
)
def test_age_sex_and_days_are_told_as_the_language_does(client: FlaskClient, language: str, told: list[str]) -> None:
    said = read(client, language).said
    assert [one for one in told if one not in said] == []


def test_a_cache_is_told_that_the_language_decides(client: FlaskClient) -> None:
    for path in ("/", "/?patient=kim-mina"):
        assert "Accept-Language" in client.get(path).vary
    assert "Accept-Language" not in client.get("/demo/fhir/metadata").vary


@pytest.mark.parametrize("language", OTHERS)
def test_the_scripts_get_their_words_and_the_order_its_english(
    client: FlaskClient, knowledge: Knowledge, language: str
) -> None:
    session = read(client, language).session
    said = knowledge.words[language].language.words
    assert {name: session["words"][name] for name in SCRIPT_WORDS} == {
        name: said(words) for name, words in SCRIPT_WORDS.items()
    }
    products = {one["text"]: one["label"] for one in session["products"]}
    assert (
        products["Mecobalamin 1000 mcg sublingual tablet"]
        == {
            "es": "Mecobalamina, comprimido sublingual, 1000 mcg",
            "de": "Mecobalamin, Sublingualtablette, 1000 Mikrogramm",
        }[language]
    )
    assert {one["label"] == one["text"] for one in read(client, "en").session["products"]} == {True}


@pytest.mark.parametrize("path", SCRIPTS, ids=[path.name for path in SCRIPTS])
def test_a_script_holds_no_words_but_those_of_the_order_and_of_the_wire(path: Path) -> None:
    held = {text for text in literals(path) if SENTENCE.search(text)}
    assert held - NOT_FOR_READERS - DIRECTIONS == set()


def literals(path: Path) -> set[str]:
    """The strings of a script, a template's without what is filled in; of CSS selectors and the like none."""
    code = COMMENT.sub("", path.read_text("utf-8"))
    found = (one[1] if one[1] is not None else re.sub(r"\$\{[^}]*\}", "", one[2]) for one in LITERAL.finditer(code))
    return {text.strip() for text in found if not re.search(r"[#.\[]\w", text)}


def test_the_scripts_use_each_of_their_words_and_no_others(client: FlaskClient) -> None:
    code = "\n".join(path.read_text("utf-8") for path in SCRIPTS)
    used = set(re.findall(r"\bwords\.(\w+)", code)) | {"critical", "warning", "info", "finding", "undecided", "silent"}
    assert used - {"routes", "units", "schedule"} == set(SCRIPT_WORDS) - {"feedback"}
    assert {"routes", "units", "schedule"} <= set(read(client, "de").session["words"])


# The trace


@pytest.mark.parametrize(("language", "title"), [("es", "miligramos"), ("de", "Milligramm")])
def test_a_trace_is_told_in_the_language_and_says_what_is_not(client: FlaskClient, language: str, title: str) -> None:
    request = wire.example("order-sign-unit-mix-up")
    found = client.post("/demo/explain", json=request, headers={"Accept-Language": language})
    explained = found.get_json()
    assert "Accept-Language" in found.vary
    [spoke] = [one for one in explained["verdicts"] if one["kind"] == "finding"]
    assert title in spoke["title"]
    assert (spoke["why"], spoke["whyLang"]) == ("too_high", "en")
    others = [one for one in explained["verdicts"] if one["kind"] != "finding"]
    assert {one["whyLang"] for one in others} == {language}
    assert {one["factLang"] for one in explained["facts"]} == {language}
    phases = {"es": ("fase", "mantenimiento"), "de": ("Phase", "Erhaltungstherapie")}
    assert phases[language] in {(one["fact"], one["value"]) for one in explained["facts"]}


def test_the_name_of_a_finding_is_not_taken_for_words(client: FlaskClient, knowledge: Knowledge) -> None:
    """One is called "untreated", as a phase is."""
    assert knowledge.words["es"].language.knows("untreated")
    prefetch = dict(prefetch_of(DEMO, "kim-mina", "http://localhost/demo/fhir"))
    order = wire.bundle(DEMO.stories["kim-mina"].order or {})
    context = wire.context(patientId="kim-mina", draftOrders=order)
    request = wire.call("order-sign", context, prefetch, extension={PROTOCOL: "us-label", AS_OF_NAME: AS_OF})
    explained = client.post("/demo/explain", json=request, headers={"Accept-Language": "es"}).get_json()
    found = [one for one in explained["verdicts"] if one["kind"] == "finding"]
    assert ("untreated", "en") in {(one["why"], one["whyLang"]) for one in found}
