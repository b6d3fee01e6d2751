"""Short ways from JSON to what the service makes of it."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any, TypeVar

import msgspec
from msgspec import Raw

from cds_service.answer import Answer, Asked, answer
from cds_service.b12.episode import Episode, Stage
from cds_service.b12.episode_of import Moment, episode_of
from cds_service.b12.record import ClinicalRecord
from cds_service.b12.sig import read_sig
from cds_service.b12.timeline import Timeline, timeline_of
from cds_service.fhir.prefetch import Prefetched, read_bundle, read_prefetch
from cds_service.fhir.read import Reading, read_record
from cds_service.fhir.relevance import relevance
from cds_service.hooks import read_request
from cds_service.knowledge import Knowledge
from tests.helpers.patients import knowledge, request_of

Json = dict[str, Any]
Kind = TypeVar("Kind")
PATIENT = "p1"
SNOMED = "http://snomed.info/sct"
UCUM = "http://unitsofmeasure.org"
RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
LOINC = "http://loinc.org"
B12 = {"coding": [{"system": RXNORM, "code": "309594", "display": "vitamin B12 1 MG/ML Injectable Solution"}]}
NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
MOST = 1000


def raw(value: object) -> Raw:
    """JSON bytes."""
    return Raw(json.dumps(value).encode())


def decoded(value: object, kind: type[Kind]) -> Kind:
    """A struct as the wire would give it."""
    return msgspec.json.decode(json.dumps(value), type=kind)


def ucum(value: float, unit: str, code: str = "") -> Json:
    """A UCUM quantity."""
    return {"value": value, "unit": unit, "system": UCUM, "code": code or unit}


def resource(kind: str, **fields: Any) -> Json:
    """A resource of the patient; a B12 injection if it is a medication resource that names none."""
    body: Json = {"resourceType": kind, "subject": {"reference": f"Patient/{PATIENT}"}}
    if kind.startswith("Medication") and not {"medicationReference", "medicationCodeableConcept"} & set(fields):
        body["medicationCodeableConcept"] = B12
    return {name: value for name, value in (body | fields).items() if value is not None}


def bundle(*resources: Json) -> Json:
    """A searchset of these resources."""
    return {"resourceType": "Bundle", "type": "searchset", "entry": [{"resource": one} for one in resources]}


def read(known: Knowledge, *resources: Json, drafts: tuple[Json, ...] = ()) -> Reading:
    """What is read of resources that came in one prefetched Bundle, and of drafts."""
    sent = read_prefetch({"x": raw(bundle(*resources))}, MOST, relevance(known.codes))
    drafted = read_bundle(raw(bundle(*drafts)), "context.draftOrders", MOST) if drafts else Prefetched()
    return read_record(PATIENT, sent, drafted, known.codes)


def timeline(
    known: Knowledge, record: ClinicalRecord, as_of: datetime = NOON, protocol: str = "us-practice"
) -> Timeline:
    """The timeline of a record."""
    return timeline_of(record, known.codes, known.protocols[protocol], read_sig, as_of)


def answered(
    known: Knowledge,
    request: Json,
    *,
    as_of: datetime = NOON,
    protocol: str = "us-practice",
    most_cards: int = 5,
    language: str = "en",
) -> Answer:
    """The answer of the whole pipeline."""
    asked = Asked(known, protocol, as_of, most_cards, 20_000, language=language)
    return answer(read_request(json.dumps(request).encode()), asked)


def standing(
    record: str, as_of: str = "2026-11-20", draft: str = "", protocol: str = "us-practice", stage: Stage = Stage.SIGN
) -> Episode:
    """Where a patient stands whose RECORD and DRAFT are jotted down as tests.helpers.patients says."""
    request = read_request(json.dumps(request_of("order-sign", record, draft)).encode())
    known = knowledge()
    sent = read_prefetch(request.prefetch or {}, MOST, relevance(known.codes))
    drafts = read_bundle(request.context.draftOrders, "context.draftOrders", MOST)
    reading = read_record(request.patient_id, sent, drafts, known.codes)
    noon = datetime.fromisoformat(f"{as_of}T12:00:00+00:00")
    return episode_of(
        reading.record,
        known.guidance(protocol, noon.date()),
        Moment(noon, stage, frozenset(request.context.selections or ())),
    )
