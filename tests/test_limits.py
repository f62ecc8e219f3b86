"""What a check may use up: each limit with the verdict and the words that a learner reads."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from grader.cell import cgroups, usage
from grader.cell.deaths import CellEnded
from grader.cell.inside import frames, values
from grader.cell.launcher import Launcher
from grader.cell.levels import HERE
from grader.cell.line import MAX_BYTES, MAX_FRAMES
from grader.model import Level, Verdict
from tests.cells import CellMaker, cell_of, eventually, processes_with
from tests.scripted_cell import ScriptedCell
from tests.toy_suites import Suites

HEAD = """
import mmap, os, resource, threading, time
def touch(memory, size):
    for place in range(0, size, 4096): memory[place] = 1
def family(count, size):
    for _ in range(count):
        if os.fork() == 0:
            memory = bytearray(size)
            touch(memory, size)
            time.sleep(600)
            os._exit(0)
def spin():
    while True: pass
def attack():
"""

#: What one call does -> the verdict of its check, and words of the message.
ONE_CALL = {
    "return bytearray(1 << 34)": ("memory", "MemoryError"),
    "m = mmap.mmap(-1, 700 << 20); touch(m, 700 << 20); time.sleep(9)": ("memory", "more than its 256 MB"),
    "a = [open('/dev/null') for _ in range(999)]": ("error", "Too many open files"),
    "s = open('/dev/shm/x' if os.getpid() == 1 else 'x', 'wb'); s.write(bytes(17 << 20)); s.flush()": ("error", ""),
    "print('x' * (2 << 20))": ("output", "characters were printed"),
    "return 'x' * (2 << 20)": ("output", "limit is 1,048,576"),
    "return {i: i for i in range(20_000)}": ("output", "limit is 10,000"),
    "time.sleep(99)": ("timeout", "no answer within 2 s"),
    "while True: pass": ("timeout", "no answer within 2 s"),
}

SUITE = """
@check(10)
def test_x(subject): subject.attack()
@check(10)
def test_y(subject): assert subject.fine() == 1
"""


@pytest.mark.parametrize("level", HERE, ids=str)
@pytest.mark.parametrize("body", ONE_CALL)
def test_one_call(suites: Suites, level: Level, body: str) -> None:
    """One check is lost, with a verdict of its own; the next one is graded."""
    suites.limits = replace(suites.limits, call_s=2.0 if ONE_CALL[body][0] == "timeout" else 20.0, memory_mb=256)
    suites.needs = replace(suites.needs, writable=True)
    report = suites.grade(SUITE, f"{HEAD} {body}\ndef fine(): return 1", level=level)
    verdict, words = ONE_CALL[body]
    lost, kept = report.checks
    assert (lost.verdict, words in lost.message) == (verdict, True), lost.message
    assert kept.verdict == "passed"


class TestWholeCell:
    """All processes of a cell together."""

    @pytest.fixture(params=[level for level in HERE if level is not Level.GUARDED], ids=str)
    def crowd(self, request: pytest.FixtureRequest, launcher_of: Callable[[Level], Launcher]) -> CellMaker:
        """Makes cells that may have children."""
        return CellMaker(launcher_of(request.param))

    @pytest.mark.parametrize("by_kernel", [True, False], ids=["cgroup", "watched"])
    def test_memory(self, crowd: CellMaker, monkeypatch: pytest.MonkeyPatch, by_kernel: bool) -> None:
        """Each child within its limit, all together not: the whole cell is ended, by whoever sees it first."""
        if not by_kernel:
            monkeypatch.setattr(crowd.launcher, "groups", None)
        elif crowd.launcher.groups is None:
            pytest.skip("this machine lets us make no control groups")
        subject = crowd(f"{HEAD} family(4, 120 << 20); time.sleep(60)", processes=True, memory_mb=256, call_s=30)
        with pytest.raises(CellEnded) as caught:
            subject.attack()
        assert (caught.value.verdict, "256 MB" in caught.value.message) == (Verdict.MEMORY, True)
        crowd.close()

    def test_what_a_submission_makes_of_a_child_that_was_ended(self, crowd: CellMaker) -> None:
        """It may catch that and raise something else: the verdict is memory nevertheless."""
        if crowd.launcher.groups is None:
            pytest.skip("this machine lets us make no control groups")
        subject = crowd(f"{HEAD} family(4, 120 << 20); os.wait(); raise KeyError", processes=True, memory_mb=256)
        with pytest.raises(CellEnded) as caught:
            subject.attack()
        assert caught.value.verdict is Verdict.MEMORY
        crowd.close()

    def test_cpu_time(self, crowd: CellMaker) -> None:
        """Seconds of all processes add up."""
        body = "[os.fork() or spin() for _ in range(3)]; time.sleep(60)"
        subject = crowd(f"{HEAD} {body}", processes=True, cpu_s=2, call_s=30)
        with pytest.raises(CellEnded, match="CPU time") as caught:
            subject.attack()
        assert caught.value.verdict is Verdict.TIMEOUT
        crowd.close()

    def test_nobody_is_left_when_the_grader_is_gone(self, crowd: CellMaker) -> None:
        """A suite's process that dies cannot end its cells: the zygote sees it, and does."""
        name = f"left{os.getpid()}"
        subject = crowd(
            "import ctypes, os\ndef stay(name):\n ctypes.CDLL(None).prctl(15, name.encode())\n"
            " if os.fork() == 0: os.setsid(); os.fork()\n while True: pass",
            processes=True, call_s=0.3,
        )  # fmt: skip
        cell = cell_of(subject)
        cell._line._process = _Immortal()  # type: ignore[assignment]
        with pytest.raises(CellEnded):
            subject.stay(name)
        assert eventually(lambda: len(processes_with(name)) == 3)
        cell.process._status.close()
        assert eventually(lambda: not processes_with(name), 10.0)
        cell.process._status, other = socket.socketpair()
        other.close()
        crowd.close()


class _Immortal:
    """A process that its owner can no longer end."""

    excess = None

    def kill(self) -> None:
        """Nobody is there to do it."""


class TestDisk:
    """What is written where others have their files, too."""

    @pytest.mark.parametrize("deleted", [False, True])
    def test_many_files(self, launcher_of: Callable[[Level], Launcher], deleted: bool) -> None:
        """Each within the limit of a file, all together not; deleted ones count as long as they are open."""
        maker = CellMaker(launcher_of(Level.GUARDED))
        subject = maker(
            f"import os, time\nkept = []\ndef attack():\n for number in range(9):\n"
            f"  kept.append(open(str(number), 'wb', 0)); kept[-1].write(bytes(8 << 20))\n"
            f"  if {deleted}: os.unlink(str(number))\n time.sleep(60)",
            writable=True, call_s=30,
        )  # fmt: skip
        with pytest.raises(CellEnded, match="wrote more than 32 MiB") as caught:
            subject.attack()
        assert caught.value.verdict is Verdict.OUTPUT
        maker.close()


class TestAnswers:
    """How much one cell may say in a check."""

    def test_frames(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """A million is more than any check needs."""
        assert MAX_FRAMES == 1_000_000
        monkeypatch.setattr("grader.cell.line.MAX_FRAMES", 10)
        with ScriptedCell() as scripted:
            scripted.says(*[["print", ""]] * 11)
            with pytest.raises(CellEnded, match="more than 10 answers") as caught:
                scripted.cell.operate("len", "abc")
        assert caught.value.verdict is Verdict.OUTPUT

    def test_bytes(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """All answers together have a limit, as each has one of its own."""
        assert MAX_BYTES == 256 << 20
        monkeypatch.setattr("grader.cell.line.MAX_BYTES", 1000)
        with ScriptedCell() as scripted:
            scripted.says(["ok", 1, "x" * 600])
            assert scripted.cell.operate("str", "") == "x" * 600
            scripted.says(["ok", 2, "x" * 600])
            with pytest.raises(CellEnded, match="MiB in one check") as caught:
                scripted.cell.operate("str", "")
        assert caught.value.verdict is Verdict.OUTPUT

    def test_items(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """So have the items of all answers, which take more room than their bytes."""
        monkeypatch.setattr("grader.cell.exchange.MAX_PARTS", 100)
        with ScriptedCell() as scripted:
            scripted.says(["ok", 1, [values.LIST, *range(60)]])
            assert len(scripted.cell.operate("list", "")) == 60
            scripted.says(["ok", 2, [values.LIST, *range(60)]])
            with pytest.raises(CellEnded, match="items") as caught:
                scripted.cell.operate("list", "")
        assert caught.value.verdict is Verdict.OUTPUT

    def test_callbacks_under_way(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Async functions of the suite are not started without end, nor twice with one number."""

        async def wait() -> None:
            await asyncio.sleep(60)

        async def main(told: list[list[object]]) -> None:
            with ScriptedCell() as scripted:
                asked = asyncio.ensure_future(scripted.cell.awaiting(None, "anext", wait))
                await asyncio.sleep(0)
                scripted.says(*told)
                with pytest.raises(CellEnded, match="is under way") as caught:
                    await asked
                assert caught.value.verdict is Verdict.CRASHED

        monkeypatch.setattr("grader.cell.callbacks._MAX_TASKS", 5)
        asyncio.run(main([["back", number, 0, [], []] for number in range(6)]))
        asyncio.run(main([["back", 1, 0, [], []]] * 2))

    def test_stand_ins_are_given_back_in_parts(self) -> None:
        """A hundred thousand objects at once are forgotten again without a frame that is too large."""
        with ScriptedCell() as scripted:
            for number in range(200_000):
                scripted.cell.exchange.dropped.append([number + (1 << 40), 1])
            heard: list[int] = []

            def hear() -> None:
                with contextlib.suppress(OSError):
                    while data := scripted._channel.recv(4, 0x100):  # MSG_WAITALL
                        length = frames.LENGTH.unpack(data)[0]
                        heard.append(length)
                        scripted._channel.recv(length, 0x100)
                        if length < 100:
                            scripted.says(["ok", 1, 3])
                            return

            listener = threading.Thread(target=hear)
            listener.start()
            assert scripted.cell.operate("len", "abc") == 3
            listener.join()
            assert max(heard) < values.MAX_FRAME


class TestGroups:
    """Control groups of either version, by the files that the kernel would show."""

    def test_version_2(self, tmp_path: Path) -> None:
        """The nearest group that may have children with both controllers holds ours."""
        own = tmp_path / "user.slice" / "session.scope"
        own.mkdir(parents=True)
        (tmp_path / "cgroup.subtree_control").write_text("cpu memory pids\n")
        (tmp_path / "user.slice" / "cgroup.subtree_control").write_text("memory pids\n")
        (own / "cgroup.subtree_control").write_text("\n")
        groups = cgroups.find(str(tmp_path), "0::/user.slice/session.scope\n")
        assert groups is not None
        group = groups.make(1 << 20)
        (folder,) = (path for path in (tmp_path / "user.slice").glob("onspot-*"))
        group.add(123)
        written = {name: (folder / name).read_text() for name in ("memory.max", "pids.max", "cgroup.procs")}
        assert written == {"memory.max": str(1 << 20), "pids.max": "128", "cgroup.procs": "123"}
        assert not group.out_of_memory()
        (folder / "memory.events").write_text("low 0\nmax 5\noom 1\noom_kill 1\noom_group_kill 1\n")
        assert group.out_of_memory()

    def test_a_new_group_of_another_process_stays(self, tmp_path: Path) -> None:
        """Processes that share a launcher make groups at the same time; only one's own are swept."""
        (tmp_path / "cgroup.subtree_control").write_text("memory pids\n")
        groups = cgroups.find(str(tmp_path), "0::/\n")
        assert groups is not None
        mine, others = (tmp_path / f"{groups._mark}-{pid}-99" for pid in (os.getpid(), 1))
        mine.mkdir()
        others.mkdir()
        groups.make(1)
        assert (mine.exists(), others.exists()) == (False, True)
        assert not groups.sweep(f"{groups._mark}-*")
        assert not others.exists()

    def test_groups_of_a_killed_grader_are_swept(self, tmp_path: Path) -> None:
        """By the next one; those of graders that live stay."""
        (tmp_path / "cgroup.subtree_control").write_text("memory pids\n")
        dead, living = (tmp_path / f"onspot-{pid}-0-{pid}-3" for pid in (1 << 23, os.getpid()))
        dead.mkdir()
        living.mkdir()
        assert cgroups.find(str(tmp_path), "0::/\n") is not None
        assert (dead.exists(), living.exists()) == (False, True)

    @pytest.mark.parametrize("own", ["0::/\n", "", "1:name=systemd:/\n", "2:memory:/a\n1:pids:/b\n"])
    def test_none(self, tmp_path: Path, own: str) -> None:
        """Controllers that are not handed down, or not there, or not writable: no groups."""
        (tmp_path / "cgroup.subtree_control").write_text("cpu\n")
        assert cgroups.find(str(tmp_path), own) is None

    def test_they_are_removed(self, launcher_of: Callable[[Level], Launcher]) -> None:
        """With their cells."""
        launcher = launcher_of(Level.BARE)
        if launcher.groups is None:
            pytest.skip("this machine lets us make no control groups")
        maker = CellMaker(launcher)
        maker.cell("x = 1", processes=True)
        maker.close()
        launcher.groups.close()
        assert not [
            path for parent in launcher.groups._parents for path in Path(parent).glob(f"{launcher.groups._mark}*")
        ]


class TestUsage:
    """What the kernel tells of this process."""

    def test_own(self, tmp_path: Path) -> None:
        """Memory that is shared with nobody, CPU time, children, files."""
        pids = usage.processes(os.getpid())
        assert pids[0] == os.getpid()
        before = usage.memory(pids[:1], 0)
        kept = b"x" * (64 << 20)
        assert usage.memory(pids[:1], 0) - before > 48 << 20, len(kept)
        assert usage.cpu_seconds(pids[:1]) > 0
        (tmp_path / "a").write_bytes(bytes(10_000))
        (tmp_path / "b").write_bytes(b"x")
        assert usage.disk(str(tmp_path), 1 << 20) == 10_000 + 4096

    def test_gone(self) -> None:
        """A process that has ended uses nothing."""
        child = os.fork()
        if child == 0:
            os._exit(0)
        os.waitpid(child, 0)
        assert usage.processes(child) == [child]
        assert usage.memory([child], 0) == usage.cpu_seconds([child]) == usage.deleted([child]) == 0
