"""Reading FHIR into a ClinicalRecord: one resource at a time, each on its own, and a note of every one not used."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from msgspec import Raw, Struct

from cds_service.b12.codes import CodeSets
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
from cds_service.fhir import elements as fhir
from cds_service.fhir import resources
from cds_service.fhir.medication import medications_of
from cds_service.fhir.prefetch import Prefetched, Sent
from cds_service.fhir.resources import Lens

Value = Patient | Condition | Procedure | Observed | Order | Use
OTHER_PATIENT = "expected the patient of the context, got another patient"
ORDER_TYPES = frozenset({"MedicationRequest", "MedicationOrder"})
READERS: Mapping[type, Callable[[Any, Sent, Lens], Value | None]] = {
    fhir.Patient: resources.read_patient,
    fhir.Condition: resources.read_condition,
    fhir.Procedure: resources.read_procedure,
    fhir.Observation: resources.read_observation,
    fhir.MedicationRequest: resources.read_order,
    fhir.MedicationOrder: resources.read_order,
    fhir.MedicationAdministration: resources.read_administration,
    fhir.MedicationDispense: resources.read_dispense,
    fhir.MedicationStatement: resources.read_statement,
    fhir.Immunization: resources.read_immunization,
}


USES = (fhir.MedicationAdministration, fhir.MedicationDispense, fhir.MedicationStatement, fhir.Immunization)
ORDERS = (fhir.MedicationRequest, fhir.MedicationOrder)


class Reading(Struct, frozen=True):
    """The record, the drafts as they came by reference, and the drafts that name B12 but could not be read."""

    record: ClinicalRecord
    originals: Mapping[str, Raw]
    lost_drafts: tuple[Unread, ...] = ()


def read_record(patient_id: str, prefetched: Prefetched, drafts: Prefetched, codes: CodeSets) -> Reading:
    """
    Everything usable about one patient. What no code set or name makes relevant is passed over.

    Raises WrongPatient if a Patient resource is not the context's. Another patient's other resources
    are dropped and noted; a resource sent twice counts once.
    """
    sent = _by_type(prefetched.resources)
    beside = (
        *sent.get(fhir.Medication, ()),
        *(one for one in drafts.resources if isinstance(one.body, fhir.Medication)),
    )
    lens = Lens(medications_of(beside), codes)
    reader = _Reader(_aliases(patient_id, sent.get(fhir.Patient, ())), lens)
    values = {kind: reader.read(found) for kind, found in sent.items() if kind in READERS}
    drafted = reader.read(drafts.resources)
    record = ClinicalRecord(
        patient=next(iter(_all(values, fhir.Patient)), None),
        conditions=_all(values, fhir.Condition),
        procedures=_all(values, fhir.Procedure),
        observations=_all(values, fhir.Observation),
        uses=_all(values, *USES),
        orders=_all(values, *ORDERS),
        drafts=tuple(value for value in drafted.values() if isinstance(value, Order)),
        seen=prefetched.seen,
        partial=prefetched.partial,
        unread=(*prefetched.unread, *drafts.unread, *(Unread(one.where, OTHER_PATIENT) for one in reader.foreign)),
    )
    originals = {resources.ref_of(one): one.raw for one in drafts.resources}
    return Reading(record, originals, _lost(drafts, reader.foreign))


def _by_type(sent: Iterable[Sent]) -> Mapping[type, list[Sent]]:
    kinds: dict[type, list[Sent]] = {}
    for one in sent:
        kinds.setdefault(type(one.body), []).append(one)
    return kinds


def _all(values: Mapping[type, Mapping[str, Any]], *kinds: type) -> tuple[Any, ...]:
    return tuple(value for kind in kinds for value in values.get(kind, {}).values())


class _Reader:
    """Reads resources of one patient and keeps those of others aside. A resource sent twice is read once."""

    def __init__(self, aliases: frozenset[str], lens: Lens) -> None:
        self.aliases, self.lens = aliases, lens
        self.foreign: list[Sent] = []

    def read(self, sent: Iterable[Sent]) -> Mapping[str, Value]:
        """Values by reference."""
        values: dict[str, Value] = {}
        for one in sent:
            body = one.body
            reader = READERS.get(type(body))
            value = reader(body, one, self.lens) if reader else None
            if value is None:
                continue
            if self._ours(body, one):
                values.setdefault(value.ref, value)
            else:
                self.foreign.append(one)
        return values

    def _ours(self, body: fhir.Known, sent: Sent) -> bool:
        if isinstance(body, fhir.Patient):
            if body.id and body.id not in self.aliases:
                raise WrongPatient(OTHER_PATIENT, sent.where)
            return True
        subject = body.subject or body.patient
        reference = subject.reference if subject else None
        if not reference or reference in self.aliases:
            return True
        kind, _, rest = reference.rpartition("/Patient/")
        return bool(kind) and rest.split("/", 1)[0] in self.aliases


def _aliases(patient_id: str, patients: Iterable[Sent]) -> frozenset[str]:
    """Every way in which a reference may name the patient of the context."""
    urls = {one.full_url for one in patients if one.body.id == patient_id and one.full_url}
    return frozenset(urls | {patient_id, f"Patient/{patient_id}", f"urn:uuid:{patient_id}"})


def _lost(drafts: Prefetched, foreign: Iterable[Sent]) -> tuple[Unread, ...]:
    """Drafts that were not read although their text names B12: their dose goes unchecked, and that must be said."""
    dropped = [(sent.where, sent.raw) for sent in foreign if sent.type in ORDER_TYPES and not fhir.is_nothing(sent.raw)]
    reasons = {note.where: note for note in drafts.unread}
    named = [where for where, raw in (*drafts.unread_raw, *dropped) if mentions_b12(_text(raw))]
    return tuple(reasons.get(where, Unread(where, OTHER_PATIENT)) for where in named)


def _text(raw: Raw) -> str:
    return bytes(raw).decode("utf-8", "replace")
