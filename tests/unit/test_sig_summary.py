"""The share of a collection of dosage texts that is read, as a command tells it; the collection may be absent."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.helpers import sig_summary

OWN = "# of our own\nb12\tcyanocobalamin 1000 mcg IM monthly\nb12-error\tas told by the nurse\nother\tx\n"


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    found = tmp_path / "sigs.tsv"
    monkeypatch.setattr(sig_summary, "CORPUS", found)
    return found


def test_without_the_collection_the_command_says_so_and_fails(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert sig_summary.main() == 1
    said = capsys.readouterr()
    assert (said.out, said.err.splitlines()[0]) == (
        "",
        f"expected the collection of dosage texts at {place}, got no such file.",
    )


def test_another_collection_is_counted_in_its_place(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    place.write_text(OWN, "utf-8")
    assert sig_summary.main() == 0
    share, refused = capsys.readouterr().out.splitlines()
    assert share == "1 of 2 read (50 %), 1 refused"
    assert refused.startswith("  line 3: ")
