"""Reads the corpus: each file is an attack, and says in its first lines what it tries and what must come of it.

    \"\"\"Leaves the process with status 0 when it is imported.\"\"\"
    # against: toy/sizes                  the exercise, of kit/ or of the real kit
    # over: half                          the honest file: right, stub, or a wrong solution's name
    # expect: all crashed                 named verdicts; the other checks must end as the honest file's do
    # levels: sealed guarded              where it is tried, if not wherever its class is
    # beside: conftest.py                 the file lies under that name beside the honest one

The line ``HONEST`` stands for the honest file: the baseline is what is left when everything else is taken away.
A file that is not Python lies beside the honest one as it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from grader.model import Exercise, Level

FOLDER = Path(__file__).parent
KIT = FOLDER / "kit"
HONEST = "# === the honest file ==="

#: What may harm the machine is tried only where something holds it.
HARMLESS = frozenset({"channel", "equality", "forging", "framework", "hard_coding", "text"})
HELD = (Level.SEALED, Level.GUARDED)

_FUTURE = re.compile(r"^from __future__ import .*\n", re.M)
_FIELD = re.compile(r"^# (against|over|expect|levels|beside): (.+)$", re.M)


@dataclass(frozen=True)
class Attack:
    """One file of the corpus."""

    name: str  # "exit/at_import"
    says: str
    exercise: str
    baseline: str
    expected: dict[str, frozenset[str]]  # check -> verdicts; "all" is every check
    levels: tuple[Level, ...]
    beside: str
    text: str

    def files(self, module: str, honest: str) -> dict[str, str]:
        """What is handed in, by name."""
        if self.beside:
            return {f"{module}.py": honest, self.beside: self.text}
        before, found, behind = self.text.partition(f"{HONEST}\n")
        assert found, f"{self.name} has no line {HONEST}"
        future = "".join(dict.fromkeys(_FUTURE.findall(honest)))
        return {f"{module}.py": f"{future}{before}{_FUTURE.sub('', honest)}\n{behind}"}


def read_corpus(folder: Path = FOLDER) -> list[Attack]:
    """All attacks, by class and name."""
    return [_read(path) for path in sorted(_attack_files(folder))]


def honest_folder(exercise: Exercise, baseline: str) -> Path:
    """Where the honest file lies."""
    if baseline == "right":
        return exercise.hidden
    return exercise.hidden / (baseline if baseline == "stub" else f"wrong/{baseline}")


def _attack_files(folder: Path) -> Iterator[Path]:
    for group in folder.iterdir():
        if group.is_dir() and group.name not in ("kit", "__pycache__"):
            yield from (path for path in group.iterdir() if path.is_file())


def _read(path: Path) -> Attack:
    text = path.read_text(encoding="utf-8")
    is_module = path.suffix == ".py"
    first = text.partition("\n")[0]
    fields = dict(_FIELD.findall(text[:1000]))
    levels = fields.get("levels", "").split() or [*HELD, *([Level.BARE] if path.parent.name in HARMLESS else [])]
    expected = dict(part.split() for part in fields.get("expect", "").split(",") if part.strip())
    return Attack(
        name=f"{path.parent.name}/{path.stem if is_module else path.name}",
        says=first.removeprefix("r").strip('"# '),
        exercise=fields["against"],
        baseline=fields.get("over", "half"),
        expected={check: frozenset(verdicts.split("/")) for check, verdicts in expected.items()},
        levels=tuple(Level(level) for level in levels),
        beside=fields.get("beside", "" if is_module else path.name),
        text=text,
    )
