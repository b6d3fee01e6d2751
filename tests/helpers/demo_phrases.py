"""What the demo EHR says beside its template: its scripts, its stories, its charts, and what stands in a trace."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from jinja2 import Environment, nodes

from cds_service import explained
from cds_service.b12.verdict import Silent
from cds_service.demo.patients import load_demo
from cds_service.demo.words import ROUTES, SCRIPT_WORDS, SUBLINGUAL_TABLET, TABLET
from cds_service.knowledge import roots
from cds_service.web.pages import FOLDER
from tests.helpers.tables import case_of, rows_of, tables

TEMPLATES = FOLDER.parent / "templates"


def of_the_demo() -> Iterator[str]:
    """Every phrase of ours that is looked up by its English words."""
    yield from (*SCRIPT_WORDS.values(), *ROUTES.values(), TABLET, SUBLINGUAL_TABLET)
    yield from _of_patients()
    yield from _of_facts()
    yield from reasons_of_silence()


def _of_patients() -> Iterator[str]:
    demo = load_demo(roots().fhir_profiles / "demo")
    for story in demo.stories.values():
        yield from (story.title, story.words, story.try_it)
    yield from (one["gender"] for one in demo.of_type("Patient"))
    states = {one["clinicalStatus"]["coding"][0]["code"] for one in demo.of_type("Condition")}
    yield from (states | {one["status"] for one in demo.of_type("MedicationRequest")}) - {"active"}


def _of_facts() -> Iterator[str]:
    """The names under which a trace tells what the rules saw."""
    for node in ast.walk(ast.parse(Path(explained.__file__).read_text("utf-8"))):
        if isinstance(node, ast.Yield) and isinstance(node.value, ast.Tuple):
            name = ast.literal_eval(node.value.elts[0])
            yield name


@cache
def reasons_of_silence() -> frozenset[str]:
    """Why rules were silent, in every row of their tables."""
    verdicts = (case_of(row).verdict for path in tables() for row in rows_of(path) if row.expected.kind == "silent")
    return frozenset(verdict.because for verdict in verdicts if isinstance(verdict, Silent))


def template_phrases(name: str) -> frozenset[str]:
    """What a template says by t("...")."""
    template = TEMPLATES / name
    calls = Environment(autoescape=True).parse(template.read_text("utf-8")).find_all(nodes.Call)
    said = (call.args for call in calls if isinstance(call.node, nodes.Name) and call.node.name == "t")
    return frozenset(one.value for arguments in said for one in arguments if isinstance(one, nodes.Const))
