"""Where everything of the kit lies: the only file that spells a path of it.

exercises/<track>/<name>/   what a learner sees: README.md, <name>.py or <name>/ (the stub, to work in),
                            test_<name>.py, hints.md, exercise.toml
solutions/<track>/<name>/   what only the grader sees: <name>.py or <name>/ (the reference), suite.py,
                            driver.py, stub/ (the stub as it was handed out), alternatives/<idea>/,
                            wrong/<mistake>/, wrong.toml, messages/<mistake>.txt (what its author reads)
.onspot/                    what is the learner's alone and no part of the kit: the history, kept work, drills.
                            Git ignores it, so that neither `git clean -fd` nor a change of branches touches it
"""

from __future__ import annotations

import keyword
import os
import re
import sys
from pathlib import Path

from grader.model import Exercise, WrongSolution

#: Names that lie in ``exercises/<track>/<name>/`` and ``solutions/<track>/<name>/`` beside the module itself.
VISIBLE = ("README.md", "hints.md", "exercise.toml")
HIDDEN = ("suite.py", "driver.py", "wrong.toml", "wrong", "alternatives", "stub", "messages")


def default_root() -> Path:
    """The checkout that this grader lies in: the kit that it grades unless told otherwise."""
    return Path(__file__).resolve().parents[2]


def exercises(root: Path) -> Path:
    return root / "exercises"


def solutions(root: Path) -> Path:
    return root / "solutions"


def own(root: Path) -> Path:
    """The learner's own folder, which git ignores."""
    return root / ".onspot"


def history(root: Path) -> Path:
    return own(root) / "history.sqlite3"


def kept(root: Path, exercise: Exercise) -> Path:
    """Where work on the exercise is kept that was set aside."""
    return own(root) / "kept" / exercise.track / exercise.module


def drills(root: Path) -> Path:
    """Where the sets of timed drills are worked on, a folder for each."""
    return own(root) / "mock"


def templates() -> Path:
    """The skeleton that a new exercise starts from."""
    return Path(__file__).resolve().parents[1] / "templates"


def template_suite() -> Path:
    """A small suite that works."""
    return templates() / "solution" / "suite.py"


def folders(parent: Path) -> list[Path]:
    """The folders in ``parent`` that can be part of a kit, by name; none when it is not there."""
    if not parent.is_dir():
        return []
    return sorted(path for path in parent.iterdir() if path.is_dir() and path.name[0] not in "._")


def fault_of_name(name: str) -> str:
    """Why ``name`` cannot name a track or an exercise; empty when it can. It is a module's name, too."""
    if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
        return f"{name!r} is not a lower-case Python name such as lru_cache"
    if keyword.iskeyword(name) or name in sys.stdlib_module_names or name in ("driver", "suite", "grader"):
        return f"{name!r} is already the name of something else in Python"
    return ""


def shown_statement(name: str) -> str:
    """Where the statement of the exercise ``name`` lies, as a person types it."""
    return f"exercises/{name}/README.md"


def shown_stub(name: str) -> str:
    """Where the learner works on the exercise ``name``, be it a file or a package, as a person types it."""
    return f"exercises/{name}/"


def manifest(folder: Path) -> Path:
    return folder / "exercise.toml"


def statement(exercise: Exercise) -> Path:
    return exercise.folder / "README.md"


def hints(exercise: Exercise) -> Path:
    return exercise.folder / "hints.md"


def visible_tests(exercise: Exercise) -> Path:
    return exercise.folder / f"test_{exercise.module}.py"


def pytest_settings(folder: Path) -> Path:
    """The settings of plain pytest for the visible tests below ``folder``."""
    return folder / "pytest.ini"


def suite(exercise: Exercise) -> Path:
    return exercise.hidden / "suite.py"


def driver(exercise: Exercise) -> Path:
    """The driver's path; not every exercise has one."""
    return exercise.hidden / "driver.py"


def suite_files(exercise: Exercise) -> list[Path]:
    """All that the suite may read: its hidden folder, without the solutions that only prove it, and what lies above."""
    files = [path for above in (exercise.hidden.parents[1], exercise.hidden.parent) for path in above.glob("*.py")]
    for folder, folders, names in os.walk(exercise.hidden):
        folders[:] = [name for name in folders if name not in ("wrong", "alternatives", "__pycache__")]
        files += [Path(folder, name) for name in names]
    return sorted(files)


def stub(exercise: Exercise) -> Path:
    """The folder that keeps the stub as it was handed out, since learners write into ``exercises/``."""
    return stub_folder(exercise.hidden)


def stub_folder(hidden: Path) -> Path:
    return hidden / "stub"


def alternatives(exercise: Exercise) -> list[Path]:
    return folders(exercise.hidden / "alternatives")


def wrong_solutions(exercise: Exercise) -> list[Path]:
    return folders(exercise.hidden / "wrong")


def messages(exercise: Exercise, solution: WrongSolution) -> Path:
    """What a learner reads who made that mistake, as it was reviewed."""
    return exercise.hidden / "messages" / f"{solution.name}.txt"


def wrong_table(exercise: Exercise) -> Path:
    return exercise.hidden / "wrong.toml"


def module_file(folder: Path, module: str) -> Path:
    """The learner's module as one file."""
    return folder / f"{module}.py"


def module_package(folder: Path, module: str) -> Path:
    """The learner's module as a package."""
    return folder / module


def places(exercise: Exercise) -> tuple[tuple[str, ...], ...]:
    """Where a tree that was handed in may hold the exercise, as parts below its top, best first."""
    track, module = exercise.track, exercise.module
    return (("exercises", track, module), (track, module), ())
