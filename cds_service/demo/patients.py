"""The example patients: one FHIR Bundle each, with a story, and for some an order half written."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from cds_service.errors import KnowledgeFault

Resource = dict[str, Any]
AS_OF = "2026-03-10T09:00:00Z"
"""The demo's clock: it stands still, so that each story stays as it is told."""
STORIES, ORDERS, PRACTITIONERS = "stories.toml", "orders", "practitioners"


class Story(Struct, frozen=True, forbid_unknown_fields=True):
    """
    What is to be seen at one patient: in a few words, at length, and what to try.

    `order` is the draft that is open in the chart, if one is; `name` and `born` are those of the Patient.
    """

    id: str
    title: str
    words: str
    try_it: str
    protocol: str
    name: str = ""
    born: str = ""
    order: Resource | None = None


class Demo(Struct, frozen=True):
    """All stories in their order, and every resource by type and id."""

    stories: Mapping[str, Story]
    resources: Mapping[str, Mapping[str, Resource]]

    def of_type(self, kind: str) -> Sequence[Resource]:
        """All of one type, by id."""
        return [one for _, one in sorted(self.resources.get(kind, {}).items())]


def load_demo(folder: Path) -> Demo:
    """Read the folder `demo` of the FHIR profiles; raises KnowledgeFault naming the file that is broken."""
    told = [_whole(one, folder) for one in _stories(folder / STORIES)]
    bundles = [_read(folder / f"{name}.json") for name in [*(one.id for one in told), PRACTITIONERS]]
    return Demo({one.id: one for one in told}, _by_type(entry["resource"] for one in bundles for entry in one["entry"]))


def _stories(path: Path) -> Iterable[Story]:
    try:
        listed = tomllib.loads(path.read_text("utf-8"))["story"]
        return msgspec.convert(listed, list[Story])
    except (OSError, ValueError, KeyError) as fault:
        raise KnowledgeFault(path.name, "story", f"expected stories, got {type(fault).__name__}") from None


def _whole(story: Story, folder: Path) -> Story:
    """The story with what its files say."""
    patient = _read(folder / f"{story.id}.json")["entry"][0]["resource"]
    name = patient["name"][0]
    order = folder / ORDERS / f"{story.id}.json"
    return msgspec.structs.replace(
        story,
        name=" ".join([*name["given"], name["family"]]),
        born=patient["birthDate"],
        order=_read(order) if order.exists() else None,
    )


def _read(path: Path) -> Resource:
    try:
        found: Resource = msgspec.json.decode(path.read_bytes())
    except (OSError, msgspec.DecodeError) as fault:
        raise KnowledgeFault(path.name, "$", f"expected a FHIR resource, got {type(fault).__name__}") from None
    return found


def _by_type(resources: Iterable[Resource]) -> Mapping[str, Mapping[str, Resource]]:
    found: dict[str, dict[str, Resource]] = {}
    for one in resources:
        found.setdefault(one["resourceType"], {})[one["id"]] = one
    return found
