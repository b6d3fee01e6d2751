"""Reading FHIR into a ClinicalRecord: one resource at a time, each on its own, and a note of every one not used."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

import msgspec
from msgspec import Raw, Struct

from cds_service.b12.names import mentions_b12
from cds_service.b12.record import (
    ClinicalRecord,
    Condition,
    Observed,
    Order,
    Patient,
    Procedure,
    Unread,
    Use,
)
from cds_service.errors import WrongPatient
from cds_service.fhir import resources
from cds_service.fhir.medication import Medications, medications_of
from cds_service.fhir.prefetch import Prefetched, Sent

Value = Patient | Condition | Procedure | Observed | Order | Use
OTHER_PATIENT = "expected the patient of the context, got another patient"
ORDER_TYPES = frozenset({"MedicationRequest", "MedicationOrder"})
READERS: Mapping[str, Callable[[Sent, Medications], Value]] = {
    "Patient": resources.read_patient,
    "Condition": resources.read_condition,
    "Procedure": resources.read_procedure,
    "Observation": resources.read_observation,
    "MedicationRequest": resources.read_order,
    "MedicationOrder": resources.read_order,
    "MedicationAdministration": resources.read_administration,
    "MedicationDispense": resources.read_dispense,
    "MedicationStatement": resources.read_statement,
    "Immunization": resources.read_immunization,
}


class Reading(Struct, frozen=True):
    """The record, the drafts as they came by reference, and the drafts that name B12 but could not be read."""

    record: ClinicalRecord
    originals: Mapping[str, Raw]
    lost_drafts: tuple[Unread, ...] = ()


def read_record(patient_id: str, prefetched: Prefetched, drafts: Prefetched) -> Reading:
    """
    Everything usable about one patient.

    Raises WrongPatient if a Patient resource is not the context's. Another patient's other resources
    are dropped and noted; a resource sent twice counts once.
    """
    aliases = _aliases(patient_id, prefetched.resources)
    medications = medications_of((*prefetched.resources, *drafts.resources))
    unread: list[Unread] = [*prefetched.unread, *drafts.unread]
    values = list(_read_all(_distinct(prefetched.resources), aliases, medications, unread))
    drafted = list(_read_all(drafts.resources, aliases, medications, unread))
    record = ClinicalRecord(
        patient=next((value for _, value in values if isinstance(value, Patient)), None),
        conditions=tuple(value for _, value in values if isinstance(value, Condition)),
        procedures=tuple(value for _, value in values if isinstance(value, Procedure)),
        observations=tuple(value for _, value in values if isinstance(value, Observed)),
        uses=tuple(value for _, value in values if isinstance(value, Use)),
        orders=tuple(value for _, value in values if isinstance(value, Order)),
        drafts=tuple(value for _, value in drafted if isinstance(value, Order)),
        seen=prefetched.seen,
        partial=prefetched.partial,
        unread=tuple(unread),
    )
    originals = {value.ref: sent.raw for sent, value in drafted if isinstance(value, Order)}
    return Reading(record, originals, _lost(drafts, unread))


def _distinct(resources: Iterable[Sent]) -> Iterable[Sent]:
    """A resource named twice is one; one without an id cannot be told apart and stays."""
    known: set[tuple[str, str]] = set()
    for sent in resources:
        key = (sent.type, sent.head.id or sent.where)
        if key not in known:
            known.add(key)
            yield sent


def _aliases(patient_id: str, sent: Iterable[Sent]) -> frozenset[str]:
    """Every way in which a reference may name the patient of the context."""
    urls = {one.full_url for one in sent if one.type == "Patient" and one.head.id == patient_id and one.full_url}
    return frozenset(urls | {patient_id, f"Patient/{patient_id}", f"urn:uuid:{patient_id}"})


def _ours(sent: Sent, aliases: frozenset[str]) -> bool:
    subject = sent.head.subject or sent.head.patient
    reference = subject.reference if subject else None
    if not reference or reference in aliases:
        return True
    kind, _, rest = reference.rpartition("/Patient/")
    return bool(kind) and rest.split("/", 1)[0] in aliases


def _read_all(
    sent: Iterable[Sent], aliases: frozenset[str], medications: Medications, unread: list[Unread]
) -> Iterable[tuple[Sent, Value]]:
    for one in sent:
        reader = READERS.get(one.type)
        if reader is None:
            continue
        if one.type == "Patient" and one.head.id and one.head.id not in aliases:
            raise WrongPatient(OTHER_PATIENT, one.where)
        if not _ours(one, aliases):
            unread.append(Unread(one.where, OTHER_PATIENT))
            continue
        try:
            yield one, reader(one, medications)
        except msgspec.ValidationError as fault:
            unread.append(Unread(one.where, f"{one.type}: {fault}"))


def _lost(drafts: Prefetched, unread: list[Unread]) -> tuple[Unread, ...]:
    """Drafts that were not read although their text names B12: their dose goes unchecked, and that must be said."""
    reasons = {note.where: note for note in unread}
    orders = (sent for sent in drafts.resources if sent.type in ORDER_TYPES and sent.where in reasons)
    return tuple(reasons[sent.where] for sent in orders if mentions_b12(bytes(sent.raw).decode("utf-8", "replace")))
