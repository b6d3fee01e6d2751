"""The numbers of the clinicians' manual: what every protocol shares, and each protocol's own, by subject."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby, pairwise

from msgspec import Struct

from cds_service.b12.policy import Abbreviation, Check, Figure, RiskExposure, Spacing, Span
from cds_service.b12.protocol import Band, DoseLimits, LabelledRoutes, Magnitude, Protocol, Regimen
from cds_service.language import ENGLISH
from cds_service.protocol_files import Edition
from tests.helpers.patients import knowledge

SUBJECTS = {
    "regimens": "Doses and intervals",
    "timing": "When a dose is late, and what an order means",
    "spacing": "Between maintenance injections",
    "limits": "How large a dose may be",
    "oral": "By mouth",
    "bands": "Limits of laboratory results",
    "magnitudes": "Results that are possible in a unit",
    "results": "How long a result counts",
    "monitoring": "Checks after starting",
    "screening": "Whom to test",
    "safety": "Limits of safety",
    "supply": "How much is supplied",
    "planning": "When a plan is asked for",
}
UNITS = {"ug": "mcg", "ug/d": "mcg a day", "d": "days", "a": "years", "1": "", "mL/min/{1.73_m2}": "mL/min/1.73 m²"}
WHAT, USEFUL = ["what", "value", "unit", "since", "source"], {True: "useful", False: "not useful", None: "not said"}

Number = Figure | Span


class Entry(Struct, frozen=True):
    """One number with what leads to it and, where it changed, all its values, the oldest first."""

    subject: str
    what: str
    values: tuple[Number, ...]


def numbers() -> list[str]:
    """The chapters of numbers: the house defaults, then each protocol."""
    entries = {name: tuple(_entries(editions)) for name, editions in knowledge().editions.items()}
    first, *others = entries.values()
    common = [one for one in first if all(one in other for other in others)]
    own = {name: [one for one in found if one not in common] for name, found in entries.items()}
    return [_shared(common), *(_protocol(one, own[name]) for name, one in knowledge().protocols.items())]


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A Markdown table."""
    names = list(head)
    lines = [names, ["---"] * len(names), *rows]
    return "\n".join("| " + " | ".join(_cell(cell) for cell in line) + " |" for line in lines)


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;").replace("[", "\\[")


def _entries(editions: Sequence[Edition]) -> Iterator[Entry]:
    """Every number of a protocol; the same place in all its editions is one entry."""
    values: dict[tuple[str, str], list[Number]] = {}
    for edition in editions:
        for subject in edition.protocol.__struct_fields__:
            for what, one in _figures(getattr(edition.protocol, subject), ""):
                known = values.setdefault((subject, what), [])
                known += [] if one in known else [one]
    return (Entry(subject, what, tuple(found)) for (subject, what), found in values.items())


def _figures(node: object, path: str) -> Iterator[tuple[str, Number]]:
    """Every number with the names that lead to it."""
    if isinstance(node, Figure | Span):
        yield path.replace("_", " "), node
    elif isinstance(node, tuple):
        for place, item in enumerate(node, start=1):
            yield from _figures(item, f"{path} {_name(item, place)}".strip())
    elif isinstance(node, Struct):
        for name in node.__struct_fields__:
            yield from _figures(getattr(node, name), f"{path}, {name}" if path else name)


def _name(item: object, place: int) -> str:
    """What tells an item of a list from its neighbours."""
    if isinstance(item, Check):
        return f"{item.whom.value}: {' and '.join(test.value for test in item.tests)}"
    if isinstance(item, RiskExposure):
        return item.drug.value
    if isinstance(item, Spacing):
        return item.substance.value
    if isinstance(item, Regimen):
        return item.id
    if isinstance(item, Band):
        return f"{item.analyte.value} in {item.deficient_below.unit}"
    if isinstance(item, Magnitude):
        return f"{item.analyte.value} in {item.plausible.unit}"
    if isinstance(item, DoseLimits):
        what = "/".join(one.value for one in item.substances) or "any"
        return f"{what}, {'/'.join(route.value for route in item.routes)}"
    return f"step {place}"


def _listed(entries: Iterable[Entry]) -> str:
    """A table for each subject."""
    places = list(SUBJECTS)
    ordered = sorted(entries, key=lambda one: places.index(one.subject))
    parts = []
    for subject, found in groupby(ordered, key=lambda one: one.subject):
        parts += [f"**{SUBJECTS[subject]}**", table(WHAT, (row for one in found for row in _rows(one)))]
    return "\n\n".join(parts)


def _rows(entry: Entry) -> Iterator[list[str]]:
    """One row; one for each of its values, side by side, where the number changed."""
    for one, following in pairwise((*entry.values, None)):
        if one is not None:
            until = f"; until {following.since}" if following else ""
            yield [entry.what, _value(one), UNITS.get(one.unit, one.unit), f"{one.since}{until}", one.source]


def _value(one: Number) -> str:
    if isinstance(one, Figure):
        return ENGLISH.number(one.value)
    return (
        ENGLISH.number(one.low) if one.low == one.high else f"{ENGLISH.number(one.low)} to {ENGLISH.number(one.high)}"
    )


def _shared(common: Sequence[Entry]) -> str:
    shared = knowledge().protocols
    first = next(iter(shared.values()))
    return "\n\n".join([
        "## House defaults, the same in every protocol",
        "No guideline gives most of these. Each source says so, and says what the value was drawn from.",
        _listed(common),
        "**Error-prone forms of writing**",
        table(["form", "safe", "since", "source"], map(_form, first.abbreviations.values())),
    ])  # fmt: skip


def _form(one: Abbreviation) -> list[str]:
    return [one.form, one.safe, str(one.since), one.source]


def _protocol(protocol: Protocol, own: Sequence[Entry]) -> str:
    cited, oral, monitoring = protocol.source, protocol.oral, protocol.monitoring
    where = f"[{cited.label}]({cited.url})" if cited.url else cited.label
    policy = f"{_allowed(oral.first_line)} from the start, {_allowed(oral.after_loading)} after loading"
    useful = USEFUL[monitoring.b12_on_injections]
    antibody = "" if protocol.screening.intrinsic_factor_antibody else "not "
    return "\n\n".join([
        f"## {protocol.title}",
        f"`{protocol.id}` {protocol.version}, {protocol.country}. Source: {where}.",
        "\n".join(map(_regimen, protocol.regimens)),
        _listed(own),
        "**Routes of injection**",
        table(["substance", "labelled routes", "only elsewhere", "since", "source"], map(_routes, protocol.routes)),
        f"By mouth in lasting malabsorption: {policy}. {oral.source}",
        f"The B12 level while injections go on: {useful}. {monitoring.b12_on_injections_source}",
        f"Intrinsic factor antibody where the cause is not known: {antibody}tested for.",
        f"Treated for life: {', '.join(cause.value for cause in protocol.lifelong)}.",
        "What this protocol does not say, and nothing is borrowed for:",
        "\n".join(f"- {gap}" for gap in protocol.gaps),
    ])  # fmt: skip


def _regimen(regimen: Regimen) -> str:
    return f"- {regimen.id}, {regimen.whom.value}: {regimen.title} ({ENGLISH.regimen(regimen)})."


def _routes(labelled: LabelledRoutes) -> list[str]:
    here, elsewhere = (", ".join(one.value for one in routes) for routes in (labelled.routes, labelled.elsewhere))
    return [labelled.substance.value, here, elsewhere, str(labelled.since), labelled.source]


def _allowed(yes: bool) -> str:  # noqa: FBT001 - one word for one fact
    return "allowed" if yes else "not allowed"
