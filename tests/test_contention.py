"""A verdict does not depend on how busy the machine is: seconds without a processor are given back."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from grader.cell import usage
from grader.cell.budget import Budget, Patience, within
from grader.cell.contention import Contention
from grader.cell.launcher import Launcher
from grader.model import CheckResult, Level, Verdict
from tests.toy_suites import Suites

OTHERS = 3
#: Takes 0.4 s of CPU time: longer than a check may take, among the others.
WORK = """
    import time
    def work():
        end = time.process_time() + 0.4
        while time.process_time() < end: pass
        return True
"""
Check = Callable[[str, str], CheckResult]


@pytest.fixture(scope="module")
def check(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Check]:
    """Runs one check for at most 0.8 s, on one processor that other programs keep busy."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(before)})
    others: list[subprocess.Popen[bytes]] = []
    try:
        with closing(Launcher(Level.BARE, preload=("fastapi", "uvicorn"))) as launcher:
            launcher.wait_until_ready()
            others += [
                subprocess.Popen([sys.executable, "-c", "while True: pass"], start_new_session=True)
                for _ in range(OTHERS)
            ]
            suites = Suites(Path(tmp_path_factory.mktemp("busy")), lambda _: launcher)
            yield lambda suite, submission: suites.check(f"@check(10)\n{suite}", submission, timeout=0.8)
    finally:
        for other in others:
            other.kill()
            other.wait()
        os.sched_setaffinity(0, before)


class TestBusy:
    """On a busy machine."""

    def test_a_call(self, check: Check) -> None:
        assert check("def test_x(subject): assert subject.work()", WORK).verdict is Verdict.PASSED

    def test_an_awaited_call(self, check: Check) -> None:
        suite = "async def test_x(subject): assert await subject.works()"
        assert check(suite, WORK + "    async def works(): return work()").verdict is Verdict.PASSED

    @pytest.mark.parametrize("client", ["site.client", "site.async_client()"])
    def test_a_request(self, check: Check, client: str) -> None:
        app = """
    from fastapi import FastAPI
    def create():
        app = FastAPI()
        app.get('/')(work)
        return app
        """
        get = f"await {client}" if "async" in client else client
        suite = f"async def test_x(web): site = web.serve('create'); assert ({get}.get('/')).json() is True"
        assert check(suite, WORK + app).verdict is Verdict.PASSED

    @pytest.mark.parametrize("endless", ["while True: pass", "__import__('time').sleep(600)"])
    def test_what_has_no_end(self, check: Check, endless: str) -> None:
        """It ends all the same."""
        result = check("def test_x(subject): subject.work()", f"def work():\n    {endless}")
        assert result.verdict is Verdict.TIMEOUT


class TestContention:
    """What counts as kept waiting, by the kernel's figures."""

    @pytest.mark.parametrize(
        ("used", "queued", "counted"),
        [
            (1.0, [4.0], 4.0),  # of five seconds it ran for one, and was ready to run for the others
            (1.0, [4.0, 4.0, 3.0], 4.0),  # side by side
            (0.0, [0.0], 0.0),  # it slept
            (10.0, [4.0] * 8, 0.0),  # it had two processors, and its own processes in the way
            (3.0, [4.0] * 8, 2.0),
        ],
    )
    def test_figures(self, monkeypatch: pytest.MonkeyPatch, used: float, queued: list[float], counted: float) -> None:
        now, cpu, waits = [100.0], [0.0], [0.0] * (len(queued) + 1)
        monkeypatch.setattr("time.monotonic", lambda: now[0])
        monkeypatch.setattr(usage, "cpu_seconds", lambda _pids: cpu[0])
        monkeypatch.setattr(usage, "processes", lambda _pid: [1])
        monkeypatch.setattr(usage, "threads", lambda _pid: range(1, len(queued) + 1))
        monkeypatch.setattr(usage, "queued_seconds", lambda _pid, thread: waits[thread] if thread < 99 else 0.0)
        contention = Contention()
        now[0], cpu[0], waits[1:] = 105.0, used, queued
        assert contention.since_last(1) == counted
        assert contention.since_last(1) == 0.0

    def test_who_sleeps_is_not_kept_waiting(self) -> None:
        """The kernel counts only threads that are ready to run."""
        with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"]) as sleeper:
            contention = Contention()
            contention.since_last(sleeper.pid)
            assert contention.since_last(sleeper.pid) < 60
            sleeper.kill()
        assert contention.since_last(sleeper.pid) < 60  # it has ended, which is no fault


class TestBudget:
    """What is given back, by a machine that says for how long it was busy."""

    def test_seconds_are_given_back_once(self) -> None:
        busy = [0.5]
        budget = Budget(1.0, lambda: busy.pop() if busy else 0.0)
        assert (budget.ask(), budget.ask(), budget.given) == (0.5, 0.0, 0.5)
        assert budget.left == 1.5

    def test_each_patience_gets_them(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Two waits that have lost the same seconds."""
        monkeypatch.setattr("time.monotonic", lambda: 100.0)
        busy = [30.0]
        budget = Budget(1.0, lambda: busy.pop() if busy else 0.0)
        first, second = Patience(0.0, budget), Patience(0.0, budget)
        assert first.left() == 30.0
        assert second.left() == 30.0

    def test_there_is_an_end(self) -> None:
        """However busy it says to be."""
        budget = Budget(1.0, lambda: 3.0)
        assert [budget.ask() for _ in range(3)] == [3.0, 3.0, 0.0]

    def test_within(self) -> None:
        """What takes longer is ended, unless seconds are given back."""

        async def nap(seconds: float, busy: list[float]) -> str:
            budget = Budget(1.0, lambda: busy.pop() if busy else 0.0)
            try:
                async with within(Patience(0.01, budget)):
                    await asyncio.sleep(seconds)
            except TimeoutError:
                return "ended"
            return "whole"

        assert asyncio.run(nap(600, [])) == "ended"
        assert asyncio.run(nap(0.05, [600.0])) == "whole"
