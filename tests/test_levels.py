"""How a level of isolation is chosen, and that none is ever given in part."""

from __future__ import annotations

import gc
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from grader.cell import levels, outer
from grader.cell.deaths import CellUnavailable
from grader.cell.launcher import Launcher
from grader.errors import UnavailableError
from grader.model import Level
from tests.cells import CellMaker

READABLE = outer.readable()

READER = """
import os, socket

def read(path):
    try:
        with open(path, "rb") as file: return file.read(10)
    except OSError as error: return type(error).__name__

def connect(port): socket.create_connection(("127.0.0.1", port)).close()

def fork():
    child = os.fork()
    return child or os._exit(0)
"""


class TestChoosing:
    """The strongest that works, or the one asked for."""

    def test_bare_is_what_it_says(self, make_bare: CellMaker) -> None:
        """A process with limits: it reads, reaches and starts what its user may."""
        subject = make_bare(READER)
        assert subject.read("/etc/passwd") == Path("/etc/passwd").read_bytes()[:10]
        assert subject.fork() > 0
        with socket.create_server(("127.0.0.1", 0)) as listener:
            subject.connect(listener.getsockname()[1])

    def test_a_step_that_fails_ends_the_cell(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        """Never best effort: a rule that cannot be made leaves no cell, rather than one without the rule."""
        (tmp_path / "file").write_text("")
        monkeypatch.setattr(outer, "readable", lambda: [*READABLE, str(tmp_path / "file" / "below")])
        launcher = Launcher(Level.GUARDED)
        try:
            launcher.wait_until_ready()
            with pytest.raises(CellUnavailable, match="could not be confined"):
                CellMaker(launcher)("")
        finally:
            launcher.close()

    @pytest.mark.parametrize("level", [Level.SEALED, Level.GUARDED], ids=str)
    def test_what_lies_below_a_closed_home_can_be_read(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, level: Level
    ) -> None:
        """An interpreter below a folder of mode 0700 works, and the rules hold all the same."""
        home = tmp_path / "home"
        (home / "lib").mkdir(parents=True)
        (home / "lib" / "text").write_text("library")
        (home / "secret").write_text("secret")
        home.chmod(0o700)
        monkeypatch.setattr(outer, "readable", lambda: [*READABLE, str(home / "lib")])
        launcher = Launcher(level)
        try:
            launcher.wait_until_ready()
        except CellUnavailable as error:
            pytest.skip(str(error))
        maker = CellMaker(launcher)
        try:
            subject = maker(READER)
            assert subject.read(str(home / "lib" / "text")) == b"library"
            assert subject.read(str(home / "secret")) in ("PermissionError", "FileNotFoundError")
        finally:
            maker.close()
            launcher.close()

    @pytest.mark.parametrize("level", levels.HERE)
    def test_a_closed_folder_for_temporary_files(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, level: Level
    ) -> None:
        """TMPDIR may be anybody's own: a cell that becomes another user could not find its files there."""
        tmp_path.chmod(0o700)
        monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
        try:
            launcher = Launcher(level)
            launcher.wait_until_ready()
        except CellUnavailable as error:
            pytest.skip(str(error))
        maker = CellMaker(launcher)
        try:
            assert maker("def whole(): return __name__").whole() == "toy"
        finally:
            maker.close()
            launcher.close()

    def test_a_level_that_cannot_be_had(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """By name it is an error that tells the remedy; else the next one is taken, and what is missing is said."""
        monkeypatch.setattr(outer, "bubblewrap", lambda: None)
        with pytest.raises(UnavailableError, match="bubblewrap is not installed"):
            levels.open_cells(Level.SEALED)
        cells = levels.open_cells()
        cells.close()
        assert cells.isolation.level is Level.GUARDED
        assert "bubblewrap" in cells.isolation.remedy
        with pytest.raises(UnavailableError, match="sealed is required"):
            levels.open_cells(require=Level.SEALED)
        gc.collect()  # which complains of files that nobody has closed

    def test_a_kill_while_it_starts(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Once, by chance, it costs nothing; twice, the level cannot be had."""
        kills, start = 0, Launcher._start

        def starting(launcher: Launcher, *rest: Any) -> subprocess.Popen[bytes]:
            nonlocal kills
            if not kills:
                return start(launcher, *rest)
            kills -= 1
            return subprocess.Popen([sys.executable, "-c", "import os, signal; os.kill(os.getpid(), signal.SIGKILL)"])

        monkeypatch.setattr(Launcher, "_start", starting)
        strongest = levels.open_cells()
        strongest.close()
        kills = 1
        levels.open_cells(strongest.isolation.level).close()
        kills = 2
        with pytest.raises(UnavailableError, match="ended at once"):
            levels.open_cells(strongest.isolation.level)

    def test_work_that_is_not_trusted_is_never_graded_bare(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Unless that level is asked for by name."""

        def fail(*_: object) -> Launcher:
            raise CellUnavailable("not here")

        monkeypatch.setattr(levels, "_try", fail)
        with pytest.raises(UnavailableError, match="sealed or guarded \\("):
            levels.open_cells(allow_bare=False)


class TestRemedies:
    """The one command that gets the next level."""

    @pytest.mark.parametrize(
        ("program", "command"),
        [
            ("apt-get", "sudo apt-get install bubblewrap"),
            ("pacman", "sudo pacman -S bubblewrap"),
            ("", "install bubblewrap"),
        ],
    )
    def test_to_install(self, monkeypatch: pytest.MonkeyPatch, program: str, command: str) -> None:
        """By the system's own installer; root needs no sudo."""
        monkeypatch.setattr(outer, "bubblewrap", lambda: None)
        monkeypatch.setattr("shutil.which", lambda name: name if name == program else None)
        monkeypatch.setattr("os.getuid", lambda: 1000)
        assert levels._remedy(Level.GUARDED) == command
        monkeypatch.setattr("os.getuid", lambda: 0)
        assert levels._remedy(Level.GUARDED) == command.removeprefix("sudo ")
        assert levels._remedy(Level.SEALED) == ""

    @pytest.mark.parametrize(("name", "value", "command"), levels._FORBIDDEN)
    def test_to_allow_namespaces(self, monkeypatch: pytest.MonkeyPatch, name: str, value: str, command: str) -> None:
        """By the setting that forbids them."""
        monkeypatch.setattr(outer, "bubblewrap", lambda: "/usr/bin/bwrap")
        monkeypatch.setattr(levels, "_CONTAINERS", ())
        monkeypatch.setattr("os.getuid", lambda: 1000)
        monkeypatch.setattr(levels, "_read", lambda path: value if path.endswith(name) else "?")
        assert levels._remedy(Level.GUARDED) == command
        monkeypatch.setattr(levels, "_CONTAINERS", ("/",))
        assert "seccomp=unconfined" in levels._remedy(Level.GUARDED)

    def test_reasons_are_short(self) -> None:
        """Of a traceback only its last line is told."""
        error = CellUnavailable("a cell could not be confined: Traceback (most recent call last):\n  x\nOSError: no")
        assert levels._in_short(error) == "a cell could not be confined: OSError: no"
        assert levels._in_short(OSError()) == ""
