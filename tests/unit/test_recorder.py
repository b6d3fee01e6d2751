from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest
from msgspec.structs import replace

from cds_service.answer import Answer, Asked, answer
from cds_service.fhir.prefetch import FetchNote
from cds_service.hooks import HookRequest, read_request
from cds_service.knowledge import Knowledge
from cds_service.recorder import Call, Recorder
from cds_service.store.lines import Evaluation, line_decoder
from cds_service.store.spool import Spool
from cds_service.withheld import WITHHELD, kept_summary, kept_trace
from tests.helpers import wire

AT = datetime(2026, 11, 21, 10, tzinfo=UTC)


def kept(folder: Path, request: HookRequest, found: Answer, key: str = "key") -> Evaluation:
    """The one line that a new recorder writes."""
    recorder = Recorder(Spool(folder), key)
    recorder.keep_evaluation(request, found, Call(AT, "b12-order-sign", AT, "us-practice", "k", 1))
    recorder.spool.close()
    [path] = folder.glob("*.jsonl")
    line = line_decoder().decode(path.read_bytes())
    assert isinstance(line, Evaluation)
    return line


def asked(knowledge: Knowledge) -> tuple[HookRequest, Answer]:
    request = read_request(msgspec.json.encode(wire.sign(wire.draft())))
    return request, answer(request, Asked(knowledge, "us-practice", AT, 5, 1000))


def test_what_was_fetched_is_kept_with_how_it_went(knowledge: Knowledge, tmp_path: Path) -> None:
    request, found = asked(knowledge)
    noted = replace(found, fetched=(FetchNote("doses", "timeout", 412),))
    line = kept(tmp_path / "a", request, noted)
    assert msgspec.json.decode(line.fetched) == [{"key": "doses", "outcome": "timeout", "milliseconds": 412}]
    assert bytes(kept(tmp_path / "b", request, found).fetched) == b"[]"


def test_nothing_in_a_line_can_be_made_from_the_patients_id_without_the_key(
    knowledge: Knowledge, tmp_path: Path
) -> None:
    request, found = asked(knowledge)
    other = replace(request, context=replace(request.context, patientId="another"))
    mine, theirs = kept(tmp_path / "a", request, found), kept(tmp_path / "b", other, found)
    assert mine.patient_key != theirs.patient_key
    assert mine.id != theirs.id
    without = [kept(tmp_path / name, one, found, key="") for name, one in (("c", request), ("d", other))]
    assert without[0] == without[1]


def test_shadows_are_kept_as_cards_that_were_not_shown(knowledge: Knowledge, tmp_path: Path) -> None:
    request, found = asked(knowledge)
    line = kept(tmp_path, request, replace(found, cards=(), shadows=found.cards))
    assert [card.held for card in line.cards] == ["shadow"] * len(found.cards)
    assert line.cards


@pytest.mark.parametrize(
    ("written", "kept_as"),
    [
        ("120 pg/mL", "120 pg/mL"),
        ("<=100 pg/mL", "<=100 pg/mL"),
        (">=100 pg/mL Mrs X", f">=100 {WITHHELD}"),
        ("ad100 Mrs X", f"ad100 {WITHHELD}"),
        ("1.2E+2 pg/mL Mrs X", f"1.2E+2 {WITHHELD}"),
        ("-5 Mrs X", f"-5 {WITHHELD}"),
        ("~100 pg/mL Mrs X", WITHHELD),
        ("100/Mrs X", WITHHELD),
        ("by mouth", "by mouth"),
    ],
)
def test_of_a_number_only_what_is_known_is_kept(written: str, kept_as: str) -> None:
    assert kept_trace({"rule": "deficiency_untreated", "facts": {"written": written}})["facts"] == {"written": kept_as}


def test_units_that_nobody_knows_and_quotations_are_withheld_and_their_summary_with_them() -> None:
    also = {"rule": "allergy_conflict", "facts": {"allergy": "Mrs X says cobalt", "substance": "cyanocobalamin"}}
    trace = {"rule": "dose_unit_mismatch", "facts": {"written": "1000 for Mrs X", "factor": 1000}, "also": [also]}
    assert kept_trace(trace)["facts"] == {"written": f"1000 {WITHHELD}", "factor": 1000}
    assert kept_trace(trace)["also"][0]["facts"] == {"allergy": WITHHELD, "substance": "cyanocobalamin"}
    assert kept_summary(trace, "1000 for Mrs X") == WITHHELD
    known = {"rule": "dose_unit_mismatch", "facts": {"written": "500-1000 mg", "unit": "tablets"}}
    assert kept_trace(known) == known
    assert kept_summary(known, "500-1000 mg") == "500-1000 mg"
