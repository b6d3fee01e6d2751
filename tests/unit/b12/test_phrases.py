"""Words are read as ideas only where they can mean nothing else."""

from __future__ import annotations

import pytest

from cds_service.b12.codes import CodeSets
from cds_service.b12.concept import Code, Concept
from cds_service.b12.phrases import LONGEST_TEXT, Phrases
from cds_service.fhir.terminology import load_code_sets
from cds_service.knowledge import roots


@pytest.fixture(scope="module")
def codes() -> CodeSets:
    return load_code_sets(roots().fhir_profiles)


KNOWN = {
    "pernicious-anaemia": ["Pernicious anemia", "PERNICIOUS  ANAEMIA.", "Pernicious anemia (disorder)"],
    "b12-deficiency": ["B12 deficiency", "B-12 deficiency", "Vit. B12 deficiency", "Vitamin B 12 Deficiency"],
    "total-gastrectomy": ["Total gastrectomy", "S/P total gastrectomy", "history of total gastrectomy"],
    "bariatric-surgery": ["Gastric bypass", "Roux-en-Y gastric bypass", "Sleeve gastrectomy (procedure)"],
    "ileal-resection": ["Ileal resection", "resection of terminal ileum", "Ileocecal resection"],
    "crohns-disease": ["Crohn's disease", "Crohn’s disease", "Crohn disease"],
    "coeliac-disease": ["Coeliac disease", "celiac disease"],
    "vegan-diet": ["vegan", "Vegan diet (finding)"],
    "neurological-signs": ["Peripheral neuropathy", "Paresthesia", "Subacute combined degeneration of the cord"],
    "diabetic-neuropathy": ["Diabetic neuropathy"],
    "leber-proper": ["LHON", "Leber's hereditary optic neuropathy"],
    "polycythaemia-vera": ["Polycythemia vera"],
    "pregnancy": ["Pregnant"],
    "nitrous-oxide-use": ["Nitrous oxide misuse", "nitrous oxide abuse"],
    "allergen-cobalt": ["Cobalt", "Cobalt allergy", "allergy to cobalt"],
    "allergen-cobalamin": ["Vitamin B12", "Allergy to cyanocobalamin"],
    "allergen-benzyl-alcohol": ["benzyl alcohol allergy"],
    "drug-metformin": [
        "Metformin", "Metformin 500 mg tablet", "TAB METFORMIN 500MG", "Glucophage 1 g",
        "24 HR metformin hydrochloride 500 MG Extended Release Oral Tablet", "metformin, oral, 500 mg",
    ],
    "drug-folic-acid": ["Folic acid 5 mg", "folic acid 1 mg oral tablet"],
    "drug-digoxin": ["Digoxin 0.05 mg/mL oral solution"],
    "drug-antifolate": ["Pemetrexed 500 mg injection"],
}  # fmt: skip


@pytest.mark.parametrize(("idea", "text"), [(idea, text) for idea, texts in KNOWN.items() for text in texts])
def test_words_that_mean_an_idea_are_read(codes: CodeSets, idea: str, text: str) -> None:
    concept = Concept((), text)

    assert idea in codes.ideas_of(concept)
    assert codes.by_text(concept)


NOT_READ = [
    "", "PA", "anaemia?", "family history of pernicious anaemia", "FH: pernicious anaemia", "?B12 deficiency",
    "B12 deficiency?", "no pernicious anaemia", "Pernicious anaemia excluded", "pernicious anaemia (mother)",
    "possible pernicious anaemia", "rule out B12 deficiency", "B12 deficiency -ve", "B12 deficiency → resolved",
    "at risk of B12 deficiency", "B12 deficiency + folate deficiency", "pernicious anaemia screening",
    "previous Crohn's disease", "fear of pregnancy", "not pregnant", "Leber congenital amaurosis", "gastric band",
    "metformin-free diet", "no metformin", "stop metformin", "aripiprazole 5 mg", "metformin intolerance",
    "metformin stopped", "sitagliptin / metformin", "Metformin/sitagliptin 50 mg", "vitamin C, folic acid",
    "folic acid, vitamin B12, iron", "folic acid and iron", "folic acid with B12", "levomefolic acid 15 mg",
    "prenatal vitamin with folic acid", "digoxin immune fab", "digoxin level", "digoxin antibody",
    "furosemide/amiloride", "spironolactone-hydrochlorothiazide", "methotrexate-induced mucositis",
    "pernicious anaemia " + "x" * LONGEST_TEXT,
]  # fmt: skip


@pytest.mark.parametrize("text", NOT_READ)
def test_words_that_may_mean_something_else_are_not_read(codes: CodeSets, text: str) -> None:
    assert codes.ideas_of(Concept((), text)) == frozenset()
    assert not codes.by_text(Concept((), text))


def test_a_text_of_more_than_a_line_is_not_read(codes: CodeSets) -> None:
    longest = "metformin 500 mg ".ljust(LONGEST_TEXT, "x")

    assert codes.ideas_of(Concept((), longest)) == {"drug-metformin"}
    assert codes.ideas_of(Concept((), longest + "x")) == frozenset()


@pytest.mark.parametrize("known", [Code("http://snomed.info/sct", "77386006"), Code("local", "1")])
def test_words_beside_a_code_are_not_read(codes: CodeSets, known: Code) -> None:
    concept = Concept((known,), "Pernicious anaemia")

    assert "pernicious-anaemia" not in codes.ideas_of(concept)
    assert not codes.by_text(concept)


def test_a_phrase_of_a_drug_names_the_drug_from_its_first_word() -> None:
    phrases = Phrases(drugs={"folic acid": frozenset({"drug-folic-acid"})})

    assert phrases.ideas_in("5 Folic acid 5 mg") == {"drug-folic-acid"}
    assert phrases.ideas_in("folic") == phrases.ideas_in("my folic acid") == phrases.ideas_in("500") == frozenset()
