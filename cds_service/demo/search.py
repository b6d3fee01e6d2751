"""
Reads and searches over the example patients, as FHIR R4 has them: as many parameters as their data need.

A parameter or modifier that is not among them is refused, as `Prefer: handling=strict` asks: a search that leaves a
part of the question out would answer another one. No library for Python searches resources in memory; those there
are bring a server, a database or a client.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from msgspec import Struct

from cds_service import __version__
from cds_service.demo.patients import Demo, Resource
from cds_service.errors import CdsError
from cds_service.fhir.definitions import checked
from cds_service.fhir.templates import PATIENT, TEMPLATES

PAGE, MOST = 50, 200
"""Entries on a page where the search does not say, and at most."""
TYPES = (*dict.fromkeys(kind for kind, _ in TEMPLATES.values()), "Practitioner")
Pair = tuple[str, str]


class Refused(CdsError):
    """A read or search that is not answered: the HTTP status, the issue's type, and the message."""

    def __init__(self, message: str, status: int = 400, issue: str = "not-supported") -> None:
        super().__init__(message)
        self.status, self.issue = status, issue


class Page(Struct, frozen=True):
    """Where in its result a search stands: from which entry on, how many, and in which order."""

    begin: int = 0
    count: int = PAGE
    sort: str = ""


def read(demo: Demo, kind: str, name: str) -> Resource:
    """One resource; raises Refused where there is none."""
    _check_type(kind)
    found = demo.resources.get(kind, {}).get(name)
    if found is None:
        raise Refused(f"expected the id of a {kind}, got another", 404, "not-found")
    return found


def search(demo: Demo, kind: str, asked: Sequence[Pair], base: str) -> Resource:
    """A searchset of one type; `base` is the URL of this server. Raises Refused."""
    _check_type(kind)
    page, wanted = _page_of(asked), [pair for pair in asked if pair[0] not in PAGING and pair[0] != "_format"]
    for name in dict.fromkeys(name for name, _ in wanted):
        _check_parameter(kind, name)
    found = [one for one in demo.of_type(kind) if all(_matches(one, name, values) for name, values in wanted)]
    return _bundle(_sorted(found, page.sort), page, kind, wanted, base)


def prefetch_of(demo: Demo, patient_id: str, base: str) -> Mapping[str, Resource]:
    """What an EHR sends with a call about this patient: every prefetch template, asked of this server."""
    return dict(_prefetched(demo, patient_id, base))


def _prefetched(demo: Demo, patient_id: str, base: str) -> Iterator[tuple[str, Resource]]:
    for key, (kind, template) in TEMPLATES.items():
        query = template.replace(PATIENT, patient_id).partition("?")[2]
        if not query:
            yield key, read(demo, kind, patient_id)
            continue
        asked = [tuple(part.split("=", 1)) for part in query.split("&")]
        yield key, search(demo, kind, [(name, value) for name, value in asked] + [("_count", str(MOST))], base)


def capabilities(base: str) -> Resource:
    """The CapabilityStatement."""
    interactions = [{"code": "read"}, {"code": "search-type"}]
    resources = [
        {
            "type": kind,
            "interaction": interactions,
            "searchParam": [{"name": name, "type": PARAMETERS[name].kind} for name in _parameters(kind)],
        }
        for kind in TYPES
    ]
    return checked({
        "resourceType": "CapabilityStatement",
        "status": "active",
        "experimental": True,
        "date": "2026-03-10",
        "kind": "instance",
        "software": {"name": "Cobalamin CDS demo", "version": __version__},
        "implementation": {"description": "Example patients of Cobalamin CDS, read only", "url": base},
        "fhirVersion": "4.0.1",
        "format": ["json"],
        "rest": [{"mode": "server", "resource": resources}],
    })  # fmt: skip


Match = Callable[[Any, str], bool]


class Parameter(Struct, frozen=True):
    """A search parameter: its type in FHIR, the elements it looks at, and how one value is compared."""

    kind: str
    elements: tuple[str, ...]
    match: Match


def _token(element: Any, value: str) -> bool:  # noqa: ANN401 - JSON
    """A code, with its system before a bar; or a plain code."""
    system, bar, code = value.rpartition("|")
    if isinstance(element, dict):
        codings = element.get("coding") or ([element] if "code" in element else [])
        return any(
            (not code or one.get("code") == code) and (not bar or (one.get("system") or "") == system)
            for one in codings
        )  # fmt: skip
    return bool(element == code)


def _reference(element: Any, value: str) -> bool:  # noqa: ANN401 - JSON
    """By `Type/id` or by the id alone."""
    ref = str(element.get("reference", ""))
    return value in {ref, ref.rpartition("/")[2]}


def _string(element: Any, value: str) -> bool:  # noqa: ANN401 - JSON
    """The beginning of a name, or of a part of one, without regard to case."""
    parts = [*element.get("given", ()), element.get("family", "")] if isinstance(element, dict) else [str(element)]
    return any(part.casefold().startswith(value.casefold()) for part in parts)


def _exactly(element: Any, value: str) -> bool:  # noqa: ANN401 - JSON
    return bool(element == value)


_SUBJECT = Parameter("reference", ("subject", "patient"), _reference)
PARAMETERS: Mapping[str, Parameter] = {
    "_id": Parameter("token", ("id",), _exactly),
    "patient": _SUBJECT,
    "subject": _SUBJECT,
    "code": Parameter("token", ("code", "medicationCodeableConcept"), _token),
    "category": Parameter("token", ("category",), _token),
    "status": Parameter("token", ("status",), _token),
    "clinical-status": Parameter("token", ("clinicalStatus",), _token),
    "name": Parameter("string", ("name",), _string),
    "gender": Parameter("token", ("gender",), _token),
    "birthdate": Parameter("date", ("birthDate",), _exactly),
}
PEOPLE = frozenset({"Patient", "Practitioner"})
ONLY_PEOPLE = frozenset({"name", "gender", "birthdate"})
SORTS: Mapping[str, tuple[str, ...]] = {
    "_id": ("id",),
    "date": ("effectiveDateTime", "effectivePeriod", "authoredOn", "onsetDateTime", "performedDateTime"),
    "authoredon": ("authoredOn",),
    "birthdate": ("birthDate",),
}
PAGING = frozenset({"_count", "_offset", "_sort"})


def _parameters(kind: str) -> list[str]:
    if kind in PEOPLE:
        return ["_id", *sorted(ONLY_PEOPLE)]
    clinical = [name for name in PARAMETERS if name not in ONLY_PEOPLE]
    return clinical if kind == "Condition" else [name for name in clinical if name != "clinical-status"]


def _check_type(kind: str) -> None:
    if kind not in TYPES:
        raise Refused(f"expected one of {', '.join(TYPES)}, got another type", 404, "not-supported")


def _check_parameter(kind: str, name: str) -> None:
    if name not in _parameters(kind):
        raise Refused(f"expected one of {', '.join([*_parameters(kind), *sorted(PAGING)])}, got another parameter")


def _matches(resource: Resource, name: str, values: str) -> bool:
    """Any of the values, which stand between commas."""
    parameter = PARAMETERS[name]
    elements = [part for element in parameter.elements for part in _many(resource.get(element))]
    return any(parameter.match(part, value) for value in values.split(",") for part in elements)


def _many(element: Any) -> Iterable[Any]:  # noqa: ANN401 - JSON
    return () if element is None else element if isinstance(element, list) else (element,)


def _page_of(asked: Sequence[Pair]) -> Page:
    given = {name: value for name, value in asked if name in PAGING}
    sort = given.get("_sort", "")
    if sort.removeprefix("-") not in {"", *SORTS}:
        raise Refused(f"expected one of {', '.join(SORTS)}, got another order at _sort")
    return Page(_number(given, "_offset", 0), min(_number(given, "_count", PAGE), MOST), sort)


def _number(given: Mapping[str, str], name: str, default: int) -> int:
    text = given.get(name, str(default))
    if not (text.isascii() and text.isdigit() and len(text) < 10):  # noqa: PLR2004 - digits of what is still a count
        raise Refused(f"expected a whole number, got another at {name}", issue="invalid")
    return int(text)


def _sorted(found: list[Resource], by: str) -> list[Resource]:
    """What has no such element goes last."""
    if not by:
        return found
    names = SORTS[by.removeprefix("-")]
    keyed = [(next((str(one[name]) for name in names if name in one), ""), one) for one in found]
    known = sorted((pair for pair in keyed if pair[0]), key=lambda pair: pair[0], reverse=by.startswith("-"))
    return [one for _, one in known] + [one for key, one in keyed if not key]


def _bundle(found: list[Resource], page: Page, kind: str, wanted: Sequence[Pair], base: str) -> Resource:
    entries = [
        {"fullUrl": f"{base}/{kind}/{one['id']}", "resource": one, "search": {"mode": "match"}}
        for one in found[page.begin : page.begin + page.count]
    ]
    links = [_link("self", page, kind, wanted, base)]
    if page.count and page.begin + page.count < len(found):
        links.append(_link("next", Page(page.begin + page.count, page.count, page.sort), kind, wanted, base))
    bundle = {"resourceType": "Bundle", "type": "searchset", "total": len(found), "link": links}
    return bundle | ({"entry": entries} if entries else {})


def _link(relation: str, page: Page, kind: str, wanted: Sequence[Pair], base: str) -> Resource:
    paging = [("_sort", page.sort)] * bool(page.sort) + [("_count", str(page.count))]
    paging += [("_offset", str(page.begin))] * bool(page.begin)
    return {"relation": relation, "url": f"{base}/{kind}?{urlencode([*wanted, *paging])}"}
