"""Whole courses: who handed in what, what is written, and what a kill at any moment costs (nothing)."""

from __future__ import annotations

import contextlib
import csv
import itertools
import json
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from grader.batch.batch import Wanted, grade_batch
from grader.batch.ledger import Ledger
from grader.batch.roster import Entry, read_roster
from grader.catalog import Catalog, layout
from grader.errors import InternalError, UnavailableError, UsageError
from grader.model import Exercise, ExerciseReport, Status
from tests.small_cluster import children

Batch = Callable[..., int]

#: How often something is killed; `ONSPOT_KILLS=20 python -m pytest tests -k test_kill` is the long proof.
KILLS = int(os.environ.get("ONSPOT_KILLS", "3"))


@pytest.fixture
def exercise(small_catalog: Catalog) -> Exercise:
    """week1/first of the small kit."""
    return small_catalog.get("week1/first")


@pytest.fixture
def course(exercise: Exercise, tmp_path: Path) -> Path:
    """Submissions of all kinds: right, wrong, an archive, the stub, a hostile one, and nothing."""
    folder = tmp_path / "course"
    sources = {
        "ann": exercise.hidden,
        "bob": layout.wrong_solutions(exercise)[0],
        "cid": layout.alternatives(exercise)[0],
        "dee": layout.stub(exercise),
    }
    for name, source in sources.items():
        (folder / name).mkdir(parents=True)
        shutil.copy(source / "first.py", folder / name)
    shutil.make_archive(str(folder / "eve"), "zip", folder / "ann")
    shutil.copy(exercise.hidden / "first.py", folder / "fay.py")
    (folder / "gus").mkdir()
    (folder / "gus/first.py").write_text("import os\nos._exit(0)\n")
    (folder / "hal").mkdir()
    return folder


@pytest.fixture
def batch(small_catalog: Catalog, course: Path, tmp_path: Path) -> Batch:
    """Grades the course to ``out``."""

    def run(**changed: Any) -> int:
        asked: dict[str, Any] = {
            "source": course, "out": tmp_path / "out", "targets": ["week1/first"], "seed": 5, "isolation": None,
            "require": None, "timeout": None, "parallel": 2, "recall": False,
        }  # fmt: skip
        return grade_batch(small_catalog, Wanted(**(asked | changed)), None)

    return run


def scores(out: Path) -> dict[str, str]:
    """The gradebook's scores by name."""
    with (out / "gradebook.csv").open() as file:
        return {row["name"]: row["score"] for row in csv.DictReader(file)}


def reports(out: Path) -> dict[str, Any]:
    """Every report without what differs between two runs: times."""
    found = {}
    for path in sorted((out / "reports").iterdir()):
        report = json.loads(path.read_text())
        del report["started"]
        for exercise in report["exercises"]:
            del exercise["seconds"]
            for check in exercise["checks"]:
                del check["seconds"]
        found[path.name] = report
    return found


class TestRoster:
    """Names and places."""

    def test_folder(self, course: Path, tmp_path: Path) -> None:
        """Every folder, archive and Python file, by name; what else is there is told, but for hidden files."""
        said: list[str] = []
        (course / ".git").mkdir()
        for name in ("notes.txt", "Ina.ZIP", "joe.rar"):
            (course / name).touch()
        (course / "kim").symlink_to(course / "ann")
        names = [entry.name for entry in read_roster(course, tmp_path / "unpacked", said.append)]
        assert names == ["Ina", "ann", "bob", "cid", "dee", "eve", "fay", "gus", "hal", "joe"]
        assert said == ["left out: 'kim', 'notes.txt'; a submission is a folder, an archive or a .py, and no link"]

    @pytest.mark.parametrize("kind", ["zip", "gztar"])
    def test_archive(self, course: Path, tmp_path: Path, kind: str) -> None:
        """An archive of the same gives the same names, and archives within it stay as they are."""
        archive = Path(shutil.make_archive(str(tmp_path / "all"), kind, course))
        entries = read_roster(archive, tmp_path / "unpacked")
        assert [entry.name for entry in entries] == ["ann", "bob", "cid", "dee", "eve", "fay", "gus"]
        assert entries[4].place.read_bytes() == (course / "eve.zip").read_bytes()

    def test_another_archive(self, course: Path, tmp_path: Path) -> None:
        """Who is not in it any more has no submission any more."""
        first = Path(shutil.make_archive(str(tmp_path / "all"), "zip", course))
        before = read_roster(first, tmp_path / "unpacked")
        assert read_roster(first, tmp_path / "unpacked") == before
        shutil.rmtree(course / "ann")
        second = Path(shutil.make_archive(str(tmp_path / "all"), "zip", course))
        assert read_roster(second, tmp_path / "unpacked")[0].name == "bob"

    def test_list(self, tmp_path: Path) -> None:
        """Places are seen from the list; what is not there is told by the report."""
        file = tmp_path / "roster.csv"
        file.write_text("name,email,submission\nBo,b@x,work/bo.zip\nAl,a@x,work/al\n")
        assert read_roster(file, tmp_path) == [
            Entry("Al", tmp_path / "work/al"),
            Entry("Bo", tmp_path / "work/bo.zip"),
        ]

    @pytest.mark.parametrize(
        "text",
        [
            "\ufeffname;submission;mark\r\nAl;a, b;\r\n;;\r\n",
            "Name\tSubmission\nAl\ta, b\n",
            'submission, NAME\n"a, b",Al\n\n',
        ],
    )
    def test_spreadsheets(self, tmp_path: Path, text: str) -> None:
        """Lists as spreadsheets save them, whatever separates their columns."""
        file = tmp_path / "roster.csv"
        file.write_text(text, encoding="utf-8", newline="")
        assert read_roster(file, tmp_path) == [Entry("Al", tmp_path / "a, b")]

    @pytest.mark.parametrize(
        ("text", "fault"),
        [
            ("student,file\na,b\n", "roster.csv:1: expected the columns name and submission; it has 'student', 'file'"),
            ("", "roster.csv:1: expected the columns name and submission; it has none"),
            ("name,submission\nx,y\na,\n", "roster.csv:3: expected a value for name and submission"),
            ("name,submission\na,x, y\n", "roster.csv:2: holds more values than columns; put quotes around"),
            ('name,submission\n"a\nb",x\n', "cannot be the name of a report's file"),
            ("name,submission\na,x\nA,y\n", "holds two submissions of a"),
            ("name,submission\n../a,x\n", "cannot be the name of a report's file"),
            ("name,submission\n", "holds no submissions"),
        ],
    )
    def test_faults(self, tmp_path: Path, text: str, fault: str) -> None:
        """A list that cannot be right names its line."""
        file = tmp_path / "roster.csv"
        file.write_text(text)
        with pytest.raises(UsageError, match=fault):
            read_roster(file, tmp_path)

    def test_no_course(self, tmp_path: Path) -> None:
        """A source that is not there, and one that is no archive."""
        with pytest.raises(UsageError, match="there is no file or folder"):
            read_roster(tmp_path / "nowhere", tmp_path)
        (tmp_path / "notes.txt").write_text("hello")
        with pytest.raises(UsageError, match=r"neither a \.zip nor"):
            read_roster(tmp_path / "notes.txt", tmp_path)


class TestBatch:
    """What a batch leaves."""

    def test_outputs(self, batch: Batch, tmp_path: Path) -> None:
        """A report for each submission, the gradebook, Gradescope's results, the summary."""
        out = tmp_path / "out"
        assert batch() == 8
        found = scores(out)
        assert {name: found[name] for name in ("ann", "cid", "dee", "eve", "fay", "gus", "hal")} == {
            "ann": "100", "cid": "100", "dee": "0", "eve": "100", "fay": "100", "gus": "0", "hal": "0",
        }  # fmt: skip
        assert 0 <= float(found["bob"]) < 100
        assert len(list((out / "reports").iterdir())) == 8
        gus = json.loads((out / "reports/gus.json").read_text())
        assert {check["verdict"] for check in gus["exercises"][0]["checks"]} == {"crashed"}
        ann = json.loads((out / "gradescope/ann.json").read_text())
        assert ann["score"] == sum(test["score"] for test in ann["tests"]) == 100
        page = (out / "summary.html").read_text()
        assert "Summary of 8 submissions" in page
        assert "4 passed" in page

    def test_again(self, batch: Batch, tmp_path: Path, course: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """Run again it grades nothing; what has changed meanwhile, and that alone, is graded anew."""
        batch()
        before = reports(tmp_path / "out")
        (tmp_path / "out/reports/ann.json").unlink()
        with monkeypatch.context() as patch:
            patch.setattr("grader.running._Grading.start", None)
            batch()
        assert reports(tmp_path / "out") == before
        shutil.copy(course / "ann/first.py", course / "gus/first.py")
        batch()
        assert scores(tmp_path / "out")["gus"] == "100"

    @pytest.mark.parametrize(
        ("changed", "what"),
        [({"seed": 6}, "seed"), ({"timeout": 9.0}, "timeout"), ({"targets": ["week1/second"]}, "set of exercises")],
    )
    def test_another_batch(self, batch: Batch, changed: dict[str, Any], what: str) -> None:
        """A folder holds one batch; nothing of it is lost to another."""
        batch()
        with pytest.raises(UsageError, match=f"holds a batch with another {what}"):
            batch(**changed)

    def test_targets_are_what_was_handed_in(self, batch: Batch, tmp_path: Path) -> None:
        """Without targets, every exercise that anybody has handed in."""
        batch(targets=[], seed=None)
        report = json.loads((tmp_path / "out/reports/ann.json").read_text())
        assert [exercise["name"] for exercise in report["exercises"]] == ["week1/first"]

    def test_no_ledger(self, batch: Batch, tmp_path: Path) -> None:
        """Another file in the ledger's place is left alone."""
        out = tmp_path / "out"
        out.mkdir()
        (out / "ledger.sqlite3").write_text("my notes, " * 200)
        with pytest.raises(UsageError, match="is no ledger of a batch"):
            batch()
        assert (out / "ledger.sqlite3").read_text().startswith("my notes")

    def test_out_among_the_submissions(self, batch: Batch, course: Path) -> None:
        """What is written would be read as a submission by the next run."""
        for out in (course, course / "out", course / "ann" / ".." / "out"):
            with pytest.raises(UsageError, match="which holds submissions; choose a folder beside it"):
                batch(out=out)
        assert not (course / "out").exists()

    def test_no_room(self, batch: Batch, tmp_path: Path) -> None:
        """Where a report cannot be written it ends and says so; with room again it goes on."""
        batch()
        before = reports(tmp_path / "out")
        report = tmp_path / "out/reports/ann.json"
        report.unlink()
        in_the_way = report.with_name(".ann.json.partial")
        in_the_way.mkdir()
        with pytest.raises(UnavailableError, match="what was graded is kept, and the same command goes on"):
            batch()
        in_the_way.rmdir()
        batch()
        assert reports(tmp_path / "out") == before

    def test_no_room_for_the_ledger(self, tmp_path: Path) -> None:
        """A full disk is not taken for a fault of the grader."""
        ledger = Ledger(tmp_path / "ledger.sqlite3")
        ledger._database.execute("PRAGMA max_page_count = 8")
        report = ExerciseReport("week1/first", "First", Status.PASSED, 100.0, ())

        def fill() -> None:
            for number in range(10_000):
                ledger.keep(str(number), "week1/first", "work", report)

        with pytest.raises(UnavailableError, match=r"ledger.sqlite3 cannot be written \(database or disk is full\)"):
            fill()
        assert ledger.reports("0") == [report]
        ledger.close()

    def test_two_at_once(self, batch: Batch, tmp_path: Path) -> None:
        """A second batch is refused while the first is at work; what a killed one has left behind holds up nobody."""
        code = """
import os, signal, sys
from pathlib import Path
from grader.batch.batch import alone_in
with alone_in(Path(sys.argv[1])):
    child = os.fork()
    if child:
        print(child, flush=True)
    signal.pause()
"""
        command = [sys.executable, "-c", code, str(tmp_path / "out")]
        with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=layout.default_root()) as first:
            assert first.stdout is not None
            left_behind = int(first.stdout.readline())
            try:
                with pytest.raises(UsageError, match="another batch is at work"):
                    batch()
                first.kill()
                first.wait()
                assert batch() == 8
            finally:
                os.kill(left_behind, signal.SIGKILL)

    def test_formulas(self, batch: Batch, course: Path, tmp_path: Path) -> None:
        """No spreadsheet runs what a name says."""
        (course / "hal").rename(course / "=cmd()")
        batch()
        assert "'=cmd()" in scores(tmp_path / "out")


def test_kill(small_kit: Path, course: Path, tmp_path: Path) -> None:
    """Killed at any moment and run again, it ends with what an undisturbed run writes, no report made twice."""
    for name, number in itertools.product(["ann", "bob", "gus"], range(KILLS)):
        shutil.copytree(course / name, course / f"{name}{number}")
        with (course / f"{name}{number}/first.py").open("a") as file:
            file.write(f"# {number}\n")
    total = len(list(course.iterdir()))
    whole, out = tmp_path / "whole", tmp_path / "out"
    start_batch(small_kit, course, whole).wait()
    rng = fresh_random()
    graded: dict[str, bytes] = {}
    killed = 0
    while killed < KILLS:
        process = start_batch(small_kit, course, out)
        moment = rng.randrange(killed * total // KILLS, (killed + 1) * total // KILLS)
        while process.poll() is None and len(kept(out)) < moment:
            time.sleep(0.01)
        some_moment_passes(rng, most_s=1)
        if process.poll() is None:
            killed += 1
            print(f"killed when {len(kept(out))} of {total} are there")
            process.kill()  # it alone: what it has started finds itself left behind
        process.wait()
        now = kept(out)
        assert now.items() >= graded.items(), "a report that was kept has gone or was made again"
        graded = now
    assert start_batch(small_kit, course, out).wait() == 0
    assert kept(out).items() >= graded.items()
    assert kept(out).keys() == {entry.name.split(".")[0] for entry in course.iterdir()}
    assert_same(out, whole)


def test_kill_suites(small_kit: Path, course: Path, tmp_path: Path) -> None:
    """Who loses the process that grades is graded again in the same run, and loses nothing else."""
    whole, out = tmp_path / "whole", tmp_path / "out"
    start_batch(small_kit, course, whole).wait()
    process = start_batch(small_kit, course, out, "--jobs", "1")
    rng = fresh_random()
    for number in range(2):
        suites: list[int] = []
        while process.poll() is None and (len(kept(out)) < number or not suites):
            time.sleep(0.01)
            suites = suite_processes(process.pid) if has_begun(out) else []
        some_moment_passes(rng, most_s=0.05)
        for pid in suites:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
    assert process.wait() == 0
    assert_same(out, whole)


def has_begun(out: Path) -> bool:
    """Whether a batch has agreed with itself on all that its reports will have in common, its level among that."""
    if not (out / "ledger.sqlite3").exists():
        return False
    with contextlib.closing(sqlite3.connect(out / "ledger.sqlite3")) as ledger:
        try:
            return bool(ledger.execute("SELECT * FROM terms").fetchall())
        except sqlite3.OperationalError:  # its tables are not made yet
            return False


def suite_processes(batch: int) -> list[int]:
    """The processes that run suites for a batch that has begun, which are its forks."""

    def command(pid: int) -> bytes:
        with contextlib.suppress(OSError):
            return Path(f"/proc/{pid}/cmdline").read_bytes()
        return b""

    return [pid for pid in children(batch) if command(pid) == command(batch) != b""]


def test_at_fault(batch: Batch, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the grader fails at twice is told, with the status of its own faults; the next run tries it again."""
    out = tmp_path / "out"
    with monkeypatch.context() as patch:
        patch.setattr("grader.suite.worker._work", lambda *_: os._exit(1))
        with pytest.raises(
            InternalError, match=r"6 of 8 submissions .*: ann, bob, cid, eve, fay, gus; the same command"
        ):
            batch()
    assert json.loads((out / "reports/ann.json").read_text())["exercises"][0]["status"] == "not_graded"
    assert scores(out)["hal"] == "0"
    batch()
    assert scores(out)["ann"] == "100"


def start_batch(kit: Path, course: Path, out: Path, *words: str) -> subprocess.Popen[bytes]:
    """The batch as a process of its own, with a fixed seed, that notes what it keeps."""
    code = f"{noting_kept(out)}\nimport sys\nfrom grader.cli import main\nsys.exit(main())"
    command = [sys.executable, "-c", code, "batch", str(course), "week1/first", "--out", str(out), "--seed", "5"]
    command += ["--kit", str(kit), "--quiet", "--no-cache", *words]
    return subprocess.Popen(command, start_new_session=True, cwd=layout.default_root())


def noting_kept(out: Path) -> str:
    """Code that makes a batch note the name of each report that it has put into the ledger."""
    return f"""
from grader.batch.ledger import Ledger
keep = Ledger.keep
def noted(ledger, name, *rest):
    keep(ledger, name, *rest)
    with open({str(notes(out))!r}, "a") as notes:
        notes.write(name + "\\n")
Ledger.keep = noted
"""


def notes(out: Path) -> Path:
    """The names of the reports that have been graded and kept, one a line."""
    return out.with_name(f"{out.name}.notes")


def some_moment_passes(rng: random.Random, most_s: float) -> None:
    """From a millisecond on, each order of magnitude as likely: a start is long, a commit is short."""
    time.sleep(0.001 * (1_000 * most_s) ** rng.random())


def fresh_random() -> random.Random:
    """Another one in each run, whose seed is shown when the test fails."""
    seed = random.randrange(1_000_000)
    print(f"random.Random({seed})")
    return random.Random(seed)


def assert_same(out: Path, whole: Path) -> None:
    """What a disturbed batch has left is what an undisturbed one leaves, times apart, and nothing was kept twice."""
    assert reports(out) == reports(whole)
    for name in ("gradebook.csv", "summary.html"):
        assert (out / name).read_bytes() == (whole / name).read_bytes()
    graded = notes(out).read_text().splitlines()
    assert len(graded) == len(set(graded)), "what had its report was graded again"


def kept(out: Path) -> dict[str, bytes]:
    """The reports in the ledger, by name, as another process sees them."""
    if not (out / "ledger.sqlite3").exists():
        return {}
    database = sqlite3.connect(out / "ledger.sqlite3", timeout=60)
    try:
        return dict(database.execute("SELECT name, report FROM reports"))
    except sqlite3.OperationalError:  # not yet made
        return {}
    finally:
        database.close()
