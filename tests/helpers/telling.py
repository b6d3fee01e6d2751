"""Stories and plans of records that are written on one line each."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import msgspec

from cds_service.answer import Asked
from cds_service.app_question import Question, Telling, View, tell
from cds_service.hooks import Context, HookRequest
from cds_service.planned import Plan, Wanted
from cds_service.story import Story
from tests.helpers.jotted import PATIENT
from tests.helpers.patients import knowledge, prefetch_of

TODAY = datetime(2026, 3, 10, 9, 0, tzinfo=UTC)
"""A Tuesday."""


def telling_of(record: str, protocol: str = "us-practice", wanted: Wanted | None = None) -> Telling:
    """What the app tells of a record today."""
    prefetch = {key: msgspec.Raw(json.dumps(value).encode()) for key, value in prefetch_of(record).items()}
    request = HookRequest("patient-view", "app", Context(PATIENT), prefetch)
    asked = Asked(knowledge(), protocol, TODAY, 5, 10_000)
    return tell(Question("development", request, View(), wanted or Wanted()), asked)


def story(record: str, protocol: str = "us-practice") -> Story:
    """The story alone."""
    return telling_of(record, protocol).story


def plan(record: str, protocol: str = "us-practice", **chosen: object) -> Plan:
    """The plan alone; `chosen` are fields of Wanted."""
    return telling_of(record, protocol, Wanted(**chosen)).plan  # type: ignore[arg-type] # fields by name
