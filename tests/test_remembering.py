"""Reports that are remembered: the same again for the same, and never for anything else."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from grader import remembering
from grader.catalog import Catalog, layout, read_submission
from grader.grading import grade
from grader.model import CheckResult, Event, EventKind, Exercise, Level, Report, RunOptions, Submission, Verdict
from grader.remembering import Memory, Remembered
from grader.report.to_json import to_json
from tests.sample_reports import PARTIAL, report

Job = tuple[Exercise, Submission]
OPTIONS = RunOptions(seed=1)


@pytest.fixture
def job(small_catalog: Catalog) -> Job:
    """The first exercise of the small kit with its reference."""
    exercise = small_catalog.get("week1/first")
    return exercise, read_submission(exercise, exercise.hidden)


@pytest.fixture
def memory(tmp_path: Path) -> Memory:
    """An empty one."""
    return Memory(tmp_path / "reports")


@pytest.fixture
def key(memory: Memory) -> Callable[[Job], str]:
    """The key of a job, as a new process would make it."""
    return lambda job: Memory(Path()).key(job, OPTIONS, None, None)


class TestKey:
    """What a report depends on."""

    def test_same(self, job: Job, key: Callable[[Job], str]) -> None:
        """Nothing has changed: the same key."""
        assert key(job) == key(job)
        assert len(key(job)) == 64

    def test_submission(self, job: Job, key: Callable[[Job], str]) -> None:
        """Any byte and any name of what was handed in."""
        exercise, submission = job
        others = [
            {**submission.files, "first.py": submission.files["first.py"] + b" "},
            {**submission.files, "first/helper.py": b""},
            {"first/__init__.py": submission.files["first.py"]},
        ]
        keys = {key((exercise, Submission("x", files))) for files in (submission.files, *others)}
        assert len(keys) == 4

    def test_origin_does_not_matter(self, job: Job, key: Callable[[Job], str]) -> None:
        """Where the same files came from."""
        exercise, submission = job
        assert key((exercise, dataclasses.replace(submission, origin="elsewhere"))) == key(job)

    @pytest.mark.parametrize("name", ["suite.py", "driver.py", "helpers.py", "data/words.txt", "../shared.py"])
    def test_hidden_files(self, job: Job, key: Callable[[Job], str], name: str) -> None:
        """The suite and whatever lies with it."""
        before = key(job)
        file = job[0].hidden / name
        file.parent.mkdir(exist_ok=True)
        file.write_text("changed = 1\n")
        assert key(job) != before

    def test_proofs_do_not_matter(self, job: Job, key: Callable[[Job], str]) -> None:
        """Wrong solutions and alternatives are no part of a grading."""
        before = key(job)
        for folder in (*layout.wrong_solutions(job[0]), *layout.alternatives(job[0])):
            (folder / "more.py").write_text("")
        assert key(job) == before

    def test_options(self, job: Job, memory: Memory) -> None:
        """Seed, limits, shrinking, and what was asked of the isolation."""
        asked = [
            (OPTIONS, None, None),
            (RunOptions(seed=2), None, None),
            (RunOptions(seed=1, timeout=3), None, None),
            (RunOptions(seed=1, shrink=False), None, None),
            (OPTIONS, Level.GUARDED, None),
            (OPTIONS, None, Level.SEALED),
        ]
        assert len({memory.key(job, *options) for options in asked}) == len(asked)

    def test_limits_of_the_exercise(self, job: Job, key: Callable[[Job], str]) -> None:
        """What its exercise.toml says."""
        exercise, submission = job
        limits = dataclasses.replace(exercise.limits, call_s=1.5)
        assert key((dataclasses.replace(exercise, limits=limits), submission)) != key(job)

    def test_distributions(
        self, job: Job, key: Callable[[Job], str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A package that is installed, upgraded or reinstalled."""
        before = key(job)
        monkeypatch.syspath_prepend(tmp_path)
        assert key(job) == before
        record = tmp_path / "thing-1.0.dist-info/RECORD"
        record.parent.mkdir()
        record.touch()
        installed = key(job)
        os.utime(record, ns=(1, 1))
        assert len({before, installed, key(job)}) == 3

    def test_services(
        self, job: Job, key: Callable[[Job], str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Another server of Redis."""
        before = key(job)
        server = tmp_path / "valkey-server"
        server.touch()
        monkeypatch.setattr(remembering, "find_server", lambda: str(server))
        assert key(job) != before

    def test_what_is_not_run(self, job: Job, key: Callable[[Job], str]) -> None:
        """A stub and what cannot be graded cost nothing and are not kept."""
        exercise, submission = job
        assert key((exercise, dataclasses.replace(submission, is_stub=True))) == ""
        assert key((exercise, dataclasses.replace(submission, problem="a link"))) == ""


class TestStore:
    """What is kept."""

    KEY = "ab" * 32
    ISOLATION = report(PARTIAL).isolation

    def certain(self) -> Remembered:
        """A report of verdicts that would come again."""
        checks = tuple(result for result in PARTIAL.checks if result.verdict in (Verdict.PASSED, Verdict.FAILED))
        return Remembered(dataclasses.replace(PARTIAL, checks=checks), self.ISOLATION, "2026-01-01T00:00:00+00:00")

    def test_round_trip(self, memory: Memory) -> None:
        """What was kept comes back as it was; what was not does not."""
        assert memory.recall(self.KEY) is None
        memory.keep(self.KEY, self.certain())
        assert memory.recall(self.KEY) == self.certain()
        assert memory.recall("cd" * 32) is None

    @pytest.mark.parametrize("verdict", [Verdict.TIMEOUT, Verdict.CRASHED, Verdict.MEMORY, Verdict.INTERNAL_ERROR])
    def test_uncertain_verdicts(self, memory: Memory, verdict: Verdict) -> None:
        """What a busy machine could have caused is graded again."""
        found = self.certain()
        check = found.report.checks[0].check
        checks = (*found.report.checks, CheckResult(check, verdict))
        memory.keep(self.KEY, Remembered(dataclasses.replace(found.report, checks=checks), found.isolation, ""))
        assert memory.recall(self.KEY) is None

    def test_bare(self, memory: Memory) -> None:
        """Work that ran without a sandbox could have written the store itself."""
        found = self.certain()
        bare = dataclasses.replace(found.isolation, level=Level.BARE)
        memory.keep(self.KEY, Remembered(found.report, bare, ""))
        assert memory.recall(self.KEY) is None

    def test_damage(self, memory: Memory, tmp_path: Path) -> None:
        """A file that cannot be read is as none; a folder that cannot be written keeps nothing."""
        memory.keep(self.KEY, self.certain())
        next(tmp_path.glob("reports/ab/*")).write_bytes(b"{")
        assert memory.recall(self.KEY) is None
        (tmp_path / "file").touch()
        Memory(tmp_path / "file").keep(self.KEY, self.certain())

    def test_prune(self, memory: Memory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """The oldest are forgotten first."""
        monkeypatch.setattr(remembering, "_MOST", 2)
        for age, name in enumerate(("aa", "bb", "cc")):
            memory.keep(name * 32, self.certain())
            os.utime(next(tmp_path.glob(f"reports/{name}/*")), (age, age))
        memory.prune()
        assert [memory.recall(name * 32) is None for name in ("aa", "bb", "cc")] == [True, False, False]


def test_grading(job: Job, memory: Memory) -> None:
    """The second grading runs nothing and gives the same bytes; beside something new the old is not run either."""
    events: list[Event] = []

    def run(*jobs: Job) -> Report:
        events.clear()
        return grade(jobs, seed=1, memory=memory, on_event=events.append)

    first = run(job)
    assert first.score == 100
    assert EventKind.STORED not in {event.kind for event in events}
    level = first.isolation.level
    second = run(job)
    if level is Level.BARE:
        pytest.skip("nothing is kept at level bare")
    assert [event.kind for event in events] == [EventKind.STORED]
    assert to_json(second) == to_json(first)
    exercise, submission = job
    changed = Submission("x", {"first.py": submission.files["first.py"] + b"# more\n"})
    both = run(job, (exercise, changed))
    assert [event.kind for event in events].count(EventKind.STORED) == 1
    assert [one.score for one in both.exercises] == [100, 100]
    assert both.exercises[0] == first.exercises[0]
