"""
GET /: the demo EHR, a page that calls this service as a real client does; in demo mode alone.

POST /demo/explain tells why the rules spoke to a call or were silent.
"""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, abort, make_response, render_template, request

from cds_service.answer import answer
from cds_service.asking import AS_OF as AS_OF_NAME
from cds_service.asking import PROTOCOL as PROTOCOL_NAME
from cds_service.asking import asked_of
from cds_service.demo.chart import chart_of, today
from cds_service.demo.patients import AS_OF, Story
from cds_service.demo.products import products_of
from cds_service.demo.search import prefetch_of
from cds_service.demo.words import label_of, periods, spoken
from cds_service.explained import explanation_of
from cds_service.hooks import read_request
from cds_service.knowledge import roots
from cds_service.language import Language
from cds_service.texts import LANGUAGE
from cds_service.web.call import json_body
from cds_service.web.demo_fhir import demo, fhir_base
from cds_service.web.headers import page_policy
from cds_service.web.languages import of_page
from cds_service.web.replies import json_reply
from cds_service.web.state import state

USER = "Practitioner/dr-ames"
blueprint = Blueprint("demo", __name__)


@blueprint.get("/")
def page() -> Response:
    """The chart of one patient: the one named in `patient`, or the first."""
    stories = demo().stories
    chosen = request.args.get("patient") or next(iter(stories))
    story = stories.get(chosen) or abort(404)
    protocol = request.args.get("protocol") or story.protocol
    if protocol not in state().knowledge.protocols:
        abort(404)
    prefetch, language = prefetch_of(demo(), story.id, fhir_base()), of_page()
    shown = render_template(
        "demo.html",
        stories=list(stories.values()),
        story=story,
        protocol=protocol,
        protocols=list(state().knowledge.protocols.values()),
        chart=chart_of(prefetch, language),
        today=today(language),
        periods=periods(language),
        session=_session(story, protocol, prefetch, language),
    )
    response = make_response(shown)
    response.headers["Content-Security-Policy"] = page_policy()
    return response


@blueprint.post("/demo/explain")
def explain() -> Response:
    """Every rule's verdict on a hook call, which is judged as if it had been sent to its service, and not recorded."""
    here, hook_request = state(), read_request(json_body())
    asked = asked_of(hook_request, here.settings, here.knowledge, here.clock())
    explained = explanation_of(answer(hook_request, asked))
    language = of_page()
    titles = here.knowledge.words[language.code].titles
    verdicts = [one | {"title": titles[one["rule"]]} | _why(one, language) for one in explained["verdicts"]]
    facts = [_said(one, "fact", language) | _said(one, "value", language) for one in explained["facts"]]
    return json_reply(explained | {"facts": facts, "verdicts": verdicts})


def _why(verdict: dict[str, Any], language: Language) -> dict[str, Any]:
    """Why a rule was silent or could not look is ours to say; which of its findings it made is a name."""
    return {"whyLang": LANGUAGE} if verdict["kind"] == "finding" else _said(verdict, "why", language)


def _said(told: dict[str, Any], key: str, language: Language) -> dict[str, Any]:
    """One of its words in the page's language, or in English with a note of that beside it."""
    text = told[key]
    return {key: language.words(text), f"{key}Lang": language.code if language.knows(text) else LANGUAGE}


def _session(story: Story, protocol: str, prefetch: Any, language: Language) -> dict[str, Any]:  # noqa: ANN401 - JSON
    """What the page's scripts work with."""
    return {
        "patient": story.id,
        "user": USER,
        "today": AS_OF[:10],
        "fhirServer": fhir_base(),
        "extension": {AS_OF_NAME: AS_OF, PROTOCOL_NAME: protocol},
        "prefetch": prefetch,
        "order": story.order,
        "products": [one | {"label": label_of(one, language)} for one in products_of(roots().fhir_profiles)],
        "words": spoken(language),
    }
