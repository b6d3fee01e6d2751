"""In which language a call is answered, and that no card is half in one and half in another."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest
from click.testing import CliRunner
from flask import Flask
from flask.testing import FlaskClient
from msgspec.structs import replace

from cds_service.cli import main
from cds_service.clients import Client, Profile
from cds_service.hooks import Card
from cds_service.knowledge import Knowledge
from cds_service.repeats import advice_key
from cds_service.settings import Settings
from cds_service.texts import Words
from cds_service.writer import TRACE
from tests.helpers import wire
from tests.helpers.reading import answered

SLIP = "order-sign-unit-mix-up"
OVERDUE = "patient-view-overdue"
ENGLISH, SPANISH = "Change the dose to 1000 mcg", "Cambiar la dosis a 1000 mcg"
PREFERRED = [
    (None, ENGLISH),
    ("", ENGLISH),
    ("es", SPANISH),
    ("es-ES", SPANISH),
    ("es-MX,es;q=0.9,en;q=0.8", SPANISH),
    ("ES", SPANISH),
    ("en-US,en;q=0.9,es;q=0.8", ENGLISH),
    ("fr-FR,fr;q=0.9", ENGLISH),
    ("fr, es;q=0.5", SPANISH),
    ("es;q=0, en", ENGLISH),
    ("*", ENGLISH),
    ("\N{LATIN SMALL LETTER SHARP S};q=one,,;;q", ENGLISH),
    ("x" * 5000, ENGLISH),
]
OWN = [("es", "en", SPANISH), ("es-MX", "en", SPANISH), ("en", "es", ENGLISH), ("", "es", SPANISH), ("", None, ENGLISH)]


def ask(client: FlaskClient, preferred: str | None, name: str = SLIP) -> wire.Json:
    body = wire.example(name)
    headers = {} if preferred is None else {"Accept-Language": preferred}
    response = client.post(f"/cds-services/b12-{body['hook']}", json=body, headers=headers)
    assert response.status_code == 200
    found: wire.Json = response.get_json()["cards"][0]
    return found


def known_as(knowledge: Knowledge, settings: Settings, language: str, profile: Profile = "standard") -> FlaskClient:
    client = Client("c", "https://c", language=language, profile=profile)
    app: Flask = wire.application(knowledge, settings, door=lambda *_: client)
    return app.test_client()


@pytest.mark.parametrize(("preferred", "label"), PREFERRED)
def test_accept_language_chooses_among_the_languages_there_are(
    client: FlaskClient, preferred: str | None, label: str
) -> None:
    assert ask(client, preferred)["suggestions"][0]["label"] == label


@pytest.mark.parametrize(("own", "preferred", "label"), OWN)
def test_the_language_of_the_client_s_file_goes_before_that_of_the_call(
    knowledge: Knowledge, settings: Settings, own: str, preferred: str | None, label: str
) -> None:
    assert ask(known_as(knowledge, settings, own), preferred)["suggestions"][0]["label"] == label


@pytest.mark.parametrize("code", ["es", "de"])
@pytest.mark.parametrize("name", wire.examples())
def test_a_card_differs_between_languages_in_its_words_alone(client: FlaskClient, name: str, code: str) -> None:
    """Uuids, indicators, what is offered, and the trace but for the language: nothing that counts depends on it."""
    body = wire.example(name)
    path = f"/cds-services/b12-{body['hook']}"
    english, other = (
        client.post(path, json=body, headers={"Accept-Language": one}).get_json()["cards"] for one in ("en", code)
    )
    assert [without_words(card) for card in other] == [without_words(card) for card in english]
    assert all(reason["display"] for card in other for reason in card.get("overrideReasons", ()))


def without_words(card: wire.Json) -> wire.Json:
    trace = {name: value for name, value in card["extension"][TRACE].items() if name != "language"}
    offers = [
        (
            one["uuid"],
            one["isRecommended"],
            [{k: v for k, v in action.items() if k != "description"} for action in acts],
        )
        for one in card.get("suggestions", ())
        for acts in [one["actions"]]
    ]
    reasons = [(one["system"], one["code"]) for one in card.get("overrideReasons", ())]
    return {"uuid": card["uuid"], "of": card["indicator"], "trace": trace, "offers": offers, "reasons": reasons}


def cards_in(knowledge: Knowledge, code: str, name: str) -> tuple[Card, ...]:
    return answered(knowledge, wire.example(name), language=code).cards


@pytest.mark.parametrize("name", wire.examples())
def test_the_same_advice_has_the_same_key_in_every_language(knowledge: Knowledge, name: str) -> None:
    """So that a card that was muted in one language stays muted in another."""
    keys = {code: sorted(advice_key(card) for card in cards_in(knowledge, code, name)) for code in knowledge.words}
    assert len(set(map(tuple, keys.values()))) == 1


# What is missing is shown in English, as a whole card


def without(words: Words, rule: str, english: Words) -> Words:
    """The language without the words of this rule, as they are loaded where the card file lacks them."""
    card = replace(words.texts[rule], variants=english.texts[rule].variants)
    return replace(words, texts={**words.texts, rule: card})


def lacking(knowledge: Knowledge, *rules: str) -> Knowledge:
    spanish = knowledge.words["es"]
    for rule in rules:
        spanish = without(spanish, rule, knowledge.words["en"])
    return replace(knowledge, words={**knowledge.words, "es": spanish})


def texts_of(card: Card) -> Sequence[object]:
    return [card.summary, card.detail, card.suggestions, card.overrideReasons]


def test_a_card_without_words_in_the_language_is_english_to_the_last_line(knowledge: Knowledge) -> None:
    [english] = cards_in(knowledge, "en", SLIP)
    [fallen] = cards_in(lacking(knowledge, "dose_unit_mismatch"), "es", SLIP)

    assert texts_of(fallen) == texts_of(english)
    assert "language" not in (fallen.extension or {})[TRACE]
    [spanish] = cards_in(knowledge, "es", SLIP)
    assert all(mine != theirs for mine, theirs in zip(texts_of(spanish), texts_of(english), strict=True))


def test_the_last_lines_are_in_the_language_of_their_card(knowledge: Knowledge) -> None:
    body = wire.sign(wire.draft())
    for known, source, unseen in (
        (knowledge, "Fuente: ", "No visto en esta comprobación: "),
        (lacking(knowledge, "dose_unit_mismatch"), "Source: ", "Not seen for this check: "),
    ):
        detail = answered(known, body, language="es").cards[0].detail
        assert source in detail
        assert unseen in detail


def test_a_button_that_a_client_cannot_take_is_told_in_the_card_s_language(
    knowledge: Knowledge, settings: Settings
) -> None:
    for known, told in (
        (knowledge, "A mano, porque en este sistema la tarjeta no puede hacerlo: "),
        (lacking(knowledge, "dose_unit_mismatch"), "By hand, because a card cannot do it in this system: "),
    ):
        assert told in ask(known_as(known, settings, "es", "epic"), None)["detail"]


# The command line


def test_evaluate_takes_a_language() -> None:
    done = CliRunner().invoke(main, ["evaluate", "--json", "--language", "es", str(wire.EXAMPLES / f"{SLIP}.json")])
    cards: list[dict[str, Any]] = json.loads(done.output)["cards"]
    assert cards[0]["suggestions"][0]["label"] == SPANISH


def test_evaluate_refuses_a_language_that_there_is_not() -> None:
    done = CliRunner().invoke(main, ["evaluate", "--language", "fr", str(wire.EXAMPLES / f"{SLIP}.json")])
    assert done.exit_code != 0
    assert "'en', 'es', 'de'" in done.output


# Pages


@pytest.mark.parametrize(
    ("preferred", "language"), [("es", "es"), ("de-AT,de;q=0.9", "de"), ("fr", "en"), (None, "en")]
)
def test_a_translated_page_is_in_its_reader_s_language_from_head_to_foot(
    knowledge: Knowledge, settings: Settings, preferred: str | None, language: str
) -> None:
    hospital = Client("h", "https://h", fhir_servers=("https://h/fhir",), smart_app=True, smart_client_id="b12")
    client = wire.application(knowledge, settings, smart=(hospital,)).test_client()
    headers = {} if preferred is None else {"Accept-Language": preferred}
    page = client.get("/smart/app/h", headers=headers).get_data(as_text=True)
    said = knowledge.words[language].language.words

    assert f'<html lang="{language}">' in page
    for words in ("Skip to the content", "Vitamin B12 story and plan", "Rules"):
        assert f">{said(words)}<" in page
