"""Readers of what a chart holds beside therapy, problems and results."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Raw, Struct

from cds_service.b12.chart import Allergy, LabOrder, Plan
from cds_service.b12.names import mentions_b12
from cds_service.b12.record import Condition
from cds_service.fhir import chart_elements as fhir
from cds_service.fhir.dates import read_end, read_when, span_of
from cds_service.fhir.dosage import read_concept
from cds_service.fhir.lens import Lens
from cds_service.fhir.prefetch import Sent
from cds_service.fhir.relevance import lab_of, reactions_of
from cds_service.fhir.resources import ref_of, status_of

SEVERITIES = ("severe", "moderate", "mild")
CRITICALITY = {"CRITL": "low", "CRITH": "high", "CRITU": "unable-to-assess"}  # as DSTU2 wrote it
VERIFICATIONS = frozenset({"unconfirmed", "confirmed", "refuted", "entered-in-error"})


class Kin(Struct, frozen=True, gc=False):
    """The problems of one relative."""

    ref: str
    problems: tuple[Condition, ...]


def read_allergy(body: fhir.AllergyIntolerance, sent: Sent, _: Lens) -> Allergy:
    """An allergy or intolerance; DSTU2's one status says either how it goes or how sure it is."""
    reactions = reactions_of(body)
    concepts = (body.code, body.substance, *(one.substance for one in reactions))
    status, old = status_of(body.clinicalStatus), body.status or ""
    severities = {one.severity for one in reactions}
    return Allergy(
        ref=ref_of(sent),
        substances=tuple(read_concept(one) for one in concepts if one is not None),
        clinical_status=status or ("" if old in VERIFICATIONS else old),
        verification=status_of(body.verificationStatus) or (old if old in VERIFICATIONS else ""),
        kind=status_of(body.type),
        criticality=CRITICALITY.get(body.criticality or "", body.criticality or ""),
        severity=next((one for one in SEVERITIES if one in severities), ""),
    )


def read_test_order(body: fhir.TestRequest, sent: Sent, lens: Lens) -> LabOrder | None:
    """An order of laboratory tests that matter here; None where it asks for none, or forbids them."""
    codes = (body.code, *(item.code for item in body.item or ()))
    found = dict.fromkeys(lab[0] for code in codes if (lab := lab_of(code, lens.codes)))
    if not found or body.doNotPerform:
        return None
    first = next((event.dateTime for event in body.event or () if event.dateTime), None)
    period = body.occurrencePeriod
    return LabOrder(
        ref=ref_of(sent),
        analytes=tuple(found),
        status=body.status or "",
        intent=body.intent or "",
        authored=read_when(body.authoredOn or body.orderedOn or first),
        due=read_when(body.occurrenceDateTime)
        or (span_of(read_when(period.start), read_end(period.end)) if period else None),
    )


def read_plan(body: fhir.CarePlan, sent: Sent, _: Lens) -> Plan | None:
    """A care plan whose words speak of B12, wherever they do."""
    told = (body.title, body.description, *_texts(body.category, body.activity, body.note))
    if not any(mentions_b12(text) for text in told if text):
        return None
    period = body.period
    span = (read_when(period.start), read_end(period.end)) if period else (None, None)
    return Plan(ref_of(sent), body.status or "", span)


def _texts(*parts: Raw) -> Iterable[str]:
    return (bytes(part).decode("utf-8", "replace") for part in parts)


def read_kin(body: fhir.FamilyMemberHistory, sent: Sent, lens: Lens) -> Kin | None:
    """The problems of a relative of which a code set knows."""
    if body.status == "entered-in-error":
        return None
    ref = ref_of(sent)
    concepts = (read_concept(one.code) for one in body.condition or ())
    return Kin(ref, tuple(Condition(ref, one) for one in concepts if lens.codes.ideas_of(one)))
