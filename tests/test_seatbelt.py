"""The profile for macOS, as text: experimental, and not measured on any machine."""

from __future__ import annotations

import pytest

from grader import doctor
from grader.cell import levels
from grader.cell.deaths import CellUnavailable
from grader.cell.launcher import Launcher
from grader.cell.seatbelt import profile
from grader.errors import UnavailableError
from grader.model import Level

EXPECTED = """\
(version 1)
(deny default)
(allow signal (target self))
(allow sysctl-read)
(allow file-read* (subpath "/usr/lib"))
(allow file-read* (subpath "/private/tmp/cell"))
(allow file-read* file-write-data (literal "/dev/null"))
(allow file-read* file-write-data (literal "/dev/urandom"))
(allow network-outbound (remote tcp "localhost:8001"))
"""


def test_a_profile() -> None:
    """What is named is allowed, the rest denied."""
    assert profile(["/usr/lib"], "/private/tmp/cell", writable=False, ports=[8001]) == EXPECTED
    writable = profile([], "/private/tmp/cell", writable=True, ports=[])
    assert '(allow file-write* (subpath "/private/tmp/cell"))' in writable
    assert "network" not in writable


def test_names_stay_names() -> None:
    """A folder's name can neither end its string nor add a rule; what cannot be spelled is refused."""
    text = profile(['/a"))(allow default)(x "\\'], "/cell", writable=False, ports=[])
    assert '(subpath "/a\\"))(allow default)(x \\"\\\\"))' in text
    assert not [line for line in text.splitlines() if line.startswith("(allow default)")]
    for name in ("/a\n(allow default)", "/\x1b", "/\ud800"):
        with pytest.raises(ValueError, match="cannot be named"):
            profile([name], "/cell", writable=False, ports=[])


def test_its_place() -> None:
    """Below guarded, above bare."""
    assert list(Level) == [Level.SEALED, Level.GUARDED, Level.SEATBELT, Level.BARE]
    assert Level.SEATBELT.is_weaker_than(Level.GUARDED)
    assert Level.BARE.is_weaker_than(Level.SEATBELT)
    assert not Level.SEATBELT.is_weaker_than(Level.SEATBELT)


def test_linux_refuses_it() -> None:
    """By name, with the levels that there are; to require it is to require at least guarded."""
    with pytest.raises(UnavailableError, match="seatbelt is not for this system, which has sealed, guarded, bare"):
        levels.open_cells(Level.SEATBELT)
    with pytest.raises(CellUnavailable, match="the sandbox of macOS"):
        Launcher(Level.SEATBELT)
    with pytest.raises(UnavailableError, match="level seatbelt is required, this machine gives bare"):
        levels.open_cells(Level.BARE, require=Level.SEATBELT)


def test_macos_is_told_the_truth(monkeypatch: pytest.MonkeyPatch) -> None:
    """No cell can be made there yet; the doctor says what is used instead, and what seatbelt is."""
    monkeypatch.setattr("sys.platform", "darwin")
    monkeypatch.setattr(levels, "HERE", (Level.SEATBELT, Level.BARE))
    told = dict(doctor._isolation())
    assert "cells need Linux" in told["isolation"]
    assert "experimental, not measured" in told["seatbelt"]
