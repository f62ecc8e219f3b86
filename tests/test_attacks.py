"""The corpus of attacks: none earns more than its honest file, tells a secret, outlives its check or stops the run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from grader.catalog import Catalog, find_submission
from grader.cell.launcher import Launcher
from grader.cell.levels import HERE
from grader.errors import UnavailableError
from grader.grading import grade
from grader.model import Level
from tests.attacks.corpus import HONEST, KIT, Attack, read_corpus
from tests.attacks.run import CANARY, Found, commands_in, run
from tests.toy_suites import Suites, verdicts

CORPUS = read_corpus()
At = Callable[[Level], Found]


@pytest.fixture(scope="module")
def at(tmp_path_factory: pytest.TempPathFactory) -> At:
    """What came of all attacks at a level, tried at the first use; skips where the machine lacks the level."""

    @cache
    def tried(level: Level) -> Found | str:
        attacks = [attack for attack in CORPUS if level in attack.levels]
        try:
            return run(attacks, level, tmp_path_factory.mktemp(f"attacks-{level}"))
        except UnavailableError as error:
            return str(error)

    def found(level: Level) -> Found:
        result = tried(level)
        if isinstance(result, str):
            pytest.skip(result)
        return result

    return found


TRIED = [(level, attack) for level in Level for attack in CORPUS if level in attack.levels]


@pytest.mark.parametrize(("level", "attack"), TRIED, ids=[f"{level}-{attack.name}" for level, attack in TRIED])
def test_attack(at: At, level: Level, attack: Attack) -> None:
    assert at(level).faults(attack) == []


@pytest.mark.parametrize("level", HERE, ids=str)
def test_nothing_is_left(at: At, level: Level) -> None:
    """No process, no file, no changed file of the kit."""
    assert at(level).left == []


@pytest.mark.parametrize("level", HERE, ids=str)
def test_reports_give_no_commands(at: At, level: Level) -> None:
    """What submissions print, raise and return reaches no terminal, no browser and no CI log as it was."""
    assert list(commands_in(at(level).report)) == []


def test_the_corpus_is_large() -> None:
    assert len(CORPUS) >= 120
    assert len({attack.exercise for attack in CORPUS}) >= 6
    assert not [attack.name for attack in CORPUS if not attack.says.endswith(".")]
    assert len({attack.says for attack in CORPUS}) == len(CORPUS)


def test_the_kit_is_fair() -> None:
    """The right files earn everything and the honest ones something, or the attacks would prove little."""
    catalog = Catalog.load(KIT)
    folders = [
        (exercise, folder) for exercise in catalog for folder in (exercise.hidden, exercise.hidden / "wrong/half")
    ]
    jobs = [(exercise, find_submission(exercise, folder)) for exercise, folder in folders]
    scores = [report.score for report in grade(jobs, seed=1, isolation=Level.BARE, shrink=False).exercises]
    assert set(scores[::2]) == {100.0}
    assert all(0 < score < 100 for score in scores[1::2])


def test_a_parent_that_was_killed(suites: Suites) -> None:
    """A bare cell can kill the process that all cells come from; the next check has cells nevertheless."""
    suite = "@check(50)\ndef test_a(subject): subject.attack()\n@check(50)\ndef test_b(subject): assert subject.x == 1"
    attack = "import os\nx = 1\ndef attack(): os.kill(os.getppid(), 9); return [] * 10**9"
    own = Suites(suites.folder, lambda _: launcher)
    launcher = Launcher(Level.BARE)
    try:
        launcher.wait_until_ready()
        assert verdicts(own.grade(suite, attack, parallel=1)) == {"test_a": "passed", "test_b": "passed"}
    finally:
        launcher.close()


@pytest.mark.parametrize("level", HERE, ids=str)
def test_the_search_of_memory_finds_what_is_there(suites: Suites, level: Level) -> None:
    """Else the attack that looks for the suite in the cell's memory would prove nothing."""
    (search,) = [attack for attack in CORPUS if attack.name == "spying/memory"]
    suite = "@check(10)\ndef test_x(subject): assert subject"
    secret = f"{CANARY}{'0' * 16}"
    assert secret in suites.check(suite, f"x = {secret!r}\n{search.text}", level=level).message


def test_a_success_is_seen(tmp_path: Path) -> None:
    """The runner tells points that were gained, secrets that were told, verdicts and files that should not be."""
    texts = {
        "gains": (KIT / "solutions/toy/sizes/sizes.py").read_text(),
        "tells": f"def ranking(sizes): raise RuntimeError(open('{tmp_path}/home/.netrc').read())",
        "dies": "import os\nos._exit(1)",
        "stays": "open(__import__('tempfile').gettempdir() + '/onspot-left', 'w')",
    }
    attacks = [
        Attack(name, name, "toy/sizes", "half", {}, (), "", f"{HONEST}\n{text}\n") for name, text in texts.items()
    ]
    found = run(attacks, Level.BARE, tmp_path)
    gains, tells, dies, stays = [found.faults(attack) for attack in attacks]
    assert "gained 70 points" in gains
    assert "passes test_ranking" in gains
    assert tells == ["tells a secret"]
    assert dies == stays == []
    as_said = replace(attacks[2], expected={"test_spread": frozenset({"passed"})})
    assert "test_spread ended as crashed, not as passed" in "".join(found.faults(as_said))
    assert found.left == ["the file /tmp/onspot-left"]
