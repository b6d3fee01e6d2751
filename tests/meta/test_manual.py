from __future__ import annotations

from pathlib import Path

import pytest

from tests import manual

pytestmark = pytest.mark.no_cover  # goes over again what other tests measure, and is quicker so


def test_the_manual_is_fresh(capsys: pytest.CaptureFixture[str]) -> None:
    assert manual.main(["--check"]) == 0, capsys.readouterr().err


def test_a_stale_manual_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(manual, "MANUAL", tmp_path / "README.md")
    manual.MANUAL.touch()
    assert manual.main(["--check"]) == 1
    assert "run python -m tests.manual" in capsys.readouterr().err
    (tmp_path / "cases").mkdir()
    (tmp_path / "cases" / "gone.md").touch()
    assert manual.main([]) == 0
    assert manual.main(["--check"]) == 0
    assert not (tmp_path / "cases" / "gone.md").exists()


def test_the_manual_names_every_rule_and_every_protocol() -> None:
    text = manual.manual()
    known = manual.knowledge()
    assert all(f"Rule `{rule}`" in text for rule in known.rules)
    assert all(f"`{protocol}`" in text for protocol in known.protocols)
