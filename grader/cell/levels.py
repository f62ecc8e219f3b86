"""Chooses the strongest level of isolation that works here, by making a cell at it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable

from grader.cell import outer
from grader.cell.deaths import CellUnavailable, ZygoteEnded
from grader.cell.inside import landlock
from grader.cell.inside.plan import CellPlan
from grader.cell.launcher import Launcher
from grader.errors import UnavailableError
from grader.model import Isolation, Level

#: The levels that this system has, strongest first.
HERE = (Level.SEALED, Level.GUARDED, Level.BARE) if sys.platform == "linux" else (Level.SEATBELT, Level.BARE)
_INSTALL = {
    "apt-get": "sudo apt-get install bubblewrap",
    "dnf": "sudo dnf install bubblewrap",
    "zypper": "sudo zypper install bubblewrap",
    "pacman": "sudo pacman -S bubblewrap",
    "apk": "sudo apk add bubblewrap",
}
#: Settings that forbid a user namespaces of their own: the file, its forbidding value, what allows them.
_FORBIDDEN = (
    ("apparmor_restrict_unprivileged_userns", "1", "sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0"),
    ("unprivileged_userns_clone", "0", "sudo sysctl -w kernel.unprivileged_userns_clone=1"),
    ("../user/max_user_namespaces", "0", "sudo sysctl -w user.max_user_namespaces=10000"),
)
_CONTAINERS = ("/.dockerenv", "/run/.containerenv")
_FREE_CONTAINER = " ".join(
    [
        "docker run --user 1000",
        *(f"--security-opt {part}=unconfined" for part in ("seccomp", "apparmor", "systempaths")),
    ]
)
_BARE_BY_NAME = "--isolation bare grades without a sandbox; do that only with work you trust"


class Cells:
    """Launchers at one level, one for each set of modules that exercises want imported beforehand."""

    def __init__(self, isolation: Isolation, seed: int, launchers: dict[tuple[str, ...], Launcher]) -> None:
        self.isolation = isolation
        self._seed = seed
        self._launchers = launchers

    def launcher(self, preload: tuple[str, ...]) -> Launcher:
        """The launcher for exercises that want ``preload``, started now if there is none."""
        if preload not in self._launchers:
            self._launchers[preload] = Launcher(self.isolation.level, preload=preload, seed=self._seed)
        return self._launchers[preload]

    def close(self) -> None:
        """Ends every zygote and every cell."""
        for launcher in self._launchers.values():
            launcher.close()


def open_cells(
    wanted: Level | None = None,
    *,
    require: Level | None = None,
    seed: int = 0,
    preload: tuple[str, ...] = (),
    allow_bare: bool = True,
    meanwhile: Callable[[], None] = lambda: None,
) -> Cells:
    """Cells at level ``wanted``, or at the strongest that works, with the first launcher already made for ``preload``.

    ``meanwhile`` is called while the first zygote starts. ``allow_bare=False`` refuses to fall to ``bare`` unless it
    is ``wanted`` by name. Raises ``UnavailableError``, naming the remedy, when ``wanted`` or ``require`` cannot be had.
    """
    if wanted is not None and wanted not in HERE:
        raise UnavailableError(f"level {wanted} is not for this system, which has {', '.join(HERE)}")
    missing: list[str] = []
    levels = (wanted,) if wanted is not None else HERE if allow_bare else HERE[:-1]
    for level in levels:
        try:
            launcher = _open(level, preload, seed, meanwhile)
        except (CellUnavailable, OSError) as error:
            missing.append(f"{level}: {_in_short(error)}")
            continue
        found = Isolation(level, _parts(launcher), tuple(missing), _remedy(level))
        if require is not None and level.is_weaker_than(require):
            launcher.close()
            raise UnavailableError(
                f"level {require} is required, this machine gives {level} ({'; '.join(missing)})",
                found.remedy,
            )
        return Cells(found, seed, {preload: launcher})
    reasons = "; ".join(missing)
    raise UnavailableError(
        f"no cell can be made at level {' or '.join(levels)} ({reasons})", _remedy(None) or _BARE_BY_NAME
    )


def _open(level: Level, preload: tuple[str, ...], seed: int, meanwhile: Callable[[], None]) -> Launcher:
    """A launcher that has made a cell. A chance kill of its zygote must not weaken what grades a whole course."""
    try:
        return _try(level, preload, seed, meanwhile)
    except ZygoteEnded:
        return _try(level, preload, seed, lambda: None)


def _try(level: Level, preload: tuple[str, ...], seed: int, meanwhile: Callable[[], None]) -> Launcher:
    launcher = Launcher(level, preload=preload, seed=seed)
    try:
        meanwhile()
        launcher.wait_until_ready()
        launcher.spawn({}, CellPlan("")).close()
    except BaseException:
        launcher.close()
        raise
    return launcher


def _parts(launcher: Launcher) -> tuple[str, ...]:
    limits = "rlimits (memory, CPU, files, open files), watched from outside"
    if launcher.groups is not None:
        limits += ", cgroups for cells with children"
    if launcher.level is Level.BARE:
        return (limits,)
    parts = [f"Landlock ABI {landlock.abi()}", "seccomp", "no new privileges", limits]
    if launcher.own_users:
        parts.append("a user of its own for each cell")
    if launcher.level is Level.SEALED:
        namespaces = ["pid", "net", "mnt", "ipc", "uts", *(["user"] if os.getuid() else [])]
        parts = [f"bubblewrap ({_version()})", f"namespaces ({', '.join(namespaces)})", *parts]
    return tuple(parts)


def _version() -> str:
    program = outer.bubblewrap()
    if program is None:
        return "missing"
    output = subprocess.run([program, "--version"], capture_output=True, text=True, check=False).stdout
    return output.removeprefix("bubblewrap").strip() or "unknown version"


def _in_short(error: Exception) -> str:
    """What the error says, of a traceback within it only the last line."""
    first, *others = str(error).splitlines() or [""]
    return f"{first.removesuffix('Traceback (most recent call last):')}{others[-1]}" if others else first


def _remedy(reached: Level | None) -> str:
    """The one command that would give a stronger level, or nothing."""
    if reached is Level.SEALED or not os.path.exists("/proc/self/ns"):
        return ""
    if outer.bubblewrap() is None:
        install = next((line for program, line in _INSTALL.items() if shutil.which(program)), "install bubblewrap")
        return install if os.getuid() else install.removeprefix("sudo ")
    if any(map(os.path.exists, _CONTAINERS)):
        return _FREE_CONTAINER
    if os.getuid():
        for name, forbidding, command in _FORBIDDEN:
            if _read(f"/proc/sys/kernel/{name}") == forbidding:
                return command
    return ""


def _read(path: str) -> str:
    try:
        with open(path) as file:
            return file.read().strip()
    except OSError:
        return ""
