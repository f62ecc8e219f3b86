"""Submissions that die, hang, flood or break out: each ends with its verdict, soon, and the next cell works."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from grader.cell.deaths import CellEnded, SubmissionError
from grader.cell.launcher import Launcher
from grader.model import Level, Verdict
from tests.cells import MODULE, SHORT, CellMaker, cell_of, eventually, processes_with

HEAD = """
import ctypes, os, signal, sys, time
CHANNEL = next(fd for fd in range(3, 64) if os.path.exists(f"/proc/self/fd/{fd}"))
def attack():
"""

#: What a submission does in a call -> the verdict, and what the message says.
ENDS = {
    "os._exit(0)": (Verdict.CRASHED, "exit code 0"),
    "os._exit(3)": (Verdict.CRASHED, "exit code 3"),
    "ctypes.string_at(0)": (Verdict.CRASHED, "SIGSEGV"),
    "os.execv('/bin/true', ['true'])": (Verdict.CRASHED, "exit code 0"),
    "os.write(2, b'out of luck'); os._exit(1)": (Verdict.CRASHED, "out of luck"),
    "while True: pass": (Verdict.TIMEOUT, "no answer within 0.3 s"),
    "time.sleep(1e6)": (Verdict.TIMEOUT, "no answer within 0.3 s"),
    "9 ** 10 ** 9": (Verdict.TIMEOUT, "no answer"),
    "signal.signal(signal.SIGTERM, signal.SIG_IGN); signal.pause()": (Verdict.TIMEOUT, "no answer"),
    "print('x' * (1 << 21))": (Verdict.OUTPUT, "1,048,576 characters"),
    "return 'x' * (1 << 21)": (Verdict.OUTPUT, "limit is 1,048,576"),
    "return list(range(500_000))": (Verdict.OUTPUT, "limit is 1,048,576"),
    "return set(range(20_000))": (Verdict.OUTPUT, "limit is 10,000"),
    "return 1 << 1_000_000": (Verdict.OUTPUT, "limit is 80,000"),
    "x = []; x.append(x); return x": (Verdict.OUTPUT, "deeper than 64"),
    "os.write(CHANNEL, b'garbage')": (Verdict.OUTPUT, "limit is 1,048,576"),
    "os.write(CHANNEL, b'\\3\\0\\0\\0\\xc1\\xc1\\xc1')": (Verdict.CRASHED, "not MessagePack"),
    "os.write(CHANNEL, b'\\2\\0\\0\\0\\x91\\1')": (Verdict.CRASHED, "makes no sense"),
    "os.write(CHANNEL, b'\\xff\\0\\0\\0'); time.sleep(9)": (Verdict.TIMEOUT, "no answer"),
    "os.close(CHANNEL); time.sleep(9)": (Verdict.CRASHED, "closed its channel"),
    "os.closerange(0, 64); time.sleep(9)": (Verdict.CRASHED, "closed its channel"),
    "os.closerange(0, 64); os._exit(0)": (Verdict.CRASHED, "exit code 0"),
}

LEAVES = ["sys.exit(0)", "raise SystemExit", "raise KeyboardInterrupt", "raise GeneratorExit"]


def pid_of(subject: object) -> int:
    """The cell's process as this machine numbers it."""
    return cell_of(subject).process.pid  # type: ignore[arg-type]


def is_gone(pid: int) -> bool:
    """Whether a process has ended; its parent may still have to take note."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except (FileNotFoundError, ProcessLookupError):
        return True


class TestEnds:
    """One call and what it comes to."""

    @pytest.mark.parametrize("attack", ENDS)
    def test_each_has_its_verdict(self, make: CellMaker, attack: str) -> None:
        """The check learns why; the process is gone; a fresh cell answers."""
        verdict, words = ENDS[attack]
        subject = make(f"{HEAD} {attack}", call_s=SHORT if verdict is Verdict.TIMEOUT else 20)
        pid = pid_of(subject)
        began = time.monotonic()
        with pytest.raises(CellEnded) as caught:
            subject.attack()
        assert (caught.value.verdict, words in caught.value.message) == (verdict, True), caught.value.message
        assert time.monotonic() - began < 10
        with pytest.raises(CellEnded) as again:
            subject.attack()
        assert again.value is caught.value
        assert eventually(lambda: is_gone(pid))
        assert make("def fine(): return 1").fine() == 1

    @pytest.mark.parametrize("attack", LEAVES)
    def test_leaving_python_is_an_exception(self, make: CellMaker, attack: str) -> None:
        """What would end a program is an error like any other, and the cell lives."""
        subject = make(f"{HEAD} {attack}\ndef fine(): return 1")
        with pytest.raises(SubmissionError):
            subject.attack()
        assert subject.fine() == 1

    @pytest.mark.parametrize("name", ["SIGSTOP", "SIGKILL"])
    def test_signals_to_itself(self, make: CellMaker, name: str) -> None:
        """A sealed cell is pid 1 of its namespace, which such signals from inside do not touch."""
        subject = make(f"{HEAD} os.kill(os.getpid(), signal.{name}); return 'still here'", call_s=SHORT)
        pid = pid_of(subject)
        if make.level is Level.SEALED:
            assert subject.attack() == "still here"
            return
        with pytest.raises(CellEnded) as caught:
            subject.attack()
        assert caught.value.verdict is (Verdict.TIMEOUT if name == "SIGSTOP" else Verdict.CRASHED)
        assert eventually(lambda: is_gone(pid))

    def test_death_at_import(self, make: CellMaker) -> None:
        """A submission that ends the process while it is imported has crashed."""
        with pytest.raises(CellEnded, match="exit code 0") as caught:
            make("import os\nos._exit(0)")
        assert caught.value.verdict is Verdict.CRASHED

    def test_threads_that_go_on_do_not_keep_a_cell(self, make: CellMaker) -> None:
        """A closed cell is gone, whatever its threads do."""
        subject = make("import threading, time\nthreading.Thread(target=time.sleep, args=(600,)).start()")
        pid = pid_of(subject)
        cell_of(subject).close()
        assert eventually(lambda: is_gone(pid))


class TestLimits:
    """Memory and time of a whole cell."""

    @pytest.mark.parametrize("size", ["1 << 34", "(1 << 20) * 300"])
    def test_too_much_memory_at_once(self, make: CellMaker, size: str) -> None:
        """The allocation fails where it is made, and the submission may go on."""
        subject = make(f"def attack(): return len(bytearray({size}))\ndef fine(): return 1", memory_mb=256)
        with pytest.raises(MemoryError):
            subject.attack()
        assert subject.fine() == 1

    def test_memory_that_grows(self, make: CellMaker) -> None:
        """A list that grows for ever ends as want of memory, raised or died of."""
        subject = make("def attack():\n x = []\n while True: x.append([x] * 1000)", memory_mb=128)
        with pytest.raises((MemoryError, CellEnded)) as caught:
            subject.attack()
        assert isinstance(caught.value, MemoryError) or getattr(caught.value, "verdict", None) is Verdict.MEMORY

    def test_processor_time(self, make_bare: CellMaker) -> None:
        """A cell that burns its processor time has run out of time, whichever clock says so first."""
        with pytest.raises(CellEnded, match="CPU time") as caught:
            make_bare("def attack():\n while True: pass", cpu_s=1, call_s=30).attack()
        assert caught.value.verdict is Verdict.TIMEOUT

    def test_all_calls_share_a_budget(self, make: CellMaker) -> None:
        """Many calls, each in time, may not take longer than the check."""
        subject = make("import time\ndef nap(): time.sleep(0.1)", budget_s=0.35)
        with pytest.raises(CellEnded) as caught:
            assert [subject.nap() for _ in range(10)]
        assert caught.value.verdict is Verdict.TIMEOUT


DAEMON = """
import ctypes, os, time
def start(name, links):
    if os.fork() == 0:
        for _ in range(links):
            os.setsid()
            if os.fork(): {parent}
        ctypes.CDLL(None).prctl(15, name.encode())
        os.closerange(0, 64)
        time.sleep(600)
        os._exit(0)
"""


CROWD = """
import ctypes, os, time
def grow(name):
    started = 0
    while started < 500:
        try: child = os.fork()
        except OSError: break
        if child == 0:
            ctypes.CDLL(None).prctl(15, name.encode())
            time.sleep(600)
            os._exit(0)
        started += 1
    return started
"""


class TestProcesses:
    """What a submission starts ends with its cell."""

    @pytest.mark.parametrize("parent", ["os._exit(0)", "time.sleep(600)"], ids=["orphan", "family"])
    def test_daemons_end_with_the_cell(self, make: CellMaker, parent: str) -> None:
        """Sessions of their own, parents that have died or still live: nothing is left."""
        if make.level is Level.GUARDED:
            pytest.skip("a guarded cell has no children")
        name = f"d{os.getpid()}-{make.level[0]}{len(parent)}"
        subject = make(DAEMON.format(parent=parent), processes=True)
        subject.start(name, 2)
        try:
            assert eventually(lambda: processes_with(name))
            cell_of(subject).close()
            assert eventually(lambda: not processes_with(name), 2.0)
        finally:
            for pid in processes_with(name):
                os.kill(pid, signal.SIGKILL)

    def test_a_crowd_is_bounded_and_ends(self, launcher_of: Callable[[Level], Launcher]) -> None:
        """A sealed cell that may start processes starts some 128 and no more; none outlives it."""
        maker, name = CellMaker(launcher_of(Level.SEALED)), f"crowd{os.getpid()}"
        subject = maker(CROWD, processes=True)
        assert 10 < subject.grow(name) <= 128
        maker.close()
        assert eventually(lambda: not processes_with(name), 2.0)

    def test_two_processes_that_answer(self, make: CellMaker) -> None:
        """A fork that comes back from the call as well has said one word too many."""
        if make.level is Level.GUARDED:
            pytest.skip("a guarded cell has no children")
        subject = make("import os\ndef attack(): return os.fork() > 0\ndef fine(): return 1", processes=True)
        with pytest.raises(CellEnded, match="nobody had asked for") as caught:
            assert [subject.attack(), *[subject.fine() for _ in range(200)]]
        assert caught.value.verdict is Verdict.CRASHED


class TestZygote:
    """The process that cells are forked from, and what its end means."""

    @pytest.mark.parametrize(
        ("level", "verdict"), [(Level.SEALED, Verdict.INTERNAL_ERROR), (Level.GUARDED, Verdict.CRASHED)]
    )
    def test_blame(self, level: Level, verdict: Verdict, launcher_of: Callable[[Level], Launcher]) -> None:
        """A cell that goes down with its zygote is not the submission's fault, where no submission can end that."""
        launcher_of(level)  # skips where there is no such level
        with closing(Launcher(level)) as launcher:
            launcher.wait_until_ready()
            with closing(CellMaker(launcher)) as maker:
                subject = maker("def fine(): return 1")
                assert subject.fine() == 1
                launcher._process.kill()
                with pytest.raises(CellEnded) as caught:
                    list(iter(subject.fine, 2))  # it lives for a moment more
        assert caught.value.verdict is verdict


class TestDescriptors:
    """What a fresh cell holds open."""

    def test_the_channel_and_nothing_else(self, make: CellMaker) -> None:
        """Three standard streams that lead nowhere, and one socket."""
        subject = make(
            """
            import os, stat
            def opened():
                found = {}
                for fd in range(4096):
                    try: found[fd] = stat.S_IFMT(os.fstat(fd).st_mode)
                    except OSError: pass
                return found
            """
        )
        kinds = list(subject.opened().values())
        assert kinds == [0o020000, 0o020000, 0o100000, 0o140000]  # two devices, a file, a socket

    def test_files_that_were_handed_over(self, make: CellMaker) -> None:
        """One more for each, and its number is told by name."""
        read, write = os.pipe()
        cell = make.cell("import os\ndef say(fd): os.write(fd, b'hello')", extra={"pipe": write})
        os.close(write)
        cell.import_module(MODULE).say(cell.descriptor("pipe"))
        assert os.read(read, 99) == b"hello"
        os.close(read)
