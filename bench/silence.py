"""
Cards per 100 charts, by rule: how loud the service is over a population.

Reads a folder of FHIR in bulk (NDJSON, also gzipped), or makes charts up without one. Every chart is opened, and every
B12 order in it signed once more. Run with `make silence FOLDER=path`.
"""

from __future__ import annotations

import argparse
import gzip
import json
import random
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import charts
from rich.console import Console
from rich.progress import track
from rich.table import Table

from cds_service.answer import Asked, answer
from cds_service.fhir.templates import TEMPLATES
from cds_service.hooks import read_request
from cds_service.knowledge import Knowledge, load_knowledge, roots

Json = dict[str, Any]
Chart = dict[str, list[Json]]
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
MADE_UP = 100
WIDTH = 160
INSTANCE = "4c4f6a52-1111-4d0a-9f0e-1f0f5c1c0a01"


def resources_in(folder: Path) -> Iterator[Json]:
    for path in sorted([*folder.rglob("*.ndjson"), *folder.rglob("*.ndjson.gz")]):
        opened = gzip.open if path.suffix == ".gz" else open
        with opened(path, "rt", encoding="utf-8") as lines:
            yield from (json.loads(line) for line in lines if line.strip())


def charts_in(folder: Path) -> dict[str, Chart]:
    found: dict[str, Chart] = defaultdict(lambda: defaultdict(list))
    for one in resources_in(folder):
        if one["resourceType"] == "Patient":
            owner = one["id"]
        else:
            reference = (one.get("subject") or one.get("patient") or {}).get("reference", "")
            owner = reference.removeprefix("urn:uuid:").rpartition("/")[2]
        found[owner][one["resourceType"]].append(one)
    return {owner: chart for owner, chart in found.items() if chart["Patient"]}


def made_up() -> dict[str, Chart]:
    chance = random.Random(1)  # noqa: S311 - made-up data, the same in every run
    found: dict[str, Chart] = {}
    for number in range(MADE_UP):
        prefetch = json.loads(charts.request(chance.randrange(10, 200)))["prefetch"]
        chart: Chart = defaultdict(list, Patient=[prefetch.pop("patient")])
        for bundle in prefetch.values():
            for entry in bundle["entry"]:
                chart[entry["resource"]["resourceType"]].append(entry["resource"])
        found[str(number)] = chart
    return found


def prefetch_of(chart: Chart) -> Json:
    bundles = {
        key: {"resourceType": "Bundle", "entry": [{"resource": one} for one in chart[kind]]}
        for key, (kind, _) in TEMPLATES.items()
    }
    return bundles | {"patient": chart["Patient"][0]}


def calls_of(chart: Chart, knowledge: Knowledge) -> Iterator[Json]:
    """One opening of the chart, and one signing of each B12 order in it."""
    patient, prefetch = chart["Patient"][0]["id"], prefetch_of(chart)
    context = {"userId": "Practitioner/1", "patientId": patient}
    yield {"hook": "patient-view", "hookInstance": INSTANCE, "context": context, "prefetch": prefetch}
    for order in chart["MedicationRequest"]:
        coding = order.get("medicationCodeableConcept", {}).get("coding", [])
        if any((one.get("system"), one.get("code")) in knowledge.codes.products for one in coding):
            entry = [{"resource": order | {"status": "draft"}}]
            drafts = context | {"draftOrders": {"resourceType": "Bundle", "entry": entry}}
            yield {"hook": "order-sign", "hookInstance": INSTANCE, "context": drafts, "prefetch": prefetch}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, help="bulk FHIR; without it, charts are made up")
    folder = parser.parse_args().folder
    knowledge = load_knowledge(roots())
    population = charts_in(folder) if folder else made_up()
    shown: dict[str, Counter[tuple[str, str, str]]] = {name: Counter() for name in knowledge.protocols}
    calls = Counter[str]()
    for chart in track(list(population.values()), "charts", transient=True):
        for call in calls_of(chart, knowledge):
            calls[call["hook"]] += 1
            request = read_request(json.dumps(call).encode())
            for protocol, counted in shown.items():
                for card in answer(request, Asked(knowledge, protocol, NOON, 50, 20_000)).cards:
                    counted[call["hook"], card.source.topic.code, card.indicator] += 1
    Console(width=WIDTH).print(table_of(shown, len(population)))
    Console().print(", ".join(f"{count} times {hook}" for hook, count in calls.items()))


def table_of(shown: dict[str, Counter[tuple[str, str, str]]], population: int) -> Table:
    table = Table(title=f"Cards per 100 of {population} charts", title_justify="left")
    for column in ("hook", "rule", "indicator", *shown):
        table.add_column(column, no_wrap=True)
    for kind in sorted(set().union(*shown.values())):
        table.add_row(*kind, *(f"{100 * counted[kind] / population:.1f}" for counted in shown.values()))
    return table


if __name__ == "__main__":
    main()
