"""The insights page and its CSV, over half a year of calls in a real database of either kind."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text

from cds_service.knowledge import Knowledge
from cds_service.settings import Settings
from cds_service.store.database import engine_of
from tests.helpers import wire
from tests.helpers.ledger import NAMED, NEW, NOW, OLD, Life, life, live
from tests.helpers.postgres import Cluster

HALF_YEAR = "from=2026-01&until=2026-06"
PROXY = {"login_header": "X-Operator", "login_proxy_secret": "s" * 32}
AS_OPERATOR = {"X-Operator": "owner", "X-Login-Secret": "s" * 32}


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def site(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, knowledge: Knowledge
) -> Iterator[Life]:
    """Half a year, in a database of either kind; tests only read it."""
    folder = tmp_path_factory.mktemp("life")
    url = f"sqlite:///{folder}/store.db"
    if request.param == "postgresql":
        cluster: Cluster = request.getfixturevalue("cluster")
        cluster.query("CREATE DATABASE life")
        url = cluster.url("life")
    with life(url, folder, knowledge, keep_comments=True) as found:
        live(found)
        yield found
    if request.param == "postgresql":
        cluster.query("DROP DATABASE life WITH (FORCE)")


@pytest.fixture
def small(tmp_path: Path, knowledge: Knowledge) -> Iterator[Life]:
    """Nothing has happened yet."""
    with life(f"sqlite:///{tmp_path}/store.db", tmp_path, knowledge) as found:
        found.clock[0] = NOW
        yield found


def rows(client: FlaskClient, query: str = HALF_YEAR, **headers: str) -> list[dict[str, str]]:
    answer = client.get(f"/insights/counts.csv?{query}", headers=headers)
    assert answer.status_code == 200
    assert answer.mimetype == "text/csv"
    return list(csv.DictReader(io.StringIO(answer.get_data(as_text=True))))


def counted(site: Life, question: str) -> Counter[tuple[str, ...]]:
    """What the tables themselves say; the last column is the number."""
    engine = engine_of(site.url)
    with engine.connect() as connection:
        found = Counter({tuple(row[:-1]): row[-1] for row in connection.execute(text(question))})
    engine.dispose()
    return found


MONTH = "substr(cast(evaluation.at as varchar(30)), 1, 7)"
HELD = f"""
    SELECT {MONTH}, client, hook, knowledge, rule, held, count(*)
    FROM card JOIN evaluation ON evaluation.id = evaluation WHERE held <> '' GROUP BY 1, 2, 3, 4, 5, 6
"""  # noqa: S608 - written here
ACCEPTED = f"""
    SELECT {MONTH}, evaluation.client, hook, knowledge, rule, 'accepted', count(*)
    FROM feedback JOIN card ON card.uuid = feedback.card JOIN evaluation ON evaluation.id = evaluation
    WHERE outcome = 'accepted' GROUP BY 1, 2, 3, 4, 5
"""  # noqa: S608
KINDS = {"Held back as repeat": "repeat", "Muted": "muted", "In shadow": "shadow", "Accepted": "accepted"}


def test_every_count_is_that_of_the_tables_or_hidden(site: Life) -> None:
    true = counted(site, HELD) + counted(site, ACCEPTED)
    assert {kind for *_, kind in true} == set(KINDS.values())
    told = {}
    for row in rows(site.app(demo=True).test_client()):
        if row["measure"] in KINDS:
            place = (row["month"], row["client"], row["hook"], row["knowledge"], row["rule"])
            told[*place, KINDS[row["measure"]]] = row["count"]
    running = {key for key in true if key[0] == "2026-06"}
    assert set(told) == set(true)
    assert all(told[key] == ("fewer than 5" if true[key] < 5 else str(true[key])) for key in set(true) - running)
    assert {told[key] for key in running} <= {"fewer than 5", "5 to 9", "10 to 14"}


def test_the_page_tells_each_thing_that_was_asked_for(site: Life) -> None:
    page = site.app(demo=True).test_client().get(f"/insights?{HALF_YEAR}").get_data(as_text=True)
    for heading in (
        "Over time",
        "By rule and protocol version",
        "Why cards were overridden",
        "What could not be checked",
    ):
        assert f">{heading}</h2>" in page
    for plot in ("Shown", "Accepted", "Overridden", "Muted", "In shadow", "Undecided", "Time to answer, ms"):
        assert f">{plot}</figcaption>" in page
    for item in ("Given or recorded elsewhere", "another reason", "in words only", "no reason given"):
        assert f"<td>{item}</td>" in page
    assert "<td>a record of doses given</td>" in page
    assert re.search(r"us-practice \d{4}\.\d+", page)
    assert re.search(r"half within \d+ ms, 95 of 100 within \d+ ms", page)


def test_before_and_after_a_change_of_the_knowledge(site: Life) -> None:
    client = site.app(demo=True).test_client()
    page = client.get(f"/insights?{HALF_YEAR}&knowledge={NEW}").get_data(as_text=True)
    assert f"before ({OLD[:12]}) and after ({NEW[:12]})" in page
    assert page.count('class="turn"') == 9  # a line in each plot
    turned = client.get(f"/insights?{HALF_YEAR}&before={NEW}&after={OLD}").get_data(as_text=True)
    assert f"before ({NEW[:12]}) and after ({OLD[:12]})" in turned


FILTERS = {
    "rule": "maintenance_overdue",
    "hook": "order-sign",
    "client": "clinic",
    "protocol": "us-practice",
    "knowledge": OLD,
}


def test_a_filter_gives_exactly_the_lines_it_names(site: Life) -> None:
    client = site.app(demo=True).test_client()
    whole = [row for row in rows(client) if row["rule"]]
    for name, value in FILTERS.items():
        only = [row for row in rows(client, f"{HALF_YEAR}&{name}={value}") if row["rule"]]
        assert only == [row for row in whole if row[name] == value]
        assert only
    march = [row for row in rows(client, "from=2026-03&until=2026-03") if row["rule"]]
    assert march == [row for row in whole if row["month"] == "2026-03"]
    assert {row["knowledge"] for row in march} == {OLD, NEW}


def test_neither_page_nor_csv_names_a_patient_a_user_or_a_day(site: Life) -> None:
    client = site.app(**PROXY).test_client()
    names = counted(site, "SELECT patient_key, user_key, id, count(*) FROM evaluation GROUP BY 1, 2, 3")
    assert len(names) > 300
    for address in (f"/insights?{HALF_YEAR}", f"/insights/counts.csv?{HALF_YEAR}"):
        told = client.get(address, headers=AS_OPERATOR).get_data(as_text=True)
        assert not [name for key in names for name in key if name in told]
        assert not re.search(r"patient-\d|Practitioner", told)


def test_comments_are_for_an_operator_who_is_known_and_never_in_the_csv(site: Life) -> None:
    words = NAMED["userComment"]
    known, anybody = site.app(**PROXY).test_client(), site.app(demo=True).test_client()
    assert words in known.get(f"/insights?{HALF_YEAR}", headers=AS_OPERATOR).get_data(as_text=True)
    assert words not in known.get(f"/insights/counts.csv?{HALF_YEAR}", headers=AS_OPERATOR).get_data(as_text=True)
    assert words not in anybody.get(f"/insights?{HALF_YEAR}").get_data(as_text=True)
    unkept = site.app(**PROXY, keep_comments=False).test_client().get(f"/insights?{HALF_YEAR}", headers=AS_OPERATOR)
    assert words not in unkept.get_data(as_text=True)


def test_feedback_of_another_client_changes_nothing(small: Life) -> None:
    app = small.app(demo=True)
    for patient in range(6):
        [card] = small.ask(app, "patient-view", patient)
        small.react(app, card, "clinic", outcome="accepted", acceptedSuggestions=[])
    small.drain()
    assert measures(app) == {"No reaction": "5 to 9"}


def measures(app: Flask) -> dict[str, str]:
    return {row["measure"]: row["count"] for row in rows(app.test_client(), "rule=maintenance_overdue") if row["rule"]}


def test_the_last_word_on_a_card_counts(small: Life) -> None:
    app = small.app(demo=True)
    for patient in range(6):
        [card] = small.ask(app, "patient-view", patient)
        small.react(app, card, overrideReason={})
        small.clock[0] += timedelta(minutes=1)
        small.react(app, card, outcome="accepted", acceptedSuggestions=[])
    small.drain()
    assert measures(app) == {"Accepted": "5 to 9"}


def test_an_empty_database_is_said_plainly(small: Life) -> None:
    page = small.app(demo=True).test_client().get("/insights").get_data(as_text=True)
    assert "Nothing is recorded for these months" in page
    assert "Open a patient in the demo" in page
    assert "<svg" not in page
    assert len(rows(small.app(demo=True).test_client(), "")) == 0


@pytest.mark.parametrize(
    ("query", "path"),
    {
        "from=March": "from",
        "until=2026-13": "until",
        "from=2026-05&until=2026-04": "from",
        "from=2020-01&until=2026-04": "from",
    }.items(),
)
def test_other_months_are_refused(small: Life, query: str, path: str) -> None:
    wire.refused(small.app(demo=True).test_client().get(f"/insights?{query}"), 400, path)


def test_hostile_filters_find_nothing_and_are_no_markup(small: Life) -> None:
    client = small.app(demo=True).test_client()
    for name in FILTERS:
        answer = client.get("/insights", query_string={name: "'\"><script>alert(1)</script>" + "x" * 4000})
        assert answer.status_code == 200
        assert "<script" not in answer.get_data(as_text=True)


def test_months_of_which_some_was_removed_already_are_not_shown(small: Life) -> None:
    page = small.app(demo=True, retention_days=60).test_client().get("/insights").get_data(as_text=True)
    assert 'value="2026-05"' in page


def test_a_database_that_is_away_is_said_and_nothing_else_suffers(knowledge: Knowledge, settings: Settings) -> None:
    app = wire.application(knowledge, settings.model_copy(update={"demo": True}))
    answer = app.test_client().get("/insights")
    assert answer.status_code == 503
    assert "cannot be read now" in answer.get_data(as_text=True)


def closed(app: Flask) -> bool:
    client = app.test_client()
    return all(client.get(path).status_code == 404 for path in ("/insights", "/insights/counts.csv", "/insights/login"))


def test_without_a_login_and_outside_demo_mode_there_are_no_insights(knowledge: Knowledge, settings: Settings) -> None:
    assert closed(wire.application(knowledge, settings))
    assert closed(wire.application(knowledge, settings.model_copy(update={"demo": True, "host": "0.0.0.0"})))  # noqa: S104
