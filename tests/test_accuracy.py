"""``make accuracy``: what it prints."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.inference import main, score, wordings
from tests.packs import bulletin, make_pack


def test_the_demo_is_told_to_be_one(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("SECPACK", "XSA", "PROFILE"):
        monkeypatch.delenv(name, raising=False)
    assert main() == 0
    out = capsys.readouterr().out
    assert "This is the demo" in out
    assert "Disagreements: 0" in out
    assert "figures for those flatter" in out


def test_invented_wordings() -> None:
    for mark, count in (("", 170), ("!", 56)):
        inferred, true = wordings(mark)
        assert len(true) == count
        assert score(inferred, true).f1 >= 0.98, sorted(inferred ^ true)


def test_one_without_the_other(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setenv("SECPACK", str(tmp_path))
    monkeypatch.delenv("XSA", raising=False)
    assert main() == 2
    assert "No figures" in capsys.readouterr().out


def test_figures_and_both_sides(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """Two pairs agree, one is only the text's, one only the tracker's."""
    tracker = "".join(f"- xsa: {n}\n  affected: yes\n  qsb: 001-2001\n" for n in (4, 5, 8))
    text = bulletin(1, title="Bugs (XSA-4 to XSA-6)", body="It is unlike XSA-8.")
    pack = make_pack(tmp_path, {"QSBs/qsb-001-2001.txt": text, "xsa.yml": tracker})
    monkeypatch.setenv("SECPACK", str(pack))
    monkeypatch.setenv("XSA", str(pack / "xsa.yml"))
    monkeypatch.delenv("PROFILE", raising=False)
    assert main() == 0
    out = capsys.readouterr().out
    assert "all                0.667   0.667  0.667      2          1             1\n" in out
    assert (
        """
QSB-001, XSA-6
  tracker: does not have it
  text: addressed
    QSBs/qsb-001-2001.txt:5: title: “Bugs (XSA-4 to XSA-6)”

QSB-001, XSA-8
  tracker: affected, bulletin 001-2001
  text: mentioned
    QSBs/qsb-001-2001.txt:10: in passing: “It is unlike XSA-8.”
"""
        in out
    )
