"""Every package MIA stands on may be part of an AGPL program; a silent service breaks nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from scripts import audit
from scripts.audit import Package, holes, unfit


def test_every_installed_package_may_be_part_of_mia() -> None:
    found = audit.installed()
    assert len(found) > 50
    assert not list(unfit(found))


@pytest.mark.parametrize(
    "licence",
    [
        "UNKNOWN",
        "Proprietary",
        "CC-BY-NC-4.0",
        "SSPL-1.0",
        "BUSL-1.1",
        "GPL-2.0-only",
        "MIT-like NC",
    ],
)
def test_a_package_that_may_not_is_found(licence: str) -> None:
    assert list(unfit([Package("x", "1", licence)]))


def test_of_two_licences_one_is_enough() -> None:
    assert not list(unfit([Package("x", "1", "Proprietary OR MIT")]))


def test_a_hole_is_found_and_a_service_that_knows_nothing_is_said_to() -> None:
    vulnerable = {"name": "x", "version": "1", "vulns": [{"id": "PYSEC-1"}]}
    skipped = {"name": "y", "skip_reason": "Dependency not found on PyPI"}
    told = holes({"dependencies": [vulnerable, skipped]})
    assert (told.found, told.unknown, told.silent) == ([("x", "1", ["PYSEC-1"])], 1, "")
    assert holes({"dependencies": [skipped]}).silent


def test_a_service_that_cannot_be_reached_fails_nothing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(audit, "LOCKS", ("no-such.lock",))
    monkeypatch.setattr(audit, "ROOT", tmp_path)
    monkeypatch.setattr("sys.argv", ["audit"])
    assert audit.main() == 0
    assert "NOT CHECKED" in capsys.readouterr().out
