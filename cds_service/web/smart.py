"""
The SMART app: a patient's B12 story and plan, opened from the EHR (SMART App Launch 2).

The browser gets the token, reads the chart from the EHR and sends it here, to the server that its page came from; the
answer is drawn and forgotten: nothing of it is kept or logged.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from urllib.parse import urlsplit
from uuid import uuid4

from flask import Blueprint, Response, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from msgspec import Struct

from cds_service.app_question import Question, Telling, read_question, tell
from cds_service.asking import AS_OF, PROTOCOL, asked_of
from cds_service.clients import DEVELOPMENT, Client
from cds_service.demo import patients as demo
from cds_service.drawing import picture_of
from cds_service.fhir.templates import TEMPLATES
from cds_service.language import Language
from cds_service.plan_calendar import calendar_of
from cds_service.plan_dates import LATEST_START
from cds_service.plan_orders import resources_of
from cds_service.planned import Loading
from cds_service.said import STRETCHES, Sayer
from cds_service.web.call import json_body
from cds_service.web.demo_fhir import Launching, fhir_base, launching_of
from cds_service.web.headers import page_policy
from cds_service.web.languages import preferred
from cds_service.web.replies import json_reply
from cds_service.web.state import state

READS = sorted({kind for kind, _ in TEMPLATES.values()} | {"Medication"})
WRITES = ("CarePlan", "MedicationRequest")
SCOPES = " ".join([*(f"patient/{kind}.rs" for kind in READS), *(f"patient/{kind}.c" for kind in WRITES)])
BACK = ((90, "3 months"), (365, "1 year"), (1826, "5 years"), (36525, "everything"))
blueprint = Blueprint("smart", __name__, url_prefix="/smart")


class App(Struct, frozen=True):
    """The app as one client's users open it: the FHIR servers that it may read; `open`: they ask for no token."""

    client: Client
    servers: tuple[str, ...]
    open: bool = False

    @property
    def reached(self) -> tuple[str, ...]:
        """The origins that its page may call beside us."""
        return () if self.open else tuple(dict.fromkeys([*map(_origin, self.servers), *self.client.smart_origins]))


def apps() -> Mapping[str, App]:
    """By client id: those of the file of clients, and in demo mode one on our own example patients."""
    here = state()
    found = {one.id: App(one, tuple(server.rstrip("/") for server in one.fhir_servers)) for one in here.smart}
    if here.demo is not None:
        found[DEVELOPMENT.id] = App(DEVELOPMENT, (fhir_base(),), open=True)
    return found


@blueprint.get("/launch")
def launch() -> ResponseReturnValue:
    """Where an EHR, or a user alone, opens the app: `iss` names the FHIR server, `launch` the EHR's own context."""
    asked = request.args.get("iss", "").rstrip("/")
    found = next((one for one in apps().values() if asked in one.servers), None)
    if found is None:
        stories = examples.stories.values() if (examples := state().demo) else ()
        closed = render_template("smart_closed.html", asked=bool(asked), stories=stories)
        return _page(closed, None, 400 if asked else 200)
    if found.open:
        opened = _opened_by()
        where = url_for("smart.app", client=found.client.id, patient=opened.patient, appContext=opened.appContext)
        return redirect(where)
    scope = f"{SCOPES} {'launch' if request.args.get('launch') else 'launch/patient'}"
    words = {"app": found, "scope": scope, "server": asked, "redirect": _address(found)}
    return _page(render_template("smart_launch.html", **words), found)


@blueprint.get("/app/<client>")
def app(client: str) -> Response:
    """Where the authorization server sends the browser back to; the picture and the plan are shown here."""
    found = apps().get(client) or abort(404)
    extension = _set_by_demo() if found.open else {}
    words = {
        "app": found,
        "queries": json.dumps({key: query for key, (_, query) in TEMPLATES.items()}),
        "extension": json.dumps(extension),
        "server": found.servers[0],
    }
    return _page(render_template("smart_app.html", **words), found)


@blueprint.post("/story")
def story() -> Response:
    """The picture, the table and the plan of the chart that is sent, as a part of a page."""
    question, telling, sayer = _told()
    episode, plan = telling.episode, telling.plan
    parts = render_template(
        "smart_story.html",
        story=telling.story,
        picture=picture_of(telling.story, sayer, question.view.width, question.view.time),
        rows=sayer.rows(telling.story),
        sayer=sayer,
        plan=plan,
        protocol=episode.protocol,
        back=BACK,
        chosen_back=question.view.back,
        weekdays=tuple(enumerate(sayer.weekdays())),
        latest=episode.as_of + LATEST_START,
        today=episode.as_of,
        stretches={kind.value: words for kind, words in STRETCHES.items()},
        t=sayer.words,
        loadings={Loading.WHOLE: "whole loading", Loading.REST: "what is left of loading", Loading.NONE: "no loading"},
        rule=question.rule,
        title=state().knowledge.words[sayer.language.code].titles.get(question.rule),
    )
    return Response(parts, mimetype="text/html")


@blueprint.post("/plan.ics")
def calendar() -> Response:
    """The plan as a calendar."""
    _, telling, sayer = _told()
    body = calendar_of(telling.plan, telling.episode.protocol, sayer.language, state().clock(), uuid4)
    return Response(body, mimetype="text/calendar")


@blueprint.post("/plan.json")
def resources() -> Response:
    """The plan as FHIR resources: a CarePlan and draft MedicationRequests."""
    question, telling, _ = _told()
    return json_reply({"resources": resources_of(telling.plan, question.request.patient_id)})


def _opened_by() -> Launching:
    """With what the demo EHR opens the app: its server gives no token in whose answer that could stand."""
    text = request.args.get("launch")
    return launching_of(text) if text else Launching(request.args.get("patient", ""))


def _set_by_demo() -> dict[str, str]:
    """The day and the protocol of an example patient's story."""
    examples = state().demo
    story = examples.stories.get(request.args.get("patient", "")) if examples else None
    return {AS_OF: demo.AS_OF} | ({PROTOCOL: story.protocol} if story and story.protocol else {})


def _told() -> tuple[Question, Telling, Sayer]:
    """What is asked and its answer; 403 to any but our own pages."""
    check_own_page()
    question = read_question(json_body())
    found = apps().get(question.app) or abort(404)
    here = state()
    asked = asked_of(question.request, here.settings, here.knowledge, here.clock(), found.client, preferred)
    language: Language = here.knowledge.words[asked.language].language
    return question, tell(question, asked), Sayer(language)


def check_own_page() -> None:
    """
    403 unless a page of this service asks.

    A browser says so itself (Sec-Fetch-Site, which no page can forge; Origin in older ones). Others can claim it: they
    get a drawing of what they sent, and nothing else.
    """
    site = request.headers.get("Sec-Fetch-Site")
    base = state().settings.base_url or request.url_root
    if site != "same-origin" and (site or request.headers.get("Origin") != _origin(base)):
        abort(403)


def _address(found: App) -> str:
    """Where the authorization server sends the browser back to: what is registered there."""
    base = state().settings.base_url.rstrip("/")
    path = url_for("smart.app", client=found.client.id)
    return f"{base}{path}" if base else f"{request.url_root.rstrip('/')}{path}"


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def _page(body: str, found: App | None, status: int = 200) -> Response:
    response = Response(body, status, mimetype="text/html")
    frames = found.client.smart_frames if found else ()
    policy = page_policy(*(found.reached if found else ()))
    if frames:
        policy = policy.replace("frame-ancestors 'none'", f"frame-ancestors 'self' {' '.join(frames)}")
    response.headers["Content-Security-Policy"] = policy
    return response
