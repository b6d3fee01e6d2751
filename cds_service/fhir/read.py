"""Reading FHIR into a ClinicalRecord: one resource at a time, each on its own, and a note of every one not used."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar

import msgspec
from msgspec import Raw, Struct

from cds_service.b12.chart import Allergy, LabOrder, Plan
from cds_service.b12.codes import CodeSets
from cds_service.b12.record import ClinicalRecord, Condition, Observed, Order, Patient, Procedure, Unread, Use
from cds_service.errors import WrongPatient
from cds_service.fhir import chart, resources
from cds_service.fhir import chart_elements as beside
from cds_service.fhir import elements as fhir
from cds_service.fhir.chart_elements import Known
from cds_service.fhir.lens import Lens
from cds_service.fhir.lost import bears_on_b12, is_nameless, orders_b12
from cds_service.fhir.medication import medications_of
from cds_service.fhir.prefetch import Prefetched, Sent

Value = Patient | Condition | Procedure | Observed | Order | Use | Allergy | LabOrder | Plan | chart.Kin
OTHER_PATIENT = "expected the patient of the context, got another patient"
NO_DRUG = "expected the drug that is ordered, got none"
ORDER_TYPES = frozenset({"MedicationRequest", "MedicationOrder"})
CHARTED_TYPES = frozenset({"Condition", "AllergyIntolerance"})
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
    beside.AllergyIntolerance: chart.read_allergy,
    beside.ServiceRequest: chart.read_test_order,
    beside.ProcedureRequest: chart.read_test_order,
    beside.DiagnosticOrder: chart.read_test_order,
    beside.CarePlan: chart.read_plan,
    beside.FamilyMemberHistory: chart.read_kin,
}
Kind = TypeVar("Kind", Condition, Order, Allergy, LabOrder)
USES = (fhir.MedicationAdministration, fhir.MedicationDispense, fhir.MedicationStatement, fhir.Immunization)
ORDERS = (fhir.MedicationRequest, fhir.MedicationOrder)
TESTS = (beside.ServiceRequest, beside.ProcedureRequest, beside.DiagnosticOrder)


class Reading(Struct, frozen=True):
    """
    The record, the drafts as they came by reference, and the drafts that could not be read.

    Of these `lost_drafts` are of B12 or bear on it, and `nameless_drafts` are of a drug that was not seen.
    """

    record: ClinicalRecord
    originals: Mapping[str, Raw]
    lost_drafts: tuple[Unread, ...] = ()
    nameless_drafts: tuple[Unread, ...] = ()


def read_record(patient_id: str, prefetched: Prefetched, drafts: Prefetched, codes: CodeSets) -> Reading:
    """
    Everything usable about one patient. What no code set or name makes relevant is passed over.

    `drafts` is what the clinician is writing in this call: orders, or problems and allergies for the chart.

    Raises WrongPatient if a Patient resource is not the context's. Another patient's other resources
    are dropped and noted; a resource sent twice counts once.
    """
    sent = _by_type(prefetched.resources)
    medications = (
        *sent.get(fhir.Medication, ()),
        *(one for one in drafts.resources if isinstance(one.body, fhir.Medication)),
    )
    lens = Lens(medications_of(medications), codes)
    reader = _Reader(_aliases(patient_id, sent.get(fhir.Patient, ())), lens)
    values = {kind: reader.read(found) for kind, found in sent.items() if kind in READERS}
    foreign, faulty = _types(reader.foreign), _types(one for one, _ in reader.faulty)
    nameless = frozenset(kind.__name__ for kind, found in values.items() if any(map(_is_nameless, found.values())))
    written = reader.read_drafts(drafts.resources)
    record = ClinicalRecord(
        patient=next(iter(_all(values, fhir.Patient)), None),
        conditions=(*_of(written, Condition), *_all(values, fhir.Condition)),
        procedures=_all(values, fhir.Procedure),
        observations=_all(values, fhir.Observation),
        uses=_all(values, *USES),
        orders=_all(values, *ORDERS),
        drafts=_of(written, Order),
        allergies=(*_of(written, Allergy), *_all(values, beside.AllergyIntolerance)),
        tests=_all(values, *TESTS),
        draft_tests=_of(written, LabOrder),
        plans=_all(values, beside.CarePlan),
        relatives=tuple(one for kin in _all(values, beside.FamilyMemberHistory) for one in kin.problems),
        added=frozenset(ref for ref, value in written.items() if isinstance(value, Condition | Allergy)),
        seen=prefetched.seen,
        partial=prefetched.partial | foreign | faulty | nameless,
        incomplete=prefetched.partial | faulty | nameless,
        unread=(*prefetched.unread, *drafts.unread, *reader.notes),
    )
    ours = [one for one in drafts.resources if one not in reader.foreign]
    originals = {resources.ref_of(one): one.raw for one in reversed(ours)}  # of two with one id the first was read
    return Reading(record, originals, *_lost(drafts, reader))


def _types(sent: Iterable[Sent]) -> frozenset[str]:
    return frozenset(one.type for one in sent)


def _is_nameless(value: Value) -> bool:
    return isinstance(value, Order | Use) and value.product.nameless


def _by_type(sent: Iterable[Sent]) -> Mapping[type, list[Sent]]:
    kinds: dict[type, list[Sent]] = {}
    for one in sent:
        kinds.setdefault(type(one.body), []).append(one)
    return kinds


def _all(values: Mapping[type, Mapping[str, Any]], *kinds: type) -> tuple[Any, ...]:
    return tuple(value for kind in kinds for value in values.get(kind, {}).values())


def _of(written: Mapping[str, Value], kind: type[Kind]) -> tuple[Kind, ...]:
    return tuple(value for value in written.values() if isinstance(value, kind))


class _Reader:
    """Reads resources of one patient and keeps those of others aside. A resource sent twice is read once."""

    def __init__(self, aliases: frozenset[str], lens: Lens) -> None:
        self.aliases, self.lens = aliases, lens
        self.foreign: list[Sent] = []
        self.faulty: list[tuple[Sent, str]] = []

    @property
    def notes(self) -> tuple[Unread, ...]:
        """Why each resource that was kept aside was not used."""
        foreign = (Unread(one.where, OTHER_PATIENT) for one in self.foreign)
        faulty = (Unread(one.where, f"{one.type}: {fault}") for one, fault in self.faulty)
        return (*foreign, *faulty)

    def read(self, sent: Iterable[Sent]) -> Mapping[str, Value]:
        """Values by reference."""
        values: dict[str, Value] = {}
        for one in sent:
            body = one.body
            reader = READERS.get(type(body))
            if reader is None:
                continue
            if not self._ours(body, one):
                self.foreign.append(one)
            elif (value := self._value(reader, one)) is not None:
                values.setdefault(value.ref, value)
        return values

    def read_drafts(self, sent: Sequence[Sent]) -> Mapping[str, Value]:
        """The same of what is being written; an order that says nowhere of what it is cannot be read."""
        values = self.read(sent)
        unsaid = {ref for ref, value in values.items() if isinstance(value, Order) and value.product.unsaid}
        self.faulty += [(one, NO_DRUG) for one in sent if resources.ref_of(one) in unsaid]
        return {ref: value for ref, value in values.items() if ref not in unsaid}

    def _value(self, reader: Callable[[Any, Sent, Lens], Value | None], sent: Sent) -> Value | None:
        try:
            return reader(sent.body, sent, self.lens)
        except msgspec.ValidationError as fault:
            self.faulty.append((sent, str(fault)))
            return None

    def _ours(self, body: Known, sent: Sent) -> bool:
        if isinstance(body, fhir.Patient):
            if body.id and body.id not in self.aliases:
                raise WrongPatient(OTHER_PATIENT, f"$.{sent.where}")
            return True
        subject = body.subject or body.patient
        reference = subject.reference if subject else None
        if not reference or reference in self.aliases:
            return True
        bare = reference.split("/_history/", 1)[0].rstrip("/")
        _, absolute, rest = bare.rpartition("/Patient/")
        return bare in self.aliases or (bool(absolute) and rest in self.aliases)


def _aliases(patient_id: str, patients: Iterable[Sent]) -> frozenset[str]:
    """Every way in which a reference may name the patient of the context."""
    urls = {one.full_url for one in patients if one.body.id == patient_id and one.full_url}
    return frozenset(urls | {patient_id, f"Patient/{patient_id}", f"urn:uuid:{patient_id}"})


def _lost(drafts: Prefetched, reader: _Reader) -> tuple[tuple[Unread, ...], tuple[Unread, ...]]:
    """Drafts that were not read although they are, or may be, of B12: they go unchecked, which must be said."""
    types, bears = (CHARTED_TYPES, bears_on_b12) if drafts.charted else (ORDER_TYPES, orders_b12)
    aside = (*(() if drafts.charted else reader.foreign), *(sent for sent, _ in reader.faulty))
    kept = [(one.where, one.raw) for one in aside if one.type in types and not fhir.is_nothing(one.raw)]
    reasons = {note.where: note for note in (*drafts.unread, *reader.notes)}
    lost, nameless = list[Unread](), list[Unread]()
    for where, raw in (*drafts.unread_raw, *kept):
        if bears(raw, reader.lens):
            lost.append(reasons[where])
        elif is_nameless(raw, reader.lens):
            nameless.append(reasons[where])
    return tuple(lost), tuple(nameless)
