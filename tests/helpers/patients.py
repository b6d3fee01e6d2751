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
    supply 10 mL, supply 3 vials       what the pharmacy is to hand over; also refills 2, supply for 90 days
    because "needle phobia"            the reason that the order gives
    as needed, starting DATE, until DATE, active, completed, stopped, on-hold, cancelled, not-done, draft,
    entered-in-error, plan, proposal, do not perform, of another patient, sent twice, unreadable (it cannot be read)
    drug by reference "Vitamin B12"    a reference to a Medication that is not there, with its words or without

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

from cds_service.fhir.templates import TEMPLATES
from cds_service.knowledge import Knowledge, load_knowledge, roots
from cds_service.written import ADDED, DRAFTS

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
    "kidney disease": (SNOMED, "709044004", "Chronic kidney disease"),
    "dialysis": (ICD, "Z99.2", "Dependence on renal dialysis"),
    "palliative care": (SNOMED, "103735009", "Palliative care"),
    "injections started": (SNOMED, "170821007", "Vitamin B12 injections started"),
    "injections stopped on purpose": (SNOMED, "170826002", "Vitamin B12 injections stopped"),
    "polycythaemia vera": (SNOMED, "109992005", "Polycythaemia vera"),
    "anaemia": (SNOMED, "271737000", "Anaemia"),
    "iron deficiency anaemia": (ICD, "D50.9", "Iron deficiency anemia, unspecified"),
    "macrocytic anaemia": (SNOMED, "83414005", "Macrocytic anaemia"),
    "megaloblastic anaemia": (SNOMED, "53165003", "Megaloblastic anaemia"),
    "hypokalaemia": (SNOMED, "43339004", "Hypokalaemia"),
    "Crohn": (SNOMED, "34000006", "Crohn's disease"),
    "ileal resection": (SNOMED, "444165004", "Excision of part of colon and terminal ileum"),
    "gastrectomy": (SNOMED, "53442002", "Gastrectomy"),
    "vegan": (SNOMED, "1255165006", "Vegan diet"),
    "nitrous oxide use": (ICD, "F18.10", "Inhalant abuse, uncomplicated"),
    "nitrous oxide anaemia": (SNOMED, "73891003", "Acute megaloblastic anaemia caused by nitrous oxide"),
    "breastfeeding": (ICD, "Z39.1", "Encounter for care and examination of lactating mother"),
    "hereditary optic atrophy": (ICD, "H47.22", "Hereditary optic atrophy"),
    "Leber by name": (ICD, "H47.22", "Leber's hereditary optic neuropathy"),
    "error of cobalamin metabolism": (SNOMED, "4409006", "Adenosylcobalamin and methylcobalamin synthesis defect"),
    "cobalamin C by name": (ICD, "E71.120", "Methylmalonic acidemia with homocystinuria, cblC type"),
    "transcobalamin deficiency": (ICD, "D51.2", "Transcobalamin II deficiency"),
    "secondary polycythaemia": (ICD, "D75.1", "Secondary polycythemia"),
    "hypertension": (SNOMED, "38341003", "Hypertensive disorder"),
}
SUBSTANCES = {
    "cyanocobalamin": (RXNORM, "11248", "vitamin B12"),
    "hydroxocobalamin": (ATC, "B03BA03", "hydroxocobalamin"),
    "mecobalamin": (RXNORM, "29421", "mecobalamin"),
    "vitamin B12": (SNOMED, "304111003", "Cobalamin"),
}
DRUGS = {
    "metformin": (RXNORM, "6809", "Metformin"),
    "omeprazole": (RXNORM, "7646", "Omeprazole"),
    "famotidine": (RXNORM, "4278", "Famotidine"),
    "nitrous oxide": (ATC, "N01AX13", "nitrous oxide"),
    "folic acid": (RXNORM, "4511", "Folic Acid"),
    "methotrexate": (RXNORM, "6851", "Methotrexate"),
    "digoxin": (RXNORM, "3407", "Digoxin"),
    "furosemide": (RXNORM, "4603", "Furosemide"),
    "pemetrexed": (ATC, "L01BA04", "pemetrexed"),
    "lisinopril": (RXNORM, "29046", "Lisinopril"),
}
ALLERGENS = {
    "cyanocobalamin": (SNOMED, "419382002", "Cyanocobalamin"),
    "hydroxocobalamin": (SNOMED, "409258004", "Hydroxocobalamin"),
    "mecobalamin": (SNOMED, "259512006", "Methylcobalamin"),
    "vitamin B12": (SNOMED, "304111003", "Cobalamin"),
    "cobalt": ("", "", "Cobalt"),
    "benzyl alcohol": ("", "", "Benzyl alcohol"),
    "penicillin": ("", "", "Penicillin"),
}
SHELF = {
    "metformin 500 mg": (RXNORM, "861007", "Metformin hydrochloride 500 MG Oral Tablet"),
    "omeprazole 20 mg": (RXNORM, "198051", "Omeprazole 20 MG Delayed Release Oral Capsule"),
    "famotidine 20 mg": (RXNORM, "310273", "Famotidine 20 MG Oral Tablet"),
    "folic acid 400 mcg": (RXNORM, "198640", "Folic Acid 0.4 MG Oral Tablet"),
    "folic acid 1 mg": (RXNORM, "310410", "Folic Acid 1 MG Oral Tablet"),
    "folic acid 5 mg": (RXNORM, "199318", "Folic Acid 5 MG Oral Tablet"),
    "methotrexate 2.5 mg": (RXNORM, "105585", "Methotrexate 2.5 MG Oral Tablet"),
    "digoxin 125 mcg": (RXNORM, "197604", "Digoxin 0.125 MG Oral Tablet"),
    "furosemide 40 mg": (RXNORM, "313988", "Furosemide 40 MG Oral Tablet"),
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
    "folic acid 5 mg and B12": (RXNORM, "199318", "Folic Acid 5 MG / Vitamin B12 0.1 MG Oral Tablet"),
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
    "haemoglobin molar": "59260-0",
    "MCV": "787-2",
    "blood count": "58410-2",
    "reticulocytes": "17849-1",
    "folate": "2284-8",
    "folate molar": "14732-2",
    "red cell folate": "2283-0",
    "ferritin": "2276-4",
    "TSH": "3016-3",
    "potassium": "2823-3",
    "creatinine": "2160-0",
    "eGFR": "33914-3",
    "IF antibody": "30530-0",
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
    "operations": ("procedures",),
    "allergies": ("allergies",),
    "tests": ("serviceRequests",),
    "plans": ("carePlans",),
    "family": ("familyHistory",),
}
KEYS = {kind: key for key, (kind, _) in TEMPLATES.items()} | {"Immunization": "immunizations"}
PERIODS = {"day": "d", "week": "wk", "month": "mo", "year": "a", "hour": "h"}
ADVERBS = {"daily": "d", "weekly": "wk", "monthly": "mo", "yearly": "a"}
TIMES = {"twice": 2}
DATE = r"(?:19|20)\d\d(?:-\d\d(?:-\d\d(?:T\S+)?)?)?(?! (?:mcg|mg|mL)\b)"
NUMBER = r"\d+(?:\.\d+)?"
NOT_SENT, GARBLED = "not sent", "garbled"
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
    dispense: Json = field(default_factory=dict)
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


def longest(names: Iterable[str]) -> str:
    """A pattern of names of which the longer is tried before the shorter."""
    return "|".join(sorted(names, key=len, reverse=True))


def number(text: str) -> int | float:
    """A JSON number."""
    return float(text) if "." in text else int(text)


def quantity(value: str, unit: str, code: str = "") -> Json:
    """A FHIR Quantity; a unit in quotes has no code."""
    if unit.startswith('"'):
        return {"value": number(value), "unit": unit.strip('"')}
    return {"value": number(value), "unit": unit, "system": UCUM, "code": code or UNITS[unit]}


def _product(line: Line, found: re.Match[str]) -> None:
    line.product = {"medicationCodeableConcept": concept(*(SHELF | DRUGS)[found[1]])}


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
        row = {"doseRange": {"low": quantity(low, unit, code or ""), "high": quantity(high, unit, code or "")}}
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


def _drug(line: Line, found: re.Match[str]) -> None:
    line.product = {"medicationCodeableConcept": concept(*DRUGS[found[0]])}


def _supply(line: Line, found: re.Match[str]) -> None:
    line.dispense["quantity"] = quantity(found[1], found[2])


def _supply_days(line: Line, found: re.Match[str]) -> None:
    line.dispense["expectedSupplyDuration"] = {"value": number(found[1]), "unit": "days", "system": UCUM, "code": "d"}


def _unreadable(line: Line, _: re.Match[str]) -> None:
    line.extra["dosageInstruction"] = "?"


def _by_reference(line: Line, found: re.Match[str]) -> None:
    named = {"display": found[1]} if found[1] else {}
    line.product = {"medicationReference": {"reference": "Medication/elsewhere", **named}}


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
    ("|".join(DRUGS), _drug),
    (rf"supply for ({NUMBER}) days", _supply_days),
    (rf'supply ({NUMBER}) ({"|".join(UNITS)}|"[^"]*")', _supply),
    (r"refills (\d+)", lambda line, found: line.dispense.update(numberOfRepeatsAllowed=int(found[1]))),
    ("|".join(ROUTES), _route),
    (rf"every (?:({NUMBER})(?:-({NUMBER}))? )?({'|'.join(PERIODS)})s?", _every),
    (rf"(?:(\d+) times a |(?=twice))(?:twice )?({'|'.join(PERIODS)})", _times),
    (rf"(?:(twice) )?({'|'.join(ADVERBS)})", _times),
    (r"once", lambda line, _: line.repeat.update(count=1)),
    (rf"on ({DATE}(?: {DATE})*)", lambda line, found: line.step.update(timing={"event": found[1].split()})),
    (r"x (\d+)", lambda line, found: line.repeat.update(count=int(found[1]))),
    (rf"for ({NUMBER}) ({'|'.join(PERIODS)})s?", _bounds),
    (r"as needed", lambda line, _: line.step.update(asNeededBoolean=True)),
    (r'because "([^"]*)"', lambda line, found: line.extra.update(reasonCode=[{"text": found[1]}])),
    (rf"starting ({DATE})", _starting),
    (rf"until ({DATE})", lambda line, found: setattr(line, "until", found[1])),
    (STATUSES, lambda line, found: setattr(line, "status", found[0])),
    (r"plan|proposal", lambda line, found: setattr(line, "intent", found[0])),
    (r"do not perform", lambda line, _: line.extra.update(doNotPerform=True)),
    (r"of another patient", _another_patient),
    (r"unreadable", _unreadable),
    (r"drug by reference(?: \"([^\"]*)\")?", _by_reference),
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
        order.setdefault("dosageInstruction", line.instructions)
    dispense = line.dispense | ({"validityPeriod": {"end": line.until}} if line.until else {})
    if dispense:
        order["dispenseRequest"] = dispense
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
    name = words.take(longest(LABS))
    if name is None:
        raise words.fault()
    lab: Json = {
        "resourceType": "Observation",
        "status": "final",
        "subject": {"reference": f"Patient/{PATIENT}"},
        "code": concept("http://loinc.org", LABS[name[0]], name[0]),
    } | _measured(words)
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


def _measured(words: Words) -> Json:
    if said := words.take(r'positive|negative|"[^"]*"'):
        return {"valueCodeableConcept": {"text": said[0].strip('"')}}
    found = words.take(rf"([<>]=?)?({NUMBER})(?: (?!range|preliminary|cancelled|corrected)(\S+))?")
    if found is None:
        return {}
    comparator, value, unit = found.groups()
    measured: Json = {"value": number(value)} | ({"unit": unit, "system": UCUM, "code": unit} if unit else {})
    return {"valueQuantity": measured | ({"comparator": comparator} if comparator else {})}


Ways = tuple[tuple[str, Callable[[Json, re.Match[str]], None]], ...]


def _modified(body: Json, words: Words, ways: Ways) -> Json:
    """The resource with what the rest of the entry says of it."""
    while words.rest:
        for pattern, change in ways:
            if found := words.take(pattern):
                change(body, found)
                break
        else:
            raise words.fault()
    return body


def _of_another(body: Json, _: re.Match[str]) -> None:
    body["subject" if "subject" in body else "patient"] = {"reference": "Patient/another"}


OF_ANOTHER = ("of another patient", _of_another)
TEST_WORDS: Ways = (
    (rf"due ({DATE})", lambda body, found: body.update(occurrenceDateTime=found[1])),
    (f"{STATUSES}|revoked", lambda body, found: body.update(status=found[0])),
    ("plan|proposal", lambda body, found: body.update(intent=found[0])),
    ("do not perform", lambda body, _: body.update(doNotPerform=True)),
    OF_ANOTHER,
)
PLAN_WORDS: Ways = (
    (rf"since ({DATE})", lambda body, found: body.setdefault("period", {}).update(start=found[1])),
    (rf"until ({DATE})", lambda body, found: body.setdefault("period", {}).update(end=found[1])),
    (f"{STATUSES}|revoked", lambda body, found: body.update(status=found[0])),
    OF_ANOTHER,
)


def _test(words: Words) -> Iterable[Json]:
    words.take("ordered")
    day = words.take(DATE)
    name = words.take(longest(LABS))
    if name is None:
        raise words.fault()
    order: Json = {
        "resourceType": "ServiceRequest",
        "status": "active",
        "intent": "order",
        "subject": {"reference": f"Patient/{PATIENT}"},
        "code": concept("http://loinc.org", LABS[name[0]], name[0]),
    } | ({"authoredOn": day[0]} if day else {})
    yield _modified(order, words, TEST_WORDS)


def _takes(words: Words) -> Iterable[Json]:
    name = words.take("|".join(DRUGS))
    if name is None:
        raise words.fault()
    words.rest = f"{words.rest} {name[0]}".strip()
    yield from _stated(words)


def _rash(severity: str) -> list[Json]:
    return [{"manifestation": [{"text": "rash"}], "severity": severity}]


def _says(field: str, system: str) -> Callable[[Json, re.Match[str]], None]:
    return lambda body, found: body.update({field: concept(system, found[0], found[0])})


CLINICAL = "http://terminology.hl7.org/CodeSystem/condition-clinical"
VERIFIED = "http://terminology.hl7.org/CodeSystem/condition-ver-status"
ALLERGY_CLINICAL = "http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical"
ALLERGY_VERIFIED = "http://terminology.hl7.org/CodeSystem/allergyintolerance-verification"
ALLERGY_WORDS: Ways = (
    ("resolved|inactive", _says("clinicalStatus", ALLERGY_CLINICAL)),
    ("refuted|entered-in-error|unconfirmed", _says("verificationStatus", ALLERGY_VERIFIED)),
    ("intolerance", lambda body, _: body.update(type="intolerance")),
    ("(high|low) criticality", lambda body, found: body.update(criticality=found[1])),
    ("mild|moderate|severe", lambda body, found: body.update(reaction=_rash(found[0]))),
    ("unreadable", lambda body, _: body.update(reaction="?")),
    OF_ANOTHER,
)
PROBLEM_WORDS: Ways = (
    (rf"since ({DATE})", lambda body, found: body.update(onsetDateTime=found[1])),
    (rf"until ({DATE})", lambda body, found: body.update(abatementDateTime=found[1])),
    ("resolved|inactive|remission", _says("clinicalStatus", CLINICAL)),
    ("refuted|entered-in-error|unconfirmed", _says("verificationStatus", VERIFIED)),
    ("unreadable", lambda body, _: body.update(onsetDateTime=7)),
    OF_ANOTHER,
)


def _allergic(words: Words) -> Iterable[Json]:
    named = words.take(longest(ALLERGENS))
    quoted = None if named else words.take(r'"([^"]*)"')
    if named is None and quoted is None:
        raise words.fault()
    allergy: Json = {
        "resourceType": "AllergyIntolerance",
        "patient": {"reference": f"Patient/{PATIENT}"},
        "clinicalStatus": concept(ALLERGY_CLINICAL, "active", "Active"),
        "verificationStatus": concept(ALLERGY_VERIFIED, "confirmed", "Confirmed"),
        "type": "allergy",
        "code": concept(*ALLERGENS[named[0]]) if named else {"text": quoted and quoted[1]},
    }
    yield _modified(allergy, words, ALLERGY_WORDS)


def _plan(words: Words) -> Iterable[Json]:
    quoted = words.take(r'"([^"]*)"') or words.take("(B12)")
    if quoted is None:
        raise words.fault()
    title = "Vitamin B12 replacement" if quoted[1] == "B12" else quoted[1]
    plan: Json = {
        "resourceType": "CarePlan",
        "status": "active",
        "intent": "plan",
        "subject": {"reference": f"Patient/{PATIENT}"},
        "title": title,
    }
    yield _modified(plan, words, PLAN_WORDS)


def _kin(words: Words) -> Iterable[Json]:
    name = words.take(longest(PROBLEMS))
    status = words.take("entered-in-error")
    if name is None or words.rest:
        raise words.fault()
    yield {
        "resourceType": "FamilyMemberHistory",
        "status": status[0] if status else "completed",
        "patient": {"reference": f"Patient/{PATIENT}"},
        "relationship": {"text": "mother"},
        "condition": [{"code": concept(*PROBLEMS[name[0]])}],
    }


def _done(words: Words) -> Iterable[Json]:
    day = words.take(DATE)
    name = words.take(longest(PROBLEMS))
    if name is None:
        raise words.fault()
    status = words.take(STATUSES)
    yield {
        "resourceType": "Procedure",
        "status": status[0] if status else "completed",
        "subject": {"reference": f"Patient/{PATIENT}"},
        "code": concept(*PROBLEMS[name[0]]),
    } | ({"performedDateTime": day[0]} if day else {})


def _problem(words: Words) -> Iterable[Json]:
    name = words.take(longest(PROBLEMS))
    if name is None:
        raise words.fault()
    problem: Json = {
        "resourceType": "Condition",
        "subject": {"reference": f"Patient/{PATIENT}"},
        "code": concept(*PROBLEMS[name[0]]),
        "clinicalStatus": concept(CLINICAL, "active", "Active"),
        "verificationStatus": concept(VERIFIED, "confirmed", "Confirmed"),
    }
    yield _modified(problem, words, PROBLEM_WORDS)


ENTRIES = {
    "done": _done,
    "given": _given,
    "dispensed": _dispensed,
    "immunized": _immunized,
    "stated": _stated,
    "ordered": _ordered,
    "lab": _lab,
    "test": _test,
    "takes": _takes,
    "allergic to": _allergic,
    "plan": _plan,
    "kin": _kin,
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
        elif sex := words.take("female|male"):
            patient["gender"] = sex[0]
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
        return next(iter(_problem(words)))
    if words.take("allergic to"):
        return next(iter(_allergic(words)))
    if words.take("test"):
        return next(iter(_test(words))) | {"status": "draft"}
    return order_of(read_medication(words), "draft")


def judged_draft(hook: str, draft: str) -> str:
    """The reference of what a verdict is about: a draft, or while an allergy is written the first order in force."""
    if hook == "allergyintolerance-create":
        return "MedicationRequest/MedicationRequest-1"
    drafts = split(draft, " & ")
    index = next((index for index, one in enumerate(drafts) if "judged:" in one), 0)
    text = re.sub(r"(?:judged|selected):", "", drafts[index]).strip() if drafts else ""
    return f"{'ServiceRequest' if text.startswith('test ') else 'MedicationRequest'}/draft-{index + 1}"
