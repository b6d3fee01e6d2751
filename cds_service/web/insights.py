"""GET /insights: how the advice fares, for the owner of the rules; and the same counts as CSV."""

from __future__ import annotations

import csv
import io
import logging
import re
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import msgspec
from flask import Blueprint, Response, current_app, render_template, request, url_for
from sqlalchemy.exc import SQLAlchemyError

from cds_service.errors import MalformedRequest
from cds_service.insights import Leaf, leaves
from cds_service.insights_report import WORDS, Report, changes_of, compared, months_of, report_of
from cds_service.insights_said import HIDDEN, RANGE, Teller
from cds_service.store.export import for_spreadsheet
from cds_service.store.insights import FEEDBACK_DELAY, Asked, Comment, month_after, month_begins
from cds_service.texts import LANGUAGE
from cds_service.web.headers import PAGE
from cds_service.web.languages import of_page
from cds_service.web.login import enter, operator
from cds_service.web.state import State, state

LOG = logging.getLogger(__name__)
MONTH = re.compile(r"20\d\d-(0[1-9]|1[0-2])")
MOST_MONTHS = 36
USUAL_MONTHS = 12
MOST_COMMENTS = 50
MOST_LETTERS = 255
DRAINED = timedelta(days=1)
"""By then what waited in a spool is counted, unless the database was away for longer."""
NARROWING = ("rule", "hook", "client", "protocol", "knowledge")
HEAD = ("month", "client", "hook", "protocol", "protocol version", "knowledge", "rule", "measure", "item", "count")
PAGE_WITH_FORMS = PAGE.replace("form-action 'none'", "form-action 'self'")
blueprint = Blueprint("insights", __name__)


@blueprint.before_request
def _enter() -> Response | None:
    return enter(current_app)


@blueprint.get("/insights", strict_slashes=False)
def page() -> Response:
    """Plots and tables."""
    try:
        reply = Response(render_template("insights.html", **_found(state(), asked_of(request.args, state()))))
    except SQLAlchemyError as fault:
        LOG.warning("insights not read", extra={"fault": type(fault).__name__})
        return Response(render_template("insights_away.html"), 503)
    reply.headers["Content-Security-Policy"] = PAGE_WITH_FORMS
    return reply


@blueprint.get("/insights/counts.csv")
def as_csv() -> Response:
    """
    Every protected count, one a line: those that the page's numbers are added up from.

    It is for other programs: its columns and words are English and the same for every reader.
    """
    asked = asked_of(request.args, state())
    found, report = _counted(state(), asked)
    written = io.StringIO()
    rows = csv.writer(written)
    rows.writerow(HEAD)
    rows.writerows([for_spreadsheet(cell) for cell in _cells(leaf)] for leaf in found)
    rows.writerows(_times(report))
    reply = Response(written.getvalue(), mimetype="text/csv")
    reply.headers["Content-Disposition"] = f'attachment; filename="insights-{asked.since}-{asked.until}.csv"'
    return reply


def _cells(leaf: Leaf) -> tuple[str, ...]:
    at = leaf.place
    place = (at.month, at.client, at.hook, at.protocol, at.protocol_version, at.knowledge, at.rule)
    return (*place, WORDS[leaf.measure], leaf.item, str(leaf.count))


def _times(report: Report) -> Iterator[tuple[str, ...]]:
    nowhere = ("",) * 6
    for month, _, spent in report.months:
        if spent.half:
            yield (month, *nowhere, "Milliseconds that half of the calls did not exceed", "", spent.half)
            yield (month, *nowhere, "Milliseconds that 95 of 100 calls did not exceed", "", spent.most)


def asked_of(wanted: Mapping[str, str], here: State) -> Asked:
    """What a query string asks for; raises MalformedRequest. Months of which some is removed already are left out."""
    now = here.clock()
    until = min(_month(wanted, "until") or f"{now:%Y-%m}", f"{now:%Y-%m}")
    since = _month(wanted, "from") or _months_before(until, USUAL_MONTHS - 1)
    if since > until:
        raise MalformedRequest("expected a first month before the last, got one after it", "from")
    if since < _months_before(until, MOST_MONTHS - 1):
        raise MalformedRequest(f"expected {MOST_MONTHS} months at most, got more", "from")
    narrowed = {name: wanted.get(name, "")[:MOST_LETTERS] for name in NARROWING}
    return Asked(min(max(since, _first_whole(here, now)), until), until, **narrowed)


def _month(wanted: Mapping[str, str], name: str) -> str:
    value = wanted.get(name, "").strip()
    if value and not MONTH.fullmatch(value):
        raise MalformedRequest("expected a month such as 2026-03, got something else", name)
    return value


def _months_before(month: str, number: int) -> str:
    year, of_year = divmod(int(month[:4]) * 12 + int(month[5:]) - 1 - number, 12)
    return f"{year:04}-{of_year + 1:02}"


def _first_whole(here: State, now: datetime) -> str:
    days = here.settings.retention_days
    return month_after(f"{now - timedelta(days=days):%Y-%m}") if days else ""


def _settled(now: datetime, month: str) -> bool:
    return month_begins(month_after(month)) + FEEDBACK_DELAY + DRAINED <= now


def _counted(here: State, asked: Asked) -> tuple[list[Leaf], Report]:
    ledger = here.ledger
    tallies = ledger.tallies(asked)
    reasons = _reasons(here, LANGUAGE)
    found = leaves(tallies, ledger.reactions(asked), reasons, partial(_settled, here.clock()))
    return found, report_of(asked, found, tallies)


def _reasons(here: State, code: str) -> dict[str, str]:
    """The override reasons of our cards in one language, by their codes."""
    return {key: said for text in here.knowledge.words[code].texts.values() for key, said in text.override_reasons}


def _teller(here: State) -> Teller:
    """Of the language of the page that is asked for."""
    language = of_page()
    english, own = _reasons(here, LANGUAGE), _reasons(here, language.code)
    reasons = {words: own[key] for key, words in english.items()}
    return Teller(language, here.knowledge.words[language.code].titles, reasons)


def _found(here: State, asked: Asked) -> dict[str, object]:
    """What the page's template needs."""
    ledger = here.ledger
    found, report = _counted(here, asked)
    versions = ledger.versions(Asked(asked.since, asked.until))
    pair = compared(versions, request.args.get("before", ""), request.args.get("after", ""))
    if pair and asked.knowledge:
        found, _ = _counted(here, msgspec.structs.replace(asked, knowledge=""))
    return {
        "asked": asked,
        "report": report,
        "months": list(months_of(asked)),
        "words": WORDS,
        "tell": _teller(here),
        "hidden": HIDDEN,
        "range_shown": RANGE,
        "choices": ledger.choices(Asked(asked.since, asked.until)),
        "versions": versions,
        "turns": [f"{one.since:%Y-%m}" for one in versions[1:]],
        "pair": pair,
        "changes": changes_of(found, pair[0].knowledge, pair[1].knowledge) if pair else [],
        "comments": _comments(here, asked),
        "operator": operator(),
        "by_cookie": "login.logout" in current_app.view_functions,
        "demo": here.settings.demo,
        "drain_seconds": here.settings.drain_seconds,
        "unsettled": [month for month in months_of(asked) if not _settled(here.clock(), month)],
        "csv_url": url_for("insights.as_csv", **_query()),
    }


def _comments(here: State, asked: Asked) -> list[Comment]:
    """What clinicians wrote, if it is kept at all, and only for somebody who is known by name."""
    if not here.settings.keep_comments or not operator():
        return []
    return here.ledger.comments(asked, MOST_COMMENTS)


def _query() -> dict[str, Any]:
    return {name: value for name, value in request.args.items() if name in {"from", "until", *NARROWING} and value}
