"""The words in which patients and orders are jotted down (tests.helpers.patients), and what they mean in FHIR."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from cds_service.fhir.templates import TEMPLATES

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
    "cyanocobalamin 1 mg/mL, named 5 mg/mL": (RXNORM, "309594", "vitamin B12 5 MG/ML injectable solution"),
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
