"""The words of vitamin B12 therapy, once each. Episode here is a course of therapy, not FHIR's EpisodeOfCare."""

from __future__ import annotations

from enum import StrEnum


class Substance(StrEnum):
    """A cobalamin given as a drug."""

    CYANOCOBALAMIN = "cyanocobalamin"
    HYDROXOCOBALAMIN = "hydroxocobalamin"
    MECOBALAMIN = "mecobalamin"
    COBAMAMIDE = "cobamamide"
    UNSPECIFIED = "vitamin B12"


class Form(StrEnum):
    """What the product is, as far as dosing cares."""

    INJECTION = "injection"
    ORAL = "oral"
    SUBLINGUAL = "sublingual"
    NASAL = "nasal"


class Route(StrEnum):
    """How a dose is given. Deep subcutaneous counts as subcutaneous: no separate code was found."""

    INTRAMUSCULAR = "intramuscular"
    SUBCUTANEOUS = "subcutaneous"
    INTRAVENOUS = "intravenous"
    INTRADERMAL = "intradermal"
    ORAL = "oral"
    SUBLINGUAL = "sublingual"
    NASAL = "nasal"
    OTHER = "other"

    @property
    def parenteral(self) -> bool:
        """True where absorption from the gut is not needed."""
        return self in {Route.INTRAMUSCULAR, Route.SUBCUTANEOUS, Route.INTRAVENOUS, Route.INTRADERMAL}

    @property
    def swallowed(self) -> bool:
        """True where the patient takes it without an injection: by mouth, under the tongue or by nose."""
        return self in {Route.ORAL, Route.SUBLINGUAL, Route.NASAL}


class AmountKind(StrEnum):
    """What a dose amount measures; the unit of its numbers follows from it."""

    MASS = "mass"  # micrograms
    VOLUME = "volume"  # millilitres
    COUNT = "count"  # pieces: tablets, ampoules, vials, sprays
    UNKNOWN = "unknown"  # the unit is missing or not known; never guessed


class Piece(StrEnum):
    """What a count counts."""

    TABLET = "tablet"  # also capsule, lozenge
    AMPOULE = "ampoule"  # also pre-filled syringe: one container is one dose
    VIAL = "vial"  # may hold many doses
    SPRAY = "spray"
    OTHER = "other"  # "dose", "injection", "unit"


class TimeUnit(StrEnum):
    """Units of time, spelled as in FHIR."""

    HOUR = "h"
    DAY = "d"
    WEEK = "wk"
    MONTH = "mo"
    YEAR = "a"


class DecimalMark(StrEnum):
    """What parts the whole from its decimals where a protocol is used: the other one groups thousands."""

    POINT = "point"
    COMMA = "comma"


class Phase(StrEnum):
    """Where therapy stands."""

    UNTREATED = "untreated"
    LOADING = "loading"
    MAINTENANCE = "maintenance"


class Evidence(StrEnum):
    """What a statement about a dose rests on, strongest first."""

    ADMINISTERED = "administered"
    DISPENSED = "dispensed"
    STATED = "stated"
    PROCEDURE = "procedure"
    ORDERED = "ordered"

    @property
    def rank(self) -> int:
        """0 is the strongest."""
        return RANKS[self]


RANKS = {evidence: rank for rank, evidence in enumerate(Evidence)}


class Indication(StrEnum):
    """Why the patient needs vitamin B12."""

    PERMANENT_MALABSORPTION = "permanent malabsorption"
    REVERSIBLE_MALABSORPTION = "reversible malabsorption"
    DIETARY = "dietary"
    DRUG_INDUCED = "drug-induced"
    UNKNOWN = "unknown"


class SpecialTherapy(StrEnum):
    """Other therapies that use cobalamins on schedules of their own; dose and schedule advice keeps out of them."""

    ANTIDOTE = "cyanide antidote"
    INBORN_ERROR = "inborn error of cobalamin metabolism"
    LEBER = "Leber optic neuropathy"
    TOBACCO_AMBLYOPIA = "tobacco amblyopia"
    ANTIFOLATE = "pemetrexed or pralatrexate premedication"
    DIALYSIS = "dialysis"


class Analyte(StrEnum):
    """A laboratory measurement that matters here."""

    B12 = "total vitamin B12"
    ACTIVE_B12 = "active vitamin B12"
    MMA = "methylmalonic acid"
    HOMOCYSTEINE = "homocysteine"
    HAEMOGLOBIN = "haemoglobin"
    MCV = "mean cell volume"
    CREATININE = "creatinine"
    EGFR = "estimated glomerular filtration rate"
    BLOOD_COUNT = "blood count"  # the panel; its parts count for it too
    RETICULOCYTES = "reticulocytes"
    FOLATE = "serum folate"
    RED_CELL_FOLATE = "red cell folate"
    FERRITIN = "ferritin"
    TSH = "thyroid stimulating hormone"
    POTASSIUM = "potassium"
    INTRINSIC_FACTOR_ANTIBODY = "intrinsic factor antibody"


class RiskDrug(StrEnum):
    """A drug other than B12 that bears on B12 therapy."""

    METFORMIN = "metformin"
    ACID_SUPPRESSION = "acid suppression"  # proton pump inhibitors and H2 blockers
    NITROUS_OXIDE = "nitrous oxide"
    FOLIC_ACID = "folic acid"
    METHOTREXATE = "methotrexate"
    ANTIFOLATE = "pemetrexed or pralatrexate"
    DIGOXIN = "digoxin"
    POTASSIUM_LOSING_DIURETIC = "potassium-losing diuretic"


class Property(StrEnum):
    """The kind of quantity a laboratory code promises, as LOINC names it."""

    MASS = "MCnc"
    MOLAR = "SCnc"
    OTHER = "other"
