"""Laboratory orders that we propose: one ServiceRequest for each test, coded with the usual LOINC codes."""

from __future__ import annotations

from collections.abc import Mapping

from cds_service.b12.words import Analyte
from cds_service.fhir.quantities import SNOMED
from cds_service.fhir.valid import Resource

LOINC = "http://loinc.org"
PREFERENCE_LIST = "urn:com.epic.cdshooks.action.code.system.preference-list-item"
LABORATORY = {"system": SNOMED, "code": "108252007", "display": "Laboratory procedure"}
# Where laboratories differ in reporting by mass or by amount of substance, the order names both: it is their choice.
TESTS: dict[Analyte, tuple[str, tuple[tuple[str, str], ...]]] = {
    Analyte.B12: (
        "Vitamin B12, serum",
        (
            ("2132-9", "Cobalamin (Vitamin B12) [Mass/volume] in Serum or Plasma"),
            ("14685-2", "Cobalamin (Vitamin B12) [Moles/volume] in Serum or Plasma"),
        ),
    ),
    Analyte.ACTIVE_B12: ("Active vitamin B12, serum", (("72160-5", "Holotranscobalamin [Moles/volume] in Serum"),)),
    Analyte.MMA: ("Methylmalonic acid, serum", (("13964-2", "Methylmalonate [Moles/volume] in Serum or Plasma"),)),
    Analyte.HOMOCYSTEINE: ("Homocysteine, plasma", (("13965-9", "Homocysteine [Moles/volume] in Serum or Plasma"),)),
    Analyte.HAEMOGLOBIN: ("Haemoglobin", (("718-7", "Hemoglobin [Mass/volume] in Blood"),)),
    Analyte.MCV: ("Mean cell volume", (("787-2", "MCV [Entitic volume] by Automated count"),)),
    Analyte.CREATININE: (
        "Creatinine, serum",
        (
            ("2160-0", "Creatinine [Mass/volume] in Serum or Plasma"),
            ("14682-9", "Creatinine [Moles/volume] in Serum or Plasma"),
        ),
    ),
    Analyte.EGFR: (
        "Estimated glomerular filtration rate",
        (("62238-1", "Glomerular filtration rate predicted by CKD-EPI, per 1.73 sq M"),),
    ),
    Analyte.BLOOD_COUNT: ("Blood count", (("58410-2", "Complete blood count panel - Blood by Automated count"),)),
    Analyte.RETICULOCYTES: ("Reticulocytes", (("60474-4", "Reticulocytes [#/volume] in Blood by Automated count"),)),
    Analyte.FOLATE: (
        "Folate, serum",
        (
            ("2284-8", "Folate [Mass/volume] in Serum or Plasma"),
            ("14732-2", "Folate [Moles/volume] in Serum or Plasma"),
        ),
    ),
    Analyte.RED_CELL_FOLATE: ("Folate, red cells", (("2283-0", "Folate [Mass/volume] in Red Blood Cells"),)),
    Analyte.FERRITIN: ("Ferritin, serum", (("2276-4", "Ferritin [Mass/volume] in Serum or Plasma"),)),
    Analyte.TSH: ("Thyroid stimulating hormone, serum", (("3016-3", "Thyrotropin [Units/volume] in Serum or Plasma"),)),
    Analyte.POTASSIUM: ("Potassium, serum", (("2823-3", "Potassium [Moles/volume] in Serum or Plasma"),)),
    Analyte.INTRINSIC_FACTOR_ANTIBODY: (
        "Intrinsic factor antibody, serum",
        (("30530-0", "Intrinsic factor Ab [Presence] in Serum"),),
    ),
}
"""The words of each test and the codes that a laboratory may know it by."""


def order_of_test(analyte: Analyte, patient_id: str) -> Resource:
    """An order for one test, in `draft`, for the clinician to sign."""
    return {
        "resourceType": "ServiceRequest",
        "status": "draft",
        "intent": "order",
        "category": [{"coding": [LABORATORY]}],
        "code": concept_of_test(analyte),
        "subject": {"reference": f"Patient/{patient_id}"},
    }


def concept_of_test(analyte: Analyte) -> Resource:
    """A test as a concept of LOINC."""
    words, codes = TESTS[analyte]
    coding = [{"system": LOINC, "code": code, "display": display} for code, display in codes]
    return {"coding": coding, "text": words}


def words_of_test(analyte: Analyte) -> str:
    """The words of a test, for the description of what its order does."""
    return TESTS[analyte][0]


def from_preference_list(order: Resource, keys: Mapping[str, str]) -> Resource | None:
    """The order of a test under a site's own key for one of its LOINC codes; None if it is no test or has no key."""
    if order.get("resourceType") != "ServiceRequest":
        return None
    concept = order["code"]
    found = (keys[one["code"]] for one in concept["coding"] if one["system"] == LOINC and one["code"] in keys)
    key = next(found, None)
    if key is None:
        return None
    own = {"system": PREFERENCE_LIST, "code": key, "display": concept["text"]}
    return order | {"code": concept | {"coding": [own, *concept["coding"]]}}
