"""
A patient and an order on one line each, as a clinician jots them down, made into a real CDS Hooks request.

A RECORD is a list of entries with semicolons between them. What is not written is known to be absent.

    born 1951                          date of birth, as exact as known; without it the age is unknown
    deceased
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
    unseen doses, orders               these were not sent, so that nothing is known of them; see UNSEEN

A DRAFT is a MEDICATION. Several drafts have " & " between them. "judged:" before one says that the verdict is about
it (else about the first), "selected:" that the clinician just chose it.

A MEDICATION is written in this order or any other:

    [cyanocobalamin 5 mg/mL]           a product by its code, from SHELF
    "Vitamin B12 1000 mcg/mL"          a product by its name alone
    contained 10 mg/2 mL               a substance with its strength inside the order
    hydroxocobalamin                   a substance by its code, from SUBSTANCES; cyanocobalamin if none is named
    1000 mcg, 500-1000 mcg, 2 mL       a dose; units of UNITS have a code, those in quotes (1 "shot") have none;
                                       "1000 mcg coded mg": the unit's text and its code differ
    IM, SC, IV, oral ...               a route from ROUTES
    every 2-3 months, twice daily, 3 times a week, weekly, once, on DATE DATE, x 6, for 2 weeks
    text "1 mg IM monthly"             the dosage text
    then                               what follows is the next step in sequence
    as needed, starting DATE, until DATE, active, completed, stopped, on-hold, cancelled, not-done, draft,
    entered-in-error, plan, proposal, do not perform, of another patient, sent twice

A DATE is as exact as FHIR allows: 2026, 2026-03, 2026-03-10 or 2026-03-10T23:30-05:00.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cache
from typing import Any

from cds_service.answer import DRAFTS
from cds_service.fhir.prefetch import TEMPLATES
from cds_service.knowledge import Knowledge, load_knowledge, roots

Json = dict[str, Any]
PATIENT = "pat"
UCUM = "http://unitsofmeasure.org"
SNOMED = "http://snomed.info/sct"
ICD = "http://hl7.org/fhir/sid/icd-10-cm"
RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
NDC = "http://hl7.org/fhir/sid/ndc"
ATC = "http://www.whocc.no/atc"
DMD = "https://dmd.nhs.uk"

PROBLEMS = {
    "PA": (SNOMED, "84027009", "Pernicious anaemia"),
    "B12 deficiency": (SNOMED, "190634004", "Cobalamin deficiency"),
    "dietary B12 deficiency": (ICD, "D51.3", "Other dietary vitamin B12 deficiency anaemia"),
    "drug-induced B12 deficiency": (SNOMED, "717947009", "Vitamin B12 deficiency anaemia caused by drug"),
    "unspecific B vitamin deficiency": (ICD, "E53.8", "Deficiency of other specified B group vitamins"),
    "coeliac disease": (ICD, "K90.0", "Celiac disease"),
    "total gastrectomy": (SNOMED, "1153353002", "Vitamin B12 deficiency anaemia following total gastrectomy"),
    "bariatric surgery": (ICD, "Z98.84", "Bariatric surgery status"),
    "cord degeneration": (
        ICD,
        "G32.0",
        "Subacute combined degeneration of spinal cord in diseases classified elsewhere",
    ),
    "neuropathy": (SNOMED, "386033004", "Neuropathy"),
    "diabetic neuropathy": (ICD, "E11.42", "Type 2 diabetes mellitus with diabetic polyneuropathy"),
    "pregnancy": (SNOMED, "77386006", "Pregnant"),
    "Leber": (SNOMED, "58610003", "Leber's optic atrophy"),
    "cyanide poisoning": (ICD, "T65.0X1A", "Toxic effect of cyanides, accidental"),
    "cobalamin C": (ICD, "E71.120", "Methylmalonic acidemia"),
    "dialysis": (ICD, "Z99.2", "Dependence on renal dialysis"),
    "palliative care": (SNOMED, "103735009", "Palliative care"),
    "injections started": (SNOMED, "170821007", "Vitamin B12 injections started"),
    "injections stopped on purpose": (SNOMED, "170826002", "Vitamin B12 injections stopped"),
    "hypertension": (SNOMED, "38341003", "Hypertensive disorder"),
}
SUBSTANCES = {
    "cyanocobalamin": (RXNORM, "11248", "vitamin B12"),
    "hydroxocobalamin": (ATC, "B03BA03", "hydroxocobalamin"),
    "mecobalamin": (RXNORM, "29421", "mecobalamin"),
    "vitamin B12": (SNOMED, "304111003", "Cobalamin"),
}
SHELF = {
    "cyanocobalamin 1 mg/mL": (RXNORM, "309594", "vitamin B12 1 MG/ML injectable solution"),
    "cyanocobalamin 5 mg/mL": (RXNORM, "2001499", "vitamin B12 5 MG/ML injectable solution"),
    "cyanocobalamin 1 mg/mL, 10 mL vial": (NDC, "0143-9620-10", "Cyanocobalamin 1000 mcg/mL, 10 mL multi-dose vial"),
    "hydroxocobalamin 1 mg/mL": (RXNORM, "317106", "hydroxocobalamin 1 MG/ML injection"),
    "hydroxocobalamin 10 mg/2 mL ampoule": (DMD, "24856311000001103", "Hydroxocobalamin 10mg/2ml ampoules"),
    "cyanocobalamin 1 mg tablet": (RXNORM, "309593", "vitamin B12 1 MG oral tablet"),
    "cyanocobalamin 50 mcg tablet": (RXNORM, "105686", "vitamin B12 0.05 MG oral tablet"),
    "cyanocobalamin 6 mg sublingual tablet": (RXNORM, "835519", "vitamin B12 6 MG sublingual tablet"),
    "Cyanokit": (NDC, "50633-310-11", "Cyanokit 5 g"),
    "multivitamin with B12": (RXNORM, "199240", "multi-ingredient product with vitamin B12"),
    "folic acid with B12": (RXNORM, "808611", "folic acid / vitamin B12 product"),
    "B12 with cobalt-57": (SNOMED, "187006", "Cyanocobalamin (57-Co)"),
}
LABS = {
    "B12": "2132-9",
    "B12 molar": "14685-2",
    "active B12": "72160-5",
    "MMA": "13964-2",
    "MMA mass": "2629-4",
    "homocysteine": "13965-9",
    "haemoglobin": "718-7",
    "B12 binding capacity": "2171-7",
}
UNITS = {
    "mcg": "ug", "mg": "mg", "g": "g", "mL": "mL", "vial": "{vial}", "vials": "{vial}", "ampoule": "{ampoule}",
    "tablet": "{tbl}", "tablets": "{tbl}", "spray": "{spray}", "dose": "{dose}",
}  # fmt: skip
ROUTES = {
    "IM": ("78421000", "Intramuscular route"),
    "SC": ("34206005", "Subcutaneous route"),
    "IV": ("47625008", "Intravenous route"),
    "oral": ("26643006", "Oral route"),
    "sublingual": ("37839007", "Sublingual route"),
    "nasal": ("46713006", "Nasal route"),
    "intradermal": ("", "intradermal"),
    "intra-articular": ("12130007", "Intra-articular route"),
}
UNSEEN = {
    "patient": ("patient",),
    "problems": ("conditions",),
    "labs": ("observations",),
    "orders": ("medicationRequests",),
    "given doses": ("medicationAdministrations",),
    "doses": ("medicationAdministrations", "medicationDispenses", "medicationStatements"),
}
KEYS = {kind: key for key, (kind, _) in TEMPLATES.items()} | {"Immunization": "immunizations"}
PERIODS = {"day": "d", "week": "wk", "month": "mo", "year": "a", "hour": "h"}
ADVERBS = {"daily": "d", "weekly": "wk", "monthly": "mo", "yearly": "a"}
TIMES = {"twice": 2}
DATE = r"(?:19|20)\d\d(?:-\d\d(?:-\d\d(?:T\S+)?)?)?(?! (?:mcg|mg|mL)\b)"
NUMBER = r"\d+(?:\.\d+)?"
STATUSES = "active|completed|stopped|on-hold|cancelled|not-done|draft|entered-in-error|unknown|in-progress|intended"


@cache
def knowledge() -> Knowledge:
    """The knowledge of this checkout, loaded once for all tests of a process."""
    return load_knowledge(roots())


@dataclass
class Words:
    """One entry, read from the left piece by piece."""

    rest: str
    whole: str

    def take(self, pattern: str) -> re.Match[str] | None:
        """Consume what matches here, whole words only."""
        found = re.match(rf"(?:{pattern})(?=[\s,]|$)", self.rest)
        if found:
            self.rest = self.rest[found.end() :].lstrip(" ,")
        return found

    def fault(self) -> ValueError:
        """What to say where nothing fits."""
        return ValueError(f"not understood: {self.rest!r} in {self.whole!r}")


@dataclass
class Line:
    """A MEDICATION as it is being read."""

    product: Json = field(default_factory=lambda: {"medicationCodeableConcept": concept(*SUBSTANCES["cyanocobalamin"])})
    strength: Json | None = None
    steps: list[Json] = field(default_factory=lambda: [{}])
    status: str = ""
    intent: str = "order"
    until: str = ""
    subject: str = PATIENT
    copies: int = 1
    extra: Json = field(default_factory=dict)

    @property
    def step(self) -> Json:
        """The step being written."""
        return self.steps[-1]

    @property
    def repeat(self) -> Json:
        """Timing.repeat of the step being written."""
        found: Json = self.step.setdefault("timing", {}).setdefault("repeat", {})
        return found

    @property
    def instructions(self) -> list[Json]:
        """The steps as FHIR instructions: numbered where there are several, none where nothing was said."""
        if len(self.steps) > 1:
            return [{"sequence": number, **step} for number, step in enumerate(self.steps, start=1)]
        return [step for step in self.steps if step]


def concept(system: str, code: str, display: str) -> Json:
    """A CodeableConcept of one coding; of words alone where there is no code."""
    return {"coding": [{"system": system, "code": code, "display": display}]} if code else {"text": display}


def number(text: str) -> int | float:
    """A JSON number."""
    return float(text) if "." in text else int(text)


def quantity(value: str, unit: str, code: str = "") -> Json:
    """A FHIR Quantity; a unit in quotes has no code."""
    if unit.startswith('"'):
        return {"value": number(value), "unit": unit.strip('"')}
    return {"value": number(value), "unit": unit, "system": UCUM, "code": code or UNITS[unit]}


def _product(line: Line, found: re.Match[str]) -> None:
    line.product = {"medicationCodeableConcept": concept(*SHELF[found[1]])}


def _name(line: Line, found: re.Match[str]) -> None:
    line.product = {"medicationCodeableConcept": {"text": found[1]}}


def _substance(line: Line, found: re.Match[str]) -> None:
    line.product = {"medicationCodeableConcept": concept(*SUBSTANCES[found[0]])}


def _contained(line: Line, found: re.Match[str]) -> None:
    per = quantity(found[3] or "1", found[4])
    line.strength = {"numerator": quantity(found[1], found[2]), "denominator": per}


def _dose(line: Line, found: re.Match[str]) -> None:
    low, high, unit, code = found.groups()
    row = {"doseQuantity": quantity(low, unit, code or "")}
    if high:
        row = {"doseRange": {"low": quantity(low, unit), "high": quantity(high, unit)}}
    line.step["doseAndRate"] = [row]


def _route(line: Line, found: re.Match[str]) -> None:
    line.step["route"] = concept(SNOMED, *ROUTES[found[0]])


def _every(line: Line, found: re.Match[str]) -> None:
    low, high, unit = found.groups()
    line.repeat.update(frequency=1, period=number(low or "1"), periodUnit=PERIODS[unit])
    if high:
        line.repeat["periodMax"] = number(high)


def _times(line: Line, found: re.Match[str]) -> None:
    doses, unit = found.groups()
    unit = PERIODS.get(unit) or ADVERBS[unit]
    line.repeat.update(frequency=TIMES.get(doses or "") or int(doses or 1), period=1, periodUnit=unit)


def _bounds(line: Line, found: re.Match[str]) -> None:
    line.repeat["boundsDuration"] = {
        "value": number(found[1]),
        "unit": found[2],
        "system": UCUM,
        "code": PERIODS[found[2]],
    }


def _starting(line: Line, found: re.Match[str]) -> None:
    line.repeat["boundsPeriod"] = {"start": found[1]}


def _another_patient(line: Line, _: re.Match[str]) -> None:
    line.subject = "another"


MEDICATION: tuple[tuple[str, Callable[[Line, re.Match[str]], None]], ...] = (
    (r"then", lambda line, _: line.steps.append({})),
    (r"\[([^\]]+)\]", _product),
    (r'text "([^"]*)"', lambda line, found: line.step.update(text=found[1])),
    (rf"contained ({NUMBER}) (\w+)/({NUMBER})? ?(\w+)", _contained),
    (rf'({NUMBER})(?:-({NUMBER}))? ({"|".join(UNITS)}|"[^"]*")(?: coded (\w+))?', _dose),
    (r'"([^"]*)"', _name),
    ("|".join(SUBSTANCES), _substance),
    ("|".join(ROUTES), _route),
    (rf"every (?:({NUMBER})(?:-({NUMBER}))? )?({'|'.join(PERIODS)})s?", _every),
    (rf"(?:(\d+) times a |(?=twice))(?:twice )?({'|'.join(PERIODS)})", _times),
    (rf"(?:(twice) )?({'|'.join(ADVERBS)})", _times),
    (r"once", lambda line, _: line.repeat.update(count=1)),
    (rf"on ({DATE}(?: {DATE})*)", lambda line, found: line.step.update(timing={"event": found[1].split()})),
    (r"x (\d+)", lambda line, found: line.repeat.update(count=int(found[1]))),
    (rf"for ({NUMBER}) ({'|'.join(PERIODS)})s?", _bounds),
    (r"as needed", lambda line, _: line.step.update(asNeededBoolean=True)),
    (rf"starting ({DATE})", _starting),
    (rf"until ({DATE})", lambda line, found: setattr(line, "until", found[1])),
    (STATUSES, lambda line, found: setattr(line, "status", found[0])),
    (r"plan|proposal", lambda line, found: setattr(line, "intent", found[0])),
    (r"do not perform", lambda line, _: line.extra.update(doNotPerform=True)),
    (r"of another patient", _another_patient),
    (r"sent twice", lambda line, _: setattr(line, "copies", 2)),
)


def read_medication(words: Words) -> Line:
    """The rest of an entry as a medication; raises ValueError naming what is not understood."""
    line = Line()
    while words.rest:
        for pattern, read in MEDICATION:
            if found := words.take(pattern):
                read(line, found)
                break
        else:
            raise words.fault()
    if line.strength:
        code = line.product["medicationCodeableConcept"]
        ingredient = {"itemCodeableConcept": code, "strength": line.strength}
        inside = {"resourceType": "Medication", "id": "m", "code": code, "ingredient": [ingredient]}
        line.product = {"medicationReference": {"reference": "#m"}, "contained": [inside]}
    return line


def order_of(line: Line, status: str, **more: Any) -> Json:
    """A MedicationRequest."""
    order: Json = {
        "resourceType": "MedicationRequest",
        "status": line.status or status,
        "intent": line.intent,
        "subject": {"reference": f"Patient/{line.subject}"},
        **line.product,
        **line.extra,
        **more,
    }
    if line.instructions:
        order["dosageInstruction"] = line.instructions
    if line.until:
        order["dispenseRequest"] = {"validityPeriod": {"end": line.until}}
    return order


def _use(kind: str, line: Line, status: str, **more: Any) -> Json:
    return {
        "resourceType": kind,
        "status": line.status or status,
        "subject": {"reference": f"Patient/{line.subject}"},
        **line.product,
        **more,
    }


def _given(words: Words) -> Iterable[Json]:
    days: list[str] = []
    if found := words.take(r"(\d+) times from (\d{4}-\d\d-\d\d) every (\d+) days?"):
        first = date.fromisoformat(found[2])
        days = [(first + timedelta(days=int(found[3]) * step)).isoformat() for step in range(int(found[1]))]
    while found := words.take(DATE):
        days.append(found[0])
    line = read_medication(words)
    step = dict(line.step)
    rows = step.pop("doseAndRate", None)
    step.pop("timing", None)
    dosage = {"dosage": step | ({"dose": rows[0]["doseQuantity"]} if rows else {})} if step or rows else {}
    for day in days or [""]:
        when = {"effectiveDateTime": day} if day else {}
        yield from [_use("MedicationAdministration", line, "completed", **when, **dosage)] * line.copies


def _dispensed(words: Words) -> Iterable[Json]:
    day = words.take(DATE)
    line = read_medication(words)
    when = {"whenHandedOver": day[0]} if day else {}
    yield _use("MedicationDispense", line, "completed", dosageInstruction=line.instructions, **when)


def _immunized(words: Words) -> Iterable[Json]:
    day = words.take(DATE)
    line = read_medication(words)
    rows = line.step.get("doseAndRate")
    body = _use("Immunization", line, "completed", occurrenceDateTime=day[0] if day else None)
    body["patient"] = body.pop("subject")
    body["vaccineCode"] = body.pop("medicationCodeableConcept")
    yield body | ({"doseQuantity": rows[0]["doseQuantity"]} if rows else {})


def _stated(words: Words) -> Iterable[Json]:
    day, since = words.take(DATE), words.take(rf"since ({DATE})")
    line = read_medication(words)
    period = ({"start": since[1]} if since else {}) | ({"end": line.until} if line.until else {})
    when: Json = {"effectivePeriod": period} if period else {}
    when |= {"effectiveDateTime": day[0]} if day else {}
    status = "completed" if day else "active"
    yield _use("MedicationStatement", line, status, dosage=line.instructions, **when)


def _ordered(words: Words) -> Iterable[Json]:
    day = words.take(DATE)
    line = read_medication(words)
    authored = {"authoredOn": day[0]} if day else {}
    yield from [order_of(line, "active", **authored)] * line.copies


def _lab(words: Words) -> Iterable[Json]:
    day = words.take(DATE)
    name = words.take("|".join(sorted(LABS, key=len, reverse=True)))
    found = words.take(rf"([<>]=?)?({NUMBER})(?: (?!range|preliminary|cancelled|corrected)(\S+))?")
    if name is None or found is None:
        raise words.fault()
    comparator, value, unit = found.groups()
    measured = (
        {"value": number(value), "unit": unit, "system": UCUM, "code": unit} if unit else {"value": number(value)}
    )
    lab: Json = {
        "resourceType": "Observation",
        "status": "final",
        "subject": {"reference": f"Patient/{PATIENT}"},
        "code": concept("http://loinc.org", LABS[name[0]], name[0]),
        "valueQuantity": measured | ({"comparator": comparator} if comparator else {}),
    }
    if day:
        lab["effectiveDateTime"] = day[0]
    if found := words.take(rf"range ({NUMBER})-({NUMBER})(?: (\S*/\S+))?"):
        low, high, of = found.groups()
        words_of = {"unit": of} if of else {}
        lab["referenceRange"] = [{"low": {"value": number(low)} | words_of, "high": {"value": number(high)} | words_of}]
    if found := words.take(r"preliminary|cancelled|corrected|entered-in-error"):
        lab["status"] = found[0]
    if words.take("of another patient"):
        lab["subject"] = {"reference": "Patient/another"}
    copies = 2 if words.take("sent twice") else 1
    yield from [lab] * copies


def _done(words: Words) -> Iterable[Json]:
    day = words.take(DATE)
    name = words.take("|".join(sorted(PROBLEMS, key=len, reverse=True)))
    if name is None:
        raise words.fault()
    status = words.take(STATUSES)
    yield {
        "resourceType": "Procedure",
        "status": status[0] if status else "completed",
        "subject": {"reference": f"Patient/{PATIENT}"},
        "code": concept(*PROBLEMS[name[0]]),
    } | ({"performedDateTime": day[0]} if day else {})


CLINICAL = "http://terminology.hl7.org/CodeSystem/condition-clinical"
VERIFIED = "http://terminology.hl7.org/CodeSystem/condition-ver-status"


def _problem(words: Words) -> Iterable[Json]:
    name = words.take("|".join(sorted(PROBLEMS, key=len, reverse=True)))
    if name is None:
        raise words.fault()
    problem: Json = {
        "resourceType": "Condition",
        "subject": {"reference": f"Patient/{PATIENT}"},
        "code": concept(*PROBLEMS[name[0]]),
        "clinicalStatus": concept(CLINICAL, "active", "Active"),
        "verificationStatus": concept(VERIFIED, "confirmed", "Confirmed"),
    }
    while words.rest:
        if found := words.take(rf"since ({DATE})"):
            problem["onsetDateTime"] = found[1]
        elif found := words.take(rf"until ({DATE})"):
            problem["abatementDateTime"] = found[1]
        elif found := words.take("resolved|inactive|remission"):
            problem["clinicalStatus"] = concept(CLINICAL, found[0], found[0])
        elif found := words.take("refuted|entered-in-error|unconfirmed"):
            problem["verificationStatus"] = concept(VERIFIED, found[0], found[0])
        elif words.take("of another patient"):
            problem["subject"] = {"reference": "Patient/another"}
        else:
            raise words.fault()
    yield problem


ENTRIES = {
    "done": _done,
    "given": _given,
    "dispensed": _dispensed,
    "immunized": _immunized,
    "stated": _stated,
    "ordered": _ordered,
    "lab": _lab,
}


def split(text: str, at: str) -> list[str]:
    """The parts of a text between separators outside quotes, without surrounding spaces; no empty ones."""
    parts = re.split(rf'{at}(?=(?:[^"]*"[^"]*")*[^"]*$)', text)
    return [part.strip() for part in parts if part.strip()]


def prefetch_of(record: str) -> Json:
    """The prefetch of a RECORD: every key of ours, with empty Bundles where the record says nothing."""
    patient: Json = {"resourceType": "Patient", "id": PATIENT}
    found: list[Json] = []
    unseen: set[str] = set()
    for entry in split(record, ";"):
        words = Words(entry, entry)
        if born := words.take(rf"born ({DATE})"):
            patient["birthDate"] = born[1]
        elif words.take("deceased"):
            patient["deceasedBoolean"] = True
        elif words.take("unseen"):
            unseen |= {key for name in split(words.rest, ",") for key in UNSEEN[name]}
        elif kind := words.take("|".join(ENTRIES)):
            found += ENTRIES[kind[0]](words)
        else:
            found += _problem(words)
    named = list(_named(found))
    prefetch: Json = {"patient": patient}
    prefetch |= {key: bundle(one for one in named if KEYS[one["resourceType"]] == key) for key in KEYS.values()}
    return {key: value for key, value in prefetch.items() if key not in unseen} | (
        {} if "patient" in unseen else {"patient": patient}
    )


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
    context: Json = {"userId": "Practitioner/1", "patientId": PATIENT}
    if hook in DRAFTS:
        drafts = split(draft, " & ")
        marked = [
            (bool(re.search(r"selected:", one)), re.sub(r"(?:judged|selected):", "", one).strip()) for one in drafts
        ]
        orders = [order_of(read_medication(Words(text, text)), "draft") for _, text in marked]
        named = [order | {"id": f"draft-{index}"} for index, order in enumerate(orders, start=1)]
        chosen = [
            f"MedicationRequest/{order['id']}" for order, (is_chosen, _) in zip(named, marked, strict=True) if is_chosen
        ]
        context |= {DRAFTS[hook]: bundle(named)} | ({"selections": chosen} if hook == "order-select" else {})
    return {
        "hook": hook,
        "hookInstance": "5f0d5b0e-6e2b-4c2e-9a4e-0b12c0ba1a31",
        "context": context,
        "prefetch": prefetch_of(record),
    }


def judged_draft(draft: str) -> str:
    """The reference of the draft that a verdict is about."""
    marked = [index for index, one in enumerate(split(draft, " & "), start=1) if "judged:" in one]
    return f"MedicationRequest/draft-{marked[0] if marked else 1}"
