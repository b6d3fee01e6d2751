"""The insights and the rules in Spanish and German: no English left over, numbers by locale, and nothing told more."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from flask.testing import FlaskClient

from cds_service.knowledge import Knowledge
from cds_service.settings import Settings
from tests.helpers import wire
from tests.helpers.ledger import FOREIGN, NAMED, NEW, OLD, Life, life, live
from tests.helpers.visible import texts_of

HALF_YEAR = "/insights?from=2026-01&until=2026-06"
PROXY = {"login_header": "X-Operator", "login_proxy_secret": "s" * 32}
AS_OPERATOR = {"X-Operator": "owner", "X-Login-Secret": "s" * 32}
OTHERS = ("es", "de")
NAMES = frozenset({"Cobalamin CDS", "ehr", "clinic", FOREIGN["reason"]["display"], NAMED["userComment"]})
"""Of clients, and in clinicians' own words: they stay as they are."""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, knowledge: Knowledge) -> Iterator[Life]:
    """Half a year; tests only read it."""
    folder = tmp_path_factory.mktemp("life")
    with life(f"sqlite:///{folder}/store.db", folder, knowledge, keep_comments=True) as found:
        live(found)
        yield found


def page_of(client: FlaskClient, address: str, language: str, status: int = 200) -> str:
    answer = client.get(address, headers=AS_OPERATOR | {"Accept-Language": language})
    assert answer.status_code == status
    assert "Accept-Language" in answer.vary
    page = answer.get_data(as_text=True)
    assert f'<html lang="{language}">' in page
    return page


def left_english(client: FlaskClient, address: str, code: str, knowledge: Knowledge, status: int = 200) -> set[str]:
    """Texts that are the same in English, but for names, ids, and words that both languages share."""
    english, own = (texts_of(page_of(client, address, one, status)) for one in ("en", code))
    hooks = {hook for rule in knowledge.rules.values() for hook in rule.hooks}
    protocols = {text for one in knowledge.protocols.values() for text in (one.id, f"{one.id} {one.version}")}
    same = {text for text in set(english) & set(own) if re.search(r"[^\W\d_]{2}", text)}
    shared = {phrase for phrase, said in knowledge.words[code].language.phrases.items() if phrase == said}
    return same - NAMES - hooks - protocols - shared


@pytest.mark.parametrize("code", OTHERS)
@pytest.mark.parametrize("query", ["", "&rule=maintenance_overdue", f"&before={NEW}&after={OLD}", "&client=x"])
def test_the_insights_have_no_english_left(site: Life, knowledge: Knowledge, code: str, query: str) -> None:
    client = site.app(**PROXY).test_client()
    assert left_english(client, HALF_YEAR + query, code, knowledge) == set()


@pytest.mark.parametrize("code", OTHERS)
def test_the_rules_have_no_english_left_but_what_is_marked(
    client: FlaskClient, knowledge: Knowledge, code: str
) -> None:
    assert left_english(client, "/rules", code, knowledge) == set()
    for rule in knowledge.rules:
        assert left_english(client, f"/rules/{rule}", code, knowledge) == set(), rule


@pytest.mark.parametrize("code", OTHERS)
def test_that_the_insights_are_away_is_said_in_the_reader_s_language(
    knowledge: Knowledge, settings: Settings, code: str
) -> None:
    client = wire.application(knowledge, settings.model_copy(update={"demo": True})).test_client()
    assert left_english(client, "/insights", code, knowledge, 503) == set()


def cells(page: str) -> list[str]:
    """What stands in the tables' cells of numbers, and what the months of the plots say."""
    return [*re.findall(r'<td class="number">([^<]*)</td>', page), *re.findall(r"<title>[^:<]*: ([^<]*)</title>", page)]


@pytest.mark.parametrize("code", OTHERS)
def test_a_hidden_count_is_hidden_in_every_language(site: Life, code: str) -> None:
    """Each cell holds the same digits as the English one, of which another test knows that they hide enough."""
    client = site.app(demo=True).test_client()
    english, own = (cells(page_of(client, HALF_YEAR, one)) for one in ("en", code))
    assert sum("fewer than" in cell for cell in english) > 20
    assert [re.findall(r"\d+", cell) for cell in own] == [re.findall(r"\d+", cell) for cell in english]
    assert not [cell for cell in own if re.search("fewer|to |too few|within", cell)]


LOCAL = {
    "en": ("fewer than 5", "to", "2026-03", "2026-01-05", "%"),
    "es": ("menos de 5", "a", "mar 2026", "5 ene 2026", "\N{NO-BREAK SPACE}%"),
    "de": ("weniger als 5", "bis", "März 2026", "05.01.2026", "\N{NO-BREAK SPACE}%"),
}


@pytest.mark.parametrize(("code", "written"), LOCAL.items())
def test_counts_months_days_and_shares_are_written_by_the_locale(
    site: Life, code: str, written: tuple[str, ...]
) -> None:
    page = page_of(site.app(demo=True).test_client(), HALF_YEAR, code)
    few, to, month, day, percent = written
    assert f'<td class="number">{few}</td>' in page
    assert re.search(rf'<td class="number">\d+ {to} \d+</td>', page)
    assert f'<th class="month" scope="row">{month}</th>' in page
    assert re.search(rf"<option[^>]*>{OLD[:12]}\S* [^<]*{re.escape(day)}</option>", page)
    assert re.search(rf'<td class="number">\d[^<]*\d{percent}</td>', page)


def test_reasons_and_missing_items_have_the_words_of_the_cards(site: Life) -> None:
    client = site.app(demo=True).test_client()
    german, spanish = page_of(client, HALF_YEAR, "de"), page_of(client, HALF_YEAR, "es")
    for item in ("Anderswo verabreicht oder dokumentiert", "nur in Worten", "Dokumentation verabreichter Gaben"):
        assert f"<td>{item}</td>" in german
    for item in ("Administrado o registrado en otro lugar", "sin motivo", "un registro de las dosis administradas"):
        assert f"<td>{item}</td>" in spanish


def test_the_csv_file_is_the_same_for_every_reader(site: Life) -> None:
    client = site.app(demo=True).test_client()
    address = HALF_YEAR.replace("?", "/counts.csv?")
    english, german = (client.get(address, headers={"Accept-Language": code}) for code in ("en", "de"))
    assert english.data == german.data
    assert b"fewer than 5" in german.data
