"""Error-prone forms are found and respelled, and a text never comes to mean anything else."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from cds_service.b12.abbreviations import safe_texts, written_in
from cds_service.b12.policy import Abbreviation, Written
from cds_service.b12.record import SigReading, SigRefused
from cds_service.b12.sig import read_sig
from cds_service.knowledge import Knowledge
from tests.helpers.reading import RXNORM, read, resource, timeline


def forms(knowledge: Knowledge, protocol: str = "us-practice") -> tuple[Abbreviation, ...]:
    return tuple(knowledge.protocols[protocol].abbreviations.values())


def respelled(knowledge: Knowledge, *texts: str, name: str = "Cyanocobalamin injection") -> list[str]:
    steps = [{"sequence": number, "text": text} for number, text in enumerate(texts, start=1)]
    concept = {"text": name}
    draft = resource("MedicationRequest", id="d", dosageInstruction=steps, medicationCodeableConcept=concept)
    [order] = timeline(knowledge, read(knowledge, drafts=(draft,)).record).drafts
    return [one.text for one in safe_texts(order, forms(knowledge))]


def meant(read: SigReading | SigRefused) -> object:
    """What a text says, without how its amounts are written."""
    if not isinstance(read, SigReading):
        return read
    amounts = [replace(one.amount, written="") if one.amount else None for one in read.phases]
    return amounts, [(one.route, one.schedule) for one in read.phases], read.as_needed, read.strength


RESPELLED = [
    ("1000 µg IM monthly", "1000 mcg IM monthly"),
    ("1000μg IM monthly", "1000 mcg IM monthly"),
    ("1.0 µg IM monthly", "1 mcg IM monthly"),
    ("1cc IM monthly", "1 mL IM monthly"),
    ("1000U IM monthly", "1000 units IM monthly"),
    ("inject 1000U. Repeat monthly.", "inject 1000 units. Repeat monthly."),
    ("1 mg PO q.d.", "1 mg PO daily"),
    ("1 mg PO Q.D., with food", "1 mg PO daily, with food"),
    ("1 mg IM q.o.d. then 1 mg IM qd", "1 mg IM every other day then 1 mg IM daily"),
    ("1 mg IM tiw", "1 mg IM 3 times a week"),
    ("1 mg S.C. monthly", "1 mg subcut monthly"),
    ("1 mg IM/SC monthly", "1 mg IM/subcut monthly"),
    ("1 mg sub q monthly.", "1 mg subcut monthly."),
    ("1,000.0 mcg IM monthly", "1,000 mcg IM monthly"),
    ("1.00 mg IM monthly", "1 mg IM monthly"),
    ("inject .5 mL IM monthly", "inject 0.5 mL IM monthly"),
    ("1.0 mg (1.0 mL of 1.0 mg/mL) IM monthly", "1 mg (1 mL of 1.0 mg/mL) IM monthly"),
]


@pytest.mark.parametrize(("text", "expected"), RESPELLED)
def test_a_form_is_respelled_and_nothing_else_changes(knowledge: Knowledge, text: str, expected: str) -> None:
    assert respelled(knowledge, text) == [expected]


@pytest.mark.parametrize(("text", "expected"), RESPELLED)
def test_the_text_goes_on_meaning_the_same(text: str, expected: str) -> None:
    before, after = read_sig(text), read_sig(expected)

    assert isinstance(after, SigReading) or after == before
    assert meant(after) == meant(before) or not isinstance(before, SigReading)


@pytest.mark.parametrize(
    "text",
    [
        "1000 mcg IM monthly",
        "1.000 mcg IM monthly",  # a thousand, in half of Europe
        "1.5 mg IM monthly",
        "10.05 mg IM monthly",
        "100 mg PO QID",
        "1 mg subcutaneous monthly",
        "1 mg IM monthly, from 1.0 2026",
        "version 2.0 of the plan",
        "use a U-100 syringe",
        "scan the barcode, accept delivery",
    ],
)
def test_what_is_no_such_form_stays(knowledge: Knowledge, text: str) -> None:
    assert respelled(knowledge, text) == []


def test_the_name_of_the_product_stays(knowledge: Knowledge) -> None:
    name = "Cyanocobalamin 1.0 mg SC injection"

    assert respelled(knowledge, f"{name.upper()} 1 mg monthly", name=name) == []
    assert respelled(knowledge, f"{name} SC monthly", name=name) == [f"{name} subcut monthly"]


def test_a_product_without_a_name_has_no_name_to_spare(knowledge: Knowledge) -> None:
    unnamed = {"coding": [{"system": RXNORM, "code": "309594"}]}
    draft = resource(
        "MedicationRequest", id="d", dosageInstruction=[{"text": "1 mg SC"}], medicationCodeableConcept=unnamed
    )
    [order] = timeline(knowledge, read(knowledge, drafts=(draft,)).record).drafts

    assert [one.text for one in safe_texts(order, forms(knowledge))] == ["1 mg subcut"]


def test_each_step_is_respelled_by_itself(knowledge: Knowledge) -> None:
    assert respelled(knowledge, "1 mg IM daily", "1 mg SC monthly", "1 mg SQ yearly") == [
        "1 mg subcut monthly",
        "1 mg subcut yearly",
    ]


def test_forms_are_told_once_each(knowledge: Knowledge) -> None:
    steps = [{"text": "1 mg SC or SC qd"}]
    draft = resource("MedicationRequest", id="d", dosageInstruction=steps)
    [order] = timeline(knowledge, read(knowledge, drafts=(draft,)).record).drafts

    assert written_in(safe_texts(order, forms(knowledge))) == (
        "qd, SC",
        "daily, subcut",
    )


def test_the_examples_of_the_list_are_found_by_their_own_rows(knowledge: Knowledge) -> None:
    for one in forms(knowledge):
        number = "5 " if one.written is Written.UNIT else ""
        assert respelled(knowledge, f"give {number}{one.form} monthly") == [f"give {number}{one.safe} monthly"]


def test_every_protocol_s_microgram_is_read_as_one(knowledge: Knowledge) -> None:
    spelled = {name: knowledge.protocols[name].abbreviations["microgram"].safe for name in knowledge.protocols}

    assert {spelled[name] for name in ("us-practice", "uk-nice-bnf", "de-label")} == {"mcg", "micrograms", "Mikrogramm"}
    for safe in spelled.values():
        assert meant(read_sig(f"1000 {safe} IM monthly")) == meant(read_sig("1000 mcg IM monthly"))
