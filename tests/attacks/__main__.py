"""``nox -s attacks``: every attack at every level of isolation, as a table. Arguments: levels, parts of names.

Exit status 1 when an attack succeeded, or when no level could be tried.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from grader.errors import UnavailableError
from grader.cell.levels import HERE
from grader.model import Level
from tests.attacks.corpus import Attack, read_corpus
from tests.attacks.run import Found, commands_in, run

_HELD = "held"


def main(arguments: Sequence[str]) -> int:
    """Prints the table and what succeeded; returns the exit status."""
    levels = [level for level in Level if level in arguments] or list(HERE)
    parts = [argument for argument in arguments if argument not in list(Level)]
    attacks = [attack for attack in read_corpus() if not parts or any(part in attack.name for part in parts)]
    found = {level: _run_at(level, attacks) for level in levels}
    width = max((len(attack.name) for attack in attacks), default=0)
    print(f"{'attack':{width}}  " + "  ".join(f"{level:9}" for level in levels) + "  what it tries")
    faults = 0
    for attack in attacks:
        results = [_result(attack, level, found[level]) for level in levels]
        faults += sum(len(result) for _, result in results)
        print(f"{attack.name:{width}}  " + "  ".join(f"{word:9}" for word, _ in results) + f"  {attack.says}")
        for level, (_, lines) in zip(levels, results, strict=True):
            for line in lines:
                print(f"  {level}: {line}")
    tried = [level for level in levels if found[level] is not None]
    for level in tried:
        at = found[level]
        assert at is not None
        behind = [*at.left, *commands_in(at.report)]
        faults += len(behind)
        for line in behind:
            print(f"{level}: left behind: {line}")
    print(f"{len(attacks)} attacks at {', '.join(tried) or 'no level'}: {faults or 'no'} success{'es' * (faults != 1)}")
    return 1 if faults or not tried else 0


def _run_at(level: Level, attacks: Sequence[Attack]) -> Found | None:
    with tempfile.TemporaryDirectory(prefix="attacks-") as folder:
        try:
            return run([attack for attack in attacks if level in attack.levels], level, Path(folder))
        except UnavailableError as error:
            print(f"{level}: {error}")
            return None


def _result(attack: Attack, level: Level, found: Found | None) -> tuple[str, list[str]]:
    """The word for the table, and in what the attack succeeded."""
    if found is None or level not in attack.levels:
        return "-", []
    faults = found.faults(attack)
    return "SUCCEEDED" if faults else _HELD, faults


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
