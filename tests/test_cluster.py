"""Batches on Celery workers: the reports of a local run, whatever is killed meanwhile, and refusals that say why."""

from __future__ import annotations

import importlib.util
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import msgspec
import pytest
import redis

from grader.batch.batch import Wanted, grade_batch
from grader.batch.ledger import Ledger
from grader.catalog import Catalog, layout, read_submission
from grader.cli import main
from grader.cluster.answering import Answering
from grader.cluster.broker import GRADE, QUEUE, make_app, shown_address
from grader.cluster.desk import Desk
from grader.cluster.leases import renew
from grader.cluster.metrics import Metrics
from grader.cluster.results import Results
from grader.cluster.work import Outcome, Question, Work, versions_here
from grader.cluster.worker import MAX_DELIVERIES, Tasks
from grader.errors import UnavailableError, UsageError
from grader.model import Exercise, ExerciseReport, Level, Status
from grader.remembering import exercise_digest
from tests.small_cluster import SmallCluster, kill_some_process_of, wait_until
from tests.test_batch import KILLS, assert_same, fresh_random, kept, noting_kept, scores, some_moment_passes

SUITE = """
from hypothesis import given, strategies as st
from grader.suite import check

@check("joins", points=50, stage="core", hint="Is it < or <= ?")
def test_joins(subject):
    assert subject.merge([(1, 2), (2, 3)]) == [(1, 3)]

@check("keeps", points=50, stage="core", hint="Is it there?")
@given(start=st.integers(0, 1000))
def test_keeps(subject, start):
    assert subject.merge([(start, start + 7)]) == [(start, start + 7)]
"""
WORKS = (
    "def merge(pairs):\n    return [(min(pairs)[0], max(pairs)[1])]\n",
    "def merge(pairs):\n    return [(1, 3)]\n",
    "def merge(pairs):\n    return [] if pairs[0][0] > 99 else pairs\n",
    "import os\nos._exit(3)\n",
    "def merge(pairs) return\n",
)


@pytest.fixture
def kit(small_kit: Path) -> Path:
    """The small kit with a suite that takes no time."""
    layout.suite(Catalog.load(small_kit).get("week1/first")).write_text(SUITE)
    return small_kit


@pytest.fixture
def exercise(kit: Path) -> Exercise:
    """week1/first of that kit."""
    return Catalog.load(kit).get("week1/first")


@pytest.fixture
def course(exercise: Exercise, tmp_path: Path) -> Path:
    """Right, wrong, hostile, broken and empty submissions; some are equal."""
    folder = tmp_path / "course"
    for number in range(6 * KILLS):
        place = folder / f"s{number:03}"
        place.mkdir(parents=True)
        mark = f"# {number}\n" if number % 7 else ""
        (place / "first.py").write_text(WORKS[number % len(WORKS)] + mark)
    (folder / "nobody").mkdir()
    (folder / "stub.py").write_text((layout.stub(exercise) / "first.py").read_text())
    return folder


@pytest.fixture
def cluster(kit: Path, tmp_path: Path) -> Iterator[SmallCluster]:
    """A broker; workers are started by the test."""
    small = SmallCluster(kit, tmp_path)
    yield small
    small.close()


@pytest.fixture
def work(exercise: Exercise) -> Work:
    """The reference, to be graded."""
    files = read_submission(exercise, exercise.hidden).files
    return Work(versions_here(), exercise.name, exercise_digest(exercise), files, Level.SEALED, 5, None)


def grade_here(kit: Path, course: Path, out: Path) -> None:
    """The same batch by the local engine."""
    wanted = Wanted(course, out, ["week1/first"], 5, None, None, None, parallel=2, recall=False)
    grade_batch(Catalog.load(kit), wanted, None)


def reached(out: Path, moment: int) -> bool:
    """Whether so many reports are in the ledger."""
    return len(kept(out)) >= moment


def test_kill(cluster: SmallCluster, kit: Path, course: Path, tmp_path: Path) -> None:
    """Whatever is killed, every submission has one report, kept once, equal to that of a local run."""
    here, out = tmp_path / "here", tmp_path / "out"
    grade_here(kit, course, here)
    rng = fresh_random()
    workers = [cluster.start_worker() for _ in range(2)]
    batch = cluster.start_batch(course, out, before=noting_kept(out))
    total = len(list(course.iterdir()))
    victims = ["worker", "broker", "batch", *rng.choices(["worker", "part of a worker", "broker", "batch"], k=KILLS)]
    before: dict[str, bytes] = {}
    for number, victim in enumerate(rng.sample(victims[:KILLS], KILLS)):
        moment = rng.randrange(number * total // KILLS, (number + 1) * total // KILLS)
        wait_until(batch, partial(reached, out, moment))
        some_moment_passes(rng, most_s=0.3)
        print(f"{victim} is killed when {len(kept(out))} of {total} are there")
        if victim == "broker":
            cluster.kill_broker(with_its_disk=rng.random() < 0.5)
        elif victim == "batch":
            cluster.kill(batch)
            batch = cluster.start_batch(course, out, before=noting_kept(out))
        else:
            worker = workers.pop(0)
            if victim == "part of a worker":
                kill_some_process_of(worker, rng)
            else:
                cluster.kill(worker)
            workers.append(worker if worker.poll() is None else cluster.start_worker())
        now = kept(out)
        assert now.items() >= before.items(), "a report that was kept has gone or was made again"
        before = now
    assert batch.wait() == 0
    assert kept(out).items() >= before.items()
    assert kept(out).keys() == {entry.name.removesuffix(".py") for entry in course.iterdir()}
    assert_same(out, here)


def test_worker_of_another_version(cluster: SmallCluster, kit: Path, tmp_path: Path) -> None:
    """It refuses, the batch ends with status 3 and says so; with a right worker the same command goes on."""
    course, out = tmp_path / "work", tmp_path / "out"
    for number, text in enumerate(WORKS[:2]):
        (course / str(number)).mkdir(parents=True)
        (course / str(number) / "first.py").write_text(text)
    old = cluster.start_worker(before="import grader; grader.__version__ = '0.0.9'")
    refused = cluster.start_batch(course, out)
    assert refused.wait() == 3
    said = (tmp_path / "log").read_text()
    assert "refuses the batch: it has kit 0.0.9, not " in said
    assert kept(out) == {}
    cluster.kill(old)
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = str(probe.getsockname()[1])
    cluster.start_worker("--metrics", port)
    assert cluster.start_batch(course, out).wait() == 0
    assert scores(out) == {"0": "100", "1": "50"}
    counted = httpx.get(f"http://127.0.0.1:{port}/metrics", trust_env=False).text.splitlines()
    assert 'onspot_tasks_total{exercise="week1/first",outcome="graded"} 2.0' in counted
    assert 'onspot_task_seconds_count{exercise="week1/first"} 2.0' in counted


class TestRefusals:
    """What a worker does not grade, and how it says so."""

    @pytest.fixture
    def answer(self, kit: Path) -> Iterator[Callable[..., Outcome]]:
        """Answers as a worker that requires a level."""
        opened = []

        def answer_to(asked: Work | Question, require: Level | None = None) -> Outcome:
            opened.append(Answering("w", Catalog.load(kit), require))
            return opened[-1].answer(asked)

        yield answer_to
        for answering in opened:
            answering.close()

    def test_level(self, answer: Callable[..., Outcome], work: Work) -> None:
        """Work for a weaker level, and a batch for a stronger one."""
        weak = msgspec.structs.replace(work, level=Level.BARE)
        assert answer(weak, Level.GUARDED).refusal == (
            "it grades at guarded or stronger, and this is to be graded at bare"
        )
        assert "level sealed is required, this machine gives bare" in (
            answer(Question(work.versions, Level.BARE, Level.SEALED)).refusal
        )

    def test_versions(self, answer: Callable[..., Outcome], work: Work) -> None:
        """Another grader, another interpreter, other examples."""
        other = msgspec.structs.replace(work.versions, grader="0" * 64, python="2.7", hypothesis="1")
        refusal = answer(msgspec.structs.replace(work, versions=other)).refusal
        assert ", not 000000000000" in refusal
        assert ", not 2.7" in refusal
        assert ", not 1;" in refusal

    def test_suite(self, answer: Callable[..., Outcome], work: Work, exercise: Exercise) -> None:
        """Another suite, an exercise that is not there, and one that is broken."""
        assert "there is no exercise week1/none" in answer(msgspec.structs.replace(work, exercise="week1/none")).refusal
        layout.suite(exercise).write_text(SUITE + "\n")
        assert "bring both checkouts to one commit" in answer(work).refusal
        layout.manifest(exercise.folder).write_text("format = 1\n")
        assert "difficulty is missing" in answer(work).refusal

    def test_fault(self, answer: Callable[..., Outcome], work: Work, monkeypatch: pytest.MonkeyPatch) -> None:
        """A fault of the grader's own is told, too."""
        monkeypatch.setattr("grader.cluster.answering.open_cells", None)
        assert "'NoneType' object is not callable" in answer(work).refusal


class TestDelivery:
    """What comes twice is answered once."""

    NAME = f"onspot-{0:064x}"

    @pytest.fixture
    def results(self, cluster: SmallCluster) -> Iterator[Results]:
        """Those at the broker."""
        found = Results(cluster.url, patient=False)
        yield found
        found.close()

    @pytest.fixture
    def desk(self, cluster: SmallCluster) -> Iterator[Desk]:
        """A batch's side of the broker."""
        one = Desk(cluster.url, print)
        yield one
        one.close()

    def test_again(self, results: Results, kit: Path, work: Work, monkeypatch: pytest.MonkeyPatch) -> None:
        """What has been answered, or is settled, is not graded; what kills its workers is given up."""
        report = ExerciseReport("week1/first", "First", Status.PASSED, 100.0, ())
        asked = msgspec.to_builtins(work)
        answering = Answering("w", Catalog.load(kit), None)
        tasks = Tasks(answering, results, Metrics())

        def die(_self: Answering, _asked: object) -> Outcome:
            raise KeyboardInterrupt

        monkeypatch.setattr(Answering, "answer", die)
        results.answer(self.NAME, Outcome("first", report))
        results.answer(self.NAME, Outcome("second", report))
        tasks.grade(self.NAME, asked)
        assert results.found([self.NAME])[self.NAME].worker == "first"
        results.settle(self.NAME)
        tasks.grade(self.NAME, asked)
        assert results.found([self.NAME]) == {}
        results.forget(self.NAME)
        for _ in range(MAX_DELIVERIES):
            with pytest.raises(KeyboardInterrupt):
                tasks.grade(self.NAME, asked)
        tasks.grade(self.NAME, asked)
        assert "5 workers have died over it" in results.found([self.NAME])[self.NAME].refusal

    def test_another_format(self, results: Results, kit: Path) -> None:
        """What another version of the kit sent in another form is refused, and why is said."""
        Tasks(Answering("w", Catalog.load(kit), None), results, Metrics()).grade(self.NAME, {"exercise": "week1/first"})
        assert "cannot read what came" in results.found([self.NAME])[self.NAME].refusal

    def test_messages_are_plain(self, desk: Desk, results: Results, cluster: SmallCluster, work: Work) -> None:
        """A task is JSON with the files in it; put twice while nobody has answered it is still one task."""
        desk.put(self.NAME, work)
        assert results.held() == {self.NAME}
        with make_app(cluster.url).connection() as connection:
            message = connection.SimpleQueue(QUEUE).get()
            assert message.content_type == "application/json"
            assert message.headers["task"] == GRADE
            (name, values), _, _ = message.payload
            message.ack()
        assert name == self.NAME
        assert msgspec.convert(values, Work) == work

    def test_lost(self, desk: Desk, cluster: SmallCluster, results: Results, work: Work) -> None:
        """What the broker has lost is put again, and asked for anew even if it was once settled."""
        results.settle(self.NAME)
        desk.put(self.NAME, work)
        cluster.kill_broker(with_its_disk=True)
        for _ in range(3):
            desk.check()
        assert results.held() == {self.NAME}

    def test_worker_dies(self, desk: Desk, cluster: SmallCluster, results: Results, work: Work) -> None:
        """What a killed worker had in hand comes to another, once, without the batch that asked for it."""
        desk.put(self.NAME, msgspec.structs.replace(work, files={"first.py": b"import time\ntime.sleep(2)\n"}))
        with redis.Redis.from_url(cluster.url) as client:
            worker = cluster.start_worker()
            wait_until(worker, lambda: bool(client.exists(f"{self.NAME}:deliveries")))
            cluster.kill(worker)
        assert results.held() == {self.NAME}
        assert results.found([self.NAME]) == {}
        wait_until(cluster.start_worker(), lambda: bool(results.found([self.NAME])))
        assert results.found([self.NAME])[self.NAME].report is not None
        assert results.deliveries(self.NAME) > 2  # with this one

    def test_lease(self, cluster: SmallCluster) -> None:
        """What a living worker has in hand is given a new time; what it has let go of is not brought back."""
        app = make_app(cluster.url)
        with app.connection() as connection, redis.Redis.from_url(cluster.url) as client:
            channel = connection.default_channel
            client.zadd(channel.unacked_index_key, {"mine": 1.0, "another's": 1.0})
            in_hand = [SimpleNamespace(message=SimpleNamespace(delivery_tag=tag)) for tag in ("mine", "let go")]
            renew(SimpleNamespace(channel=channel), in_hand)
            scores = dict(client.zrange(channel.unacked_index_key, 0, -1, withscores=True))
        app.close()
        assert scores.keys() == {b"mine", b"another's"}
        assert scores[b"mine"] > scores[b"another's"] == 1.0

    def test_ledger(self, tmp_path: Path) -> None:
        """A second report on the same work has no effect; one on other work takes its place."""
        ledger = Ledger(tmp_path / "ledger.sqlite3")
        for work, score in [("a", 1.0), ("a", 2.0), ("b", 3.0), ("b", 4.0)]:
            ledger.keep("ann", "week1/first", work, ExerciseReport("week1/first", "First", Status.PARTIAL, score, ()))
            assert [report.score for report in ledger.reports("ann")] == [1.0 if work == "a" else 3.0]
        ledger.close()


class TestUsage:
    """What is answered at once."""

    @pytest.mark.parametrize("words", [["batch", ".", "--out", "out", "--engine", "celery"], ["worker"]])
    def test_without_the_extra(
        self, words: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """What to install, and the status of a usage error."""
        find = importlib.util.find_spec
        monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "celery" else find(name))
        assert main(words) == 2
        assert "pip install '.[cluster]'" in capsys.readouterr().err

    @pytest.mark.parametrize(
        ("words", "message"),
        [
            ("--broker redis://x", "--broker is for --engine celery"),
            ("--engine celery --jobs 2", "--jobs is for --engine local"),
            ("--engine rq", "invalid choice: 'rq'"),
        ],
    )
    def test_options(self, words: str, message: str, capsys: pytest.CaptureFixture[str]) -> None:
        """Options that do not go together."""
        assert main(["batch", ".", "--out", "out", *words.split()]) == 2
        assert message in capsys.readouterr().err

    def test_broker(self) -> None:
        """An address that is none, and one where nobody is; no password is shown."""
        with pytest.raises(UsageError, match="--broker amqp://host is no address such as redis://"):
            make_app("amqp://me:secret@host")
        with socket.create_server(("127.0.0.1", 0)) as probe:
            port = probe.getsockname()[1]
        with pytest.raises(UnavailableError, match=f"no Redis answers at redis://127.0.0.1:{port}/0"):
            Desk(f"redis://:secret@127.0.0.1:{port}/0", print)
        assert shown_address("redis://me:secret@host:1/2") == "redis://host:1/2"

    def test_port_is_taken(self) -> None:
        """The port of metrics."""
        with socket.create_server(("", 0)) as taken, pytest.raises(UsageError, match=r"--metrics \d+ cannot be opened"):
            Metrics().serve(taken.getsockname()[1])

    def test_others_do_not_pay(self, kit: Path) -> None:
        """Grading here imports nothing of what workers need."""
        code = "import sys; from grader.cli import main; main(); print(*sys.modules)"
        command = [sys.executable, "-c", code, "grade", "week1/first", "--quiet", "--kit", str(kit)]
        done = subprocess.run(command, cwd=layout.default_root(), capture_output=True, text=True, check=True)
        imported: Any = done.stdout.split()
        assert "grader.grading" in imported
        assert not {"celery", "kombu", "prometheus_client", "grader.cluster"} & set(imported)
