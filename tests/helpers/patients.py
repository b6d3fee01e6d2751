"""
A patient and an order on one line each, as a clinician jots them down, made into a real CDS Hooks request.

A RECORD is a list of entries with semicolons between them. What is not written is known to be absent.

    born 1951                          date of birth, as exact as known; without it the age is unknown
    deceased, female, male
    PA since 2019                      a problem or operation by a name of PROBLEMS; what may follow it:
                                       since DATE, until DATE, resolved, inactive, refuted, entered-in-error
    done 2020 total gastrectomy        the same, kept as a procedure; completed unless said
    given DATE MEDICATION              a dose given
    given 6 times from DATE every 2 days MEDICATION
    dispensed DATE MEDICATION          a supply handed over
    immunized DATE MEDICATION          a dose kept as an Immunization
    stated MEDICATION                  what somebody says is taken; "stated DATE" on that day, "stated since DATE" on
    ordered DATE MEDICATION            an order signed on that day
    lab DATE B12 145 pg/mL             a result by a name of LABS; what may follow it: "range 180-914" or with its own
                                       unit "range 180-914 ng/L", preliminary, cancelled, corrected, entered-in-error
    lab DATE blood count               a result without a number: that it was measured; or one in words: positive,
                                       negative, "any words"
    test ordered DATE B12              an order of a test by a name of LABS; what may follow it: due DATE, completed,
                                       draft, revoked, entered-in-error, plan, proposal, do not perform
    takes metformin since DATE         what somebody says is taken of a drug of DRUGS; also until DATE, completed
    allergic to cobalt                 an allergy by a name of ALLERGENS, or by words in quotes; what may follow it:
                                       refuted, unconfirmed, entered-in-error, resolved, inactive, intolerance, mild,
                                       moderate, severe, high criticality, low criticality
    plan B12 since DATE                a care plan for B12 (or for words in quotes); also until DATE, completed,
                                       revoked, draft, entered-in-error
    kin PA                             a problem of a relative, by a name of PROBLEMS; also entered-in-error
    unseen doses, orders               these were not sent, so that nothing is known of them; see UNSEEN
    cut short doses, orders            of these more are on record than were sent

A DRAFT is a MEDICATION, or "test B12": an order of a test. Several drafts have " & " between them. "judged:" before
one says that the verdict is about it (else about the first), "selected:" that the clinician just chose it. "not sent"
stands for a call without drafts, "garbled" for one with something else for them; nothing, for one in which nothing is
being ordered. At the hook problem, a draft is a
problem such as "Crohn", at the hook allergy one such as "allergic to cobalt": what is being added to the chart. There
a verdict on an order is about the first order of the record.

A MEDICATION is written in this order or any other:

    [cyanocobalamin 5 mg/mL]           a product by its code, from SHELF or DRUGS
    "Vitamin B12 1000 mcg/mL"          a product by its name alone
    contained 10 mg/2 mL               a substance with its strength inside the order
    hydroxocobalamin                   a substance by its code, from SUBSTANCES; cyanocobalamin if none is named
    metformin                          a drug by its code, from DRUGS
    1000 mcg, 500-1000 mcg, 2 mL       a dose; units of UNITS have a code, those in quotes (1 "shot") have none;
                                       "1000 mcg coded mg": the unit's text and its code differ
    IM, SC, IV, oral ...               a route from ROUTES
    every 2-3 months, twice daily, 3 times a week, weekly, once, on DATE DATE, x 6, for 2 weeks
    text "1 mg IM monthly"             the dosage text
    then                               what follows is the next step in sequence
    supply 10 mL, supply 3 vials       what the pharmacy is to hand over (handed over, where it is dispensed); also
                                       refills 2, supply for 90 days
    because "needle phobia"            the reason that the order gives
    between DATE and DATE              the first and the last day of the schedule
    as needed, starting DATE, until DATE, active, completed, stopped, on-hold, cancelled, not-done, draft,
    entered-in-error, plan, proposal, do not perform, of another patient, sent twice, unreadable (it cannot be read)
    drug by reference "Vitamin B12"    a reference to a Medication that is not there, with its words or without

A DATE is as exact as FHIR allows: 2026, 2026-03, 2026-03-10 or 2026-03-10T23:30-05:00.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from copy import deepcopy
from functools import cache

from cds_service.knowledge import Knowledge, load_knowledge, roots
from cds_service.written import ADDED, DRAFTS
from tests.helpers.jotted import DATE, GARBLED, KEYS, NOT_SENT, PATIENT, UNSEEN, Json, Words
from tests.helpers.jotted_drugs import order_of, read_medication
from tests.helpers.jotted_entries import ENTRIES, allergy_of, lab_order_of, problem_of


@cache
def knowledge() -> Knowledge:
    """The knowledge of this checkout, loaded once for all tests of a process."""
    return load_knowledge(roots())


def split(text: str, at: str) -> list[str]:
    """The parts of a text between separators outside quotes, without surrounding spaces; no empty ones."""
    parts = re.split(rf'{at}(?=(?:[^"]*"[^"]*")*[^"]*$)', text)
    return [part.strip() for part in parts if part.strip()]


def prefetch_of(record: str) -> Json:
    """The prefetch of a RECORD: every key of ours, with empty Bundles where the record says nothing."""
    patient: Json = {"resourceType": "Patient", "id": PATIENT}
    found: list[Json] = []
    lacking: dict[str, set[str]] = {"unseen": set(), "cut short": set()}
    for entry in split(record, ";"):
        words = Words(entry, entry)
        if born := words.take(rf"born ({DATE})"):
            patient["birthDate"] = born[1]
        elif words.take("deceased"):
            patient["deceasedBoolean"] = True
        elif sex := words.take("female|male"):
            patient["gender"] = sex[0]
        elif how := words.take("unseen|cut short"):
            lacking[how[0]] |= {key for name in split(words.rest, ",") for key in UNSEEN[name]}
        elif kind := words.take("|".join(ENTRIES)):
            found += ENTRIES[kind[0]](words)
        else:
            found += problem_of(words)
    named = list(_named(found))
    prefetch = {key: bundle(one for one in named if KEYS[one["resourceType"]] == key) for key in KEYS.values()}
    prefetch["patient"] = patient
    prefetch |= {key: prefetch[key] | {"total": len(found) + 1} for key in lacking["cut short"]}
    return {key: value for key, value in prefetch.items() if key not in lacking["unseen"]}


def _named(resources: Iterable[Json]) -> Iterable[Json]:
    """Each resource with an id: its type and number; a copy keeps the id."""
    ids: dict[int, str] = {}
    counts: dict[str, int] = {}
    for one in resources:
        kind = one["resourceType"]
        if id(one) not in ids:
            counts[kind] = counts.get(kind, 0) + 1
            ids[id(one)] = f"{kind}-{counts[kind]}"
        yield deepcopy(one) | {"id": ids[id(one)]}


def bundle(resources: Iterable[Json]) -> Json:
    """A searchset."""
    return {"resourceType": "Bundle", "type": "searchset", "entry": [{"resource": one} for one in resources]}


def request_of(hook: str, record: str, draft: str) -> Json:
    """The CDS Hooks request of a RECORD and its DRAFTs, which are called `draft-1`, `draft-2` ..."""
    context: Json = {"userId": "Practitioner/1", "patientId": PATIENT} | _written(hook, draft)
    return {
        "hook": hook,
        "hookInstance": "5f0d5b0e-6e2b-4c2e-9a4e-0b12c0ba1a31",
        "context": context,
        "prefetch": prefetch_of(record),
    }


def _written(hook: str, draft: str) -> Json:
    """What the context of a hook holds of the DRAFTs."""
    drafts = [] if draft in {NOT_SENT, GARBLED} else split(draft, " & ")
    marked = [("selected:" in one, re.sub(r"(?:judged|selected):", "", one).strip()) for one in drafts]
    named = [_entry(hook, text) | {"id": f"draft-{index}"} for index, (_, text) in enumerate(marked, start=1)]
    if draft == NOT_SENT or (hook not in DRAFTS and hook not in ADDED):
        return {}
    if draft == GARBLED:
        return {DRAFTS.get(hook) or ADDED[hook]: "?"}
    if hook == "allergyintolerance-create":
        return {ADDED[hook]: named[0]} if named else {}
    chosen = [
        f"{one['resourceType']}/{one['id']}" for one, (is_chosen, _) in zip(named, marked, strict=True) if is_chosen
    ]
    selections = {"selections": chosen} if hook == "order-select" else {}
    return {DRAFTS.get(hook) or ADDED[hook]: bundle(named)} | selections


def _entry(hook: str, text: str) -> Json:
    words = Words(text, text)
    if hook == "problem-list-item-create":
        return next(iter(problem_of(words)))
    if words.take("allergic to"):
        return next(iter(allergy_of(words)))
    if words.take("test"):
        return next(iter(lab_order_of(words))) | {"status": "draft"}
    return order_of(read_medication(words), "draft")


def judged_draft(hook: str, draft: str) -> str:
    """The reference of what a verdict is about: a draft, or while an allergy is written the first order in force."""
    if hook == "allergyintolerance-create":
        return "MedicationRequest/MedicationRequest-1"
    drafts = split(draft, " & ")
    index = next((index for index, one in enumerate(drafts) if "judged:" in one), 0)
    text = re.sub(r"(?:judged|selected):", "", drafts[index]).strip() if drafts else ""
    return f"{'ServiceRequest' if text.startswith('test ') else 'MedicationRequest'}/draft-{index + 1}"
